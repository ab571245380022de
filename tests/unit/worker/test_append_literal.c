/* SPDX-License-Identifier: ISC
 *
 * What is done with each literal as it is announced, before the command is whole.
 */
#include "tests/unit/store/store_test.h"

#include <string.h>
#include <sys/resource.h>

#include "append_spool.h"
#include "session.h"
#include "worker.h"

struct fixture {
	struct store_test t;
	struct conf conf;
	struct worker w;
	struct session s;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	store_test_start(&f->t);
	f->conf.message_size = 1000;
	f->w.conf = &f->conf;
	f->w.store = f->t.st;
	f->w.home = f->t.home;
	f->s.worker = &f->w;
	f->s.cmd.tag = "*";
	arena_init(&f->s.cmd.arena);
	imap_framer_init(&f->s.framer, LIMIT_COMMAND_LINE, LIMIT_COMMAND_TOTAL);
	output_init(&f->s.out);
	*state = f;
	return 0;
}

/* As the session does when a command is over. */
static void
start_over(struct fixture *f)
{
	append_spool_free(&f->s.spool);
	f->s.append_at = 0;
	f->s.cmd.tag = "*";
	f->s.cmd.replied = false;
	arena_reset(&f->s.cmd.arena);
	imap_framer_clear(&f->s.framer);
	imap_framer_init(&f->s.framer, LIMIT_COMMAND_LINE, LIMIT_COMMAND_TOTAL);
	buf_reset(&f->s.out.bytes);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	start_over(f);
	arena_clear(&f->s.cmd.arena);
	imap_framer_clear(&f->s.framer);
	output_clear(&f->s.out);
	store_test_end(&f->t);
	free(f);
	return 0;
}

/* Feeds in; what becomes of the literals, a letter each: Keep, Spool, Refused. */
static const char *
feed(struct fixture *f, const char *in, struct arena *a)
{
	struct imap_framer *fr = &f->s.framer;
	const unsigned char *p = (const unsigned char *)in;
	size_t left = strlen(in), used;
	enum imap_frame frame;
	struct buf letters;
	const char *s;

	buf_init(&letters, 100000);
	do {
		frame = imap_framer_feed(fr, p, left, &used);
		p += used;
		left -= used;
		if (frame == IMAP_FRAME_DATA_END)
			append_spool_end(f->s.spool);
		if (frame == IMAP_FRAME_DATA)
			append_spool_put(f->s.spool, fr->data, fr->data_len);
		if (frame != IMAP_FRAME_LITERAL)
			continue;
		switch (append_literal(&f->s)) {
		case APPEND_LITERAL_KEEP:
			buf_putc(&letters, 'K');
			assert_true(imap_framer_keep(fr));
			break;
		case APPEND_LITERAL_SPOOL:
			buf_putc(&letters, 'S');
			imap_framer_extern(fr);
			break;
		case APPEND_LITERAL_REFUSED:
			buf_putc(&letters, 'R');
			imap_framer_refuse(fr);
			break;
		}
	} while (frame == IMAP_FRAME_LITERAL || frame == IMAP_FRAME_DATA ||
	    frame == IMAP_FRAME_DATA_END);
	s = arena_strdup(a, buf_cstr(&letters));
	buf_clear(&letters);
	return s;
}

static const struct {
	const char *in, *letters;
	const char *reply; /* how it starts; "" for none */
} cases[] = {
	{ "a APPEND INBOX {1+}\r\nx\r\n", "S", "" },
	{ "a append inbox (\\Seen k) {1+}\r\nx\r\n", "S", "" },
	{ "a APPEND {5+}\r\nINBOX {1+}\r\nx\r\n", "KS", "" },
	{ "a APPEND INBOX {1+}\r\nx (\\Seen) {1+}\r\ny"
	  " \" 1-Jan-2000 00:00:00 +0000\" {2+}\r\nzz\r\n", "SSS", "" },
	{ "a APPEND INBOX {1+}\r\nx (\\Nonsense) {1+}\r\ny\r\n", "SR", "a BAD " },
	{ "a APPEND INBOX {1+}\r\nx {1+}\r\ny \"1-Jan\" {1+}\r\nz\r\n", "SSR",
	    "a BAD " },
	{ "a APPEND INBOX {1+}\r\nx{1+}\r\ny\r\n", "SR", "a BAD " },
	{ "a APPEND INBOX {1001+}\r\n", "R", "a NO [TOOBIG] " },
	{ "a APPEND INBOX {1+}\r\nx {1001+}\r\n", "SR", "a NO [TOOBIG] " },
	{ "a APPEND none {1+}\r\nx\r\n", "R", "a NO [TRYCREATE] " },
	{ "a APPEND INBOX (\\Seen {1+}\r\nx\r\n", "R", "a BAD " },
	{ "a LOGIN {1+}\r\nx {1+}\r\ny\r\n", "KK", "" },
	{ "a CREATE {1+}\r\nx\r\n", "K", "" },
};

static void
test_cases(void **state)
{
	struct fixture *f = *state;
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *letters = feed(f, cases[i].in, &a);
		const char *reply = buf_cstr(&f->s.out.bytes);
		size_t len = strlen(cases[i].reply);

		if (strcmp(letters, cases[i].letters) != 0)
			fail_msg("%s: %s", cases[i].in, letters);
		if (strncmp(reply, cases[i].reply, len) != 0 ||
		    (len == 0 && *reply != '\0'))
			fail_msg("%s: %s", cases[i].in, reply);
		start_over(f);
	}
	arena_clear(&a);
}

/* The cost of a message does not grow with those before it. */
static void
test_many(void **state)
{
	struct fixture *f = *state;
	struct rusage before, after;
	const unsigned n = 4000;
	const char *letters;
	struct arena a;
	struct buf in;

	arena_init(&a);
	buf_init(&in, MIB);
	buf_puts(&in, "a APPEND INBOX");
	for (unsigned i = 0; i < n; i++)
		buf_puts(&in, " () {1+}\r\nx");
	getrusage(RUSAGE_SELF, &before);
	letters = feed(f, buf_cstr(&in), &a);
	getrusage(RUSAGE_SELF, &after);
	assert_int_equal(strspn(letters, "S"), n);
	assert_int_equal(append_spool_count(f->s.spool), n);
	assert_true(after.ru_maxrss - before.ru_maxrss < 100 * 1024);
	buf_clear(&in);
	arena_clear(&a);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cases),
		TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
