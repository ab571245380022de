/* SPDX-License-Identifier: ISC
 *
 * Messages as bytes: RFC 5322 headers, MIME structure (RFC 2045-2047, 2183,
 * 2231, 2557, 3282), and the IMAP forms of both (ENVELOPE, BODYSTRUCTURE,
 * RFC 3501 §7.4.2).  Pure: no I/O, no globals but constant tables.
 *
 * Whatever the bytes are, nothing here crashes, takes more than linear time,
 * or more memory than stated.  Malformed mail gets what the peers give: a
 * missing boundary makes the rest of the message the part; lines may end in
 * bare LF; 8-bit header bytes pass through (in literals); depth and number of
 * parts are limited and what lies deeper is opaque.
 *
 * Offsets are bytes from the start of the message as stored. Sizes are of the
 * stored bytes; lines are counted by LF, plus one for a last line without.
 */
#ifndef MAIL_MAIL_H
#define MAIL_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"

/* A message in memory, contiguous; borrowed by every call below. */
struct mail_bytes {
	const unsigned char *data;
	size_t len;
};

/* --- header fields (mail/header.c) --------------------------------------- */

struct mail_field {
	const char *name;     /* borrowed from the message, not terminated */
	size_t name_len;
	const char *value;    /* after the colon, folded as it came, without the
	                         last CRLF; leading white space included */
	size_t value_len;
	size_t at, end;       /* the field's bytes in the message, with CRLF */
};

struct mail_field_iter {
	struct mail_bytes msg;
	size_t at, end;       /* rest of the header */
};

/* Starts on a header at `at`; it ends at the first empty line, at LIMIT_HEADER
 * bytes, or at `end`. */
void mail_field_first(struct mail_field_iter *it, struct mail_bytes msg,
    size_t at, size_t end);
/* Next field; lines that are no field ("From " of mbox, garbage) are
 * skipped. */
bool mail_field_next(struct mail_field_iter *it, struct mail_field *f_r);
/* Offset just after the empty line that ends the header starting at `at` (=
 * where the body starts), or `end` when there is none. */
size_t mail_header_end(struct mail_bytes msg, size_t at, size_t end);
/* The bit of a field's name, without case; several names share one. */
uint64_t mail_field_bit(const char *name, size_t len);
/* The bits of all fields of the header at..end: what has not its bit here, is
 * not in the header. */
uint64_t mail_header_bits(struct mail_bytes msg, size_t at, size_t end);
/* BODY[HEADER.FIELDS (...)] and .NOT (RFC 3501 §6.4.5): the chosen fields in
 * message order and the empty line (only if the message has one). names: 
 * NULL-terminated, compared without case. */
void mail_header_fields(struct mail_bytes msg, size_t at, size_t end,
    const char *const *names, bool not, struct buf *out);

/* --- structure (mail/mime.c) --------------------------------------------- */

struct mail_param {
	struct mail_param *next;
	const char *name;     /* upper case */
	const char *value;    /* RFC 2231 continuations joined; values with a
	                         charset as they are sent (name has "*") */
	size_t value_len;
};

struct mail_envelope;

/* All pointers live in the arena given to mail_parse(). Strings are
 * NUL-terminated; NULL means absent (NIL). */
struct mail_part {
	struct mail_part *parent, *child, *next;
	const char *type, *subtype;        /* "TEXT", "PLAIN": upper case */
	struct mail_param *params;
	const char *id, *description;
	const char *encoding;              /* upper case, "7BIT" if absent */
	const char *md5, *disposition;
	struct mail_param *disposition_params;
	const char *const *languages;      /* NULL-terminated, or NULL */
	const char *location;
	size_t header_at, body_at, body_end;
	uint32_t lines;                    /* of the body */
	struct mail_envelope *envelope;    /* of a message (root, or the child
	                                      of a MESSAGE/RFC822 part) */
};

struct mail_addr {
	struct mail_addr *next;
	/* RFC 3501 address: group start has mailbox and no host, group end has
	 * neither. Phrases are kept encoded (RFC 2047) as they came. */
	const char *name, *adl, *mailbox, *host;
};

struct mail_envelope {
	const char *date, *subject;        /* unfolded, as they came */
	struct mail_addr *from, *sender, *reply_to, *to, *cc, *bcc;
	const char *in_reply_to, *message_id;
	const char *references;            /* not in ENVELOPE; for threads */
	int64_t sent;                      /* Date: in UTC seconds; INT64_MIN if
	                                      absent or not a date */
	int16_t sent_zone;                 /* minutes east */
};

/* Parses the whole message. Never NULL. A MESSAGE/RFC822 part has exactly one
 * child: the root part of the message within. */
