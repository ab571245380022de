/* SPDX-License-Identifier: ISC
 *
 * A header value of any bytes: what comes out is UTF-8, folding it twice
 * changes nothing, decoders give the same in one piece or many, and the search
 * agrees with memmem(3).
 */
#include <assert.h>
#include <string.h>

#include "mail/mail_private.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
check_utf8(const struct buf *b)
{
	for (size_t i = 0; i < b->len; ) {
		int n = mail_utf8_len(b->data + i, b->len - i);

		assert(n > 0);
		i += (size_t)n;
	}
}

static void
check_same(const struct buf *x, const struct buf *y)
{
	assert(!x->overflow && !y->overflow && x->len == y->len);
	assert(x->len == 0 || memcmp(x->data, y->data, x->len) == 0);
}

static void
check_charset(const char *charset, const unsigned char *data, size_t len)
{
	struct buf whole, pieces;
	struct mail_conv c;

	buf_init(&whole, SIZE_MAX / 4);
	buf_init(&pieces, SIZE_MAX / 4);
	mail_to_utf8(charset, data, len, &whole);
	check_utf8(&whole);
	mail_conv_init(&c, charset, strlen(charset));
	for (size_t i = 0; i < len; i++)
		mail_conv_feed(&c, data + i, 1, &pieces);
	mail_conv_end(&c, &pieces);
	mail_conv_clear(&c);
	check_same(&whole, &pieces);
	buf_clear(&whole);
	buf_clear(&pieces);
}

/* Decodes in pieces of 64 bytes, the least that makes progress. */
static void
check_transfer(const char *encoding, const unsigned char *data, size_t len)
{
	unsigned char out[64 + 3];
	struct mail_transfer_state t;
	struct buf whole, pieces;
	size_t at = 0;

	buf_init(&whole, SIZE_MAX / 4);
	buf_init(&pieces, SIZE_MAX / 4);
	mail_decode_transfer(encoding, data, len, &whole);
	assert(whole.len <= len);
	mail_transfer_init(&t, encoding);
	while (at < len) {
		size_t n = len - at < 64 ? len - at : 64, used, got;

		got = mail_transfer_feed(&t, data + at, n, at + n == len, out,
		    &used);
		assert(got <= n + 3 && used > 0 && used <= n);
		buf_put(&pieces, out, got);
		at += used;
	}
	assert(t.kind == MAIL_TRANSFER_QP || pieces.len == whole.len);
	buf_clear(&whole);
	buf_clear(&pieces);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	static const char *const charsets[] = {
		"utf-8", "koi8-r", "utf-16", "utf-7", "iso-2022-jp", "gbk",
		"no-such-charset",
	};
	struct buf text, once, twice, small;
	struct arena a;

	arena_init(&a);
	buf_init(&text, SIZE_MAX / 4);
	buf_init(&once, SIZE_MAX / 4);
	buf_init(&twice, SIZE_MAX / 4);
	buf_init(&small, len / 2);
	assert(mail_decode_header((const char *)data, len, &text));
	check_utf8(&text);
	assert(mail_fold((const char *)text.data, text.len, &once));
	check_utf8(&once);
	assert(mail_fold((const char *)once.data, once.len, &twice));
	check_same(&once, &twice);
	mail_decode_header((const char *)data, len, &small);
	assert(small.len <= len / 2);
	check_utf8(&small);
	if (once.len > 3) {
		size_t at = once.len / 2;
		struct mail_needle *n;

		while (at > 0 && (once.data[at] & 0xc0) == 0x80)
			at--;
		n = mail_needle_new((const char *)once.data + at,
		    once.len - at, &a);
		assert(mail_find_utf8((const char *)text.data, text.len, n));
	}
	for (size_t i = 0; i < sizeof(charsets) / sizeof(*charsets); i++)
		check_charset(charsets[i], data, len);
	check_transfer("BASE64", data, len);
	check_transfer("QUOTED-PRINTABLE", data, len);
	buf_clear(&text);
	buf_clear(&once);
	buf_clear(&twice);
	buf_clear(&small);
	arena_clear(&a);
	return 0;
}
