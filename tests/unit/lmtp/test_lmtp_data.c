/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lmtp/data.h"

/* rest: what must not be eaten; NULL: the message does not end. */
static const struct {
	const char *in, *out, *rest;
} cases[] = {
	{ ".\r\n", "", "" },
	{ ".\r\nQUIT\r\n", "", "QUIT\r\n" },
	{ "a: b\r\n\r\nc\r\n.\r\nMAIL", "a: b\r\n\r\nc\r\n", "MAIL" },
	{ "..\r\n.\r\n", ".\r\n", "" },
	{ "..a\r\n.b\r\n...\r\n.\r\n", ".a\r\nb\r\n..\r\n", "" },
	{ "a.\r\nb\r\n.\r\n", "a.\r\nb\r\n", "" },
	/* none of these is an end */
	{ "a\n.\nb\r\n.\r\n", "a\r\n.\r\nb\r\n", "" },
	{ "a\n.\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n", "" },
	{ "a\r\n.\nb\r\n.\r\n", "a\r\n\r\nb\r\n", "" },
	{ "a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n", "" },
	{ "a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", "" },
	{ "a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", "" },
	{ "a\r\r\n.\r\n", "a\r\r\n", "" },
	{ "a\n..\r\n.\r\n", "a\r\n..\r\n", "" },
	{ "\n\n\r\n.\r\n", "\r\n\r\n\r\n", "" },
	{ "abc", "abc", NULL },
	{ "abc\r\n.", "abc\r\n", NULL },
	{ "abc\r\n.\r", "abc\r\n", NULL },
	{ "abc\r\n.\n", "abc\r\n\r\n", NULL },
};

static void
run_case(size_t i, size_t chunk)
{
	enum data_state state = DATA_START;
	size_t len = strlen(cases[i].in), at = 0, have = 0;
	unsigned char out[256];

	while (at < len && state != DATA_DONE) {
		size_t n = len - at < chunk ? len - at : chunk, got;
		unsigned char *exact = malloc(n);
		unsigned char *room = malloc(DATA_ROOM(n));

		memcpy(exact, cases[i].in + at, n);
		at += data_feed(&state, exact, n, room, &got);
		memcpy(out + have, room, got);
		have += got;
		free(exact);
		free(room);
	}
	assert_int_equal(have, strlen(cases[i].out));
	assert_memory_equal(out, cases[i].out, have);
	assert_int_equal(state == DATA_DONE, cases[i].rest != NULL);
	if (cases[i].rest != NULL)
		assert_string_equal(cases[i].in + at, cases[i].rest);
	else
		assert_int_equal(at, len);
}

static void
test_data(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t chunk = 1; chunk <= 40; chunk++)
			run_case(i, chunk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_data),
	};

	return cmocka_run_group_tests_name("lmtp data", tests, NULL, NULL);
}
