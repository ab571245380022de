/* SPDX-License-Identifier: ISC
 *
 * Each case is a program and its tree, written down again in full; or "!" and
 * the error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

#include "common/buf.h"
#include "common/limits.h"
#include "search/search.h"

static const char *const op_names[] = {
	[SEARCH_ALL] = "all", [SEARCH_AND] = "and", [SEARCH_OR] = "or",
	[SEARCH_SEQ] = "seq", [SEARCH_UID] = "uid", [SEARCH_FLAG] = "flag",
	[SEARCH_RECENT] = "recent", [SEARCH_LARGER] = "larger",
	[SEARCH_SMALLER] = "smaller", [SEARCH_MODSEQ] = "modseq",
	[SEARCH_EMAILID] = "emailid", [SEARCH_THREADID] = "threadid",
	[SEARCH_OLDER] = "older", [SEARCH_YOUNGER] = "younger",
	[SEARCH_BEFORE] = "before", [SEARCH_ON] = "on",
	[SEARCH_SINCE] = "since", [SEARCH_SAVEDBEFORE] = "savedbefore",
	[SEARCH_SAVEDON] = "savedon", [SEARCH_SAVEDSINCE] = "savedsince",
	[SEARCH_SAVEDATE] = "savedate", [SEARCH_SENTBEFORE] = "sentbefore",
	[SEARCH_SENTON] = "senton", [SEARCH_SENTSINCE] = "sentsince",
	[SEARCH_HEADER] = "header", [SEARCH_BODY] = "body",
	[SEARCH_TEXT] = "text",
};

static void
put_keys(struct buf *out, const struct search_key *key)
{
	for (const struct search_key *k = key; k != NULL; k = k->next) {
		buf_printf(out, "%s%s%s", k == key ? "" : " ",
		    k->not ? "!" : "", op_names[k->op]);
		if (k->set.saved)
			buf_puts(out, " $");
		for (size_t i = 0; i < k->set.n; i++)
			buf_printf(out, " %u:%u", k->set.ranges[i].lo,
			    k->set.ranges[i].hi);
		if (k->name != NULL)
			buf_printf(out, " %s", k->name);
		if (k->str != NULL)
			buf_printf(out, " '%s'", k->str);
		if (k->number != 0)
			buf_printf(out, " %llu", (unsigned long long)k->number);
		if (k->day != 0)
			buf_printf(out, " %d", (int)k->day);
		if (k->child != NULL) {
			buf_puts(out, "(");
			put_keys(out, k->child);
			buf_puts(out, ")");
		}
	}
}

static const struct {
	const char *in, *out;
} cases[] = {
	{ "ALL", "all" },
	{ "all unseen", "all !flag \\Seen" },
	{ "ANSWERED DELETED DRAFT FLAGGED SEEN RECENT",
	    "flag \\Answered flag \\Deleted flag \\Draft flag \\Flagged "
	    "flag \\Seen recent" },
	{ "UNANSWERED UNDELETED UNDRAFT UNFLAGGED OLD",
	    "!flag \\Answered !flag \\Deleted !flag \\Draft !flag \\Flagged "
	    "!recent" },
	{ "NEW", "and(recent !flag \\Seen)" },
	{ "NOT NEW", "!and(recent !flag \\Seen)" },
	{ "NOT UNSEEN", "flag \\Seen" },
	{ "NOT NOT NOT SEEN", "!flag \\Seen" },
	{ "KEYWORD $Junk UNKEYWORD foo", "flag $Junk !flag foo" },
	{ "1,3:* UID 7:5 $", "seq 1:1 3:0 uid 7:5 seq $" },
	{ "UID $ NOT $", "uid $ !seq $" },
	{ "* SEEN", "seq 0:0 flag \\Seen" },
	{ "LARGER 9223372036854775807 SMALLER 5",
	    "larger 9223372036854775807 smaller 5" },
	{ "OLDER 60 YOUNGER 4294967295", "older 60 younger 4294967295" },
	{ "BEFORE 1-Feb-1994 ON \"2-Feb-1994\" SINCE 3-Feb-1994",
	    "before 8797 on 8798 since 8799" },
	{ "SENTBEFORE 1-Feb-1994 SENTON 2-Feb-1994 SENTSINCE 3-Feb-1994",
	    "sentbefore 8797 senton 8798 sentsince 8799" },
	{ "SAVEDBEFORE 1-Feb-1994 SAVEDON 2-Feb-1994 SAVEDSINCE 3-Feb-1994 "
	    "SAVEDATESUPPORTED",
	    "savedbefore 8797 savedon 8798 savedsince 8799 savedate" },
	{ "FROM a TO \"b c\" CC {1}\r\nd BCC \"\" SUBJECT x]",
	    "header From 'a' header To 'b c' header Cc 'd' header Bcc '' "
	    "header Subject 'x]'" },
	{ "HEADER X-Foo bar HEADER List-Id \"\"",
	    "header X-Foo 'bar' header List-Id ''" },
	{ "BODY \"\xc3\xa4\" TEXT (x", "!Missing string" },
	{ "BODY \"\xc3\xa4\" TEXT x", "body '\xc3\xa4' text 'x'" },
	{ "MODSEQ 12", "modseq 12 [modseq]" },
	{ "MODSEQ \"/flags/\\\\Seen\" all 12", "modseq 12 [modseq]" },
	{ "MODSEQ \"/flags/x\" PRIV 0", "modseq [modseq]" },
	{ "EMAILID M12-_ THREADID \"T1\"", "emailid M12-_ threadid T1" },
	{ "(SEEN)", "flag \\Seen" },
	{ "NOT (UNSEEN)", "flag \\Seen" },
	{ "(SEEN DRAFT) ALL", "and(flag \\Seen flag \\Draft) all" },
	{ "NOT (SEEN DRAFT)", "!and(flag \\Seen flag \\Draft)" },
	{ "((SEEN) (DRAFT 1))",
	    "and(flag \\Seen and(flag \\Draft seq 1:1))" },
	{ "OR SEEN DRAFT ALL", "or(flag \\Seen flag \\Draft) all" },
	{ "OR SEEN OR DRAFT OR 1 ALL RECENT",
	    "or(flag \\Seen flag \\Draft seq 1:1 all) recent" },
	{ "OR OR 1 2 3", "or(or(seq 1:1 seq 2:2) seq 3:3)" },
	{ "NOT OR 1 2", "!or(seq 1:1 seq 2:2)" },
	{ "OR 1 NOT OR 2 3", "or(seq 1:1 !or(seq 2:2 seq 3:3))" },
	{ "OR (SEEN 1) NOT DRAFT",
	    "or(and(flag \\Seen seq 1:1) !flag \\Draft)" },
	{ "CHARSET UTF-8 SEEN", "UTF-8; flag \\Seen" },
	{ "CHARSET \"KOI8-R\" TEXT x", "KOI8-R; text 'x'" },
	{ "RETURN () ALL", "return 4; all" },
	{ "RETURN (MIN) ALL", "return 1; all" },
	{ "return (min max all count save) CHARSET US-ASCII 1",
	    "return 31; US-ASCII; seq 1:1" },
	{ "RETURN (SAVE) ALL", "return 16; all" },
	{ "RETURN (COUNT COUNT) ALL", "return 8; all" },
	{ "", "!Missing search key" },
	{ "FOO", "!Unknown search key" },
	{ "SEEN ", "!Missing search key" },
	{ "SEEN  ALL", "!Missing search key" },
	{ "SEEN)", "!Unexpected text at the end" },
	{ "(SEEN", "!Missing \")\"" },
	{ "()", "!Missing search key" },
	{ "( SEEN)", "!Missing search key" },
	{ "NOT", "!Missing argument" },
	{ "NOT ", "!Missing search key" },
	{ "OR SEEN", "!Missing argument" },
	{ "OR SEEN ", "!Missing search key" },
	{ "0", "!Number must not begin with 0" },
	{ "UID 0", "!Number must not begin with 0" },
	{ "UID", "!Missing argument" },
	{ "1,", "!Bad message set" },
	{ "LARGER x", "!Missing number" },
	{ "LARGER 9223372036854775808", "!Number too large" },
	{ "OLDER 0", "!Number must not begin with 0" },
	{ "ON yesterday", "!Bad date" },
	{ "ON \"1-Feb-1994", "!Missing \"\"\"" },
	{ "HEADER x", "!Missing argument" },
	{ "MODSEQ \"/vendor/x\" all 1", "!Unknown MODSEQ entry" },
	{ "MODSEQ \"/flags/x\" some 1", "!Unknown MODSEQ entry type" },
	{ "MODSEQ \"/flags/x\" all", "!Missing argument" },
	{ "EMAILID a.b", "!Bad object identifier" },
	{ "EMAILID \"\"", "!Bad object identifier" },
	{ "RETURN ALL", "!Missing \"(\"" },
	{ "RETURN (ALL)", "!Missing argument" },
	{ "RETURN (FOO) ALL", "!Unknown RETURN option" },
	{ "RETURN ( ALL) ALL", "!Unknown RETURN option" },
	{ "CHARSET SEEN", "!Missing argument" },
};

static void
parse_and_write(const char *in, size_t len, struct arena *a, struct buf *out)
{
	struct search_program prog;
	struct imap_parser p;

	buf_reset(out);
	imap_parse_init(&p, in, len, a);
	if (!search_parse(&p, &prog)) {
		assert_non_null(p.error);
		buf_printf(out, "!%s", p.error);
		return;
	}
	assert_null(p.error);
	assert_int_equal(p.depth, 0);
	if (prog.has_return)
		buf_printf(out, "return %u; ", prog.return_opts);
	if (strncasecmp(in, "CHARSET", 7) == 0 ||
	    strcmp(prog.charset, "UTF-8") != 0)
		buf_printf(out, "%s; ", prog.charset);
	put_keys(out, prog.keys);
	if (prog.uses_modseq)
		buf_puts(out, " [modseq]");
}

static void
test_cases(void **state)
{
	struct arena a;
	struct buf out;

	(void)state;
	arena_init(&a);
	buf_init(&out, 10000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse_and_write(cases[i].in, strlen(cases[i].in), &a, &out);
		if (strcmp(buf_cstr(&out), cases[i].out) != 0)
			fail_msg("%s: %s", cases[i].in, buf_cstr(&out));
	}
	buf_clear(&out);
	arena_clear(&a);
}

/* n times a, then b, then n times c. */
static void
nest(struct buf *in, unsigned n, const char *a, const char *b, const char *c)
{
	buf_reset(in);
	for (unsigned i = 0; i < n; i++)
		buf_puts(in, a);
	buf_puts(in, b);
	for (unsigned i = 0; i < n; i++)
		buf_puts(in, c);
}

