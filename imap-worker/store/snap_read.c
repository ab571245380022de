/* SPDX-License-Identifier: ISC
 *
 * Understanding the bytes of a snapshot.  Pure; trusts nothing.
 */
#include "store/crc32c.h"
#include "store/snap.h"

bool
store_snap_parse(const unsigned char *data, size_t len, uint64_t cookie,
    uint64_t at, struct store_snap_block *b_r)
{
	struct layout_snap_block h;
	const unsigned char *p;

	if (at > len || len - at < LAYOUT_SNAP_HEAD)
		return false;
	p = data + at;
	if (!layout_snap_block_unpack(p, &h) ||
	    (cookie != 0 && h.cookie != cookie) ||
	    h.len > len - at - LAYOUT_SNAP_HEAD ||
	    layout_get32(p + 28) != store_crc32c(0, p, 28) ||
	    store_crc32c(0, p + LAYOUT_SNAP_HEAD, h.len) != h.crc)
		return false;
	b_r->kind = (enum layout_snap_kind)h.kind;
	b_r->mbox = h.mbox;
	b_r->number = h.number;
	b_r->cookie = h.cookie;
	b_r->data = p + LAYOUT_SNAP_HEAD;
	b_r->len = h.len;
	b_r->next = at + LAYOUT_SNAP_HEAD + h.len;
	return true;
}

bool
store_snap_next(const unsigned char *data, size_t len, uint64_t cookie,
    uint64_t *at, struct store_snap_block *b_r, uint64_t *skipped_r)
{
	uint64_t from = *at;

	for (; *at < len; ++*at)
		if (store_snap_parse(data, len, cookie, *at, b_r)) {
			*skipped_r = *at - from;
			*at = b_r->next;
			return true;
		}
	*skipped_r = *at - from;
	return false;
}

bool
store_snap_head(const unsigned char *data, size_t len, uint64_t *cookie_r,
    struct layout_snap_head *h_r)
{
	uint64_t at = 0, cookie = 0, skipped;
	struct store_snap_block b;

	/* the first block that is whole says which the others are */
	while (store_snap_next(data, len, cookie, &at, &b, &skipped)) {
		cookie = b.cookie;
		if ((b.kind == LAYOUT_SNAP_FIRST ||
		    b.kind == LAYOUT_SNAP_END) &&
		    layout_snap_head_unpack(b.data, b.len, h_r)) {
			*cookie_r = cookie;
			return cookie != 0;
		}
	}
	return false;
}

uint64_t
store_snap_segment(const unsigned char *data, size_t len, uint64_t cookie,
    uint32_t no)
{
	uint64_t at = 0, skipped;
	struct store_snap_block b;

	while (store_snap_next(data, len, cookie, &at, &b, &skipped))
		for (size_t i = 0; b.kind == LAYOUT_SNAP_SEGMENTS &&
		    i + LAYOUT_SNAP_SEGMENT <= b.len; i += LAYOUT_SNAP_SEGMENT)
			if (layout_get32(b.data + i) == no)
				return layout_get64(b.data + i + 4);
	return 0;
}

bool
store_snap_rows_init(struct store_snap_rows *r,
    const struct store_snap_block *b)
{
	memset(r, 0, sizeof(*r));
	if (b->kind != LAYOUT_SNAP_ROW || b->mbox == 0 ||
	    b->len < LAYOUT_SNAP_ROWS)
		return false;
	r->from = layout_get32(b->data);
	r->to = layout_get32(b->data + 4);
	r->p = b->data + LAYOUT_SNAP_ROWS;
	r->end = b->data + b->len;
	r->row.uid = r->from - 1;
	return r->from > 0 && r->from < r->to;
}

bool
store_snap_rows_next(struct store_snap_rows *r)
{
	if (r->bad || r->p == r->end)
		return false;
	r->p = layout_snap_row_unpack(r->p, r->end, &r->row);
	r->bad = r->p == NULL || r->row.uid >= r->to;
	return !r->bad;
}

bool
store_snap_keyword(const struct store_snap_block *b, size_t *at,
    unsigned *bit_r, const char **text_r, size_t *len_r)
{
	const unsigned char *p = b->data + *at;

	if (b->len - *at < 2 || p[0] >= LIMIT_KEYWORDS || p[1] == 0 ||
	    p[1] > LIMIT_KEYWORD || p[1] > b->len - *at - 2 ||
	    memchr(p + 2, 0, p[1]) != NULL)
		return false;
	*bit_r = p[0];
	*text_r = (const char *)p + 2;
	*len_r = p[1];
	*at += 2 + *len_r;
	return true;
}

bool
store_snap_subscription(const struct store_snap_block *b, size_t *at,
    const char **name_r, size_t *len_r)
{
	size_t n;

	if (b->len - *at < 2)
		return false;
	n = layout_get16(b->data + *at);
	if (n == 0 || n > LIMIT_MAILBOX_NAME || n > b->len - *at - 2 ||
	    memchr(b->data + *at + 2, 0, n) != NULL)
		return false;
	*name_r = (const char *)b->data + *at + 2;
	*len_r = n;
	*at += 2 + n;
	return true;
}

bool
store_snap_mailbox(const struct store_snap_block *b, uint32_t *keywords_r,
    struct layout_mailbox *m_r)
{
	if (b->kind != LAYOUT_SNAP_MAILBOX || b->mbox == 0 || b->len < 4 ||
	    !layout_mailbox_unpack(b->data + 4, b->len - 4, m_r) ||
	    m_r->name_len == 0 || m_r->name_len > LIMIT_MAILBOX_NAME ||
	    memchr(m_r->name, 0, m_r->name_len) != NULL || m_r->uidnext == 0)
		return false;
	*keywords_r = layout_get32(b->data);
	return *keywords_r <= LIMIT_KEYWORDS;
}
