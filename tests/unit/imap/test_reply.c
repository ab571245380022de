/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/imap/parse.h"
#include "common/imap/reply.h"

static const struct {
	const char *in, *string, *astring;
} strings[] = {
	{ "", "\"\"", "\"\"" },
	{ "abc", "\"abc\"", "abc" },
	{ "a]b", "\"a]b\"", "a]b" },
	{ "nil", "\"nil\"", "\"nil\"" },
	{ "nils", "\"nils\"", "nils" },
	{ "a b", "\"a b\"", "\"a b\"" },
	{ "a\"b\\c", "\"a\\\"b\\\\c\"", "\"a\\\"b\\\\c\"" },
	{ "a\r\nb", "{4}\r\na\r\nb", "{4}\r\na\r\nb" },
	{ "\xc3\xa4", "{2}\r\n\xc3\xa4", "{2}\r\n\xc3\xa4" },
	{ "a\tb", "\"a\tb\"", "\"a\tb\"" },
	{ "50%", "\"50%\"", "\"50%\"" },
};

static const struct {
	const char *name, *mutf7, *utf8;
} mailboxes[] = {
	{ "INBOX", "INBOX", "INBOX" },
	{ "Sent Items", "\"Sent Items\"", "\"Sent Items\"" },
	{ "R&D", "R&-D", "R&D" },
	{ "Entw\xc3\xbcrfe", "Entw&APw-rfe", "\"Entw\xc3\xbcrfe\"" },
	{ "NIL", "\"NIL\"", "\"NIL\"" },
	{ "\"\xc3\xbc\"", "\"\\\"&APw-\\\"\"", "\"\\\"\xc3\xbc\\\"\"" },
};

static void
test_strings(void **state)
{
	char big[1001];
	struct buf out;

	(void)state;
	buf_init(&out, 4000);
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		buf_reset(&out);
		imap_put_string(&out, strings[i].in, strlen(strings[i].in));
		assert_string_equal(buf_cstr(&out), strings[i].string);
		buf_reset(&out);
		imap_put_astring(&out, strings[i].in, strlen(strings[i].in));
		assert_string_equal(buf_cstr(&out), strings[i].astring);
	}
	buf_reset(&out);
	imap_put_nstring(&out, NULL, 0);
	imap_put_nstring(&out, "x", 1);
	assert_string_equal(buf_cstr(&out), "NIL\"x\"");
	memset(big, 'x', sizeof(big));
	buf_reset(&out);
	imap_put_string(&out, big, 1000);
	assert_int_equal(out.len, 1002);
	buf_reset(&out);
	imap_put_astring(&out, big, 1001);
	assert_int_equal(out.len, strlen("{1001}\r\n") + 1001);
	buf_clear(&out);
}

static void
test_mailboxes(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4000);
	for (size_t i = 0; i < sizeof(mailboxes) / sizeof(mailboxes[0]); i++) {
		buf_reset(&out);
		imap_put_mailbox(&out, mailboxes[i].name, false);
		assert_string_equal(buf_cstr(&out), mailboxes[i].mutf7);
		buf_reset(&out);
		imap_put_mailbox(&out, mailboxes[i].name, true);
		assert_string_equal(buf_cstr(&out), mailboxes[i].utf8);
	}
	buf_clear(&out);
}

static const struct {
	int64_t t;
	int16_t zone;
	const char *out;
} dates[] = {
	{ 0, 0, "\"01-Jan-1970 00:00:00 +0000\"" },
	{ 837596665, -420, "\"17-Jul-1996 02:44:25 -0700\"" },
	{ -1, 0, "\"31-Dec-1969 23:59:59 +0000\"" },
	{ 951782400, 0, "\"29-Feb-2000 00:00:00 +0000\"" },
	{ 4107542399, 330, "\"01-Mar-2100 05:29:59 +0530\"" },
	{ INT64_MAX, 0, "\"09-Dec-9999 05:52:59 +0000\"" },
	{ INT64_MIN, 0, "\"23-Jan-0000 18:08:00 +0000\"" },
};

static void
test_dates(void **state)
{
	struct imap_parser p;
	struct arena a;
	struct buf out;
	int64_t t;
	int16_t zone;

	(void)state;
	arena_init(&a);
	buf_init(&out, 100);
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		buf_reset(&out);
		imap_put_date_time(&out, dates[i].t, dates[i].zone);
		assert_string_equal(buf_cstr(&out), dates[i].out);
		imap_parse_init(&p, out.data, out.len, &a);
		assert_true(imap_parse_date_time(&p, &t, &zone));
		assert_true(imap_parse_at_end(&p));
		assert_int_equal(zone, dates[i].zone);
		if (dates[i].t != INT64_MAX && dates[i].t != INT64_MIN)
			assert_true(t == dates[i].t);
	}
	buf_clear(&out);
	arena_clear(&a);
}

static void
test_calendar(void **state)
{
	static const unsigned char lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31,
	    30, 31, 30, 31 };
	int32_t days = imap_days_from_civil(-400, 1, 1);
	unsigned m, d;
	int y;

	(void)state;
	assert_int_equal(imap_days_from_civil(1970, 1, 1), 0);
	assert_int_equal(imap_days_from_civil(2000, 3, 1), 11017);
	for (int year = -400; year <= 2800; year++) {
		bool leap = year % 4 == 0 &&
		    (year % 100 != 0 || year % 400 == 0);

		for (unsigned month = 1; month <= 12; month++) {
			unsigned n = lengths[month - 1] + (leap && month == 2);

			for (unsigned day = 1; day <= n; day++, days++) {
				if (imap_days_from_civil(year, month, day) !=
				    days)
					fail_msg("%d-%u-%u", year, month, day);
				imap_civil_from_days(days, &y, &m, &d);
				if (y != year || m != month || d != day)
					fail_msg("day %d", (int)days);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_mailboxes),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_calendar),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
