/* SPDX-License-Identifier: ISC
 *
 * Typed cursors over the body of one message. Every put and get takes the next
 * field off the table's list and must match its type: a mismatch is a bug of
 * the calling program and panics. Received bodies were checked before
 * (ipc_check), so that a get cannot fail.
 *
 * A body with a secret field is never grown by realloc(3), which could leave a
 * copy behind: it moves to new memory and the old is wiped.
 */
#include "common/ipc_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/log.h"
#include "common/xalloc.h"

#define IPC_FIRST 128 /* bytes; doubled as needed, up to the row's maximum */

static const struct ipc_row *
msg_row(const struct ipc_msg *m)
{
	const struct ipc_row *row = ipc_row_find((unsigned)m->type);

	if (row == NULL)
		log_panic("ipc: no message %u", (unsigned)m->type);
	return row;
}

static void
msg_next(struct ipc_msg *m, enum ipc_field_type want)
{
	struct ipc_field f;

	if (!ipc_field_next(&m->fields, &f) || f.type != want)
		log_panic("ipc: %s: wrong field order", msg_row(m)->name);
}

void
ipc_begin(struct ipc_msg *m, enum ipc_type type)
{
	*m = (struct ipc_msg){ .type = type, .fd = -1 };
	m->fields = msg_row(m)->body;
	m->body = xmalloc(IPC_FIRST);
	m->at = IPC_FIRST;
}

/* Room for n more bytes; `at` is the capacity while writing. */
static unsigned char *
msg_room(struct ipc_msg *m, size_t n)
{
	const struct ipc_row *row = msg_row(m);
	unsigned char *old = m->body;
	size_t cap = m->at;

	if (n > row->max || m->len > row->max - n)
		log_panic("ipc: %s: body too long", row->name);
	while (cap - m->len < n)
		cap *= 2;
	if (cap != m->at) {
		m->body = xmalloc(cap);
		memcpy(m->body, old, m->len);
		explicit_bzero(old, m->len);
		free(old);
		m->at = cap;
	}
	m->len += n;
	return m->body + m->len - n;
}

static void
msg_put_number(struct ipc_msg *m, enum ipc_field_type type, uint64_t v,
    size_t bytes)
{
	msg_next(m, type);
	ipc_store(msg_room(m, bytes), v, bytes);
}

static void
msg_put_bytes(struct ipc_msg *m, enum ipc_field_type type, const void *p,
    size_t n, size_t nul)
{
	unsigned char *to;

	msg_next(m, type);
	if (n > LIMIT_IPC_BODY)
		log_panic("ipc: %s: body too long", msg_row(m)->name);
	to = msg_room(m, 4 + n + nul);
	ipc_store(to, n, 4);
	if (n > 0)
		memcpy(to + 4, p, n);
	if (nul != 0)
		to[4 + n] = '\0';
}

void
ipc_put_u8(struct ipc_msg *m, uint8_t v)
{
	msg_put_number(m, IPC_F_U8, v, 1);
}

void
ipc_put_u32(struct ipc_msg *m, uint32_t v)
{
	msg_put_number(m, IPC_F_U32, v, 4);
}

void
ipc_put_u64(struct ipc_msg *m, uint64_t v)
{
	msg_put_number(m, IPC_F_U64, v, 8);
}

void
ipc_put_str(struct ipc_msg *m, const char *s)
{
	msg_put_bytes(m, IPC_F_STR, s, strlen(s), 1);
}

void
ipc_put_blob(struct ipc_msg *m, const void *p, size_t n)
{
	msg_put_bytes(m, IPC_F_BLOB, p, n, 0);
}

void
ipc_put_secret(struct ipc_msg *m, const void *p, size_t n)
{
	msg_put_bytes(m, IPC_F_SECRET, p, n, 0);
}

static const unsigned char *
msg_get(struct ipc_msg *m, enum ipc_field_type type, size_t n)
{
	const unsigned char *p = m->body + m->at;

	msg_next(m, type);
	m->at += n;
	return p;
}

uint8_t
ipc_get_u8(struct ipc_msg *m)
{
	return msg_get(m, IPC_F_U8, 1)[0];
}

uint32_t
ipc_get_u32(struct ipc_msg *m)
{
	return ipc_load32(msg_get(m, IPC_F_U32, 4));
}

uint64_t
ipc_get_u64(struct ipc_msg *m)
{
	return ipc_load64(msg_get(m, IPC_F_U64, 8));
}

const char *
ipc_get_str(struct ipc_msg *m)
{
	const unsigned char *p = msg_get(m, IPC_F_STR, 4);

	m->at += ipc_load32(p) + (size_t)1;
	return (const char *)p + 4;
}

static const unsigned char *
msg_get_bytes(struct ipc_msg *m, enum ipc_field_type type, size_t *n_r)
{
	const unsigned char *p = msg_get(m, type, 4);

	*n_r = ipc_load32(p);
	m->at += *n_r;
	return p + 4;
}

const unsigned char *
ipc_get_blob(struct ipc_msg *m, size_t *n_r)
{
	return msg_get_bytes(m, IPC_F_BLOB, n_r);
}

const unsigned char *
ipc_get_secret(struct ipc_msg *m, size_t *n_r)
{
	return msg_get_bytes(m, IPC_F_SECRET, n_r);
}

int
ipc_take_fd(struct ipc_msg *m)
{
	int fd = m->fd;

	m->fd = -1;
	return fd;
}
