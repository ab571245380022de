/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cmd/fetch_items.h"
#include "common/buf.h"

#define FAST (FETCH_FLAGS | FETCH_INTERNALDATE | FETCH_SIZE)

static const struct {
	const char *in;
	unsigned bits;
	bool seen;
	const char *labels; /* with a space behind each */
} good[] = {
	{ "FLAGS", FETCH_FLAGS, false, "" },
	{ "flags", FETCH_FLAGS, false, "" },
	{ "(FLAGS)", FETCH_FLAGS, false, "" },
	{ "(FLAGS FLAGS)", FETCH_FLAGS, false, "" },
	{ "(UID MODSEQ SAVEDATE EMAILID THREADID)", FETCH_UID | FETCH_MODSEQ |
	    FETCH_SAVEDATE | FETCH_EMAILID | FETCH_THREADID, false, "" },
	{ "FAST", FAST, false, "" },
	{ "all", FAST | FETCH_ENVELOPE, false, "" },
	{ "Full", FAST | FETCH_ENVELOPE | FETCH_BODY, false, "" },
	{ "BODY", FETCH_BODY, false, "" },
	{ "BODYSTRUCTURE", FETCH_BODYSTRUCTURE, false, "" },
	{ "(BODY BODYSTRUCTURE)", FETCH_BODY | FETCH_BODYSTRUCTURE, false, "" },
	{ "RFC822.SIZE", FETCH_SIZE, false, "" },
	{ "RFC822", 0, true, "RFC822 " },
	{ "rfc822.text", 0, true, "RFC822.TEXT " },
	{ "RFC822.HEADER", 0, false, "RFC822.HEADER " },
	{ "(RFC822.HEADER RFC822.SIZE)", FETCH_SIZE, false, "RFC822.HEADER " },
	{ "BODY[]", 0, true, "BODY[] " },
	{ "body[]", 0, true, "BODY[] " },
	{ "BODY.PEEK[]", 0, false, "BODY[] " },
	{ "(BODY.PEEK[] BODY[TEXT])", 0, true, "BODY[] BODY[TEXT] " },
	{ "BODY[1]", 0, true, "BODY[1] " },
	{ "BODY[1.2.30]", 0, true, "BODY[1.2.30] " },
	{ "BODY[4294967295]", 0, true, "BODY[4294967295] " },
	{ "BODY[header]", 0, true, "BODY[HEADER] " },
	{ "BODY[1.HEADER]", 0, true, "BODY[1.HEADER] " },
	{ "BODY[1.TEXT]", 0, true, "BODY[1.TEXT] " },
	{ "BODY[1.2.mime]", 0, true, "BODY[1.2.MIME] " },
	{ "BODY[HEADER.FIELDS (from to)]", 0, true,
	    "BODY[HEADER.FIELDS (FROM TO)] " },
	{ "BODY[HEADER.FIELDS (\"from\")]", 0, true,
	    "BODY[HEADER.FIELDS (FROM)] " },
	{ "BODY[HEADER.FIELDS (\"a b\" \"c\\\"d\")]", 0, true,
	    "BODY[HEADER.FIELDS (\"A B\" \"C\\\"D\")] " },
	{ "BODY[HEADER.FIELDS ({4}\r\nfrom)]", 0, true,
	    "BODY[HEADER.FIELDS (FROM)] " },
	{ "BODY[HEADER.FIELDS (\"\")]", 0, true,
	    "BODY[HEADER.FIELDS (\"\")] " },
	{ "BODY[HEADER.FIELDS (A])]", 0, true, "BODY[HEADER.FIELDS (A])] " },
	{ "BODY.PEEK[3.header.fields.not (X)]<5.6>", 0, false,
	    "BODY[3.HEADER.FIELDS.NOT (X)]<5> " },
	{ "BODY[]<0.1>", 0, true, "BODY[]<0> " },
	{ "BODY[]<4294967295.4294967295>", 0, true, "BODY[]<4294967295> " },
	{ "(UID BODY.PEEK[HEADER] BODY BODY.PEEK[1]<0.9> FLAGS)",
	    FETCH_UID | FETCH_BODY | FETCH_FLAGS, false,
	    "BODY[HEADER] BODY[1]<0> " },
};

