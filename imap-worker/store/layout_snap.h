/* SPDX-License-Identifier: ISC
 *
 * Every byte of a snapshot, <home>/snap/NNNNNNNN.snap (decimal, from 1).
 *
 * The file is a row of blocks, each a head and at most LAYOUT_SNAP_CONTENT
 * bytes of content.  They are small and each can be found and understood
 * without the others, so that damage costs little:
 *
 *    0  u32 magic "SNB1"        12  u32 number of the block, from 0
 *    4  u8  version             16  u64 cookie of the file, random
 *    5  u8  kind                24  u32 crc of the content
 *    6  u16 content length      28  u32 crc of 0..27
 *    8  u32 mailbox; 0: none
 *
 *   'H'  the head, first block; and once more as 'E', last block
 *          0 u32 segment, 8 u64 place up to which the snapshot speaks
 *          4 u32 mailboxes       16 u64 next_blob    48 u32 next_mbox
 *         24 u64 modseq          32 u64 UIDs given   52 u32 next_uidvalidity
 *         40 i64 made            56 u32 subscriptions    60 u32 0
 *   'G'  segments: u32 number, u64 cookie of each
 *   'M'  a mailbox: u32 keywords, then its record as in meta.db (layout.h)
 *   'K'  keywords: u8 bit, u8 length, text of each
 *   'R'  rows: u32 from, u32 to, then the rows with from <= UID < to
 *   'S'  subscriptions: u16 length, name of each
 *
 * The blocks of rows of a mailbox are in order; the first begins at 1, each of
 * the others where the one before ended, the last ends at 2^32 - 1.  There is
 * at least one.  A row is four varints: UID less the one before (or `from`,
 * less 1), flags, and the differences of blob and of save date to the row
 * before, zigzag.  What a row lacks is in the message's segment record; its
 * modseq is given anew by a rebuild.
 *
 * All numbers are little-endian, all crc are CRC-32C.
 */
#ifndef STORE_LAYOUT_SNAP_H
#define STORE_LAYOUT_SNAP_H

#include "store/layout.h"

#define LAYOUT_SNAP_MAGIC 0x31424e53u /* "SNB1" */
#define LAYOUT_SNAP_HEAD 32
#define LAYOUT_SNAP_CONTENT 2016
#define LAYOUT_SNAP_BLOCK (LAYOUT_SNAP_HEAD + LAYOUT_SNAP_CONTENT)
#define LAYOUT_SNAP_SEGMENT 12 /* one of 'G' */
#define LAYOUT_SNAP_ROWS 8     /* before the rows of 'R' */
#define LAYOUT_SNAP_ROW_MAX 32 /* a row is not longer */
#define LAYOUT_SNAP_TO_END UINT32_MAX

enum layout_snap_kind {
	LAYOUT_SNAP_END = 'E',
	LAYOUT_SNAP_SEGMENTS = 'G',
	LAYOUT_SNAP_FIRST = 'H',
	LAYOUT_SNAP_KEYWORDS = 'K',
	LAYOUT_SNAP_MAILBOX = 'M',
	LAYOUT_SNAP_ROW = 'R',
	LAYOUT_SNAP_SUBSCRIPTIONS = 'S',
};

struct layout_snap_block {
	uint8_t kind;
	uint16_t len;
	uint32_t mbox, number;
	uint64_t cookie;
	uint32_t crc;
};

/* crc of the head: of the 28 bytes before it, filled in by the caller. */
static inline void
layout_snap_block_pack(unsigned char *p, const struct layout_snap_block *b)
{
	layout_put32(p, LAYOUT_SNAP_MAGIC);
	p[4] = LAYOUT_VERSION;
	p[5] = b->kind;
	layout_put16(p + 6, b->len);
	layout_put32(p + 8, b->mbox);
	layout_put32(p + 12, b->number);
	layout_put64(p + 16, b->cookie);
	layout_put32(p + 24, b->crc);
}

/* Only the form; the checksums are the caller's. */
static inline bool
layout_snap_block_unpack(const unsigned char *p, struct layout_snap_block *b_r)
{
	if (layout_get32(p) != LAYOUT_SNAP_MAGIC || p[4] != LAYOUT_VERSION ||
	    layout_get16(p + 6) > LAYOUT_SNAP_CONTENT)
		return false;
	b_r->kind = p[5];
	b_r->len = layout_get16(p + 6);
	b_r->mbox = layout_get32(p + 8);
	b_r->number = layout_get32(p + 12);
	b_r->cookie = layout_get64(p + 16);
	b_r->crc = layout_get32(p + 24);
	return true;
}

