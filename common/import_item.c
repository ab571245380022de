/* SPDX-License-Identifier: ISC */
#include "common/import_item.h"

#include <endian.h>
#include <string.h>

static uint64_t
item_get(const unsigned char *p, unsigned bytes)
{
	uint64_t v = 0;

	memcpy(&v, p, bytes);
	return le64toh(v);
}

static void
item_set(unsigned char *p, uint64_t v, unsigned bytes)
{
	v = htole64(v);
	memcpy(p, &v, bytes);
}

/* One level of a path. */
static bool
item_level_good(const unsigned char *p, size_t n)
{
	return n > 0 && n <= IMPORT_NAME_MAX && memchr(p, '/', n) == NULL &&
	    memchr(p, '\0', n) == NULL && !(p[0] == '.' &&
	    (n == 1 || (n == 2 && p[1] == '.')));
}

static bool
item_path_good(const unsigned char *p, size_t n)
{
	if (n > IMPORT_FOLDER_MAX)
		return false;
	while (n > 0) {
		const unsigned char *slash = memchr(p, '/', n);
		size_t level = slash == NULL ? n : (size_t)(slash - p);

		if (!item_level_good(p, level) || level + 1 == n)
			return false;
		if (slash == NULL)
			break;
		p += level + 1;
		n -= level + 1;
	}
	return true;
}

static bool
item_good(const struct import_item *i)
{
	switch (i->kind) {
	case IMPORT_FOLDER:
		return item_path_good(i->text, i->len);
	case IMPORT_INDEX:
	case IMPORT_FILE:
		return item_level_good(i->text, i->len);
	case IMPORT_NAME:
		return i->code <= IMPORT_NEW &&
		    item_level_good(i->text, i->len);
	case IMPORT_FILE_END:
		return i->code <= IMPORT_LARGE && i->len == 0;
	case IMPORT_WANT:
		return i->len % 4 == 0;
	case IMPORT_BYTES:
		return true;
	case IMPORT_TOTAL:
	case IMPORT_NAMES_END:
	case IMPORT_WANT_END:
	case IMPORT_FOLDER_END:
		return i->len == 0;
	}
	return false;
}

bool
import_item_next(const unsigned char *p, size_t n, size_t *at, unsigned from,
    struct import_item *i, bool *bad_r)
{
	const unsigned char *q = p + *at;

	*bad_r = false;
	if (*at == n)
		return false;
	*bad_r = true;
	if (n - *at < IMPORT_HEAD || q[0] > IMPORT_FOLDER_END ||
	    (from >> q[0] & 1) == 0)
		return false;
	i->kind = (enum import_kind)q[0];
	i->code = q[1];
	i->len = (size_t)item_get(q + 2, 2);
	i->number = (uint32_t)item_get(q + 4, 4);
	i->size = item_get(q + 8, 8);
	i->time = (int64_t)item_get(q + 16, 8);
	i->text = q + IMPORT_HEAD;
	if (n - *at - IMPORT_HEAD < i->len || !item_good(i))
		return false;
	*bad_r = false;
	*at += IMPORT_HEAD + i->len;
	return true;
}

void
import_item_put(struct buf *b, const struct import_item *i)
{
	unsigned char *q = buf_reserve(b, IMPORT_HEAD + i->len);

	if (q == NULL) /* b says so */
		return;
	q[0] = (unsigned char)i->kind;
	q[1] = i->code;
	item_set(q + 2, i->len, 2);
	item_set(q + 4, i->number, 4);
	item_set(q + 8, i->size, 8);
	item_set(q + 16, (uint64_t)i->time, 8);
	if (i->len > 0)
		memcpy(q + IMPORT_HEAD, i->text, i->len);
	b->len += IMPORT_HEAD + i->len;
}

uint32_t
import_item_wanted(const struct import_item *item, size_t i)
{
	return (uint32_t)item_get(item->text + 4 * i, 4);
}