struct mail_part *mail_parse(struct mail_bytes msg, struct arena *a);

/* The IMAP forms, as sent after "ENVELOPE " / "BODYSTRUCTURE " / "BODY ".
 * Only 7-bit in quoted strings; other bytes in literals. Default SENDER and
 * REPLY-TO are filled from FROM. */
void mail_put_envelope(struct buf *out, const struct mail_envelope *e);
void mail_put_bodystructure(struct buf *out, const struct mail_part *root,
    bool extended);

/* --- sections (mail/section.c) ------------------------------------------- */

enum mail_section_kind {
	MAIL_SECTION_ALL,      /* BODY[], BODY[1.2]: message, or part body */
	MAIL_SECTION_HEADER,   /* BODY[HEADER], BODY[1.HEADER] */
	MAIL_SECTION_FIELDS,   /* ...HEADER.FIELDS: take mail_header_fields() */
	MAIL_SECTION_FIELDS_NOT,
	MAIL_SECTION_TEXT,
	MAIL_SECTION_MIME,     /* BODY[1.MIME] */
};
struct mail_section {
	uint32_t path[100];    /* outermost first (LIMIT_MIME_DEPTH) */
	unsigned depth;        /* 0: the message itself */
	enum mail_section_kind kind;
	const char *const *fields; /* upper case as sent, NULL-terminated */
};
/* Finds the bytes of a section. For FIELDS kinds the range is that of the
 * header to choose from. False: there is no such part (the client gets NIL or
 * an empty string). RFC 3501 §6.4.5 part numbering: part 1 of a message that
 * is not multipart is its body. */
bool mail_section_find(const struct mail_part *root,
    const struct mail_section *s, size_t *at_r, size_t *end_r);

/* --- text (mail/decode.c, mail/charset.c, mail/fold.c) -------------------- */

/* Undoes a Content-Transfer-Encoding ("BASE64", "QUOTED-PRINTABLE", anything
 * else: copied); damaged input gives what can be decoded. False only when
 * out's maximum was passed (out holds what fitted). */
bool mail_decode_transfer(const char *encoding, const unsigned char *in,
    size_t len, struct buf *out);
/* Charset to UTF-8; unknown charsets are taken as Windows-1252, US-ASCII (and
 * NULL) as UTF-8, bad bytes become U+FFFD. Single-byte charsets, UTF-8, UTF-16 need no files; others go through
 * iconv. */
bool mail_to_utf8(const char *charset, const unsigned char *in, size_t len,
    struct buf *out);
/* Is this charset known (SEARCH CHARSET, [BADCHARSET])? */
bool mail_charset_known(const char *charset);
/* A header value: unfolded, RFC 2047 words decoded, to UTF-8. */
bool mail_decode_header(const char *in, size_t len, struct buf *out);
/* UTF-8 to the form in which text is compared: case folded (all of Unicode,
 * simple folding), ASCII by a fast path. Bytes that are no UTF-8 stay. Applying it twice changes nothing. */
bool mail_fold(const char *in, size_t len, struct buf *out);

/* --- text search (mail/find.c) ------------------------------------------- */

/* Substring search in messages, IMAP's exact meaning (RFC 3501 §6.4.4): needle
 * and text are both folded by mail_fold(). Whitespace runs are not altered,
 * header values are unfolded. */
struct mail_needle;
/* utf8: what the client asked for, already in UTF-8; NULL-free is not
 * required. An empty needle matches everything. Lives in the arena. */
struct mail_needle *mail_needle_new(const char *utf8, size_t len,
    struct arena *a);
/* In any header field called `name` (NULL: any field at all) of the message's
 * own header. With an empty needle: does such a field exist? */
bool mail_find_header(struct mail_bytes msg, const char *name,
    const struct mail_needle *n);
/* In the decoded text of all text/... and message/... parts (BODY), and with
 * headers also in header fields of the message and of its parts (TEXT).
 * Cost: one pass; plain ASCII identity parts are scanned in place. */
bool mail_find_text(struct mail_bytes msg, bool headers,
    const struct mail_needle *n);
/* In UTF-8 text that is not folded. */
bool mail_find_utf8(const char *text, size_t len, const struct mail_needle *n);

/* --- dates (mail/date.c) ------------------------------------------------- */

/* RFC 5322 date-time, with the obsolete forms (two-digit years, zone names,
 * missing day name or seconds, comments). False for what is no date; absurd
 * years are clamped to 1 .. 9999. */
bool mail_parse_date(const char *in, size_t len, int64_t *utc_r,
    int16_t *zone_r);

#endif
