/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/mail_private.h"

static const struct {
	const char *encoding, *in, *want;
} transfers[] = {
	{ "7BIT", "as =\r\nit is", "as =\r\nit is" },
	{ "x-unknown", "=41", "=41" },
	{ "BASE64", "", "" },
	{ "BASE64", "YQ==", "a" },
	{ "base64", "YWI=", "ab" },
	{ "BASE64", "YWJj\r\nZGVm\r\n", "abcdef" },
	{ "BASE64", "Y W\tJ!j", "abc" },
	{ "BASE64", "YWJ", "ab" },
	{ "BASE64", "YWJjZ", "abc" },
	{ "BASE64", "YQ==YWI=", "aab" },
	{ "BASE64", "====", "" },
	{ "BASE64", "YWJj====ZGVm", "abcdef" },
	{ "QUOTED-PRINTABLE", "a=3Db", "a=b" },
	{ "QUOTED-PRINTABLE", "soft=\r\nbreak", "softbreak" },
	{ "QUOTED-PRINTABLE", "soft= \t\r\nbreak=\nx", "softbreakx" },
	{ "QUOTED-PRINTABLE", "blank \t\r\nx \ny", "blank\r\nx\ny" },
	{ "QUOTED-PRINTABLE", "kept=20\r\n=20 \r\n", "kept \r\n \r\n" },
	{ "QUOTED-PRINTABLE", "low=c3=a4", "lowä" },
	{ "QUOTED-PRINTABLE", "=ZZ=4=", "=ZZ=4" },
	{ "QUOTED-PRINTABLE", "=", "" },
	{ "QUOTED-PRINTABLE", "a b  c", "a b  c" },
};

static void
test_transfer_encodings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(transfers) / sizeof(*transfers); i++) {
		struct buf b;

		buf_init(&b, 1000);
		assert_true(mail_decode_transfer(transfers[i].encoding,
		    (const unsigned char *)transfers[i].in,
		    strlen(transfers[i].in), &b));
		assert_string_equal(buf_cstr(&b), transfers[i].want);
		buf_clear(&b);
	}
}

/* Long input decodes the same whatever pieces it comes in. */
static void
test_transfer_in_pieces(void **state)
{
	static const char line[] = "Some =C3=A4 text, soft=\r\n break \r\n";
	char in[4096], whole[4096 + 3], parts[4096 + 64];
	struct mail_transfer_state t;
	size_t len = 0, want, used;

	(void)state;
	while (len + strlen(line) < sizeof(in)) {
		memcpy(in + len, line, strlen(line));
		len += strlen(line);
	}
	for (int kind = 0; kind < 2; kind++) {
		const char *encoding = kind ? "BASE64" : "QUOTED-PRINTABLE";

		mail_transfer_init(&t, encoding);
		want = mail_transfer_feed(&t, (unsigned char *)in, len, true,
		    (unsigned char *)whole, &used);
		assert_int_equal(used, len);
		for (size_t piece = 64; piece < 200; piece++) {
			size_t at = 0, got = 0;

			mail_transfer_init(&t, encoding);
			while (at < len) {
				size_t n = len - at < piece ? len - at : piece;

				got += mail_transfer_feed(&t,
				    (unsigned char *)in + at, n, at + n == len,
				    (unsigned char *)parts + got, &used);
				assert_true(used > 0);
				at += used;
			}
			assert_int_equal(got, want);
			assert_memory_equal(parts, whole, want);
		}
	}
}

static const struct {
	const char *charset, *in;
	size_t len;
	const char *want;
} charsets[] = {
	{ "us-ascii", "abc", 3, "abc" },
	{ "us-ascii", "\xc3\xa4", 2, "ä" },
	{ "UTF-8", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "ä€😀" },
	{ "utf-8", "\xc3", 1, "\ufffd" },
	{ "utf-8", "\xc3(", 2, "\ufffd(" },
	{ "utf-8", "\xe2\x82(", 3, "\ufffd(" },
	{ "utf-8", "\xc0\x80", 2, "\ufffd\ufffd" },
	{ "utf-8", "\xed\xa0\x80", 3, "\ufffd\ufffd\ufffd" },
	{ "utf-8", "\xf5\xf4\x90", 3, "\ufffd\ufffd\ufffd" },
	{ "iso-8859-1", "\xe4\xff", 2, "äÿ" },
	{ "ISO_8859-15", "\xa4", 1, "€" },
	{ "latin2", "\xb1", 1, "ą" },
	{ "windows-1252", "\x93\x80\x81", 3, "“€\ufffd" },
	{ "Windows-1251", "\xcf\xf0", 2, "Пр" },
	{ "koi8-u", "\xa4", 1, "є" },
	{ "cp437", "\x84", 1, "ä" },
	{ "IBM850", "\x9b", 1, "ø" },
	{ "cp866", "\x80", 1, "А" },
	{ "macintosh", "\x8a", 1, "ä" },
	{ "tis-620", "\xa1", 1, "ก" },
	{ "utf-16", "\xfe\xff\0a\xd8\x3d\xde\x00", 8, "a😀" },
	{ "utf-16", "\xff\xfe" "a\0", 4, "a" },
	{ "utf-16le", "a\0b", 3, "a\ufffd" },
	{ "utf-16be", "\xd8\x3d\0a\xde\x00", 6, "\ufffda\ufffd" },
	{ "utf-16be", "\xd8\x3d", 2, "\ufffd" },
	{ "utf-7", "A+AGI-c +- +AOQ.", 16, "Abc + ä." },
	{ "utf-7", "+2D3eAA-", 8, "😀" },
	{ "utf-7", "\xe4+2D0-", 6, "\ufffd\ufffd" },
	{ "iso-2022-jp", "\x1b$BF|K\\\x1b(B", 10, "日本" },
	{ "shift_jis", "\x93\xfa\x96\x7b", 4, "日本" },
	{ "euc-jp", "\xc6\xfc\xcb\xdc", 4, "日本" },
	{ "GB2312", "\xd6\xd0\xce\xc4", 4, "中文" },
	{ "gb18030", "\x81\x30\x84\x36", 4, "¥" },
	{ "big5", "\xa4\xa4\xa4\xe5", 4, "中文" },
	{ "euc-kr", "\xc7\xd1", 2, "한" },
	{ "euc-jp", "\xc6", 1, "\ufffd" },
	{ "euc-jp", "\xff" "a", 2, "\ufffd" "a" },
	{ "no-such-thing", "\x93x\x94", 3, "“x”" },
	{ "", "\x80", 1, "€" },
	{ "utf-8//TRANSLIT", "\x80", 1, "€" },
};

