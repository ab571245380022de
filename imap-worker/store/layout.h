/* SPDX-License-Identifier: ISC
 *
 * Every byte the store writes.  Keys are big-endian, so that their order is
 * the order of the numbers; all else is little-endian.  The first byte of a
 * value is its version.
 *
 * Segment files, <home>/seg/NNNNNNNN.seg (decimal, from 1):
 *
 *   file head, 64 bytes        a record: head, extra, body
 *    0  "PSTNSEG1"              0  u32 magic "MSG1" or "NAM1"
 *    8  u32 number              4  u16 head length, 88
 *   12  u32 0                   6  u8  kind, enum layout_kind
 *   16  u64 cookie              7  u8  1: first, 2: last of its group
 *   24  i64 made                8  u32 extra length
 *   32  0                      12  u32 body length
 *   60  u32 crc of 0..59       16  u64 blob id
 *                              24  u32 mailbox id
 *                              28  u32 uid
 *                              32  u32 uidvalidity
 *                              36  u32 save date
 *                              40  u64 modseq
 *                              48  i64 internal date (NAME: created)
 *                              56  i16 zone
 *                              58  u16 enum store_coding
 *                              60  u32 system flags at birth (NAME: use)
 *                              64  u32 message length
 *                              68  u32 crc of extra and body
 *                              72  u64 cookie of the file
 *                              80  u32 leading bytes as they came
 *                              84  u32 crc of 0..83
 *
 * The extra of a message is its keywords, each ended by a NUL; its body the
 * message as received, or as coding.h packs it. The extra of a NAME record is the MAILBOXID, 16 bytes;
 * its body the (new) name. All crc are CRC-32C. The cookie is random: bytes of
 * a message cannot pass for a record when a damaged file is searched. Records
 * of one change form a group: one without its last record never happened.
 *
 * meta.db, the first byte of a key says what:
 *
 *   'U'                     the user: struct layout_user
 *   'B' u32 mailbox         the mailbox: struct layout_mailbox, name behind it
 *   'S' name                subscription; value u8 1
 *   'K' u32 mailbox u8 k    text of keyword k
 *   'V' u32 mailbox u64 modseq u16 part
 *                           UIDs expunged: u8 version, then ranges.h
 *   'F' u32 mailbox u64 modseq u16 part
 *                           a flag change that the chunks may not have yet: u8
 *                           version, u8 enum store_flag_op, 2 bytes 0, u64 flags,
 *                           the UIDs as in 'V'; late.c
 *   'T' u64 hash            u64 thread: of a Message-ID that was seen
 *
 * hot.db and loc.db, key u32 mailbox, u32 first uid: a chunk of 1 to 40 rows in
 * UID order. The key is the UID of the first row the chunk ever had. Both have
 * 8 bytes u8 version, u8 n, 0; then
 *   hot  16 bytes a row: u32 uid, u32 flags, u64 modseq << 21 | flags >> 32
 *   loc  24 bytes a row: u64 blob, u32 size, u32 save date, u32 internal date
 *        (clamped), i16 zone, u16 day of Date:
 *
 * blob.db, key u64 blob: where the message is and who names it.
 *    0 u8 version           8 u32 segment     24 u32 message length
 *    1 u8 coding           12 u32 stored len  28 u32 header length
 *    2 u16 0
 *    4 u32 references      16 u64 place       32 i64 internal date
 *   40 i16 zone            44 u32 time when the references became 0
 *   42 u16 day of Date:    48 u64 thread      56 u64 names of header fields,
 *                                                a bit each: mail_field_bit()
 *
 * text.db, key u64 blob, u16 part: ENVELOPE and BODYSTRUCTURE, in as many parts
 * of LAYOUT_TEXT_VALUE bytes as they need. Part 0 begins with
 *    0 u8 version, 0        4 u32 length of ENVELOPE
 *                           8 u32 length of BODYSTRUCTURE
 *
 * No value passes 1,000 bytes (but a mailbox with a very long name): larger
 * ones would leave their page, and each change would log whole pages.
 */
#ifndef STORE_LAYOUT_H
#define STORE_LAYOUT_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "store/coding.h"
#include "store/store.h"

#define LAYOUT_FORMAT 2 /* of the whole home, in VERSION */
#define LAYOUT_VERSION 1 /* of each value */