static const struct {
	const char *a, *b, *c;
	bool limited;
} nested[] = {
	{ "(", "1", ")", true },
	{ "OR ", "1", " 2", true },
	{ "NOT (", "1", ")", true },
	{ "NOT ", "1", "", false },
	{ "OR 1 ", "1", "", false },
	{ "", "1", " 1", false },
};

static void
test_nesting(void **state)
{
	struct search_program prog;
	struct imap_parser p;
	struct arena a;
	struct buf in;

	(void)state;
	arena_init(&a);
	buf_init(&in, 1000000);
	for (size_t i = 0; i < sizeof(nested) / sizeof(nested[0]); i++) {
		nest(&in, LIMIT_NESTING, nested[i].a, nested[i].b, nested[i].c);
		imap_parse_init(&p, in.data, in.len, &a);
		assert_true(search_parse(&p, &prog));
		search_program_order(&prog);
		nest(&in, LIMIT_NESTING + 1, nested[i].a, nested[i].b,
		    nested[i].c);
		imap_parse_init(&p, in.data, in.len, &a);
		assert_int_equal(search_parse(&p, &prog), !nested[i].limited);
		nest(&in, 50000, nested[i].a, nested[i].b, nested[i].c);
		imap_parse_init(&p, in.data, in.len, &a);
		assert_int_equal(search_parse(&p, &prog), !nested[i].limited);
		if (nested[i].limited)
			assert_string_equal(p.error, "Nested too deeply");
		else
			search_program_order(&prog);
	}
	buf_clear(&in);
	arena_clear(&a);
}

