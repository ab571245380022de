/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/passwd_file.h"
#include "auth/rcpt.h"
#include "common/conf.h"
#include "common/log.h"

#define LONG50 "01234567890123456789012345678901234567890123456789"

/* Tries as "user" or "user|detail". */
static const struct {
	const char *address;
	char delimiter;
	const char *domain;
	const char *tries[RCPT_TRIES + 1];
} parses[] = {
	{ "alice@x.org", '+', "x.org", { "alice@x.org" } },
	{ "alice+lists@x.org", '+', "x.org",
	    { "alice+lists@x.org", "alice@x.org|lists" } },
	{ "alice+a+b@x.org", '+', "x.org",
	    { "alice+a+b@x.org", "alice@x.org|a+b" } },
	{ "Alice+Lists@X.org", '+', "x.org",
	    { "Alice+Lists@x.org", "alice+lists@x.org", "Alice@x.org|Lists",
	    "alice@x.org|Lists" } },
	{ "Alice+Lists@X.org", '+', "",
	    { "Alice+Lists@x.org", "alice+lists@x.org", "Alice@x.org|Lists",
	    "alice@x.org|Lists", "Alice+Lists", "alice+lists", "Alice|Lists",
	    "alice|Lists" } },
	{ "alice+@x.org", '+', "x.org",
	    { "alice+@x.org", "alice@x.org" } },
	{ "+lists@x.org", '+', "x.org", { "+lists@x.org" } },
	{ "alice+lists@x.org", '\0', "x.org", { "alice+lists@x.org" } },
	{ "alice-lists@x.org", '-', "x.org",
	    { "alice-lists@x.org", "alice@x.org|lists" } },
	{ "alice", '+', "x.org", { "alice@x.org" } },
	{ "alice+l", '+', "", { "alice+l", "alice|l" } },
	{ "alice@x.org", '+', "", { "alice@x.org", "alice" } },
	{ "\"al ice\"@x.org", '+', "x.org", { "al ice@x.org" } },
	{ "\"al\\\"ice+d\"@x.org", '+', "x.org",
	    { "al\"ice+d@x.org", "al\"ice@x.org|d" } },
	{ "\"a@b\"@x.org", '+', "x.org", { "a@b@x.org" } },
	{ "a+../../x@x.org", '+', "x.org", { "a@x.org|../../x" } },
	{ "../a@x.org", '+', "x.org", { NULL } },
	{ "..@x.org", '+', "x.org", { NULL } },
	{ "..+x@x.org", '+', "x.org", { "..+x@x.org" } },
	{ "a@..", '+', "", { "a" } },
	{ "", '+', "x.org", { NULL } },
	{ "@x.org", '+', "x.org", { NULL } },
	{ "alice@", '+', "x.org", { NULL } },
	{ "\"\"@x.org", '+', "x.org", { NULL } },
	{ "\"alice@x.org", '+', "x.org", { NULL } },
	{ "\"alice\\", '+', "x.org", { NULL } },
	{ "\"alice\"bob@x.org", '+', "x.org", { NULL } },
	{ "\"", '+', "x.org", { NULL } },
	{ "ali\nce@x.org", '+', "x.org", { NULL } },
	{ "al\xff@x.org", '+', "x.org", { NULL } },
	{ LONG50 LONG50 LONG50 LONG50 LONG50 "@x.org", '+', "x.org",
	    { NULL } },
	{ LONG50 LONG50 LONG50 LONG50 LONG50, '+', "example.org", { NULL } },
};

static void
test_parses(void **state)
{
	struct rcpt_try tries[RCPT_TRIES];
	char got[2 * USER_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(parses) / sizeof(parses[0]); i++) {
		size_t n = rcpt_parse(parses[i].address, parses[i].delimiter,
		    parses[i].domain, tries);

		for (size_t k = 0; k < n; k++) {
			snprintf(got, sizeof(got), "%s%s%s", tries[k].user,
			    tries[k].detail[0] != '\0' ? "|" : "",
			    tries[k].detail);
			if (parses[i].tries[k] == NULL ||
			    strcmp(parses[i].tries[k], got) != 0)
				fail_msg("case %zu, try %zu: %s", i, k, got);
		}
		if (parses[i].tries[n] != NULL)
			fail_msg("case %zu: not tried: %s", i,
			    parses[i].tries[n]);
	}
}

/* Who it is, of those in a passwd-file. */
static struct {
	unsigned calls;
	enum ipc_status status;
	char user[USER_MAX + 1], detail[USER_MAX + 1];
} answer;

static void
on_answer(void *ctx, enum ipc_status status, const char *user,
    const char *detail)
{
	assert_ptr_equal(ctx, &answer);
	answer.calls++;
	answer.status = status;
	snprintf(answer.user, sizeof(answer.user), "%s", user);
	snprintf(answer.detail, sizeof(answer.detail), "%s", detail);
}

static void
test_checks(void **state)
{
	static const struct {
		const char *address, *user, *detail;
	} cases[] = {
		{ "alice@x.org", "alice@x.org", "" },
		{ "ALICE@X.ORG", "alice@x.org", "" },
		{ "alice+Lists@x.org", "alice@x.org", "Lists" },
		{ "bob+fixed@x.org", "bob+fixed@x.org", "" },
		{ "bob+other@x.org", NULL, NULL },
		{ "Carol@x.org", "Carol@x.org", "" },
		{ "carol@x.org", NULL, NULL },
		/* delivery to one who may not log in */
		{ "locked+x@x.org", "locked@x.org", "x" },
		{ "plain+d@anywhere.org", "plain", "d" },
		{ "nobody@x.org", NULL, NULL },
		{ "@x.org", NULL, NULL },
		{ "../x@x.org", NULL, NULL },
	};
	static struct conf conf = { .uid_policy = CONF_UID_SYSTEM,
		.home = (char *)"/mail/%u" };
	char path[] = "/tmp/postern-test-XXXXXX";
	static const char text[] = "alice@x.org:a\nbob+fixed@x.org:b\n"
	    "Carol@x.org:c\nlocked@x.org:!\nplain:p\n";
	struct passwd_file *f;
	struct userdb *db;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	f = passwd_file_new(path, "", 0);
	db = userdb_new(&conf, f, NULL, NULL, (uid_t)-1, (gid_t)-1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		answer.calls = 0;
		assert_null(rcpt_check(db, cases[i].address, '+', "",
		    on_answer, &answer));
		assert_int_equal(answer.calls, 1);
		assert_int_equal(answer.status, cases[i].user != NULL ?
		    IPC_OK : IPC_NO_SUCH_USER);
		assert_string_equal(answer.user, cases[i].user != NULL ?
		    cases[i].user : "");
		assert_string_equal(answer.detail, cases[i].user != NULL ?
		    cases[i].detail : "");
	}
	unlink(path);
	userdb_free(&db);
	passwd_file_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parses),
		cmocka_unit_test(test_checks),
	};

	log_init("test_rcpt", LOG_LEVEL_ERROR);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