/* --- numbers ------------------------------------------------------------- */

#define LAYOUT_LE(bits)                                                       \
	static inline void layout_put##bits(unsigned char *p,                 \
	    uint##bits##_t v)                                                 \
	{                                                                     \
		v = htole##bits(v);                                           \
		memcpy(p, &v, sizeof(v));                                     \
	}                                                                     \
	static inline uint##bits##_t layout_get##bits(const unsigned char *p) \
	{                                                                     \
		uint##bits##_t v;                                             \
		memcpy(&v, p, sizeof(v));                                     \
		return le##bits##toh(v);                                      \
	}                                                                     \
	static inline void layout_put##bits##be(unsigned char *p,             \
	    uint##bits##_t v)                                                 \
	{                                                                     \
		v = htobe##bits(v);                                           \
		memcpy(p, &v, sizeof(v));                                     \
	}                                                                     \
	static inline uint##bits##_t layout_get##bits##be(                    \
	    const unsigned char *p)                                           \
	{                                                                     \
		uint##bits##_t v;                                             \
		memcpy(&v, p, sizeof(v));                                     \
		return be##bits##toh(v);                                      \
	}
LAYOUT_LE(16)
LAYOUT_LE(32)
LAYOUT_LE(64)
#undef LAYOUT_LE

/* --- keys ---------------------------------------------------------------- */

enum layout_tag {
	LAYOUT_TAG_MAILBOX = 'B',
	LAYOUT_TAG_FLAGS = 'F',
	LAYOUT_TAG_KEYWORD = 'K',
	LAYOUT_TAG_SUBSCRIPTION = 'S',
	LAYOUT_TAG_THREAD = 'T',
	LAYOUT_TAG_USER = 'U',
	LAYOUT_TAG_VANISHED = 'V',
};
#define LAYOUT_KEY_MBOX 5
#define LAYOUT_KEY_KEYWORD 6
#define LAYOUT_KEY_VANISHED 15
#define LAYOUT_KEY_FLAGS 15
#define LAYOUT_KEY_THREAD 9
#define LAYOUT_KEY_CHUNK 8
#define LAYOUT_KEY_BLOB 8
#define LAYOUT_KEY_TEXT 10

static inline void
layout_key_mbox(unsigned char *k, enum layout_tag tag, uint32_t mbox)
{
	k[0] = (unsigned char)tag;
	layout_put32be(k + 1, mbox);
}

static inline void
layout_key_keyword(unsigned char *k, uint32_t mbox, unsigned bit)
{
	layout_key_mbox(k, LAYOUT_TAG_KEYWORD, mbox);
	k[5] = (unsigned char)bit;
}

static inline void
layout_key_vanished(unsigned char *k, uint32_t mbox, uint64_t modseq,
    uint16_t part)
{
	layout_key_mbox(k, LAYOUT_TAG_VANISHED, mbox);
	layout_put64be(k + 5, modseq);
	layout_put16be(k + 13, part);
}

static inline void
layout_key_flags(unsigned char *k, uint32_t mbox, uint64_t modseq,
    uint16_t part)
{
	layout_key_mbox(k, LAYOUT_TAG_FLAGS, mbox);
	layout_put64be(k + 5, modseq);
	layout_put16be(k + 13, part);
}

static inline void
layout_key_thread(unsigned char *k, uint64_t hash)
{
	k[0] = LAYOUT_TAG_THREAD;
	layout_put64be(k + 1, hash);
}

static inline void
layout_key_chunk(unsigned char *k, uint32_t mbox, uint32_t uid)
{
	layout_put32be(k, mbox);
	layout_put32be(k + 4, uid);
}

static inline void
layout_key_blob(unsigned char *k, uint64_t blob)
{
	layout_put64be(k, blob);
}

static inline void
layout_key_text(unsigned char *k, uint64_t blob, uint16_t part)
{
	layout_put64be(k, blob);
	layout_put16be(k + 8, part);
}

/* --- meta ---------------------------------------------------------------- */