static const char *const bad[] = {
	"", " ", "()", "( FLAGS)", "(FLAGS )", "(FLAGS  UID)", "(FLAGS",
	"(FLAGS,UID)", "((FLAGS))", "FLAGS)", "FLAGS UID", "FLAG", "FLAGSX",
	"NONSENSE", "\"FLAGS\"", "(ALL)", "(FAST)", "(FULL)", "(FLAGS ALL)",
	"RFC822.", "RFC822.SIZES", "RFC822[]", "RFC822.PEEK", "BODY.", "BODYX",
	"BODY.PEEK", "BODY.PEEK []", "BODY []", "BODYSTRUCTURE[]",
	"BODY[", "BODY[1", "BODY[1.", "BODY[1.]", "BODY[.1]", "BODY[1..2]",
	"BODY[0]", "BODY[01]", "BODY[1.0]", "BODY[-1]", "BODY[4294967296]",
	"BODY[1 ]",
	"BODY[ ]", "BODY[MIME]", "BODY[1MIME]", "BODY[1.MIME.2]",
	"BODY[TEXT.1]", "BODY[HEADERS]", "BODY[HEADER.]", "BODY[1.NONSENSE]",
	"BODY[]]", "BODY[]x", "BODY[TEXT",
	"BODY[HEADER.FIELDS]", "BODY[HEADER.FIELDS ]", "BODY[HEADER.FIELDS ()]",
	"BODY[HEADER.FIELDS()]", "BODY[HEADER.FIELDS(A)]",
	"BODY[HEADER.FIELDS (A]", "BODY[HEADER.FIELDS (A )]",
	"BODY[HEADER.FIELDS ( A)]", "BODY[HEADER.FIELDS (A) ]",
	"BODY[HEADER.FIELDS (A", "BODY[HEADER.FIELDS ((A))]",
	"BODY[HEADER.FIELDS.NOT]", "BODY[HEADER.FIELDS (\"A)]",
	"BODY[HEADER.FIELDS ({9}\r\nfrom)]", "BODY[HEADER (A)]",
	"BODY[]<", "BODY[]<0", "BODY[]<0>", "BODY[]<0.>", "BODY[]<0.0>",
	"BODY[]<.1>", "BODY[]<-1.1>", "BODY[]<0.1", "BODY[]<0.1.1>",
	"BODY[]<4294967296.1>", "BODY[]<0.4294967296>", "BODY[] <0.1>",
	"BODY<0.1>", "RFC822<0.1>",
};

static bool
parse(const char *text, size_t len, struct arena *a, struct fetch_items *x,
    struct imap_parser *p)
{
	imap_parse_init(p, text, len, a);
	return fetch_items_parse(p, x) && imap_parse_end(p);
}

static void
test_good(void **state)
{
	struct imap_parser p;
	struct fetch_items x;
	struct buf labels;
	struct arena a;

	(void)state;
	arena_init(&a);
	buf_init(&labels, 1000);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!parse(good[i].in, strlen(good[i].in), &a, &x, &p))
			fail_msg("%s: %s", good[i].in, p.error);
		buf_reset(&labels);
		for (const struct fetch_section *s = x.sections; s; s = s->next)
			buf_printf(&labels, "%s ", s->label);
		if (x.bits != good[i].bits ||
		    fetch_items_mark_seen(&x) != good[i].seen ||
		    strcmp(buf_cstr(&labels), good[i].labels) != 0)
			fail_msg("%s: %x %s", good[i].in, x.bits,
			    buf_cstr(&labels));
	}
	buf_clear(&labels);
	arena_clear(&a);
}

