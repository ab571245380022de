/* SPDX-License-Identifier: ISC */
#include "store/ranges.h"

static size_t
ranges_put_varint(unsigned char *p, uint32_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (unsigned char)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (unsigned char)v;
	return n;
}

static bool
ranges_get_varint(const unsigned char **p, const unsigned char *end,
    uint32_t *v_r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 35 && *p < end; shift += 7) {
		unsigned char c = *(*p)++;

		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*v_r = (uint32_t)v;
			return v <= UINT32_MAX;
		}
	}
	return false;
}

size_t
store_ranges_put(unsigned char *p, uint32_t *last_io, uint32_t first,
    uint32_t last)
{
	size_t n = ranges_put_varint(p, first - *last_io);

	*last_io = last;
	return n + ranges_put_varint(p + n, last - first);
}

bool
store_ranges_decode(const unsigned char *p, size_t len,
    void (*fn)(void *ctx, uint32_t first, uint32_t last), void *ctx)
{
	const unsigned char *end = p + len;
	uint64_t uid = 0;

	while (p < end) {
		uint32_t gap, more;

		if (!ranges_get_varint(&p, end, &gap) ||
		    !ranges_get_varint(&p, end, &more))
			return false;
		uid += gap;
		if (uid == 0 || uid + more > UINT32_MAX)
			return false;
		fn(ctx, (uint32_t)uid, (uint32_t)(uid + more));
		uid += more;
	}
	return true;
}

void
store_ranges_add(void *ctx, uint32_t first, uint32_t last)
{
	roaring_bitmap_add_range_closed(ctx, first, last);
}

enum store_err
store_ranges_each(const roaring_bitmap_t *set,
    enum store_err (*fn)(void *ctx, uint32_t first, uint32_t last), void *ctx)
{
	roaring_uint32_iterator_t it;
	enum store_err e = STORE_OK;

	roaring_init_iterator(set, &it);
	while (e == STORE_OK && it.has_value) {
		uint32_t first = it.current_value, last = first;

		while (roaring_advance_uint32_iterator(&it) &&
		    it.current_value == last + 1)
			last++;
		e = fn(ctx, first, last);
	}
	return e;
}
