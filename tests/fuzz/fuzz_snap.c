/* SPDX-License-Identifier: ISC
 *
 * Snapshots of arbitrary bytes. Random bytes never have a right checksum, so
 * before reading the checksums and the cookie of what looks like blocks are
 * made right; lengths and all else stay as they came.
 */
#include <stdlib.h>
#include <string.h>

#include "store/crc32c.h"
#include "store/snap.h"

#define COOKIE UINT64_C(0x1122334455667788)

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
repair(unsigned char *p, size_t len)
{
	for (size_t at = 0; len - at >= LAYOUT_SNAP_HEAD; at++) {
		unsigned char *h = p + at;
		size_t n = layout_get16(h + 6);

		if (memcmp(h, "SNB1", 4) != 0)
			continue;
		h[4] = LAYOUT_VERSION;
		layout_put64(h + 16, COOKIE);
		if (n <= len - at - LAYOUT_SNAP_HEAD)
			layout_put32(h + 24, store_crc32c(0,
			    h + LAYOUT_SNAP_HEAD, n));
		layout_put32(h + 28, store_crc32c(0, h, 28));
	}
}

static void
need(bool ok)
{
	if (!ok)
		abort();
}

/* What is read is within the block, within its limits, and packs the same. */
static void
read_rows(const struct store_snap_block *b)
{
	struct layout_snap_row last = { 0, 0, 0, 0 }, again;
	unsigned char text[LAYOUT_SNAP_ROW_MAX];
	struct store_snap_rows r;

	if (!store_snap_rows_init(&r, b))
		return;
	need(r.from > 0 && r.from < r.to);
	last.uid = r.from - 1;
	while (store_snap_rows_next(&r)) {
		size_t n = (size_t)(layout_snap_row_pack(text, &r.row, &last) -
		    text);

		need(n <= sizeof(text) && r.p <= r.end);
		need(r.row.uid > last.uid && r.row.uid >= r.from &&
		    r.row.uid < r.to && r.row.flags <= STORE_ALL_FLAGS);
		again = last;
		need(layout_snap_row_unpack(text, text + n, &again) ==
		    text + n);
		need(memcmp(&again, &r.row, sizeof(again)) == 0);
		last = r.row;
	}
	need(r.bad || r.p == r.end);
}

static void
read_block(const struct store_snap_block *b)
{
	struct layout_mailbox m;
	const char *text;
	size_t at = 0, n;
	uint32_t keywords;
	unsigned bit;

	if (b->kind == LAYOUT_SNAP_KEYWORDS)
		while (store_snap_keyword(b, &at, &bit, &text, &n))
			need(bit < LIMIT_KEYWORDS && n > 0 &&
			    n <= LIMIT_KEYWORD && at <= b->len &&
			    (const unsigned char *)text + n ==
			    b->data + at);
	if (b->kind == LAYOUT_SNAP_SUBSCRIPTIONS)
		while (store_snap_subscription(b, &at, &text, &n))
			need(n > 0 && n <= LIMIT_MAILBOX_NAME &&
			    at <= b->len && memchr(text, 0, n) == NULL);
	if (store_snap_mailbox(b, &keywords, &m))
		need(keywords <= LIMIT_KEYWORDS && m.name_len > 0 &&
		    (const unsigned char *)m.name + m.name_len ==
		    b->data + b->len);
	read_rows(b);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	unsigned char *p = malloc(len + 1);
	struct layout_snap_head h;
	struct store_snap_block b;
	uint64_t cookie, at = 0, before = 0, skipped;

	memcpy(p, data, len);
	repair(p, len);
	if (store_snap_head(p, len, &cookie, &h))
		need(cookie != 0);
	while (store_snap_next(p, len, COOKIE, &at, &b, &skipped)) {
		need(at == b.next && at <= len && b.cookie == COOKIE);
		need(before + skipped + LAYOUT_SNAP_HEAD + b.len == at);
		need(b.len <= LAYOUT_SNAP_CONTENT && b.data + b.len == p + at);
		read_block(&b);
		before = at;
	}
	need(at == len || before + skipped == at);
	free(p);
	return 0;
}