struct layout_user {
	bool rebuilding;      /* a rebuild from the segments has not ended */
	uint32_t next_mbox, next_uidvalidity;
	uint32_t end_no;      /* all before this place in the segments is */
	uint64_t end_at;      /* indexed */
	uint32_t safe_no;     /* all before this place was known durable */
	uint64_t safe_at;     /* when this was written */
	uint64_t next_blob;
	uint64_t modseq_hw;   /* no modseq above this was ever given out */
	uint64_t uids;        /* given out so far, in all mailboxes */
};
#define LAYOUT_USER 64

static inline void
layout_user_pack(unsigned char *p, const struct layout_user *u)
{
	memset(p, 0, LAYOUT_USER);
	p[0] = LAYOUT_VERSION;
	p[1] = u->rebuilding;
	layout_put32(p + 4, u->next_mbox);
	layout_put32(p + 8, u->next_uidvalidity);
	layout_put32(p + 12, u->end_no);
	layout_put64(p + 16, u->end_at);
	layout_put32(p + 24, u->safe_no);
	layout_put64(p + 32, u->safe_at);
	layout_put64(p + 40, u->next_blob);
	layout_put64(p + 48, u->modseq_hw);
	layout_put64(p + 56, u->uids);
}

static inline bool
layout_user_unpack(const unsigned char *p, size_t len, struct layout_user *u_r)
{
	if (len < LAYOUT_USER || p[0] != LAYOUT_VERSION)
		return false;
	u_r->rebuilding = p[1] != 0;
	u_r->next_mbox = layout_get32(p + 4);
	u_r->next_uidvalidity = layout_get32(p + 8);
	u_r->end_no = layout_get32(p + 12);
	u_r->end_at = layout_get64(p + 16);
	u_r->safe_no = layout_get32(p + 24);
	u_r->safe_at = layout_get64(p + 32);
	u_r->next_blob = layout_get64(p + 40);
	u_r->modseq_hw = layout_get64(p + 48);
	u_r->uids = layout_get64(p + 56);
	return true;
}

/* A mailbox: u8 version, u8 use, u16 name length, then as below, name last. */
struct layout_mailbox {
	uint8_t use;
	uint16_t name_len;
	uint32_t uidvalidity, uidnext, messages, unseen, deleted, recent_uid;
	uint32_t vanished;      /* records of the expunge log */
	uint64_t highestmodseq, bytes;
	const unsigned char *mailboxid; /* borrowed, 16 bytes */
	int64_t created;
	uint64_t vanish_floor;  /* expunges up to this modseq are forgotten */
	const char *name;       /* borrowed, not NUL-terminated */
};
#define LAYOUT_MAILBOX 80

static inline void
layout_mailbox_pack(unsigned char *p, const struct layout_mailbox *b)
{
	p[0] = LAYOUT_VERSION;
	p[1] = b->use;
	layout_put16(p + 2, b->name_len);
	layout_put32(p + 4, b->uidvalidity);
	layout_put32(p + 8, b->uidnext);
	layout_put32(p + 12, b->messages);
	layout_put32(p + 16, b->unseen);
	layout_put32(p + 20, b->deleted);
	layout_put32(p + 24, b->recent_uid);
	layout_put32(p + 28, b->vanished);
	layout_put64(p + 32, b->highestmodseq);
	layout_put64(p + 40, b->bytes);
	memcpy(p + 48, b->mailboxid, 16);
	layout_put64(p + 64, (uint64_t)b->created);
	layout_put64(p + 72, b->vanish_floor);
	memcpy(p + LAYOUT_MAILBOX, b->name, b->name_len);
}

static inline bool
layout_mailbox_unpack(const unsigned char *p, size_t len,
    struct layout_mailbox *b_r)
{
	if (len < LAYOUT_MAILBOX || p[0] != LAYOUT_VERSION ||
	    len - LAYOUT_MAILBOX != layout_get16(p + 2))
		return false;
	b_r->use = p[1];
	b_r->name_len = layout_get16(p + 2);
	b_r->uidvalidity = layout_get32(p + 4);
	b_r->uidnext = layout_get32(p + 8);
	b_r->messages = layout_get32(p + 12);
	b_r->unseen = layout_get32(p + 16);
	b_r->deleted = layout_get32(p + 20);
	b_r->recent_uid = layout_get32(p + 24);
	b_r->vanished = layout_get32(p + 28);
	b_r->highestmodseq = layout_get64(p + 32);
	b_r->bytes = layout_get64(p + 40);
	b_r->mailboxid = p + 48;
	b_r->created = (int64_t)layout_get64(p + 64);
	b_r->vanish_floor = layout_get64(p + 72);
	b_r->name = (const char *)p + LAYOUT_MAILBOX;
	return true;
}

