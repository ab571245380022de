/* SPDX-License-Identifier: ISC
 *
 * dovecot-uidlist and courierimapuiddb: the first line has UIDVALIDITY and
 * UIDNEXT, each further one a UID and a file's name.
 *
 *   version 3: "3 V1700000000 N25 Gguid", "7 W500 :1700000000.M1P2.host,S=480"
 *   version 1: "1 1700000000 25", "7 1700000000.M1P2.host,S=480"
 *
 * Names are compared as Dovecot does, up to the first "," or the flags.
 */
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "import/import.h"

void
import_uidlist_init(struct import_uidlist *u)
{
	*u = (struct import_uidlist){ 0 };
	arena_init(&u->arena);
	buf_init(&u->line, IMPORT_LINE_MAX);
	u->uidnext = 1;
}

void
import_uidlist_clear(struct import_uidlist *u)
{
	arena_clear(&u->arena);
	buf_clear(&u->line);
	free(u->table);
	u->table = NULL;
	u->n = u->cap = 0;
}

/* --- the table -------------------------------------------------------------- */

static size_t
uidlist_hash(const char *key, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)key[i]) * UINT64_C(1099511628211);
	return (size_t)(h ^ h >> 32);
}

/* Where a key is, or would go. */
static struct import_uidlist_entry *
uidlist_slot(const struct import_uidlist *u, const char *key, size_t n)
{
	size_t i = uidlist_hash(key, n) & (u->cap - 1);

	while (u->table[i].key != NULL && (u->table[i].len != n ||
	    memcmp(u->table[i].key, key, n) != 0))
		i = (i + 1) & (u->cap - 1);
	return &u->table[i];
}

static void
uidlist_grow(struct import_uidlist *u)
{
	struct import_uidlist_entry *old = u->table;
	size_t n = u->cap;

	u->cap = n == 0 ? 256 : n * 2;
	u->table = xcalloc(u->cap, sizeof(*u->table));
	for (size_t i = 0; i < n; i++)
		if (old[i].key != NULL)
			*uidlist_slot(u, old[i].key, old[i].len) = old[i];
	free(old);
}

uint32_t
import_uidlist_find(const struct import_uidlist *u, const unsigned char *name,
    size_t n)
{
	struct import_maildir_name parts;

	if (u->n == 0)
		return 0;
	import_maildir_name(name, n, &parts);
	return uidlist_slot(u, (const char *)name, parts.key)->uid;
}

/* --- lines ------------------------------------------------------------------ */

/* A decimal number at *at, which moves behind it. */
static bool
uidlist_number(const char *p, size_t n, size_t *at, uint32_t *v_r)
{
	uint64_t v = 0;
	size_t i = *at;

	for (; i < n && p[i] >= '0' && p[i] <= '9' && v <= UINT32_MAX; i++)
		v = v * 10 + (uint64_t)(p[i] - '0');
	if (i == *at || v > UINT32_MAX)
		return false;
	*at = i;
	*v_r = (uint32_t)v;
	return true;
}

static bool
uidlist_space(const char *p, size_t n, size_t *at)
{
	size_t i = *at;

	while (i < n && p[i] == ' ')
		i++;
	if (i == *at)
		return false;
	*at = i;
	return true;
}

static void
uidlist_head_3(struct import_uidlist *u, const char *p, size_t n, size_t at)
{
	uint32_t v;

	while (uidlist_space(p, n, &at) && at < n) {
		char what = p[at++];

		if (what == 'V' && uidlist_number(p, n, &at, &v))
			u->uidvalidity = v;
		else if (what == 'N' && uidlist_number(p, n, &at, &v))
			u->uidnext = v;
		while (at < n && p[at] != ' ')
			at++;
	}
}

static void
uidlist_head(struct import_uidlist *u, const char *p, size_t n)
{
	size_t at = 0;

	u->head = true;
	if (!uidlist_number(p, n, &at, &u->version))
		return;
	if (u->version == 3) {
		uidlist_head_3(u, p, n, at);
	} else if (u->version == 1) {
		if (!uidlist_space(p, n, &at) ||
		    !uidlist_number(p, n, &at, &u->uidvalidity) ||
		    !uidlist_space(p, n, &at) ||
		    !uidlist_number(p, n, &at, &u->uidnext))
			return;
	}
	u->valid = u->uidvalidity > 0 && u->uidvalidity <= IMPORT_UID_MAX &&
	    u->uidnext > 0 && u->uidnext <= IMPORT_UID_MAX;
	if (!u->valid) {
		u->uidvalidity = 0;
		u->uidnext = 1;
	}
}

/* UID and name of a line. */
static bool
uidlist_line(const struct import_uidlist *u, const char *p, size_t n,
    uint32_t *uid_r, const char **name_r, size_t *len_r)
{
	const char *colon;
	size_t at = 0;

	if (!uidlist_number(p, n, &at, uid_r) || !uidlist_space(p, n, &at))
		return false;
	if (u->version == 3) {
		/* what stands before " :" are words that tell of sizes */
		while (at < n && p[at] != ':') {
			colon = memchr(p + at, ' ', n - at);
			if (colon == NULL)
				return false;
			at = (size_t)(colon - p);
			uidlist_space(p, n, &at);
		}
		at++;
	}
	if (at >= n)
		return false;
	*name_r = p + at;
	*len_r = n - at;
	return true;
}

static void
uidlist_add(struct import_uidlist *u, const char *p, size_t n)
{
	struct import_uidlist_entry *slot;
	struct import_maildir_name parts;
	const char *name;
	uint32_t uid;
	size_t len;

	if (u->n >= IMPORT_ENTRIES_MAX || !uidlist_line(u, p, n, &uid, &name,
	    &len) || uid <= u->last || uid >= IMPORT_UID_MAX) {
		u->bad++;
		return;
	}
	import_maildir_name((const unsigned char *)name, len, &parts);
	if (u->n >= u->cap / 2)
		uidlist_grow(u);
	slot = uidlist_slot(u, name, parts.key);
	if (slot->key != NULL) {
		u->bad++;
		return;
	}
	slot->key = arena_strndup(&u->arena, name, parts.key);
	slot->len = (uint32_t)parts.key;
	slot->uid = u->last = uid;
	u->n++;
	if (u->uidnext <= uid)
		u->uidnext = uid + 1;
}

static void
uidlist_take(struct import_uidlist *u)
{
	const char *p = (const char *)u->line.data;
	size_t n = u->line.len;

	if (n > 0 && p[n - 1] == '\r')
		n--;
	if (u->long_line)
		u->bad++;
	else if (!u->head)
		uidlist_head(u, p, n);
	else if (u->valid && n > 0)
		uidlist_add(u, p, n);
	u->long_line = false;
	buf_reset(&u->line);
}

void
import_uidlist_feed(struct import_uidlist *u, const unsigned char *p, size_t n)
{
	while (n > 0) {
		const unsigned char *nl = memchr(p, '\n', n);
		size_t len = nl == NULL ? n : (size_t)(nl - p);

		if (!u->long_line && !buf_put(&u->line, p, len)) {
			u->long_line = true;
			buf_reset(&u->line);
		}
		if (nl == NULL)
			return;
		uidlist_take(u);
		p += len + 1;
		n -= len + 1;
	}
}

/* A last line without its end was not written whole. */
void
import_uidlist_end(struct import_uidlist *u)
{
	if (u->line.len > 0 || u->long_line)
		u->bad++;
	buf_reset(&u->line);
	u->long_line = false;
}
