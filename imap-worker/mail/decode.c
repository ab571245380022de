/* SPDX-License-Identifier: ISC
 *
 * Content-Transfer-Encodings (RFC 2045 §6.7, §6.8) undone, whole or in pieces.
 * Damage never stops the decoding: bytes foreign to base64 are skipped, an "="
 * of quoted-printable that starts nothing is text.
 */
#include "mail/mail_private.h"

#include <string.h>
#include <strings.h>

#define PIECE 16384
#define QP_TAIL 48 /* most white space looked over for the end of a line */

#define X 64 /* no letter of base64 */

static const unsigned char base64_value[256] = {
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
	X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
	X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
};
#undef X

void
mail_transfer_init(struct mail_transfer_state *t, const char *encoding)
{
	*t = (struct mail_transfer_state){ .kind = MAIL_TRANSFER_IDENTITY };
	if (encoding == NULL)
		return;
	if (strcasecmp(encoding, "BASE64") == 0)
		t->kind = MAIL_TRANSFER_BASE64;
	else if (strcasecmp(encoding, "QUOTED-PRINTABLE") == 0)
		t->kind = MAIL_TRANSFER_QP;
}

/* Writes the whole bytes of an unfinished quantum. */
static unsigned char *
base64_flush(struct mail_transfer_state *t, unsigned char *to)
{
	if (t->count == 2)
		*to++ = (unsigned char)(t->bits >> 4);
	else if (t->count == 3) {
		*to++ = (unsigned char)(t->bits >> 10);
		*to++ = (unsigned char)(t->bits >> 2);
	}
	t->bits = t->count = 0;
	return to;
}

static size_t
base64_feed(struct mail_transfer_state *t, const unsigned char *in, size_t len,
    bool last, unsigned char *out)
{
	const unsigned char *v = base64_value;
	unsigned char *to = out;
	size_t i = 0;

	while (i < len) {
		while (t->count == 0 && len - i >= 4) {
			uint32_t a = v[in[i]], b = v[in[i + 1]];
			uint32_t c = v[in[i + 2]], d = v[in[i + 3]];
			uint32_t w = a << 18 | b << 12 | c << 6 | d;

			if ((a | b | c | d) & 64)
				break;
			to[0] = (unsigned char)(w >> 16);
			to[1] = (unsigned char)(w >> 8);
			to[2] = (unsigned char)w;
			to += 3;
			i += 4;
		}
		if (i == len)
			break;
		if (v[in[i]] < 64) {
			t->bits = t->bits << 6 | v[in[i]];
			if (++t->count == 4) {
				*to++ = (unsigned char)(t->bits >> 16);
				*to++ = (unsigned char)(t->bits >> 8);
				*to++ = (unsigned char)t->bits;
				t->bits = t->count = 0;
			}
		} else if (in[i] == '=')
			to = base64_flush(t, to);
		i++;
	}
	if (last)
		to = base64_flush(t, to);
	return (size_t)(to - out);
}

static int
hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = mail_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

/* How much of an unfinished piece can be decoded without what follows. */
static size_t
qp_cut(const unsigned char *in, size_t len)
{
	const unsigned char *lf = memrchr(in, '\n', len);
	size_t cut = len;

	if (lf != NULL)
		return (size_t)(lf - in) + 1;
	while (cut > 0 && len - cut < QP_TAIL &&
	    (is_blank(in[cut - 1]) || in[cut - 1] == '\r'))
		cut--;
	for (size_t i = 1; i <= 2 && i <= cut; i++) {
		if (in[cut - i] == '=')
			return cut - i;
	}
	return cut;
}

/* Decodes what "=" at in[0] starts; returns the bytes taken, 0 when it is
 * text. */
static size_t
qp_escape(const unsigned char *in, size_t len, unsigned char **to)
{
	size_t i = 1;

	if (len >= 3 && hex_value(in[1]) >= 0 && hex_value(in[2]) >= 0) {
		*(*to)++ = (unsigned char)(hex_value(in[1]) << 4 |
		    hex_value(in[2]));
		return 3;
	}
	while (i < len && i < QP_TAIL && is_blank(in[i]))
		i++;
	if (i == len)
		return i;
	if (in[i] == '\r' && i + 1 < len && in[i + 1] == '\n')
		return i + 2;
	return in[i] == '\n' ? i + 1 : 0;
}

static size_t
qp_feed(const unsigned char *in, size_t len, unsigned char *out)
{
	unsigned char *to = out, *fixed = out; /* text up to here is final */
	size_t i = 0, n;

	while (i < len) {
		unsigned char c = in[i];

		if (c == '=' && (n = qp_escape(in + i, len - i, &to)) > 0) {
			i += n;
			fixed = to;
			continue;
		}
		i++;
		if (c == '\n') { /* white space before it was not sent */
			bool cr = to > fixed && to[-1] == '\r';

			to -= cr;
			while (to > fixed && is_blank(to[-1]))
				to--;
			if (cr)
				*to++ = '\r';
			fixed = to + 1;
		}
		*to++ = c;
	}
	return (size_t)(to - out);
}

size_t
mail_transfer_feed(struct mail_transfer_state *t, const unsigned char *in,
    size_t len, bool last, unsigned char *out, size_t *used_r)
{
	*used_r = len;
	switch (t->kind) {
	case MAIL_TRANSFER_BASE64:
		return base64_feed(t, in, len, last, out);
	case MAIL_TRANSFER_QP:
		if (!last)
			*used_r = len = qp_cut(in, len);
		return qp_feed(in, len, out);
	case MAIL_TRANSFER_IDENTITY:
		break;
	}
	memcpy(out, in, len);
	return len;
}

bool
mail_decode_transfer(const char *encoding, const unsigned char *in,
    size_t len, struct buf *out)
{
	unsigned char piece[PIECE + 3];
	struct mail_transfer_state t;
	size_t at = 0;

	mail_transfer_init(&t, encoding);
	if (t.kind == MAIL_TRANSFER_IDENTITY)
		return mail_put_fit(out, in, len);
	while (at < len) {
		size_t n = len - at < PIECE ? len - at : PIECE, used;
		size_t got = mail_transfer_feed(&t, in + at, n,
		    at + n == len, piece, &used);

		if (!mail_put_fit(out, piece, got))
			return false;
		at += used;
	}
	return true;
}
