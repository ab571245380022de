/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/mail.h"

#define BYTES(s) ((struct mail_bytes){ (const unsigned char *)(s), strlen(s) })

static const char message[] =
    "From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r\n"
    "Subject: A folded\r\n subject\r\n"
    "X-Empty:\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "preamble\r\n"
    "--b\r\n"
    "Content-Type: text/plain; charset=iso-8859-1; name=partname\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "Stra=DFe so=\r\nftbreak end\r\n"
    "--b\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "w4RwZmVsIGluIGJh\r\nc2U2NA==\r\n"
    "--b\r\n"
    "Content-Type: application/octet-stream\r\n"
    "\r\n"
    "binarytext\r\n"
    "--b\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: inner =?utf-8?b?w6Q=?=\r\n"
    "\r\n"
    "Inner BODY\r\n"
    "--b--\r\n"
    "epilogue\r\n";

static const struct {
	const char *needle;
	bool body, text;
} finds[] = {
	{ "", true, true },
	{ "STRASSE", false, false }, { "straße", true, true },
	{ "STRAẞE SO", true, true }, { "softbreak", true, true },
	{ "äpfel IN base64", true, true }, { "w4RwZmVs", false, false },
	{ "binarytext", false, false }, { "preamble", false, false },
	{ "inner body", true, true }, { "subject: inner ä", true, true },
	{ "jörg", false, true }, { "a folded subject", false, true },
	{ "subject: A", false, true }, { "partname", false, true },
	{ "x-empty", false, true }, { "end\r\n--b", false, false },
	{ "end", true, true }, { "nowhere", false, false },
};

static void
test_texts(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof(finds) / sizeof(*finds); i++) {
		struct mail_needle *n = mail_needle_new(finds[i].needle,
		    strlen(finds[i].needle), &a);

		if (mail_find_text(BYTES(message), false, n) != finds[i].body)
			fail_msg("BODY %s", finds[i].needle);
		if (mail_find_text(BYTES(message), true, n) != finds[i].text)
			fail_msg("TEXT %s", finds[i].needle);
	}
	arena_clear(&a);
}

static const struct {
	const char *name, *needle;
	bool want;
} headers[] = {
	{ "subject", "FOLDED SUBJECT", true }, { "Subject", "inner", false },
	{ "from", "JÖRG <", true }, { "from", "=?utf-8", false },
	{ "x-empty", "", true }, { "x-empty", "x", false },
	{ "x-absent", "", false }, { NULL, "", true }, { NULL, "joerg", true },
	{ NULL, "from", false }, { "subject", "A", true },
};

static void
test_headers(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		struct mail_needle *n = mail_needle_new(headers[i].needle,
		    strlen(headers[i].needle), &a);

		if (mail_find_header(BYTES(message), headers[i].name, n) !=
		    headers[i].want)
			fail_msg("%s", headers[i].needle);
	}
	assert_false(mail_find_header(BYTES("\r\nA: b"), NULL,
	    mail_needle_new("", 0, &a)));
	arena_clear(&a);
}

/* The needle at every place around the border of a piece, in a text with and
 * without other than ASCII. */
static void
test_every_place(void **state)
{
	enum { LEN = 16384 * 2 + 100 };
	static const char head[] = "Content-Type: text/plain\r\n\r\n";
	size_t from = strlen(head);
	char *text = malloc(from + LEN);
	struct mail_bytes msg = { (unsigned char *)text, from + LEN };
	struct mail_needle *n;
	struct arena a;

	(void)state;
	assert_non_null(text);
	arena_init(&a);
	for (int eight = 0; eight < 2; eight++) {
		const char *needle = eight ? "nädle" : "needle";
		const char *put = eight ? "NÄDLE" : "nEEDLE";
		size_t len = strlen(needle);

		n = mail_needle_new(needle, len, &a);
		for (size_t at = 0; at + len <= LEN; at++) {
			if (at == 50)
				at = 16384 - 50;
			if (at == 16384 + 50)
				at = 2 * 16384 - 50;
			memcpy(text, head, from);
			memset(text + from, 'n', LEN);
			assert_false(mail_find_text(msg, false, n));
			memcpy(text + from + at, put, len);
			assert_true(mail_find_text(msg, false, n));
			assert_true(mail_find_utf8(text, msg.len, n));
		}
	}
	arena_clear(&a);
	free(text);
}

/* What would take quadratic time, were places compared one by one. */
static void
test_worst_case(void **state)
{
	enum { LEN = 4 << 20, NEEDLE = 1 << 20 };
	char *text = malloc(LEN), *pattern = malloc(NEEDLE);
	struct mail_needle *n;
	struct arena a;

	(void)state;
	assert_true(text != NULL && pattern != NULL);
	arena_init(&a);
	memset(text, 'a', LEN);
	text[0] = '\n';
	memset(pattern, 'A', NEEDLE);
	pattern[NEEDLE / 2] = 'b';
	n = mail_needle_new(pattern, NEEDLE, &a);
	assert_false(mail_find_text((struct mail_bytes){
	    (unsigned char *)text, LEN }, false, n));
	memcpy(text + LEN - NEEDLE, pattern, NEEDLE);
	assert_true(mail_find_text((struct mail_bytes){
	    (unsigned char *)text, LEN }, false, n));
	arena_clear(&a);
	free(text);
	free(pattern);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_every_place),
		cmocka_unit_test(test_worst_case),
	};

	return cmocka_run_group_tests_name("mail_find", tests, NULL, NULL);
}
