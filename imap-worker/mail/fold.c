/* SPDX-License-Identifier: ISC
 *
 * The form in which text is compared: every character replaced by its simple
 * case folding (Unicode CaseFolding.txt, C and S; U+0130 becomes "i").  ASCII,
 * which is most of all mail, goes eight bytes at a time; other characters
 * through utf8proc.  Bytes that are no UTF-8 stay as they are.
 */
#include "mail/mail_private.h"

#include <string.h>
#include <utf8proc.h>

#define PIECE 4096

/* A folded character can be longer: U+023A, 2 bytes, becomes U+2C65, 3. */
#define FOLD_ROOM(n) ((n) + (n) / 2 + 8)

/* Lower case of eight bytes, all ASCII: bit 7 of `up` is set in the bytes from
 * 'A' to 'Z', and 0x80 >> 2 is the case bit. */
static inline uint64_t
fold_word(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t up = (w + ones * (0x80 - 'A')) & ~(w + ones * (0x7f - 'Z')) &
	    ones * 0x80;

	return w | up >> 2;
}

size_t
mail_fold_ascii(const unsigned char *in, size_t len, unsigned char *out)
{
	uint64_t w[4];
	size_t i = 0;

	for (; len - i >= sizeof(w); i += sizeof(w)) {
		memcpy(w, in + i, sizeof(w));
		if ((w[0] | w[1] | w[2] | w[3]) & 0x8080808080808080u)
			break;
		for (int k = 0; k < 4; k++)
			w[k] = fold_word(w[k]);
		memcpy(out + i, w, sizeof(w));
	}
	for (; i < len && in[i] < 0x80; i++)
		out[i] = mail_lower(in[i]);
	return i;
}

static uint32_t
fold_char(uint32_t cp)
{
	utf8proc_int32_t to[4];
	int boundary = 0;

	/* nothing from the CJK radicals to Yi, nor Hangul, has case */
	if ((cp >= 0x2e80 && cp < 0xa640) || (cp >= 0xac00 && cp < 0xd800))
		return cp;
	if (utf8proc_decompose_char((utf8proc_int32_t)cp, to, 4,
	    UTF8PROC_CASEFOLD, &boundary) == 1)
		return (uint32_t)to[0];
	return (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
}

static uint32_t
fold_get(const unsigned char *p, int n)
{
	switch (n) {
	case 2:
		return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	case 3:
		return (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 |
		    (p[2] & 0x3fu);
	default:
		return (p[0] & 7u) << 18 | (p[1] & 0x3fu) << 12 |
		    (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
	}
}

/* Folds a piece of at most PIECE bytes into out, which has FOLD_ROOM(len).
 * Returns what was written; *used_r: a character cut by the end is left. */
static size_t
fold_piece(const unsigned char *in, size_t len, bool last, unsigned char *out,
    size_t *used_r)
{
	size_t i = 0, to = 0;

	while (i < len) {
		size_t run = mail_fold_ascii(in + i, len - i, out + to);
		int n;

		i += run;
		to += run;
		if (i == len)
			break;
		n = mail_utf8_len(in + i, len - i);
		if (n < 0 && !last)
			break;
		if (n <= 0)
			out[to++] = in[i++];
		else {
			to += mail_utf8_encode(fold_char(fold_get(in + i, n)),
			    out + to);
			i += (size_t)n;
		}
	}
	*used_r = i;
	return to;
}

bool
mail_fold(const char *in, size_t len, struct buf *out)
{
	unsigned char piece[FOLD_ROOM(PIECE)];

	while (len > 0) {
		size_t n = len < PIECE ? len : PIECE, used, got;
		bool direct = !out->overflow &&
		    out->max - out->len >= FOLD_ROOM(n);
		unsigned char *to = direct ? buf_reserve(out, FOLD_ROOM(n)) :
		    piece;

		got = fold_piece((const unsigned char *)in, n, n == len, to,
		    &used);
		if (direct)
			out->len += got;
		else if (!mail_put_fit(out, piece, got))
			return false;
		in += used;
		len -= used;
	}
	return !out->overflow;
}