/* --- chunks -------------------------------------------------------------- */

#define LAYOUT_CHUNK_ROWS 40
#define LAYOUT_CHUNK_HEAD 8
#define LAYOUT_HOT_ROW 16
#define LAYOUT_LOC_ROW 24
#define LAYOUT_HOT_MAX (LAYOUT_CHUNK_HEAD + LAYOUT_CHUNK_ROWS * LAYOUT_HOT_ROW)
#define LAYOUT_LOC_MAX (LAYOUT_CHUNK_HEAD + LAYOUT_CHUNK_ROWS * LAYOUT_LOC_ROW)

struct layout_loc {
	uint64_t blob;
	uint32_t size, savedate, internaldate;
	int16_t zone;
	uint16_t sent_day;
};

static inline struct store_row
layout_row(uint32_t uid, uint64_t flags, uint64_t modseq)
{
	return (struct store_row){ uid, (uint32_t)flags,
		modseq << 21 | (flags >> 32 & 0x1fffff) };
}

/* Returns the length of the value. */
static inline size_t
layout_hot_pack(unsigned char *p, const struct store_row *rows, size_t n)
{
	memset(p, 0, LAYOUT_CHUNK_HEAD);
	p[0] = LAYOUT_VERSION;
	p[1] = (unsigned char)n;
	p += LAYOUT_CHUNK_HEAD;
	for (size_t i = 0; i < n; i++, p += LAYOUT_HOT_ROW) {
		layout_put32(p, rows[i].uid);
		layout_put32(p + 4, rows[i].flags_lo);
		layout_put64(p + 8, rows[i].modseq_flags);
	}
	return LAYOUT_CHUNK_HEAD + n * LAYOUT_HOT_ROW;
}

static inline size_t
layout_loc_pack(unsigned char *p, const struct layout_loc *locs, size_t n)
{
	memset(p, 0, LAYOUT_CHUNK_HEAD);
	p[0] = LAYOUT_VERSION;
	p[1] = (unsigned char)n;
	p += LAYOUT_CHUNK_HEAD;
	for (size_t i = 0; i < n; i++, p += LAYOUT_LOC_ROW) {
		layout_put64(p, locs[i].blob);
		layout_put32(p + 8, locs[i].size);
		layout_put32(p + 12, locs[i].savedate);
		layout_put32(p + 16, locs[i].internaldate);
		layout_put16(p + 20, (uint16_t)locs[i].zone);
		layout_put16(p + 22, locs[i].sent_day);
	}
	return LAYOUT_CHUNK_HEAD + n * LAYOUT_LOC_ROW;
}

/* The rows of a chunk of either kind; 0: not a valid chunk. */
static inline size_t
layout_chunk_count(const unsigned char *p, size_t len, size_t row)
{
	if (len < LAYOUT_CHUNK_HEAD || p[0] != LAYOUT_VERSION || p[1] == 0 ||
	    p[1] > LAYOUT_CHUNK_ROWS || len != LAYOUT_CHUNK_HEAD + p[1] * row)
		return 0;
	return p[1];
}

static inline void
layout_hot_unpack(const unsigned char *p, struct store_row *rows_r, size_t n)
{
	p += LAYOUT_CHUNK_HEAD;
	for (size_t i = 0; i < n; i++, p += LAYOUT_HOT_ROW) {
		rows_r[i].uid = layout_get32(p);
		rows_r[i].flags_lo = layout_get32(p + 4);
		rows_r[i].modseq_flags = layout_get64(p + 8);
	}
}

static inline void
layout_loc_unpack(const unsigned char *p, struct layout_loc *locs_r, size_t n)
{
	p += LAYOUT_CHUNK_HEAD;
	for (size_t i = 0; i < n; i++, p += LAYOUT_LOC_ROW) {
		locs_r[i].blob = layout_get64(p);
		locs_r[i].size = layout_get32(p + 8);
		locs_r[i].savedate = layout_get32(p + 12);
		locs_r[i].internaldate = layout_get32(p + 16);
		locs_r[i].zone = (int16_t)layout_get16(p + 20);
		locs_r[i].sent_day = layout_get16(p + 22);
	}
}