static const struct {
	const char *in, *out;
} orders[] = {
	{ "SEEN 1 ALL", "flag \\Seen seq 1:1 all" },
	{ "BODY x FROM y ON 1-Feb-1994 SEEN",
	    "flag \\Seen on 8797 header From 'y' body 'x'" },
	{ "TEXT a SUBJECT b TEXT c SUBJECT d UID 1",
	    "uid 1:1 header Subject 'b' header Subject 'd' text 'a' "
	    "text 'c'" },
	{ "(TEXT x SEEN) LARGER 5 NOT DRAFT",
	    "!flag \\Draft larger 5 and(flag \\Seen text 'x')" },
	{ "OR BODY x SEEN FROM y",
	    "header From 'y' or(flag \\Seen body 'x')" },
	{ "OR FROM x OR TEXT z (ON 1-Feb-1994 SEEN)",
	    "or(and(flag \\Seen on 8797) header From 'x' text 'z')" },
};

static void
test_order(void **state)
{
	struct search_program prog;
	struct imap_parser p;
	struct arena a;
	struct buf out;

	(void)state;
	arena_init(&a);
	buf_init(&out, 10000);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		imap_parse_init(&p, orders[i].in, strlen(orders[i].in), &a);
		assert_true(search_parse(&p, &prog));
		search_program_order(&prog);
		buf_reset(&out);
		put_keys(&out, prog.keys);
		assert_string_equal(buf_cstr(&out), orders[i].out);
	}
	imap_parse_init(&p, "OR SEEN (1 TEXT x)", 18, &a);
	assert_true(search_parse(&p, &prog));
	assert_int_equal(search_key_cost(prog.keys), SEARCH_COST_BODY);
	buf_clear(&out);
	arena_clear(&a);
}

static void
test_what_is_used(void **state)
{
	struct search_program prog;
	struct imap_parser p;
	struct arena a;

	(void)state;
	arena_init(&a);
	imap_parse_init(&p, "OR 1 NOT (UID $)", 16, &a);
	assert_true(search_parse(&p, &prog));
	assert_true(prog.uses_saved);
	assert_false(prog.uses_modseq);
	assert_false(prog.has_return);
	assert_int_equal(prog.return_opts, 0);
	assert_string_equal(prog.charset, "UTF-8");
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_what_is_used),
	};

	return cmocka_run_group_tests_name("search_parse", tests, NULL, NULL);
}
