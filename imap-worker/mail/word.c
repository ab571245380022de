/* SPDX-License-Identifier: ISC
 *
 * Header values to UTF-8: unfolding and encoded words (RFC 2047, with the
 * language suffix of RFC 2231 §5).  Words are decoded wherever they stand, also
 * inside quotes and without blanks around them; neighbours in one charset are
 * joined before conversion, because senders cut characters in two.  Raw 8-bit
 * bytes are UTF-8 when they are valid as such, else Windows-1252.
 */
#include "mail/mail_private.h"

#include <string.h>

#define CHARSET_MAX 64 /* of an encoded word, with its language */

struct word {
	const char *charset;
	size_t charset_len;
	bool base64;
	const char *text;
	size_t text_len;
	size_t len;          /* of all, from "=?" to "?=" */
};

/* Reads the encoded word that starts at s; false when none does. */
static bool
word_read(const char *s, size_t len, struct word *w)
{
	const char *end = s + len, *p = s + 2, *mark, *star;
	size_t near;

	if (len < 8 || s[0] != '=' || s[1] != '?')
		return false;
	near = len - 2 < CHARSET_MAX ? len - 2 : CHARSET_MAX;
	mark = memchr(p, '?', near);
	if (mark == NULL || mark == p || end - mark < 5 || mark[2] != '?')
		return false;
	w->charset = p;
	w->charset_len = (size_t)(mark - p);
	star = memchr(p, '*', w->charset_len);
	if (star != NULL)
		w->charset_len = (size_t)(star - p);
	switch (mail_lower((unsigned char)mark[1])) {
	case 'b':
		w->base64 = true;
		break;
	case 'q':
		w->base64 = false;
		break;
	default:
		return false;
	}
	w->text = mark + 3;
	mark = memchr(w->text, '?', (size_t)(end - w->text));
	if (mark == NULL || mark + 1 == end || mark[1] != '=')
		return false;
	w->text_len = (size_t)(mark - w->text);
	w->len = (size_t)(mark + 2 - s);
	return true;
}

static int
word_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of the word, before charset conversion. */
static void
word_bytes(const struct word *w, struct buf *out)
{
	if (w->base64) {
		mail_decode_transfer("BASE64", (const unsigned char *)w->text,
		    w->text_len, out);
		return;
	}
	for (size_t i = 0; i < w->text_len; i++) {
		char c = w->text[i];

		if (c == '=' && w->text_len - i > 2 &&
		    word_hex(w->text[i + 1]) >= 0 &&
		    word_hex(w->text[i + 2]) >= 0) {
			c = (char)(word_hex(w->text[i + 1]) << 4 |
			    word_hex(w->text[i + 2]));
			i += 2;
		} else if (c == '_')
			c = ' ';
		buf_putc(out, (unsigned char)c);
	}
}

/* Text that is in no encoded word. */
static void
word_plain(const char *s, size_t len, struct buf *out)
{
	const unsigned char *in = (const unsigned char *)s;
	const char *charset = "utf-8";
	struct mail_conv c;
	size_t i = 0;

	while (i < len) {
		int n;

		i += mail_ascii_run(in + i, len - i);
		if (i == len)
			break;
		n = mail_utf8_len(in + i, len - i);
		if (n <= 0) {
			charset = "windows-1252";
			break;
		}
		i += (size_t)n;
	}
	mail_conv_init(&c, charset, strlen(charset));
	for (i = 0; i < len; ) {
		size_t from = i;

		while (i < len && s[i] != '\r' && s[i] != '\n' &&
		    s[i] != '\0')
			i++;
		mail_conv_feed(&c, in + from, i - from, out);
		while (i < len && (s[i] == '\r' || s[i] == '\n' ||
		    s[i] == '\0'))
			i++;
	}
	mail_conv_clear(&c);
}

/* Is this nothing but white space? */
static bool
word_is_gap(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] != ' ' && s[i] != '\t' && s[i] != '\r' &&
		    s[i] != '\n')
			return false;
	}
	return true;
}

/* Converts the joined bytes of the words so far. */
static void
word_flush(const struct word *last, struct buf *bytes, struct buf *out)
{
	struct mail_conv c;

	if (bytes->len == 0)
		return;
	mail_conv_init(&c, last->charset, last->charset_len);
	if (mail_conv_feed(&c, bytes->data, bytes->len, out))
		mail_conv_end(&c, out);
	mail_conv_clear(&c);
	buf_reset(bytes);
}

/* The next "=?" in the text, or its end. */
static size_t
word_next(const char *in, size_t at, size_t len)
{
	while (at < len) {
		const char *p = memchr(in + at, '=', len - at);

		if (p == NULL || p + 1 == in + len)
			break;
		if (p[1] == '?')
			return (size_t)(p - in);
		at = (size_t)(p - in) + 1;
	}
	return len;
}

bool
mail_decode_header(const char *in, size_t len, struct buf *out)
{
	struct word w, last = { .charset = NULL };
	struct buf bytes;
	size_t at = 0, from = 0;

	while (len > 0 && word_is_gap(in, 1)) {
		in++;
		len--;
	}
	while (len > 0 && word_is_gap(in + len - 1, 1))
		len--;
	buf_init(&bytes, len);
	while (!out->overflow && (at = word_next(in, at, len)) < len) {
		if (!word_read(in + at, len - at, &w)) {
			at += 2;
			continue;
		}
		if (last.charset == NULL ||
		    !word_is_gap(in + from, at - from)) {
			word_flush(&last, &bytes, out);
			word_plain(in + from, at - from, out);
		} else if (last.charset_len != w.charset_len ||
		    !mail_same(last.charset, w.charset, w.charset_len))
			word_flush(&last, &bytes, out);
		word_bytes(&w, &bytes);
		last = w;
		at = from = at + w.len;
	}
	word_flush(&last, &bytes, out);
	if (!out->overflow)
		word_plain(in + from, len - from, out);
	buf_clear(&bytes);
	return !out->overflow;
}
