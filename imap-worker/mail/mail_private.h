/* SPDX-License-Identifier: ISC
 *
 * What the files of mail/ share among themselves: tokens of structured header
 * fields, the parser of the MIME tree with its light mode for searches, and
 * decoders that take their input in pieces.
 */
#ifndef MAIL_MAIL_PRIVATE_H
#define MAIL_MAIL_PRIVATE_H

#include <iconv.h>

#include "mail/mail.h"

/* --- small things (header.c) --------------------------------------------- */

/* The letter of an ASCII capital, any other byte as it is; no locale. */
static inline unsigned char
mail_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Compares n bytes without ASCII case. */
bool mail_same(const char *a, const char *b, size_t n);
/* Is this field named `name` (NUL-terminated, any case)? */
bool mail_field_is(const struct mail_field *f, const char *name);
/* Puts as much as fits below out's maximum, cutting at a UTF-8 character;
 * false when something was cut. */
bool mail_put_fit(struct buf *out, const void *p, size_t n);
/* An unstructured value: without line breaks, NULs and outer white space, at
 * most LIMIT_ENVELOPE_TEXT bytes of it. */
char *mail_unfold(const char *s, size_t len, struct arena *a);

/* --- structured fields (param.c) ----------------------------------------- */

struct mail_lex {
	const char *at, *end;
};

/* Skips white space, line breaks and comments. */
void mail_lex_cfws(struct mail_lex *lx);
/* Reads a quoted string or comment starting at its opening byte, without its
 * outer delimiters and escapes, into out (room for the rest of the input);
 * returns the length. */
size_t mail_lex_quoted(struct mail_lex *lx, char *out);
size_t mail_lex_comment(struct mail_lex *lx, char *out);
/* An RFC 2045 token in the arena (upper case when asked); NULL when there is
 * none here. */
char *mail_lex_token(struct mail_lex *lx, bool upper, struct arena *a);
/* "; name=value" up to the end of the field. */
struct mail_param *mail_lex_params(struct mail_lex *lx, struct arena *a);
/* Value of a parameter (upper case name), or NULL. */
const char *mail_param_get(const struct mail_param *p, const char *name);

/* --- tree (mime.c, envelope.c, address.c) -------------------------------- */

/* light: only what a text search needs (types, Content-Type parameters,
 * encodings, offsets); no envelopes, no other MIME fields. */
struct mail_part *mail_mime_parse(struct mail_bytes msg, bool light,
    struct arena *a);
/* Takes one header field into e. */
void mail_envelope_field(struct mail_envelope *e, const struct mail_field *f,
    struct arena *a);
/* Appends the addresses of a field to *list. */
void mail_address_parse(const char *s, size_t len, struct arena *a,
    struct mail_addr **list);
/* IMAP string: quoted when it may be, else a literal; NULL gives NIL. */
void mail_put_nstring(struct buf *out, const char *s);
void mail_put_string(struct buf *out, const char *s, size_t len);

/* --- decoders for input in pieces ---------------------------------------- */

enum mail_transfer {
	MAIL_TRANSFER_IDENTITY,
	MAIL_TRANSFER_BASE64,
	MAIL_TRANSFER_QP,
};
struct mail_transfer_state {
	enum mail_transfer kind;
	uint32_t bits; /* base64: what is not yet a whole byte */
	unsigned count; /* base64: letters in bits */
};

void mail_transfer_init(struct mail_transfer_state *t, const char *encoding);
/* Decodes one piece; out has room for len + 3 bytes. Returns the bytes written;
 * *used_r is how much of the piece was taken: the rest (never all of a piece of
 * 64 bytes or more) is to be given again with what follows it. With last,
 * everything is taken. */
size_t mail_transfer_feed(struct mail_transfer_state *t,
    const unsigned char *in, size_t len, bool last, unsigned char *out,
    size_t *used_r);

enum mail_conv_kind {
	MAIL_CONV_UTF8,
	MAIL_CONV_TABLE,
	MAIL_CONV_UTF16,
	MAIL_CONV_UTF7,
	MAIL_CONV_ICONV,
};
struct mail_conv {
	enum mail_conv_kind kind;
	const uint16_t *table; /* TABLE: of bytes 0x80 to 0xff */
	iconv_t cd;            /* ICONV; own */
	unsigned char carry[16]; /* a character cut by the piece's end */
	size_t carry_len;
	bool swapped;          /* UTF16: little endian */
	bool started;          /* UTF16: byte order is settled */
	uint16_t high;         /* UTF16, UTF7: high surrogate waiting, or 0 */
	bool shifted;          /* UTF7: within a base64 run */
	bool empty;            /* UTF7: nothing read since the '+' */
	uint32_t bits;         /* UTF7 */
	unsigned count;        /* UTF7: bits held */
};

/* Unknown charsets (NULL counts as US-ASCII) become Windows-1252. US-ASCII is
 * taken as UTF-8. */
void mail_conv_init(struct mail_conv *c, const char *charset, size_t len);
void mail_conv_clear(struct mail_conv *c);
/* Converts a piece; false when out is full. */
bool mail_conv_feed(struct mail_conv *c, const unsigned char *in, size_t len,
    struct buf *out);
/* What is left at the end of the text. */
bool mail_conv_end(struct mail_conv *c, struct buf *out);
/* Are ASCII bytes themselves here, with no state pending? */
bool mail_conv_is_plain(const struct mail_conv *c);

/* How many bytes at the start are ASCII. */
size_t mail_ascii_run(const unsigned char *in, size_t len);
/* The character at in: its length in valid UTF-8, 0 when invalid, -1 when cut
 * by the end. */
int mail_utf8_len(const unsigned char *in, size_t len);
size_t mail_utf8_encode(uint32_t cp, unsigned char out[4]);

/* Folds the ASCII bytes at the start of in into out; returns how many. */
size_t mail_fold_ascii(const unsigned char *in, size_t len,
    unsigned char *out);

#endif
