/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/imap/names.h"
#include "common/limits.h"

static const struct {
	const char *utf7, *utf8;
} mutf7[] = {
	{ "", "" },
	{ "INBOX", "INBOX" },
	{ "a&-b", "a&b" },
	{ "&-", "&" },
	{ "&-&-", "&&" },
	{ "Entw&APw-rfe", "Entw\xc3\xbcrfe" },
	{ "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
	    "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/"
	    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
	{ "&2D3cqQ-", "\xf0\x9f\x92\xa9" },
	{ "&AOQ-&-&AOQ-", "\xc3\xa4&\xc3\xa4" },
	{ "&2D3cqQDk-", "\xf0\x9f\x92\xa9\xc3\xa4" },
	{ "&AAo-", "\n" },
	{ "&AH8-", "\x7f" },
	{ "&,,8-", "\xef\xbf\xbf" },
};

static const char *const bad_utf7[] = {
	"&", "a&", "&AOQ", "&AO-", "&AOR-", "&AOQA-", "&A-", "&2D0-", "&3Kk-",
	"&2D0A5A-", "&3KnYPQ-", "&AGE-", "&AOQAYQ-", "&AC8-", "&AOQ-&AOQ-",
	"&AOQ=-", "&AO Q-", "&/w8-", "\xc3\xa4", "a\tb", "a\x7f", "&\xff-",
};

static const char *const bad_utf8[] = {
	"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
	"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\xff", "\xe2\x82",
};

static void
test_mutf7(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof(mutf7) / sizeof(mutf7[0]); i++) {
		buf_reset(&out);
		assert_true(imap_mutf7_decode(mutf7[i].utf7,
		    strlen(mutf7[i].utf7), &out));
		assert_string_equal(buf_cstr(&out), mutf7[i].utf8);
		buf_reset(&out);
		assert_true(imap_mutf7_encode(mutf7[i].utf8,
		    strlen(mutf7[i].utf8), &out));
		assert_string_equal(buf_cstr(&out), mutf7[i].utf7);
	}
	for (size_t i = 0; i < sizeof(bad_utf7) / sizeof(bad_utf7[0]); i++) {
		buf_reset(&out);
		if (imap_mutf7_decode(bad_utf7[i], strlen(bad_utf7[i]), &out))
			fail_msg("accepted: %s", bad_utf7[i]);
	}
	for (size_t i = 0; i < sizeof(bad_utf8) / sizeof(bad_utf8[0]); i++) {
		buf_reset(&out);
		assert_false(imap_mutf7_encode(bad_utf8[i],
		    strlen(bad_utf8[i]), &out));
		assert_int_equal(imap_utf8_check(bad_utf8[i],
		    strlen(bad_utf8[i])), IMAP_UTF8_BAD);
	}
	buf_clear(&out);
	buf_init(&out, 3);
	assert_false(imap_mutf7_decode("abcd", 4, &out));
	buf_reset(&out);
	assert_false(imap_mutf7_encode("\xc3\xa4", 2, &out));
	buf_clear(&out);
}

static void
test_name_check(void **state)
{
	static const char *const good[] = { "INBOX", "a", "a/b", "...", ".a",
	    "a b/c&d", "\xc3\xa4/\xe6\x97\xa5" };
	static const char *const bad[] = { "", "/", "/a", "a/", "a//b", ".",
	    "..", "a/.", "a/../b", "./a", "a\nb", "a\x7f", "\xc2\x80", "\xff" };
	char name[LIMIT_MAILBOX_NAME + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(imap_mailbox_name_check(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(imap_mailbox_name_check(bad[i]));
	memset(name, 'x', sizeof(name));
	name[LIMIT_MAILBOX_NAME] = '\0';
	assert_null(imap_mailbox_name_check(name));
	name[LIMIT_MAILBOX_NAME] = 'x';
	name[LIMIT_MAILBOX_NAME + 1] = '\0';
	assert_non_null(imap_mailbox_name_check(name));
}

static const struct {
	const char *pattern, *name;
	enum imap_match want;
} matches[] = {
	{ "*", "a", IMAP_MATCH_YES },
	{ "*", "a/b/c", IMAP_MATCH_YES },
	{ "%", "a", IMAP_MATCH_YES },
	{ "%", "a/b", IMAP_MATCH_NO },
	{ "%/%", "a", IMAP_MATCH_PARENT },
	{ "%/%", "a/b", IMAP_MATCH_YES },
	{ "%/%", "a/b/c", IMAP_MATCH_NO },
	{ "", "a", IMAP_MATCH_NO },
	{ "a", "a", IMAP_MATCH_YES },
	{ "a", "A", IMAP_MATCH_NO },
	{ "a", "ab", IMAP_MATCH_NO },
	{ "ab", "a", IMAP_MATCH_NO },
	{ "a/b", "a", IMAP_MATCH_PARENT },
	{ "a/", "a", IMAP_MATCH_NO },
	{ "a*", "b", IMAP_MATCH_NO },
	{ "a*b", "axxb", IMAP_MATCH_YES },
	{ "a*b", "axx/xb", IMAP_MATCH_YES },
	{ "a*b", "a", IMAP_MATCH_PARENT },
	{ "a%b", "axx/xb", IMAP_MATCH_NO },
	{ "a%b", "axxb", IMAP_MATCH_YES },
	{ "*/c", "a/b/c", IMAP_MATCH_YES },
	{ "*/c", "a/b", IMAP_MATCH_PARENT },
	{ "*%c", "a/b/c", IMAP_MATCH_YES },
	{ "%*", "a/b", IMAP_MATCH_YES },
	{ "**", "a", IMAP_MATCH_YES },
	{ "%%", "a", IMAP_MATCH_YES },
	{ "*a*a*", "banana", IMAP_MATCH_YES },
	{ "%b/%c", "ab/xc", IMAP_MATCH_YES },
	{ "%b/%c", "ab", IMAP_MATCH_PARENT },
	{ "inbox", "INBOX", IMAP_MATCH_YES },
	{ "InB%", "INBOX", IMAP_MATCH_YES },
	{ "inbox/%", "INBOX/Sub", IMAP_MATCH_YES },
	{ "inbox/sub", "INBOX/Sub", IMAP_MATCH_NO },
	{ "inbox/sub", "INBOX", IMAP_MATCH_PARENT },
	{ "inboxes", "INBOXES", IMAP_MATCH_NO },
	{ "*ox", "INBOX", IMAP_MATCH_YES },
	{ "*%*%*%*%*%*%*%*%*%*%*%*%*%*%x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    IMAP_MATCH_PARENT },
};

static void
test_match(void **state)
{
	char pattern[IMAP_PATTERN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		enum imap_match got = imap_match_mailbox(matches[i].pattern,
		    matches[i].name);

		if (got != matches[i].want)
			fail_msg("%s on %s: %d", matches[i].pattern,
			    matches[i].name, (int)got);
	}
	memset(pattern, '*', sizeof(pattern));
	pattern[IMAP_PATTERN_MAX] = '\0';
	assert_int_equal(imap_match_mailbox(pattern, "a"), IMAP_MATCH_YES);
	pattern[IMAP_PATTERN_MAX] = '*';
	pattern[IMAP_PATTERN_MAX + 1] = '\0';
	assert_int_equal(imap_match_mailbox(pattern, "a"), IMAP_MATCH_NO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutf7),
		cmocka_unit_test(test_name_check),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
