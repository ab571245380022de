/* SPDX-License-Identifier: ISC
 *
 * The home template, and the user names that may get into it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "auth/home.h"
#include "common/user.h"

#define LONG10 "0123456789"
#define LONG100 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 \
	LONG10 LONG10
#define LONG250 LONG100 LONG100 LONG10 LONG10 LONG10 LONG10 LONG10

static void
test_user_names(void **state)
{
	static const struct {
		const char *name, *domain, *expect; /* NULL: refused */
	} cases[] = {
		{ "alice", "", "alice" },
		{ "Alice", "", "Alice" },
		{ "alice", "example.org", "alice@example.org" },
		{ "alice@Other.ORG", "example.org", "alice@other.org" },
		{ "Alice@Other.ORG", "", "Alice@other.org" },
		{ "a@b@C.d", "", "a@b@c.d" },
		{ "j\xc3\xb6rg", "", "j\xc3\xb6rg" },
		{ "..a", "", "..a" },
		{ "a..", "", "a.." },
		{ "%u", "", "%u" },
		{ LONG250 "01234", "", LONG250 "01234" },
		{ "", "", NULL },
		{ "", "example.org", NULL },
		{ ".", "", NULL },
		{ "..", "", NULL },
		{ "..", "example.org", NULL },
		{ "..@example.org", "", NULL },
		{ "a@..", "", NULL },
		{ "a@", "", NULL },
		{ "@", "", NULL },
		{ "@example.org", "", NULL },
		{ "../etc", "", NULL },
		{ "a/b", "", NULL },
		{ "/", "", NULL },
		{ "a@b/../c", "", NULL },
		{ "a\nb", "", NULL },
		{ "a\x7f", "", NULL },
		{ "a\x1b[2J", "", NULL },
		{ "a\xff", "", NULL },
		{ "a\xc0\xafz", "", NULL },
		{ "a\xe0\x80\xaf", "", NULL },
		{ "a\xed\xa0\x80", "", NULL },
		{ "a\xf4\x90\x80\x80", "", NULL },
		{ "a\xc2\x85", "", NULL },
		{ "a\xc3", "", NULL },
		{ "a\xe2\x82", "", NULL },
		{ LONG250 "012345", "", NULL },
		{ LONG250, "example.org", NULL },
	};
	char out[USER_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ok = user_normalize(cases[i].name, cases[i].domain, out);

		if (ok != (cases[i].expect != NULL))
			fail_msg("case %zu: %s", i, cases[i].name);
		if (ok)
			assert_string_equal(out, cases[i].expect);
	}
}

static void
test_templates(void **state)
{
	static const struct {
		const char *template, *user, *base, *expect;
	} cases[] = {
		{ "/mail/%u", "alice@x.org", NULL, "/mail/alice@x.org" },
		{ "/mail/%d/%n", "alice@x.org", NULL, "/mail/x.org/alice" },
		{ "/mail/%d/%n", "a@b@x.org", NULL, "/mail/x.org/a@b" },
		{ "/mail/%d/%n", "alice", NULL, "/mail//alice" },
		{ "%h/mail", "alice", "/home/alice", "/home/alice/mail" },
		{ "/a/100%%/%u", "u", NULL, "/a/100%/u" },
		/* what a name contains is not expanded again */
		{ "/mail/%u", "%h", "/root", "/mail/%h" },
		{ "/mail/%u", "%", NULL, "/mail/%" },
		{ "/mail/..%u", "x", NULL, "/mail/..x" },
		{ "/mail/%u", "...", NULL, "/mail/..." },
		{ "%h/mail", "alice", NULL, NULL },
		{ "%h/mail", "alice", "", "/mail" },
		{ "%h/mail", "alice", "relative", NULL },
		{ "%h", "alice", "/", NULL },
		{ "%h", "alice", "/home/..", NULL },
		{ "%h/x", "alice", "/home/../etc", NULL },
		{ "mail/%u", "alice", NULL, NULL },
		{ "/", "alice", NULL, NULL },
		{ "", "alice", NULL, NULL },
		{ "/mail/%u/..", "alice", NULL, NULL },
		{ "/mail/../%u", "alice", NULL, NULL },
		{ "/mail/.%u", ".", NULL, NULL },
		{ "/mail/%", "alice", NULL, NULL },
	};
	char out[HOME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ok = home_expand(cases[i].template, cases[i].user,
		    cases[i].base, out);

		if (ok != (cases[i].expect != NULL))
			fail_msg("case %zu: %s", i, cases[i].template);
		if (ok)
			assert_string_equal(out, cases[i].expect);
	}
}

static void
test_a_home_has_a_longest_length(void **state)
{
	char template[HOME_MAX + 3], out[HOME_MAX + 1];

	(void)state;
	memset(template, 'x', sizeof(template));
	template[0] = '/';
	template[HOME_MAX] = '\0';
	assert_true(home_expand(template, "u", NULL, out));
	assert_string_equal(out, template);
	template[HOME_MAX] = 'x';
	template[HOME_MAX + 1] = '\0';
	assert_false(home_expand(template, "u", NULL, out));
	strcpy(template + HOME_MAX - 1, "%u");
	assert_true(home_expand(template, "u", NULL, out));
	assert_false(home_expand(template, "uu", NULL, out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user_names),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_a_home_has_a_longest_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
