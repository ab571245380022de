/* SPDX-License-Identifier: ISC
 *
 * The segment scanner over arbitrary bytes. Random bytes never have a right
 * checksum, so before scanning the checksums and the cookie of what looks like
 * records are made right; lengths and all else stay as they came.
 */
#include <stdlib.h>
#include <string.h>

#include "store/crc32c.h"
#include "store/segment.h"

#define COOKIE UINT64_C(0x1122334455667788)

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

/* A message can be made out, or is refused. */
static void
unpack(const struct store_segment_record *r)
{
	static struct store_coder coder;
	unsigned char *out;

	if (r->h.kind != LAYOUT_MESSAGE)
		return;
	out = malloc(r->h.coded.len + 1);
	(void)store_coding_unpack(&coder, &r->h.coded, r->body, out);
	free(out);
}

static void
repair(unsigned char *p, size_t len)
{
	if (len >= LAYOUT_SEGMENT_HEAD)
		layout_put32(p + 60, store_crc32c(0, p, 60));
	for (size_t at = 0; len - at >= LAYOUT_RECORD_HEAD; at++) {
		unsigned char *h = p + at;
		uint64_t content;

		if (memcmp(h, "MSG1", 4) != 0 && memcmp(h, "NAM1", 4) != 0)
			continue;
		layout_put16(h + 4, LAYOUT_RECORD_HEAD);
		layout_put64(h + 72, COOKIE);
		content = (uint64_t)layout_get32(h + 8) + layout_get32(h + 12);
		if (content <= len - at - LAYOUT_RECORD_HEAD)
			layout_put32(h + 68, store_crc32c(0,
			    h + LAYOUT_RECORD_HEAD, (size_t)content));
		layout_put32(h + 84, store_crc32c(0, h, 84));
	}
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	unsigned char *p = malloc(len + 1);
	struct store_segment_record r;
	uint64_t at = 0, end, cookie;
	uint32_t no;

	memcpy(p, data, len);
	repair(p, len);
	store_segment_head_check(p, len, &no, &cookie);
	while (at < len) {
		switch (store_segment_group(p, len, COOKIE, at, &end)) {
		case STORE_SEGMENT_FOUND:
			while (at < end) {
				if (store_segment_parse(p, len, COOKIE, at,
				    &r) != STORE_SEGMENT_FOUND ||
				    r.next <= at || r.next > len ||
				    r.body + r.h.body_len != p + r.next)
					abort();
				unpack(&r);
				at = r.next;
			}
			break;
		case STORE_SEGMENT_END:
			abort(); /* only at the end */
		case STORE_SEGMENT_BAD:
			end = store_segment_search(p, len, COOKIE, at + 1);
			if (end <= at)
				abort();
			at = end;
			break;
		}
	}
	free(p);
	return 0;
}
