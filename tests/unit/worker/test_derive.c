/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "worker.h"

#define NIL_ENVELOPE "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"

static void
derive(const char *msg, struct arena *a, struct store_derived *d_r)
{
	derive_message((const unsigned char *)msg, strlen(msg), a, d_r);
}

static const struct {
	const char *msg;
	uint32_t header_len;
} header_cases[] = {
	{ "", 0 },
	{ "\r\n", 2 },
	{ "\r\nbody\r\n", 2 },
	{ "Subject: x\r\n\r\nbody", 14 },
	{ "Subject: x\n\nbody", 12 },
	{ "Subject: x\r\n", 12 },
	{ "Subject: x", 10 },
	{ "Subject: x\r\n y\r\n\r\n\r\nbody", 18 },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
	    45 },
};

static void
test_header_len(void **state)
{
	struct store_derived d;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof(header_cases) / sizeof(*header_cases);
	     i++) {
		derive(header_cases[i].msg, &a, &d);
		if (d.header_len != header_cases[i].header_len)
			fail_msg("%s: %u", header_cases[i].msg, d.header_len);
	}
	arena_clear(&a);
}

static const struct {
	const char *date;
	uint16_t day;
} day_cases[] = {
	{ "Thu, 1 Jan 1970 12:00:00 +0000", 0 },
	{ "Fri, 2 Jan 1970 00:00:00 +0000", 1 },
	{ "1 Jan 2000 00:00:00 +0000", 10957 },
	/* the day as written, whatever it is in UTC (RFC 3501 §6.4.4) */
	{ "1 Jan 2000 00:30:00 +0200", 10957 },
	{ "1 Jan 2000 23:30:00 -0800", 10957 },
	{ "31 Dec 1999 23:59:59 -0800", 10956 },
	{ "1 Jan 2000 00:00:00 -0000", 10957 },
	{ "29 Feb 2024 10:00:00 +0530", 19782 },
	{ "31 Dec 1969 10:00:00 +0000", 0 },
	{ "6 Jun 2149 10:00:00 +0000", 65535 },
	{ "7 Jun 2149 10:00:00 +0000", 0 },
	{ "1 Jan 9999 00:00:00 +0000", 0 },
	{ "tomorrow", 0 },
	{ "", 0 },
};

static void
test_sent_day(void **state)
{
	struct store_derived d;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof(day_cases) / sizeof(*day_cases); i++) {
		derive(arena_printf(&a, "Date: %s\r\n\r\n", day_cases[i].date),
		    &a, &d);
		if (d.sent_day != day_cases[i].day)
			fail_msg("%s: %u", day_cases[i].date, d.sent_day);
	}
	derive("Subject: no date\r\n\r\n", &a, &d);
	assert_int_equal(d.sent_day, 0);
	arena_clear(&a);
}

static const struct {
	const char *header;
	unsigned n;
} id_cases[] = {
	{ "", 0 },
	{ "Message-ID: <a@x>\r\n", 1 },
	{ "Message-ID: a@x\r\n", 0 },
	{ "Message-ID: <a@x\r\n", 0 },
	{ "Message-ID: a@x>\r\n", 0 },
	{ "Message-ID: <>\r\n", 0 },
	{ "References: < > <>\r\n", 0 },
	{ "In-Reply-To: <a@x>\r\n", 1 },
	{ "In-Reply-To: Your mail of Monday <a@x>\r\n", 1 },
	{ "References: <a@x> <b@x>\r\n <c@x>\r\n", 3 },
	{ "References: <a@x><b@x>\r\n", 2 },
	{ "References: <a@x> <b@x\r\n", 1 },
	{ "Message-ID: <m@x>\r\nReferences: <a@x>\r\nIn-Reply-To: <a@x>\r\n", 3 },
	{ "References: <1> <2> <3> <4> <5> <6> <7> <8> <9> <10> <11> <12> <13>"
	  " <14> <15> <16> <17> <18>\r\n", STORE_THREAD_IDS },
};

static void
test_thread_ids(void **state)
{
	struct store_derived d;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof(id_cases) / sizeof(*id_cases); i++) {
		derive(arena_printf(&a, "%s\r\n", id_cases[i].header), &a, &d);
		if (d.n_thread_ids != id_cases[i].n)
			fail_msg("%s: %u", id_cases[i].header, d.n_thread_ids);
	}
	arena_clear(&a);
}

/* The id of a message is the same wherever it is named. */
static void
test_thread_ids_meet(void **state)
{
	struct store_derived first, reply, other;
	struct arena a;

	(void)state;
	arena_init(&a);
	derive("Message-ID: <a@x>\r\n\r\n", &a, &first);
	derive("References: <r@x>\r\n <a@x>\r\nMessage-ID: <b@x>\r\n"
	       "In-Reply-To: <a@x>\r\n\r\n", &a, &reply);
	derive("Message-ID: <A@x>\r\n\r\n", &a, &other);
	assert_int_equal(reply.n_thread_ids, 4);
	/* its own first */
	assert_true(reply.thread_ids[0] != first.thread_ids[0]);
	assert_true(reply.thread_ids[1] == first.thread_ids[0]);
	assert_true(reply.thread_ids[3] == first.thread_ids[0]);
	assert_true(other.thread_ids[0] != first.thread_ids[0]);
	arena_clear(&a);
}

static void
check_text(const char *got, size_t len, const char *want)
{
	assert_int_equal(len, strlen(want));
	assert_memory_equal(got, want, len);
}

static void
test_texts(void **state)
{
	struct store_derived d;
	struct arena a;

	(void)state;
	arena_init(&a);
	derive("", &a, &d);
	check_text(d.envelope, d.envelope_len, NIL_ENVELOPE);
	derive("From: a@x\r\nSubject: hi\r\n\r\nbody\r\n", &a, &d);
	check_text(d.envelope, d.envelope_len,
	    "(NIL \"hi\" ((NIL NIL \"a\" \"x\")) ((NIL NIL \"a\" \"x\")) "
	    "((NIL NIL \"a\" \"x\")) NIL NIL NIL NIL NIL)");
	check_text(d.structure, d.structure_len,
	    "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 6 1 "
	    "NIL NIL NIL NIL)");
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_len),
		cmocka_unit_test(test_sent_day),
		cmocka_unit_test(test_thread_ids),
		cmocka_unit_test(test_thread_ids_meet),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