static void
test_charsets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(charsets) / sizeof(*charsets); i++) {
		const unsigned char *in =
		    (const unsigned char *)charsets[i].in;
		struct mail_conv c;
		struct buf b;

		buf_init(&b, 1000);
		assert_true(mail_to_utf8(charsets[i].charset, in,
		    charsets[i].len, &b));
		assert_string_equal(buf_cstr(&b), charsets[i].want);

		buf_reset(&b); /* and one byte at a time */
		mail_conv_init(&c, charsets[i].charset,
		    strlen(charsets[i].charset));
		for (size_t k = 0; k < charsets[i].len; k++)
			mail_conv_feed(&c, in + k, 1, &b);
		mail_conv_end(&c, &b);
		mail_conv_clear(&c);
		assert_string_equal(buf_cstr(&b), charsets[i].want);
		buf_clear(&b);
	}
}

static void
test_names_of_charsets(void **state)
{
	static const char *const known[] = {
		"US-ASCII", "utf-8", "Utf8", "ISO-8859-1", "iso8859-16",
		"windows-1258", "KOI8-R", "UTF-7", "UTF-16LE", "GBK",
		"iso-2022-kr", "\"utf-8\"",
	};
	static const char *const unknown[] = {
		"", "x", "iso-8859-17", "iso-8859-12", "utf-8//IGNORE", "char",
		"WCHAR_T", "ISO-2022-CN-EXT", "../../x",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		assert_true(mail_charset_known(known[i]));
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		assert_false(mail_charset_known(unknown[i]));
}

static const struct {
	const char *in, *want;
} folds[] = {
	{ "", "" },
	{ "Hello, WORLD @[`{ 09", "hello, world @[`{ 09" },
	{ "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`@",
	    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz[\\]^_`@" },
	{ "ÄÖÜß", "äöüß" }, { "ẞ", "ß" }, { "ПРИВЕТ", "привет" },
	{ "ΣΑΣς", "σασσ" }, { "\u212a\u017f", "ks" }, { "Ⱥ", "ⱥ" },
	{ "ᾈ", "ᾀ" }, { "日本語 한국", "日本語 한국" }, { "𐐀", "𐐨" },
	{ "\xff\xc3X\xe2\x82", "\xff\xc3x\xe2\x82" },
};

static void
test_folding(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(folds) / sizeof(*folds); i++) {
		struct buf b;

		buf_init(&b, 1000);
		assert_true(mail_fold(folds[i].in, strlen(folds[i].in), &b));
		assert_string_equal(buf_cstr(&b), folds[i].want);
		buf_clear(&b);
	}
}

/* Every character there is: valid, and folded once is folded. */
static void
test_folding_twice_changes_nothing(void **state)
{
	struct buf in, once, twice;

	(void)state;
	buf_init(&in, 8 << 20);
	buf_init(&once, 16 << 20);
	buf_init(&twice, 16 << 20);
	for (uint32_t cp = 1; cp <= 0x10ffff; cp++) {
		unsigned char c[4];

		if (cp < 0xd800 || cp > 0xdfff)
			buf_put(&in, c, mail_utf8_encode(cp, c));
	}
	assert_true(mail_fold((char *)in.data, in.len, &once));
	assert_true(mail_fold((char *)once.data, once.len, &twice));
	assert_int_equal(once.len, twice.len);
	assert_memory_equal(once.data, twice.data, once.len);
	for (size_t i = 0; i < once.len; ) {
		int n = mail_utf8_len(once.data + i, once.len - i);

		assert_true(n > 0);
		i += (size_t)n;
	}
	buf_clear(&in);
	buf_clear(&once);
	buf_clear(&twice);
}

/* A full buffer holds what fits, and no cut character. */
static void
test_full_buffers(void **state)
{
	char in[100] = "";

	(void)state;
	for (int i = 0; i < 30; i++)
		strcat(in, "äx");
	for (size_t max = 0; max < strlen(in); max++) {
		struct buf b;

		buf_init(&b, max);
		assert_false(mail_fold(in, strlen(in), &b));
		assert_int_equal(b.len, max % 3 == 1 ? max - 1 : max);
		buf_reset(&b);
		assert_false(mail_to_utf8("utf-8", (unsigned char *)in,
		    strlen(in), &b));
		assert_int_equal(b.len, max % 3 == 1 ? max - 1 : max);
		buf_reset(&b);
		assert_false(mail_decode_header(in, strlen(in), &b));
		assert_true(b.len <= max);
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transfer_encodings),
		cmocka_unit_test(test_transfer_in_pieces),
		cmocka_unit_test(test_charsets),
		cmocka_unit_test(test_names_of_charsets),
		cmocka_unit_test(test_folding),
		cmocka_unit_test(test_folding_twice_changes_nothing),
		cmocka_unit_test(test_full_buffers),
	};

	return cmocka_run_group_tests_name("mail_text", tests, NULL, NULL);
}
