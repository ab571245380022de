/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lmtp/command.h"

/* 3 digits: how the refusal begins; else what is expected of the command. */
static const struct {
	const char *line, *expect;
	enum command_verb verb;
	uint64_t size;
} cases[] = {
	{ "LHLO mx.example", "", COMMAND_LHLO, 0 },
	{ "lhlo [192.0.2.1]", "", COMMAND_LHLO, 0 },
	{ "LHLO", "501", 0, 0 },
	{ "EHLO x", "500", 0, 0 },
	{ "HELO x", "500", 0, 0 },
	{ "MAIL FROM:<>", "", COMMAND_MAIL, 0 },
	{ "MAIL FROM:<a@b.example>", "a@b.example", COMMAND_MAIL, 0 },
	{ "mail from: <a@b> ", "a@b", COMMAND_MAIL, 0 },
	{ "MAIL FROM :<a@b>", "a@b", COMMAND_MAIL, 0 },
	{ "MAIL FROM:<a@b> SIZE=1000 BODY=8BITMIME", "a@b",
	    COMMAND_MAIL, 1000 },
	{ "MAIL FROM:<a@b> size=0 body=7bit", "a@b", COMMAND_MAIL, 0 },
	{ "MAIL FROM:<a@b> SIZE=", "555", 0, 0 },
	{ "MAIL FROM:<a@b> SIZE=1x", "501", 0, 0 },
	{ "MAIL FROM:<a@b> SIZE=1234567890123456789", "501", 0, 0 },
	{ "MAIL FROM:<a@b> SMTPUTF8", "555", 0, 0 },
	{ "MAIL FROM:<a@b> BODY=BINARYMIME", "555", 0, 0 },
	{ "MAIL FROM:a@b", "501", 0, 0 },
	{ "MAIL FROM:<a@b", "501", 0, 0 },
	{ "MAIL FROM:<a@b>x", "501", 0, 0 },
	{ "MAIL FROM:<@b>", "501", 0, 0 },
	{ "MAIL FROM:<a@>", "501", 0, 0 },
	{ "MAIL FROM:<a@b@c>", "501", 0, 0 },
	{ "MAIL FROM:<a b@c>", "501", 0, 0 },
	{ "MAIL TO:<a@b>", "501", 0, 0 },
	{ "MAIL", "501", 0, 0 },
	{ "MAIL FROM:<\"a b\"@c>", "\"a b\"@c", COMMAND_MAIL, 0 },
	{ "MAIL FROM:<\"a\\\"@x>b\"@c>", "\"a\\\"@x>b\"@c", COMMAND_MAIL, 0 },
	{ "MAIL FROM:<\"a\\\"@c>", "501", 0, 0 },
	{ "MAIL FROM:<\"\"@c>", "\"\"@c", COMMAND_MAIL, 0 },
	{ "MAIL FROM:<\"@c>", "501", 0, 0 },
	{ "MAIL FROM:<@x,@y:a@b>", "a@b", COMMAND_MAIL, 0 },
	{ "MAIL FROM:<@x", "501", 0, 0 },
	{ "MAIL FROM:<a@[192.0.2.1]>", "a@[192.0.2.1]", COMMAND_MAIL, 0 },
	{ "MAIL FROM:<a@[192.0.2.1>", "501", 0, 0 },
	{ "RCPT TO:<a+b@c>", "a+b@c", COMMAND_RCPT, 0 },
	{ "RCPT TO:<alice>", "alice", COMMAND_RCPT, 0 },
	{ "RCPT TO:<>", "501", 0, 0 },
	{ "RCPT TO:<a@b> NOTIFY=NEVER", "555", 0, 0 },
	{ "RCPT TO:<a\tb@c>", "501", 0, 0 },
	{ "RCPT TO:<a\x01@c>", "500", 0, 0 },
	{ "RCPT TO:<\xc3\xa4@c>", "500", 0, 0 },
	{ "RCPT TO:<a\x7f@c>", "500", 0, 0 },
	{ "DATA", "", COMMAND_DATA, 0 },
	{ "DATA ", "", COMMAND_DATA, 0 },
	{ "DATA x", "501", 0, 0 },
	{ "RSET", "", COMMAND_RSET, 0 },
	{ "NOOP anything", "", COMMAND_NOOP, 0 },
	{ "VRFY a", "", COMMAND_VRFY, 0 },
	{ "HELP", "", COMMAND_HELP, 0 },
	{ "QUIT", "", COMMAND_QUIT, 0 },
	{ "QUITT", "500", 0, 0 },
	{ "BDAT 1 LAST", "500", 0, 0 },
	{ "", "500", 0, 0 },
	{ " ", "500", 0, 0 },
};

static void
test_commands(void **state)
{
	struct command c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].line);
		char *exact = malloc(len + 1);
		const char *error;

		/* no NUL behind it: a sanitizer sees reads past the end */
		memcpy(exact, cases[i].line, len);
		error = command_parse(exact, len, &c);
		if (cases[i].expect[0] == '5') {
			assert_non_null(error);
			assert_memory_equal(error, cases[i].expect, 3);
		} else {
			if (error != NULL)
				fail_msg("%s: %s", cases[i].line, error);
			assert_int_equal(c.verb, cases[i].verb);
			assert_string_equal(c.path, cases[i].expect);
			assert_int_equal(c.size, cases[i].size);
		}
		free(exact);
	}
}

static void
test_long_addresses(void **state)
{
	char line[1024] = "RCPT TO:<";
	struct command c;
	size_t at = strlen(line);

	(void)state;
	memset(line + at, 'x', 320);
	strcpy(line + at + 320, ">");
	assert_null(command_parse(line, strlen(line), &c));
	assert_int_equal(strlen(c.path), 320);
	memset(line + at, 'x', 321);
	strcpy(line + at + 321, ">");
	assert_non_null(command_parse(line, strlen(line), &c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_long_addresses),
	};

	return cmocka_run_group_tests_name("lmtp command", tests, NULL, NULL);
}
