/* SPDX-License-Identifier: ISC
 *
 * The message table as data, and the one check that every packet passes before
 * a handler sees it. Pure: no channel, no allocation; ipc_chan.c, the tests and
 * the fuzz target call the same ipc_check().
 *
 * Fields on the wire, little-endian: u8, u32, u64 as they are; str is u32
 * length, bytes, NUL (so that a handler may use it in place); blob and secret
 * are u32 length, bytes.
 */
#include "common/ipc_private.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"

#define IPC_TIMES_ONCE true
#define IPC_TIMES_MANY false

static const struct ipc_row rows[] = {
#define IPC(name_, no_, from_, to_, phase_, times_, fd_, max_, answer_, body_) \
	{ .type = IPC_##name_, .name = #name_, .from = (from_), .to = (to_),   \
	    .phase = (phase_), .once = IPC_TIMES_##times_, .fd = (fd_),        \
	    .max = (max_), .answer = IPC_##answer_, .body = body_ },
#include "common/ipc_msgs.def"
#undef IPC
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

const struct ipc_row *
ipc_table(size_t *n_r)
{
	*n_r = N_ROWS;
	return rows;
}

const struct ipc_row *
ipc_row_find(unsigned type)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if ((unsigned)rows[i].type == type)
			return &rows[i];
	return NULL;
}

size_t
ipc_row_index(const struct ipc_row *row)
{
	_Static_assert(N_ROWS <= 64, "a channel keeps one bit a row");
	return (size_t)(row - rows);
}

const char *
ipc_role_name(unsigned role_bit)
{
	switch (role_bit) {
	case IPC_R_MASTER:
		return "master";
	case IPC_R_LOGIN:
		return "imap-login";
	case IPC_R_AUTH:
		return "auth";
	case IPC_R_HELPER:
		return "auth-helper";
	case IPC_R_LMTP:
		return "lmtp";
	case IPC_R_NURSERY:
		return "nursery";
	case IPC_R_WORKER:
		return "imap-worker";
	case IPC_R_CTL:
		return "posternctl";
	}
	return "unknown";
}

static uint64_t
hash_bytes(uint64_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return (h ^ 0xff) * UINT64_C(0x100000001b3);
}

uint64_t
ipc_table_hash(void)
{
	static uint64_t hash;
	char line[128];

	if (hash != 0)
		return hash;
	hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct ipc_row *r = &rows[i];

		snprintf(line, sizeof(line), "%u %x %x %x %d %d %u %u",
		    (unsigned)r->type, r->from, r->to, r->phase, r->once, r->fd,
		    (unsigned)r->max, (unsigned)r->answer);
		hash = hash_bytes(hash, r->name);
		hash = hash_bytes(hash, line);
		hash = hash_bytes(hash, r->body);
	}
	return hash;
}

bool
ipc_field_next(const char **fields, struct ipc_field *f_r)
{
	static const struct {
		const char *word;
		enum ipc_field_type type;
	} words[] = {
		{ "u8 ", IPC_F_U8 }, { "u32 ", IPC_F_U32 },
		{ "u64 ", IPC_F_U64 }, { "str ", IPC_F_STR },
		{ "blob ", IPC_F_BLOB }, { "secret ", IPC_F_SECRET },
	};
	const char *p = *fields;

	if (*p == '\0')
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i].word);

		if (strncmp(p, words[i].word, n) != 0)
			continue;
		f_r->type = words[i].type;
		f_r->name = p + n;
		f_r->name_len = (int)strcspn(f_r->name, ",");
		p = f_r->name + f_r->name_len;
		p += strspn(p, ", ");
		*fields = p;
		return true;
	}
	log_panic("ipc: bad field list in the table: %s", p);
}

bool
ipc_row_secret(const struct ipc_row *row)
{
	return strstr(row->body, "secret ") != NULL;
}

/* Bytes of a field at p, of n left; 0 where it does not fit or is wrong. */
static size_t
field_size(enum ipc_field_type type, const unsigned char *p, size_t n)
{
	static const size_t fixed[] = {
		[IPC_F_U8] = 1, [IPC_F_U32] = 4, [IPC_F_U64] = 8,
	};
	size_t len;

	if (type <= IPC_F_U64)
		return fixed[type] <= n ? fixed[type] : 0;
	if (n < 4)
		return 0;
	len = ipc_load32(p);
	if (len > n - 4)
		return 0;
	if (type != IPC_F_STR)
		return 4 + len;
	if (len == n - 4 || memchr(p + 4, '\0', len + 1) != p + 4 + len)
		return 0;
	return 4 + len + 1;
}

const char *
ipc_check(unsigned from, unsigned to, enum ipc_phase phase,
    const unsigned char *packet, size_t len, bool with_fd)
{
	const struct ipc_row *row;
	const char *fields;
	struct ipc_field f;
	size_t body, n;

	if (len < IPC_HEADER)
		return "short packet";
	body = len - IPC_HEADER;
	if (ipc_load32(packet) != body || packet[6] != 0 || packet[7] != 0)
		return "bad header";
	row = ipc_row_find(packet[4] | (unsigned)packet[5] << 8);
	if (row == NULL)
		return "unknown number";
	if ((row->from & from) == 0)
		return "not for this sender";
	if ((row->to & to) == 0)
		return "not for this receiver";
	if ((row->phase & (unsigned)phase) == 0)
		return "not in this phase";
	if (body > row->max)
		return "too long";
	if (row->fd && !with_fd)
		return "descriptor missing";
	if (!row->fd && with_fd)
		return "descriptor not wanted";
	packet += IPC_HEADER;
	for (fields = row->body; ipc_field_next(&fields, &f);) {
		n = field_size(f.type, packet, body);
		if (n == 0)
			return "bad field";
		packet += n;
		body -= n;
	}
	return body == 0 ? NULL : "bytes after the last field";
}

static int
trace_field(const struct ipc_field *f, const unsigned char *p, char *out,
    size_t size)
{
	int n = f->name_len;

	switch (f->type) {
	case IPC_F_U8:
		return snprintf(out, size, " %.*s=%u", n, f->name, p[0]);
	case IPC_F_U32:
		return snprintf(out, size, " %.*s=%u", n, f->name,
		    (unsigned)ipc_load32(p));
	case IPC_F_U64:
		return snprintf(out, size, " %.*s=%llu", n, f->name,
		    (unsigned long long)ipc_load64(p));
	case IPC_F_STR:
		return snprintf(out, size, " %.*s=%s", n, f->name,
		    (const char *)p + 4);
	case IPC_F_BLOB:
		return snprintf(out, size, " %.*s=<%u bytes>", n, f->name,
		    (unsigned)ipc_load32(p));
	case IPC_F_SECRET:
		return snprintf(out, size, " %.*s=***", n, f->name);
	}
	return 0;
}

void
ipc_trace(const struct ipc_row *row, const unsigned char *body, size_t len,
    char *out, size_t size)
{
	const char *fields = row->body;
	struct ipc_field f;
	size_t at = 0, n;
	int wrote;

	out[0] = '\0';
	while (at < size && ipc_field_next(&fields, &f)) {
		wrote = trace_field(&f, body, out + at, size - at);
		at += wrote > 0 ? (size_t)wrote : 0;
		n = field_size(f.type, body, len);
		body += n;
		len -= n;
	}
}