static void
test_bad(void **state)
{
	struct imap_parser p;
	struct fetch_items x;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(bad[i], strlen(bad[i]), &a, &x, &p))
			fail_msg("taken: %s", bad[i]);
		assert_non_null(p.error);
	}
	arena_clear(&a);
}

static void
test_what(void **state)
{
	static const char text[] =
	    "(BODY.PEEK[2.3.HEADER.FIELDS.NOT (a B)]<7.8> BODY[])";
	struct imap_parser p;
	struct fetch_items x;
	const struct fetch_section *s;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_true(parse(text, strlen(text), &a, &x, &p));
	s = x.sections;
	assert_int_equal(s->what.kind, MAIL_SECTION_FIELDS_NOT);
	assert_int_equal(s->what.depth, 2);
	assert_int_equal(s->what.path[0], 2);
	assert_int_equal(s->what.path[1], 3);
	assert_string_equal(s->what.fields[0], "A");
	assert_string_equal(s->what.fields[1], "B");
	assert_null(s->what.fields[2]);
	assert_true(s->peek && s->partial);
	assert_int_equal(s->offset, 7);
	assert_int_equal(s->count, 8);
	s = s->next;
	assert_int_equal(s->what.kind, MAIL_SECTION_ALL);
	assert_int_equal(s->what.depth, 0);
	assert_false(s->peek || s->partial);
	assert_null(s->next);
	arena_clear(&a);
}

/* n times `piece` between two texts. */
static bool
parse_many(const char *before, const char *piece, unsigned n, const char *after)
{
	struct imap_parser p;
	struct fetch_items x;
	struct arena a;
	struct buf b;
	bool ok;

	buf_init(&b, 1000000);
	buf_puts(&b, before);
	for (unsigned i = 0; i < n; i++)
		buf_puts(&b, piece);
	buf_puts(&b, after);
	arena_init(&a);
	ok = parse((const char *)b.data, b.len, &a, &x, &p);
	assert_true(ok == (p.error == NULL));
	arena_clear(&a);
	buf_clear(&b);
	return ok;
}

static void
test_limits(void **state)
{
	(void)state;
	assert_true(parse_many("BODY[", "1.", 99, "1]"));
	assert_true(parse_many("BODY[", "1.", 100, "MIME]"));
	assert_false(parse_many("BODY[", "1.", 100, "1]"));
	assert_false(parse_many("BODY[", "1.", 5000, "1]"));
	assert_true(parse_many("BODY[HEADER.FIELDS (", "A ", 999, "A)]"));
	assert_false(parse_many("BODY[HEADER.FIELDS (", "A ", 1000, "A)]"));
	assert_true(parse_many("(", "BODY[] ", FETCH_SECTIONS, "UID)"));
	assert_false(parse_many("(", "BODY[] ", FETCH_SECTIONS + 1, "UID)"));
	assert_false(parse_many("", "(", 5000, ""));
}

/* Good input with bytes taken away, changed and swapped: an answer either way,
 * with an error when refused, and never a look behind the end. */
static void
test_damaged(void **state)
{
	struct imap_parser p;
	struct fetch_items x;
	struct arena a;
	uint32_t seed = 1;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t len = strlen(good[i].in);

		for (unsigned round = 0; round < 300; round++) {
			size_t n = round < len ? round : len;
			/* exactly so long, for the sanitizer */
			char *text = malloc(n + 1);

			memcpy(text, good[i].in, n);
			text = realloc(text, n == 0 ? 1 : n);
			for (unsigned k = 0; n > 0 && round >= len &&
			     k < 1 + round % 3; k++) {
				seed = seed * 1103515245 + 12345;
				text[(seed >> 8) % n] = round % 2 == 0
				    ? (char)(seed >> 16)
				    : "()[]<>. \"{}01*\\"[(seed >> 16) % 15];
			}
			if (parse(text, n, &a, &x, &p) != (p.error == NULL))
				fail_msg("%.*s", (int)n, text);
			free(text);
			arena_reset(&a);
		}
	}
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_what),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