/* --- blobs --------------------------------------------------------------- */

struct layout_blob {
	uint32_t refs, segment, header_len, free_since;
	struct store_coded coded; /* head: header_len, or 0 when plain */
	uint64_t at;
	int64_t internaldate;
	int16_t zone;
	uint16_t sent_day;
	uint64_t thread, fields;
};
#define LAYOUT_BLOB 64

static inline void
layout_blob_pack(unsigned char *p, const struct layout_blob *b)
{
	memset(p, 0, LAYOUT_BLOB);
	p[0] = LAYOUT_VERSION;
	p[1] = (unsigned char)b->coded.coding;
	layout_put32(p + 4, b->refs);
	layout_put32(p + 8, b->segment);
	layout_put32(p + 12, b->coded.stored);
	layout_put64(p + 16, b->at);
	layout_put32(p + 24, b->coded.len);
	layout_put32(p + 28, b->header_len);
	layout_put64(p + 32, (uint64_t)b->internaldate);
	layout_put16(p + 40, (uint16_t)b->zone);
	layout_put16(p + 42, b->sent_day);
	layout_put32(p + 44, b->free_since);
	layout_put64(p + 48, b->thread);
	layout_put64(p + 56, b->fields);
}

static inline bool
layout_blob_unpack(const unsigned char *p, size_t len, struct layout_blob *b_r)
{
	if (len != LAYOUT_BLOB || p[0] != LAYOUT_VERSION)
		return false;
	b_r->refs = layout_get32(p + 4);
	b_r->segment = layout_get32(p + 8);
	b_r->at = layout_get64(p + 16);
	b_r->coded.coding = p[1];
	b_r->coded.stored = layout_get32(p + 12);
	b_r->coded.len = layout_get32(p + 24);
	b_r->header_len = layout_get32(p + 28);
	b_r->internaldate = (int64_t)layout_get64(p + 32);
	b_r->zone = (int16_t)layout_get16(p + 40);
	b_r->sent_day = layout_get16(p + 42);
	b_r->free_since = layout_get32(p + 44);
	b_r->thread = layout_get64(p + 48);
	b_r->fields = layout_get64(p + 56);
	b_r->coded.head =
	    b_r->coded.coding == STORE_CODING_PLAIN ? 0 : b_r->header_len;
	return store_coding_check(&b_r->coded, UINT32_MAX);
}

/* --- texts --------------------------------------------------------------- */

#define LAYOUT_TEXT_HEAD 12
#define LAYOUT_TEXT_VALUE 900

struct layout_text {
	uint32_t envelope_len, structure_len;
};

static inline void
layout_text_pack(unsigned char *p, const struct layout_text *t)
{
	layout_put32(p, LAYOUT_VERSION);
	layout_put32(p + 4, t->envelope_len);
	layout_put32(p + 8, t->structure_len);
}

/* Of part 0. */
static inline bool
layout_text_unpack(const unsigned char *p, size_t len, struct layout_text *t_r)
{
	size_t whole;

	if (len < LAYOUT_TEXT_HEAD || p[0] != LAYOUT_VERSION)
		return false;
	t_r->envelope_len = layout_get32(p + 4);
	t_r->structure_len = layout_get32(p + 8);
	whole = LAYOUT_TEXT_HEAD + (size_t)t_r->envelope_len +
	    t_r->structure_len;
	return len == (whole < LAYOUT_TEXT_VALUE ? whole : LAYOUT_TEXT_VALUE);
}

/* How many parts there are. */
static inline size_t
layout_text_parts(const struct layout_text *t)
{
	size_t whole = LAYOUT_TEXT_HEAD + (size_t)t->envelope_len +
	    t->structure_len;

	return (whole + LAYOUT_TEXT_VALUE - 1) / LAYOUT_TEXT_VALUE;
}

/* --- segments ------------------------------------------------------------ */

