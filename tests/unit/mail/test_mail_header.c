/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/limits.h"
#include "mail/mail.h"

#define BYTES(s) ((struct mail_bytes){ (const unsigned char *)(s), strlen(s) })

static const char message[] =
    "From someone Tue Nov 24 2026\r\n"
    "A: 1\r\n"
    " stray\r\n"
    "no field at all\r\n"
    " nor its second line\r\n"
    "b : two\n"
    "\tfolded\n"
    "C:\r\n"
    "a:again\r\n"
    "\r\n"
    "D: body\r\n";

/* Fields as name|value. */
static void
test_fields(void **state)
{
	static const char *const want[] = {
		"A| 1\r\n stray", "b| two\n\tfolded", "C|", "a|again",
	};
	struct mail_field_iter it;
	struct mail_field f;
	size_t n = 0;

	(void)state;
	mail_field_first(&it, BYTES(message), 0, strlen(message));
	while (mail_field_next(&it, &f)) {
		char got[100];

		snprintf(got, sizeof(got), "%.*s|%.*s", (int)f.name_len,
		    f.name, (int)f.value_len, f.value);
		assert_true(n < sizeof(want) / sizeof(*want));
		assert_string_equal(got, want[n++]);
		assert_ptr_equal(f.name, message + f.at);
		assert_int_equal(message[f.end - 1], '\n');
	}
	assert_int_equal(n, sizeof(want) / sizeof(*want));
}

/* What is there has its bit; what has no bit is not there. */
static void
test_bits(void **state)
{
	uint64_t bits = mail_header_bits(BYTES(message), 0, strlen(message));

	(void)state;
	assert_int_equal(mail_field_bit("Message-ID", 10),
	    mail_field_bit("mEsSaGe-id", 10));
	assert_int_equal(bits, mail_field_bit("a", 1) | mail_field_bit("B", 1) |
	    mail_field_bit("c", 1));
	assert_int_equal(bits & mail_field_bit("D", 1), 0);
	assert_int_equal(mail_header_bits(BYTES("\r\nA: b\r\n"), 0, 8), 0);
}

static const struct {
	const char *text;
	size_t end;
} ends[] = {
	{ "", 0 }, { "\r\n", 2 }, { "\n", 1 }, { "\r", 1 }, { "A: b", 4 },
	{ "A: b\r\n", 6 }, { "A: b\r\n\r\nx", 8 }, { "A: b\n\nx", 6 },
	{ "A: b\n\r\nx", 7 }, { "A: b\r\r\n\r\nx", 9 }, { "\r\n\r\n", 2 },
	{ "A: b\r\n \r\nx\r\n\r\n", 14 },
};

static void
test_header_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t len = strlen(ends[i].text);

		assert_int_equal(mail_header_end(BYTES(ends[i].text), 0, len),
		    ends[i].end);
		assert_int_equal(mail_header_end(BYTES(ends[i].text), len,
		    len), len);
	}
}

static const struct {
	const char *text, *names[12];
	bool not;
	const char *want;
} choices[] = {
	{ message, { "a" }, false, "A: 1\r\n stray\r\na:again\r\n\r\n" },
	{ message, { "C", "B" }, false, "b : two\n\tfolded\nC:\r\n\r\n" },
	{ message, { "X" }, false, "\r\n" },
	{ message, { "A", "X" }, true, "b : two\n\tfolded\nC:\r\n\r\n" },
	{ message, { "1", "2", "3", "4", "5", "6", "7", "8", "A", "CC" }, false,
	    "A: 1\r\n stray\r\na:again\r\n\r\n" },
	{ message, { "1", "2", "3", "4", "5", "6", "7", "8", "A", "CC" }, true,
	    "b : two\n\tfolded\nC:\r\n\r\n" },
	{ "A: b", { "A" }, false, "A: b" },
	{ "A: b\r\nC: d\r\n", { "A" }, false, "A: b\r\n" },
	{ "", { "A" }, false, "" },
	{ "A: b\nC: d\n\n", { "A" }, true, "C: d\n\n" },
};

static void
test_chosen_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
		struct buf b;

		buf_init(&b, 1000);
		mail_header_fields(BYTES(choices[i].text), 0,
		    strlen(choices[i].text), choices[i].names,
		    choices[i].not, &b);
		assert_string_equal(buf_cstr(&b), choices[i].want);
		buf_clear(&b);
	}
}

static void
test_header_is_limited(void **state)
{
	size_t len = LIMIT_HEADER + 4096, n = 0;
	char *text = malloc(len);
	struct mail_bytes msg = { (unsigned char *)text, len };
	struct mail_field_iter it;
	struct mail_field f;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < len; i += 8)
		memcpy(text + i, "Ab: cd\r\n", 8);
	mail_field_first(&it, msg, 0, len);
	while (mail_field_next(&it, &f))
		n++;
	assert_int_equal(n, LIMIT_HEADER / 8);
	assert_int_equal(mail_header_end(msg, 0, len), len);
	free(text);
}

static const struct {
	const char *value, *want;
} values[] = {
	{ "", "" },
	{ " plain ", "plain" },
	{ "a\r\n b\n\tc", "a b\tc" },
	{ "=?utf-8?q?a_b=C3=A4?=", "a bä" },
	{ "=?UTF-8?B?w6TDtg==?= x", "äö x" },
	{ "x =?iso-8859-1?q?=E4?= y =?iso-8859-1?q?=F6?=", "x ä y ö" },
	{ "=?iso-8859-1?q?=E4?= \r\n =?utf-8?q?=C3=B6?=", "äö" },
	{ "=?utf-8?q?=C3?= =?UTF-8?Q?=A4?=", "ä" },
	{ "=?iso-8859-1*de?q?=E4?=", "ä" },
	{ "\"=?utf-8?q?quoted?=\" <a@b>", "\"quoted\" <a@b>" },
	{ "a=?utf-8?q?b?=c", "abc" },
	{ "=?koi8-r?b?8NLJ18XU?=", "Привет" },
	{ "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本" },
	{ "=?nonsense?q?=93x=94?=", "\u201cx\u201d" },
	{ "=?utf-8?q?with space?=", "with space" },
	{ "=?utf-8?q?=ZZ=4?=", "=ZZ=4" },
	{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
	{ "=?utf-8?q?open", "=?utf-8?q?open" },
	{ "=?utf-8?q?a?b?=", "=?utf-8?q?a?b?=" },
	{ "=?=?utf-8?q?a?=", "=?a" },
	{ "a=?", "a=?" },
	{ "raw ä", "raw ä" },
	{ "raw \xe4", "raw ä" },
	{ "=?utf-8?q?bad=FFbyte?=", "bad\ufffdbyte" },
};

static void
test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct buf b;

		buf_init(&b, 1000);
		assert_true(mail_decode_header(values[i].value,
		    strlen(values[i].value), &b));
		assert_string_equal(buf_cstr(&b), values[i].want);
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_header_end),
		cmocka_unit_test(test_chosen_fields),
		cmocka_unit_test(test_header_is_limited),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests_name("mail_header", tests, NULL, NULL);
}