struct layout_snap_head {
	uint32_t end_no;      /* it speaks of all before this place */
	uint64_t end_at;
	uint32_t mailboxes, subscriptions;
	uint64_t next_blob, modseq;
	uint64_t uids;        /* given out so far, in all mailboxes */
	int64_t made;
	uint32_t next_mbox, next_uidvalidity;
};
#define LAYOUT_SNAP_FIRST_LEN 64

static inline void
layout_snap_head_pack(unsigned char *p, const struct layout_snap_head *h)
{
	memset(p, 0, LAYOUT_SNAP_FIRST_LEN);
	layout_put32(p, h->end_no);
	layout_put32(p + 4, h->mailboxes);
	layout_put64(p + 8, h->end_at);
	layout_put64(p + 16, h->next_blob);
	layout_put64(p + 24, h->modseq);
	layout_put64(p + 32, h->uids);
	layout_put64(p + 40, (uint64_t)h->made);
	layout_put32(p + 48, h->next_mbox);
	layout_put32(p + 52, h->next_uidvalidity);
	layout_put32(p + 56, h->subscriptions);
}

static inline bool
layout_snap_head_unpack(const unsigned char *p, size_t len,
    struct layout_snap_head *h_r)
{
	if (len != LAYOUT_SNAP_FIRST_LEN)
		return false;
	h_r->end_no = layout_get32(p);
	h_r->mailboxes = layout_get32(p + 4);
	h_r->end_at = layout_get64(p + 8);
	h_r->next_blob = layout_get64(p + 16);
	h_r->modseq = layout_get64(p + 24);
	h_r->uids = layout_get64(p + 32);
	h_r->made = (int64_t)layout_get64(p + 40);
	h_r->next_mbox = layout_get32(p + 48);
	h_r->next_uidvalidity = layout_get32(p + 52);
	h_r->subscriptions = layout_get32(p + 56);
	return true;
}

/* --- rows ---------------------------------------------------------------- */

struct layout_snap_row {
	uint32_t uid, savedate;
	uint64_t flags, blob;
};

static inline unsigned char *
layout_put_varint(unsigned char *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (unsigned char)(v | 0x80);
	*p++ = (unsigned char)v;
	return p;
}

/* The place behind it; NULL: not a number that ends before `end`. */
static inline const unsigned char *
layout_get_varint(const unsigned char *p, const unsigned char *end,
    uint64_t *v_r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64 && p < end; shift += 7) {
		unsigned char c = *p++;

		if (shift == 63 && c > 1)
			return NULL;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*v_r = v;
			return p;
		}
	}
	return NULL;
}

static inline uint64_t
layout_zigzag(uint64_t now, uint64_t before)
{
	int64_t d = (int64_t)(now - before);

	return (uint64_t)d << 1 ^ (uint64_t)(d >> 63);
}

static inline uint64_t
layout_unzigzag(uint64_t v, uint64_t before)
{
	return before + (v >> 1 ^ (0 - (v & 1)));
}

/* At most LAYOUT_SNAP_ROW_MAX bytes; before: the row before, or uid `from` - 1
 * and all else 0. Returns the place behind. */
static inline unsigned char *
layout_snap_row_pack(unsigned char *p, const struct layout_snap_row *r,
    const struct layout_snap_row *before)
{
	p = layout_put_varint(p, r->uid - before->uid);
	p = layout_put_varint(p, r->flags);
	p = layout_put_varint(p, layout_zigzag(r->blob, before->blob));
	return layout_put_varint(p, layout_zigzag(r->savedate,
	    before->savedate));
}

/* The same way back; row: the one before, becomes this one. NULL: not valid. */
static inline const unsigned char *
layout_snap_row_unpack(const unsigned char *p, const unsigned char *end,
    struct layout_snap_row *row)
{
	uint64_t uid, flags, blob, date;

	if ((p = layout_get_varint(p, end, &uid)) == NULL ||
	    (p = layout_get_varint(p, end, &flags)) == NULL ||
	    (p = layout_get_varint(p, end, &blob)) == NULL ||
	    (p = layout_get_varint(p, end, &date)) == NULL ||
	    uid == 0 || uid > UINT32_MAX - row->uid ||
	    flags > STORE_ALL_FLAGS)
		return NULL;
	date = layout_unzigzag(date, row->savedate);
	if (date > UINT32_MAX)
		return NULL;
	row->uid += (uint32_t)uid;
	row->flags = flags;
	row->blob = layout_unzigzag(blob, row->blob);
	row->savedate = (uint32_t)date;
	return p;
}

#endif