enum layout_kind {
	LAYOUT_MESSAGE = 0,
	LAYOUT_NAME_CREATE = 1,
	LAYOUT_NAME_RENAME = 2,
	LAYOUT_NAME_DELETE = 3,
	LAYOUT_NAME_VALIDITY = 4, /* a new uidvalidity */
};
#define LAYOUT_GROUP_FIRST 1
#define LAYOUT_GROUP_LAST 2

#define LAYOUT_SEGMENT_MAGIC "PSTNSEG1"
#define LAYOUT_SEGMENT_HEAD 64
#define LAYOUT_MAGIC_MESSAGE 0x3147534du /* "MSG1" */
#define LAYOUT_MAGIC_NAME 0x314d414eu    /* "NAM1" */
#define LAYOUT_RECORD_HEAD 88
#define LAYOUT_EXTRA_MAX 16384

struct layout_record {
	enum layout_kind kind;
	uint8_t group;
	uint32_t extra_len, body_len;
	uint64_t blob;
	uint32_t mbox, uid, uidvalidity, savedate;
	uint64_t modseq;
	int64_t internaldate;
	int16_t zone;
	struct store_coded coded; /* of a message; stored is body_len */
	uint32_t flags;
	uint32_t content_crc;
	uint64_t cookie;
};

/* crc: of the 84 bytes before it, filled in by the caller. */
static inline void
layout_record_pack(unsigned char *p, const struct layout_record *r)
{
	memset(p, 0, LAYOUT_RECORD_HEAD);
	layout_put32(p, r->kind == LAYOUT_MESSAGE ? LAYOUT_MAGIC_MESSAGE
	                                          : LAYOUT_MAGIC_NAME);
	layout_put16(p + 4, LAYOUT_RECORD_HEAD);
	p[6] = (unsigned char)r->kind;
	p[7] = r->group;
	layout_put32(p + 8, r->extra_len);
	layout_put32(p + 12, r->body_len);
	layout_put64(p + 16, r->blob);
	layout_put32(p + 24, r->mbox);
	layout_put32(p + 28, r->uid);
	layout_put32(p + 32, r->uidvalidity);
	layout_put32(p + 36, r->savedate);
	layout_put64(p + 40, r->modseq);
	layout_put64(p + 48, (uint64_t)r->internaldate);
	layout_put16(p + 56, (uint16_t)r->zone);
	layout_put16(p + 58, (uint16_t)r->coded.coding);
	layout_put32(p + 60, r->flags);
	layout_put32(p + 64, r->coded.len);
	layout_put32(p + 68, r->content_crc);
	layout_put64(p + 72, r->cookie);
	layout_put32(p + 80, r->coded.head);
}

/* Only the form; crc and cookie are the caller's. */
static inline bool
layout_record_unpack(const unsigned char *p, struct layout_record *r_r)
{
	uint32_t magic = layout_get32(p);

	if (layout_get16(p + 4) != LAYOUT_RECORD_HEAD ||
	    p[6] > LAYOUT_NAME_VALIDITY ||
	    magic != (p[6] == LAYOUT_MESSAGE ? LAYOUT_MAGIC_MESSAGE
	                                     : LAYOUT_MAGIC_NAME))
		return false;
	r_r->kind = (enum layout_kind)p[6];
	r_r->group = p[7];
	r_r->extra_len = layout_get32(p + 8);
	r_r->body_len = layout_get32(p + 12);
	r_r->blob = layout_get64(p + 16);
	r_r->mbox = layout_get32(p + 24);
	r_r->uid = layout_get32(p + 28);
	r_r->uidvalidity = layout_get32(p + 32);
	r_r->savedate = layout_get32(p + 36);
	r_r->modseq = layout_get64(p + 40);
	r_r->internaldate = (int64_t)layout_get64(p + 48);
	r_r->zone = (int16_t)layout_get16(p + 56);
	r_r->flags = layout_get32(p + 60);
	r_r->content_crc = layout_get32(p + 68);
	r_r->cookie = layout_get64(p + 72);
	r_r->coded.coding = layout_get16(p + 58);
	r_r->coded.stored = r_r->body_len;
	r_r->coded.len = layout_get32(p + 64);
	r_r->coded.head = layout_get32(p + 80);
	return r_r->kind != LAYOUT_MESSAGE ||
	    store_coding_check(&r_r->coded, LIMIT_COMPRESS);
}

#endif
