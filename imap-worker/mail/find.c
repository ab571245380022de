/* SPDX-License-Identifier: ISC
 *
 * Substring search in messages.  Text flows through a window: each piece is
 * decoded, converted, folded and appended, the window is searched, and its last
 * bytes (one less than the needle's) are kept for a match across pieces.  A
 * piece that is ASCII and not encoded skips the middle steps: one pass folds it
 * straight from the message.
 *
 * The search compares the needle's first and last byte at sixteen places at
 * once.  The bytes compared in vain are counted; when they grow past a multiple
 * of the text, memmem(3) takes over, whose time is linear whatever the bytes.
 */
#include "mail/mail_private.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define PIECE 16384

struct mail_needle {
	const unsigned char *text; /* folded */
	size_t len;
};

struct find {
	const struct mail_needle *needle;
	struct buf window; /* folded text not yet done with */
	size_t piece;      /* window is searched when this much is new */
	struct buf utf8;   /* converted piece */
	bool found;
};

struct mail_needle *
mail_needle_new(const char *utf8, size_t len, struct arena *a)
{
	struct mail_needle *n = arena_alloc(a, sizeof(*n));
	struct buf b;

	buf_init(&b, len + len / 2 + 16);
	mail_fold(utf8, len, &b);
	n->text = arena_memdup(a, b.data, b.len);
	n->len = b.len;
	buf_clear(&b);
	return n;
}

#ifdef __SSE2__
/* True or false when decided; else *at_r is where to go on otherwise. */
static bool
find_fast(const unsigned char *text, size_t len, const struct mail_needle *n,
    size_t *at_r)
{
	const __m128i first = _mm_set1_epi8((char)n->text[0]);
	const __m128i last = _mm_set1_epi8((char)n->text[n->len - 1]);
	size_t i, budget = 4 * len;

	for (i = 0; len >= n->len + 15 && i <= len - n->len - 15; i += 16) {
		__m128i a = _mm_loadu_si128((const __m128i *)(text + i));
		__m128i b = _mm_loadu_si128((const __m128i *)
		    (text + i + n->len - 1));
		unsigned hits = (unsigned)_mm_movemask_epi8(_mm_and_si128(
		    _mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));

		for (; hits != 0; hits &= hits - 1) {
			size_t k = i + (size_t)__builtin_ctz(hits);

			if (memcmp(text + k, n->text, n->len) == 0)
				return true;
			if (budget < n->len) {
				*at_r = k + 1;
				return false;
			}
			budget -= n->len;
		}
	}
	*at_r = i;
	return false;
}
#endif

static bool
find_bytes(const unsigned char *text, size_t len, const struct mail_needle *n)
{
	size_t at = 0;

	if (n->len == 0)
		return true;
	if (len < n->len)
		return false;
#ifdef __SSE2__
	if (find_fast(text, len, n, &at))
		return true;
#endif
	return memmem(text + at, len - at, n->text, n->len) != NULL;
}

static void
find_init(struct find *s, const struct mail_needle *n)
{
	*s = (struct find){ .needle = n, .found = n->len == 0 };
	s->piece = n->len > PIECE ? n->len : PIECE;
	buf_init(&s->window, SIZE_MAX / 4);
	buf_init(&s->utf8, SIZE_MAX / 4);
}

static bool
find_done(struct find *s)
{
	buf_clear(&s->window);
	buf_clear(&s->utf8);
	return s->found;
}

/* Searches what is there and keeps what a later piece may complete. */
static void
find_search(struct find *s)
{
	size_t keep = s->needle->len > 0 ? s->needle->len - 1 : 0;

	if (!s->found)
		s->found = find_bytes(s->window.data, s->window.len,
		    s->needle);
	if (s->window.len > keep)
		buf_consume(&s->window, s->window.len - keep);
}

/* Ends a text: nothing matches across it. */
static void
find_flush(struct find *s)
{
	find_search(s);
	buf_reset(&s->window);
}

static void
find_search_when_full(struct find *s)
{
	if (s->window.len >= s->needle->len + s->piece)
		find_search(s);
}

/* Takes UTF-8 text. */
static void
find_feed_utf8(struct find *s, const char *text, size_t len)
{
	while (len > 0 && !s->found) {
		size_t n = len < s->piece ? len : s->piece;

		/* do not cut a character */
		for (size_t i = 0; n < len && i < 4 && n > 4 &&
		    ((unsigned char)text[n] & 0xc0) == 0x80; i++)
			n--;
		mail_fold(text, n, &s->window);
		find_search_when_full(s);
		text += n;
		len -= n;
	}
}

