/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "auth/sasl.h"
#include "common/log.h"

#define M(s) s, sizeof(s) - 1
#define STEPS 4

static struct sasl *sasl;

static int
setup(void **state)
{
	(void)state;
	sasl = sasl_new();
	return sasl != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	sasl_free(&sasl);
	return 0;
}

/* What the client sends, in order. in NULL: nothing with the command. */
static const struct {
	const char *mech;
	struct {
		const char *in;
		size_t len;
		enum sasl_result expect;
	} steps[STEPS];
	const char *user, *authzid, *password;
} cases[] = {
	{ "PLAIN", { { M("\0alice\0secret"), SASL_CREDENTIALS } }, "alice",
	    "alice", "secret" },
	{ "plain", { { NULL, 0, SASL_CHALLENGE },
	    { M("\0alice\0secret"), SASL_CREDENTIALS } }, "alice",
	    "alice", "secret" },
	{ "PLAIN", { { M("bob\0alice\0secret"), SASL_CREDENTIALS } }, "alice",
	    "bob", "secret" },
	{ "PLAIN", { { M("\0al ice\0se cr\"\\et"), SASL_CREDENTIALS } },
	    "al ice", "al ice", "se cr\"\\et" },
	{ "PLAIN", { { M("\0alice\0s\xc3\xa4" "cret"), SASL_CREDENTIALS } },
	    "alice", "alice", "s\xc3\xa4" "cret" },
	{ "LOGIN", { { NULL, 0, SASL_CHALLENGE },
	    { M("alice"), SASL_CHALLENGE },
	    { M("secret"), SASL_CREDENTIALS } }, "alice", "", "secret" },
	{ "LOGIN", { { M("alice"), SASL_CHALLENGE },
	    { M("secret"), SASL_CREDENTIALS } }, "alice", "", "secret" },
	/* an empty initial response ("=") is one, and none of PLAIN's */
	{ "PLAIN", { { M(""), SASL_MALFORMED } }, NULL, NULL, NULL },
	{ "PLAIN", { { NULL, 0, SASL_CHALLENGE }, { M(""), SASL_MALFORMED } },
	    NULL, NULL, NULL },
	{ "LOGIN", { { M(""), SASL_MALFORMED } }, NULL, NULL, NULL },
	{ "LOGIN", { { NULL, 0, SASL_CHALLENGE }, { M(""), SASL_MALFORMED } },
	    NULL, NULL, NULL },
	{ "LOGIN", { { M("alice"), SASL_CHALLENGE },
	    { M(""), SASL_MALFORMED } }, NULL, NULL, NULL },
	{ "PLAIN", { { M("alice"), SASL_MALFORMED } }, NULL, NULL, NULL },
	{ "PLAIN", { { M("\0"), SASL_MALFORMED } }, NULL, NULL, NULL },
	{ "PLAIN", { { M("\0alice"), SASL_MALFORMED } }, NULL, NULL, NULL },
	{ "PLAIN", { { M("\0alice\0se\0cret"), SASL_MALFORMED } }, NULL, NULL,
	    NULL },
	{ "LOGIN", { { M("al\0ice"), SASL_MALFORMED } }, NULL, NULL, NULL },
	{ "LOGIN", { { M("alice"), SASL_CHALLENGE },
	    { M("se\0cret"), SASL_MALFORMED } }, NULL, NULL, NULL },
};

static void
test_conversations(void **state)
{
	const void *out;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct sasl_mech *mech = sasl_find(cases[i].mech);
		struct sasl_exchange *x;
		size_t n = 0;

		assert_non_null(mech);
		x = sasl_start(sasl, mech);
		do {
			enum sasl_result got = sasl_step(x,
			    cases[i].steps[n].in, cases[i].steps[n].len, &out,
			    &len);

			if (got != cases[i].steps[n].expect)
				fail_msg("case %zu, step %zu: %d", i, n, got);
		} while (cases[i].steps[n++].expect == SASL_CHALLENGE);
		if (cases[i].user != NULL) {
			assert_string_equal(sasl_user(x), cases[i].user);
			assert_string_equal(sasl_authzid(x), cases[i].authzid);
			assert_string_equal(sasl_password(x),
			    cases[i].password);
		}
		sasl_exchange_free(&x);
		assert_null(x);
	}
}

static void
test_challenges(void **state)
{
	struct sasl_exchange *x = sasl_start(sasl, sasl_find("PLAIN"));
	const void *out;
	size_t len;

	(void)state;
	assert_int_equal(sasl_step(x, NULL, 0, &out, &len), SASL_CHALLENGE);
	assert_int_equal(len, 0);
	sasl_exchange_free(&x);
	x = sasl_start(sasl, sasl_find("LOGIN"));
	assert_int_equal(sasl_step(x, NULL, 0, &out, &len), SASL_CHALLENGE);
	assert_true(len > 0 && memcmp(out, "User", 4) == 0);
	assert_int_equal(sasl_step(x, M("u"), &out, &len), SASL_CHALLENGE);
	assert_int_equal(len, 8);
	assert_memory_equal(out, "Password", 8);
	sasl_exchange_free(&x);
	sasl_exchange_free(&x);
}

static void
test_a_message_has_a_longest_length(void **state)
{
	char *big = malloc(SASL_MESSAGE_MAX + 1);
	struct sasl_exchange *x;
	const void *out;
	size_t len;

	(void)state;
	memset(big, 'x', SASL_MESSAGE_MAX + 1);
	big[0] = big[10] = '\0';
	x = sasl_start(sasl, sasl_find("PLAIN"));
	assert_int_equal(sasl_step(x, big, SASL_MESSAGE_MAX, &out, &len),
	    SASL_CREDENTIALS);
	assert_int_equal(strlen(sasl_password(x)), SASL_MESSAGE_MAX - 11);
	sasl_exchange_free(&x);
	x = sasl_start(sasl, sasl_find("PLAIN"));
	assert_int_equal(sasl_step(x, big, SASL_MESSAGE_MAX + 1, &out, &len),
	    SASL_MALFORMED);
	sasl_exchange_free(&x);
	free(big);
}

static void
test_mechanisms(void **state)
{
	static const char *const none[] = { "", "ANONYMOUS", "EXTERNAL",
		"CRAM-MD5", "PLAINX", "PLAI", "GSSAPI", "SCRAM-SHA-256" };

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_null(sasl_find(none[i]));
	assert_false(sasl_find("Plain")->server_first);
	assert_true(sasl_find("login")->server_first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversations),
		cmocka_unit_test(test_challenges),
		cmocka_unit_test(test_a_message_has_a_longest_length),
		cmocka_unit_test(test_mechanisms),
	};

	log_init("test_sasl", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, setup, teardown);
}
