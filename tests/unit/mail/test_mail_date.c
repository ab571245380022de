/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "mail/mail.h"

static const struct {
	const char *text;
	int64_t utc;
	int zone;
} good[] = {
	{ "Thu, 1 Jan 1970 00:00:00 +0000", 0, 0 },
	{ "Tue, 24 Nov 2026 10:11:12 +0100", 1795511472, 60 },
	{ "Tue, 24 Nov 2026 10:11:12 +0100 (CET)", 1795511472, 60 },
	{ "24 Nov 2026 09:11:12 GMT", 1795511472, 0 },
	{ "24 nOV 2026 09:11:12 ut", 1795511472, 0 },
	{ "Tue , 24 Nov 26 09:11:12", 1795511472, 0 },
	{ "24 November 2026 09:11:12 z", 1795511472, 0 },
	{ "24-Nov-2026 09:11:12 +0000", 1795511472, 0 },
	{ "\r\n\tTue,\r\n 24 Nov 2026\r\n 09:11:12 -0000", 1795511472, 0 },
	{ "(a (nested) comment) 24(x)Nov(y)2026 09 : 11 : 12 (z) +0000",
	    1795511472, 0 },
	{ "24 Nov 2026 09:11 GMT", 1795511460, 0 },
	{ "24 Nov 126 09:11:12 GMT", 1795511472, 0 },
	{ "24 Nov 2026 04:11:12 EST", 1795511472, -300 },
	{ "24 Nov 2026 01:11:12 PST", 1795511472, -480 },
	{ "24 Nov 2026 09:11:12 XYZZY", 1795511472, 0 },
	{ "24 Nov 2026 09:11:12 K", 1795511472, 0 },
	{ "24 Nov 2026 14:41:12 +0530", 1795511472, 330 },
	{ "24 Nov 2026 09:11:12 +1", 1795511472, 0 },
	{ "31 Dec 1998 23:59:60 +0000", 915148800, 0 },
	{ "29 Feb 2024 00:00:00 +0000", 1709164800, 0 },
	{ "29 Feb 2000 00:00:00 +0000", 951782400, 0 },
	{ "1 Jan 50 00:00:00 +0000", -631152000, 0 },
	{ "1 Jan 49 00:00:00 +0000", 2493072000, 0 },
	{ "1 Jan 0000 00:00:00 +0000", -62135596800, 0 },
	{ "31 Dec 99999999999999999999 23:59:59 +0000", 253402300799, 0 },
	{ "1 Jan 2000 00:00:00 +9959", 946684800 - 5999 * 60, 5999 },
};

static const char *const bad[] = {
	"", " ", "(only a comment", "yesterday", "Tue,", "24", "24 Nov",
	"24 Nov 2026", "24 Nov 2026 10", "24 Nov 2026 10:", "0 Nov 2026 10:11",
	"31 Nov 2026 10:11:12", "29 Feb 2023 10:11:12", "29 Feb 1900 00:00:00",
	"24 Nix 2026 10:11:12", "24 Nov 2026 24:00:00", "24 Nov 2026 10:60:00",
	"24 Nov 2026 10:11:61", "24 Nov 2026 10:11:", "2026-11-24T10:11:12Z",
	"999999999999 Nov 2026 10:11:12",
};

static void
test_dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		int64_t utc = -1;
		int16_t zone = -1;

		if (!mail_parse_date(good[i].text, strlen(good[i].text), &utc,
		    &zone))
			fail_msg("%s: no date", good[i].text);
		if (utc != good[i].utc || zone != good[i].zone)
			fail_msg("%s: %lld %d", good[i].text, (long long)utc,
			    zone);
	}
}

static void
test_what_is_no_date(void **state)
{
	int16_t zone;
	int64_t utc;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (mail_parse_date(bad[i], strlen(bad[i]), &utc, &zone))
			fail_msg("%s: a date", bad[i]);
	}
}

static void
test_length_is_respected(void **state)
{
	static const char text[] = "24 Nov 2026 09:11:12";
	int16_t zone;
	int64_t utc;

	(void)state;
	for (size_t len = 0; len < strlen(text); len++) {
		bool want = len >= strlen("24 Nov 2026 09:1") &&
		    text[len - 1] != ':';

		assert_int_equal(mail_parse_date(text, len, &utc, &zone),
		    want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_what_is_no_date),
		cmocka_unit_test(test_length_is_respected),
	};

	return cmocka_run_group_tests_name("mail_date", tests, NULL, NULL);
}