/* Takes text in the charset of c. */
static void
find_feed(struct find *s, struct mail_conv *c, const unsigned char *in,
    size_t len)
{
	if (mail_conv_is_plain(c)) {
		unsigned char *to = buf_reserve(&s->window, len);
		size_t n = mail_fold_ascii(in, len, to);

		s->window.len += n;
		in += n;
		len -= n;
	}
	if (len > 0) {
		mail_conv_feed(c, in, len, &s->utf8);
		mail_fold((const char *)s->utf8.data, s->utf8.len, &s->window);
		buf_reset(&s->utf8);
	}
	find_search_when_full(s);
}

/* Searches the body of a leaf part. */
static void
find_body(struct find *s, struct mail_bytes msg, const struct mail_part *part)
{
	const char *charset = mail_param_get(part->params, "CHARSET");
	unsigned char out[PIECE + 3];
	struct mail_transfer_state t;
	struct mail_conv c;

	mail_transfer_init(&t, part->encoding);
	mail_conv_init(&c, charset, charset == NULL ? 0 : strlen(charset));
	for (size_t at = part->body_at; at < part->body_end && !s->found; ) {
		size_t n = part->body_end - at, used, got;
		bool last = n <= PIECE;

		if (!last)
			n = PIECE;
		if (t.kind == MAIL_TRANSFER_IDENTITY) {
			find_feed(s, &c, msg.data + at, n);
			at += n;
			continue;
		}
		got = mail_transfer_feed(&t, msg.data + at, n, last, out,
		    &used);
		find_feed(s, &c, out, got);
		at += used;
	}
	if (mail_conv_end(&c, &s->utf8))
		mail_fold((const char *)s->utf8.data, s->utf8.len, &s->window);
	buf_reset(&s->utf8);
	mail_conv_clear(&c);
	find_flush(s);
}

/* Takes a header value: unfolded, decoded. */
static void
find_feed_value(struct find *s, const struct mail_field *f)
{
	const char *v = f->value;
	size_t len = f->value_len;

	while (len > 0 && (*v == ' ' || *v == '\t')) {
		v++;
		len--;
	}
	if (memchr(v, '\n', len) == NULL && memchr(v, '\r', len) == NULL &&
	    memmem(v, len, "=?", 2) == NULL && memchr(v, '\0', len) == NULL &&
	    mail_ascii_run((const unsigned char *)v, len) == len) {
		find_feed_utf8(s, v, len);
		return;
	}
	mail_decode_header(v, len, &s->utf8);
	find_feed_utf8(s, (const char *)s->utf8.data, s->utf8.len);
	buf_reset(&s->utf8);
}

/* Searches all fields of a header, as "Name: value" lines. */
static void
find_fields(struct find *s, struct mail_bytes msg, size_t at, size_t end)
{
	struct mail_field_iter it;
	struct mail_field f;

	mail_field_first(&it, msg, at, end);
	while (!s->found && mail_field_next(&it, &f)) {
		find_feed_utf8(s, f.name, f.name_len);
		find_feed_utf8(s, ": ", 2);
		find_feed_value(s, &f);
		find_feed_utf8(s, "\r\n", 2);
	}
	find_flush(s);
}

bool
mail_find_header(struct mail_bytes msg, const char *name,
    const struct mail_needle *n)
{
	struct mail_field_iter it;
	struct mail_field f;
	struct find s;

	find_init(&s, n);
	s.found = false;
	mail_field_first(&it, msg, 0, msg.len);
	while (!s.found && mail_field_next(&it, &f)) {
		if (name != NULL && !mail_field_is(&f, name))
			continue;
		if (n->len == 0)
			s.found = true;
		else {
			find_feed_value(&s, &f);
			find_flush(&s);
		}
	}
	return find_done(&s);
}

/* Searches a part and those within. Headers of messages within a message are
 * part of its text. */
static void
find_part(struct find *s, struct mail_bytes msg, const struct mail_part *part,
    bool headers)
{
	bool within = part->parent != NULL &&
	    strcmp(part->parent->type, "MESSAGE") == 0;

	if (headers || within)
		find_fields(s, msg, part->header_at, part->body_at);
	if (part->child == NULL && (strcmp(part->type, "TEXT") == 0 ||
	    strcmp(part->type, "MESSAGE") == 0))
		find_body(s, msg, part);
	for (part = part->child; part != NULL && !s->found; part = part->next)
		find_part(s, msg, part, headers);
}

bool
mail_find_text(struct mail_bytes msg, bool headers,
    const struct mail_needle *n)
{
	struct arena a;
	struct find s;

	if (n->len == 0)
		return true;
	arena_init(&a);
	find_init(&s, n);
	find_part(&s, msg, mail_mime_parse(msg, true, &a), headers);
	arena_clear(&a);
	return find_done(&s);
}

bool
mail_find_utf8(const char *text, size_t len, const struct mail_needle *n)
{
	struct find s;

	find_init(&s, n);
	find_feed_utf8(&s, text, len);
	find_flush(&s);
	return find_done(&s);
}
