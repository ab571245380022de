/* SPDX-License-Identifier: ISC
 *
 * Each case is one element's text and what came of it, written down as text,
 * followed by "|" and the text that was not eaten; or "!" and the error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/buf.h"
#include "common/imap/parse.h"
#include "common/limits.h"

struct parse_case {
	bool (*run)(struct imap_parser *, struct buf *);
	const char *in;
	size_t in_len;
	const char *out;
};

#define IN(s) s, sizeof(s) - 1

static bool
run_tag(struct imap_parser *p, struct buf *out)
{
	const char *s;

	return imap_parse_tag(p, &s) && buf_puts(out, s);
}

static bool
run_atom(struct imap_parser *p, struct buf *out)
{
	const char *s;

	return imap_parse_atom(p, &s) && buf_puts(out, s);
}

static bool
run_number(struct imap_parser *p, struct buf *out)
{
	uint32_t n;

	return imap_parse_number(p, &n) && buf_put_u64(out, n);
}

static bool
run_nz_number(struct imap_parser *p, struct buf *out)
{
	uint32_t n;

	return imap_parse_nz_number(p, &n) && buf_put_u64(out, n);
}

static bool
run_number64(struct imap_parser *p, struct buf *out)
{
	uint64_t n;

	return imap_parse_number64(p, &n) && buf_put_u64(out, n);
}

static bool
put_str(struct buf *out, const struct imap_str *s)
{
	if (s->external)
		buf_printf(out, "external %u", (unsigned)s->len);
	else if (s->data == NULL)
		buf_puts(out, "NIL");
	else
		buf_printf(out, "%u:%s", (unsigned)s->len, s->data);
	if (s->literal)
		buf_puts(out, " literal");
	return !s->binary || buf_puts(out, "8");
}

static bool
run_string(struct imap_parser *p, struct buf *out)
{
	struct imap_str s;

	return imap_parse_string(p, &s) && put_str(out, &s);
}

static bool
run_astring(struct imap_parser *p, struct buf *out)
{
	struct imap_str s;

	return imap_parse_astring(p, &s) && put_str(out, &s);
}

static bool
run_nstring(struct imap_parser *p, struct buf *out)
{
	struct imap_str s;

	return imap_parse_nstring(p, &s) && put_str(out, &s);
}

static bool
run_mailbox(struct imap_parser *p, struct buf *out)
{
	const char *s;

	return imap_parse_mailbox(p, &s) && buf_puts(out, s);
}

static bool
run_utf8_mailbox(struct imap_parser *p, struct buf *out)
{
	p->utf8 = true;
	return run_mailbox(p, out);
}

static bool
run_list_mailbox(struct imap_parser *p, struct buf *out)
{
	const char *s;

	return imap_parse_list_mailbox(p, &s) && buf_puts(out, s);
}

static bool
run_seqset(struct imap_parser *p, struct buf *out)
{
	struct imap_seqset set;

	if (!imap_parse_seqset(p, &set))
		return false;
	if (set.saved)
		buf_puts(out, "$");
	for (size_t i = 0; i < set.n; i++)
		buf_printf(out, "%s%u:%u", i == 0 ? "" : ",",
		    set.ranges[i].lo, set.ranges[i].hi);
	return true;
}

static bool
run_date(struct imap_parser *p, struct buf *out)
{
	int32_t day;

	return imap_parse_date(p, &day) && buf_printf(out, "%d", (int)day);
}

static bool
run_date_time(struct imap_parser *p, struct buf *out)
{
	int64_t t;
	int16_t zone;

	return imap_parse_date_time(p, &t, &zone) &&
	    buf_printf(out, "%lld %d", (long long)t, zone);
}

static bool
run_flag(struct imap_parser *p, struct buf *out)
{
	const char *s;

	return imap_parse_flag(p, &s) && buf_puts(out, s);
}

static bool
put_flags(const char **flags, struct buf *out)
{
	for (; *flags != NULL; flags++)
		buf_printf(out, "<%s>", *flags);
	return true;
}

static bool
run_flags(struct imap_parser *p, struct buf *out)
{
	const char **flags;

	return imap_parse_flag_list(p, false, &flags) && put_flags(flags, out);
}

static bool
run_bare_flags(struct imap_parser *p, struct buf *out)
{
	const char **flags;

	return imap_parse_flag_list(p, true, &flags) && put_flags(flags, out);
}

static bool
run_body_word(struct imap_parser *p, struct buf *out)
{
	return (imap_parse_word(p, "BODY[") && buf_puts(out, "section")) ||
	    (imap_parse_word(p, "BODY") && buf_puts(out, "body")) ||
	    imap_parse_fail(p, "neither");
}

static const struct parse_case cases[] = {
	{ run_tag, IN("a1 NOOP"), "a1| NOOP" },
	{ run_tag, IN("a]1"), "a]1|" },
	{ run_tag, IN("a+ x"), "a|+ x" },
	{ run_tag, IN("+"), "!Missing tag" },
	{ run_tag, IN(""), "!Missing tag" },
	{ run_tag, IN("\xc3\xa4"), "!Missing tag" },
	{ run_atom, IN("FETCH 1"), "FETCH| 1" },
	{ run_atom, IN("a]"), "a|]" },
	{ run_atom, IN("a\x7f"), "a|\x7f" },
	{ run_atom, IN("(a"), "!Missing atom" },
	{ run_body_word, IN("body[1]"), "section|1]" },
	{ run_body_word, IN("Body)"), "body|)" },
	{ run_body_word, IN("BODY"), "body|" },
	{ run_body_word, IN("BODYS"), "!neither" },
	{ run_body_word, IN("BOD"), "!neither" },
	{ run_number, IN("0"), "0|" },
	{ run_number, IN("007x"), "7|x" },
	{ run_number, IN("4294967295"), "4294967295|" },
	{ run_number, IN("4294967296"), "!Number too large" },
	{ run_number, IN("42949672950"), "!Number too large" },
	{ run_number, IN("99999999999999999999999"), "!Number too large" },
	{ run_number, IN("-1"), "!Missing number" },
	{ run_number, IN(""), "!Missing number" },
	{ run_nz_number, IN("1"), "1|" },
	{ run_nz_number, IN("0"), "!Number must not begin with 0" },
	{ run_nz_number, IN("01"), "!Number must not begin with 0" },
	{ run_number64, IN("9223372036854775807"), "9223372036854775807|" },
	{ run_number64, IN("9223372036854775808"), "!Number too large" },
	{ run_string, IN("\"\" x"), "0:| x" },
	{ run_string, IN("\"a \\\"b\\\\\""), "5:a \"b\\|" },
	{ run_string, IN("\"\xff\""), "1:\xff|" },
	{ run_string, IN("\"a\\b\""), "!Bad escape in quoted string" },
	{ run_string, IN("\"a\\"), "!Bad escape in quoted string" },
	{ run_string, IN("\"a"), "!Missing end of quoted string" },
	{ run_string, IN("\"a\rb\""), "!Bad character in quoted string" },
	{ run_string, IN("\"a\0\""), "!Bad character in quoted string" },
	{ run_string, IN("{3}\r\na\nb c"), "3:a\nb literal| c" },
	{ run_string, IN("{0}\r\n"), "0: literal|" },
	{ run_string, IN("{3}\r\nab"), "!Bad literal" },
	{ run_string, IN("{3}"), "!Bad literal" },
	{ run_string, IN("{3}\nabc"), "!Bad literal" },
	{ run_string, IN("{3\r\nabc"), "!Missing \"}\"" },
	{ run_string, IN("{9223372036854775807}\r\nab"), "!Bad literal" },
	{ run_string, IN("{99999999999999999999}\r\nab"),
	    "!Number too large" },
	{ run_string, IN("{2}\r\na\0"), "!NUL in literal" },
	{ run_string, IN("~{2}\r\na\0)"), "2:a literal8|)" },
	{ run_string, IN("{77}\0)"), "external 77 literal|)" },
	{ run_string, IN("~{77}\0"), "external 77 literal8|" },
	{ run_string, IN("abc"), "!Missing string" },
	{ run_string, IN(""), "!Missing string" },
	{ run_astring, IN("a]b c"), "3:a]b| c" },
	{ run_astring, IN("~"), "1:~|" },
	{ run_astring, IN("~a"), "2:~a|" },
	{ run_astring, IN("\"x\""), "1:x|" },
	{ run_astring, IN("nil"), "3:nil|" },
	{ run_astring, IN("{1}\r\nx"), "1:x literal|" },
	{ run_astring, IN("{1}\0"), "!Literal not possible here" },
	{ run_astring, IN("~{1}\r\nx"), "!Literal not possible here" },
	{ run_astring, IN("*"), "!Missing string" },
	{ run_nstring, IN("NIL)"), "NIL|)" },
	{ run_nstring, IN("nil"), "NIL|" },
	{ run_nstring, IN("NILS"), "!Missing string" },
	{ run_nstring, IN("\"NIL\""), "3:NIL|" },
	{ run_mailbox, IN("inbox"), "INBOX|" },
	{ run_mailbox, IN("\"InBoX\""), "INBOX|" },
	{ run_mailbox, IN("inbox/Sub x"), "INBOX/Sub| x" },
	{ run_mailbox, IN("Inboxes"), "Inboxes|" },
	{ run_mailbox, IN("a/inbox"), "a/inbox|" },
	{ run_mailbox, IN("foo/"), "foo/|" },
	{ run_mailbox, IN("\"\""), "|" },
	{ run_mailbox, IN("Entw&APw-rfe"), "Entw\xc3\xbcrfe|" },
	{ run_mailbox, IN("{5}\r\na &-b"), "a &b|" },
	{ run_mailbox, IN("a&b"), "!Mailbox name is not modified UTF-7" },
	{ run_mailbox, IN("\"\xc3\xbc\""),
	    "!Mailbox name is not modified UTF-7" },
	{ run_mailbox, IN("{3}\r\na\r\n"),
	    "!Mailbox name is not modified UTF-7" },
	{ run_mailbox, IN("&AAo-"), "!Mailbox name has control characters" },
	{ run_mailbox, IN("&AAA-"), "!Mailbox name has control characters" },
	{ run_mailbox, IN("&AIA-"), "!Mailbox name has control characters" },
	{ run_mailbox, IN("a*"), "a|*" },
	{ run_mailbox, IN("{9}\0"), "!Literal not possible here" },
	{ run_utf8_mailbox, IN("\"Entw\xc3\xbcrfe\""), "Entw\xc3\xbcrfe|" },
	{ run_utf8_mailbox, IN("R&D"), "R&D|" },
	{ run_utf8_mailbox, IN("\"\xff\""), "!Quoted string is not UTF-8" },
	{ run_utf8_mailbox, IN("{1}\r\n\xff"), "!Mailbox name is not UTF-8" },
	{ run_utf8_mailbox, IN("{1}\r\n\n"),
	    "!Mailbox name has control characters" },
	{ run_list_mailbox, IN("*"), "*|" },
	{ run_list_mailbox, IN("a/%]* x"), "a/%]*| x" },
	{ run_list_mailbox, IN("\"\""), "|" },
	{ run_list_mailbox, IN("\"&AOQ-*\""), "\xc3\xa4*|" },
	{ run_list_mailbox, IN("(a"), "!Missing string" },
	{ run_seqset, IN("1"), "1:1|" },
	{ run_seqset, IN("1:* x"), "1:0| x" },
	{ run_seqset, IN("*"), "0:0|" },
	{ run_seqset, IN("5:1,*:2,7"), "5:1,0:2,7:7|" },
	{ run_seqset, IN("$ x"), "$| x" },
	{ run_seqset, IN("0"), "!Number must not begin with 0" },
	{ run_seqset, IN("1:0"), "!Number must not begin with 0" },
	{ run_seqset, IN("1,"), "!Bad message set" },
	{ run_seqset, IN("1:"), "!Bad message set" },
	{ run_seqset, IN("1:2:3"), "1:2|:3" },
	{ run_seqset, IN("4294967296"), "!Number too large" },
	{ run_seqset, IN(""), "!Bad message set" },
	{ run_seqset, IN("1,$"), "!Bad message set" },
	{ run_date, IN("1-Feb-1994"), "8797|" },
	{ run_date, IN("\"01-feb-1994\" x"), "8797| x" },
	{ run_date, IN("29-Feb-2000"), "11016|" },
	{ run_date, IN("29-Feb-1900"), "!No such day" },
	{ run_date, IN("0-Jan-2000"), "!No such day" },
	{ run_date, IN("31-Apr-2000"), "!No such day" },
	{ run_date, IN("1-Feb-94"), "!Bad date" },
	{ run_date, IN("1-Foo-1994"), "!Bad date" },
	{ run_date, IN("1-1-1994"), "!Bad date" },
	{ run_date, IN(""), "!Bad date" },
	{ run_date, IN("\"1-Feb-1994"), "!Missing \"\"\"" },
	{ run_date_time, IN("\"17-Jul-1996 02:44:25 -0700\" x"),
	    "837596665 -420| x" },
	{ run_date_time, IN("\" 7-Jul-1996 02:44:25 +0000\""), "836707465 0|" },
	{ run_date_time, IN("\"7-Jul-1996 02:44:25 +0000\""), "836707465 0|" },
	{ run_date_time, IN("\"01-Jan-1970 00:00:00 +0530\""), "-19800 330|" },
	{ run_date_time, IN("\"01-Jan-1970 24:00:00 +0530\""),
	    "!Bad date and time" },
	{ run_date_time, IN("\"01-Jan-1970 00:00:00\""), "!Bad date and time" },
	{ run_date_time, IN("\"01-Jan-1970 00:00:00 +0061\""),
	    "!Bad date and time" },
	{ run_date_time, IN("\"31-Jun-1970 00:00:00 +0000\""), "!No such day" },
	{ run_date_time, IN("1-Jan-1970"), "!Missing \"\"\"" },
	{ run_flag, IN("\\SEEN)"), "\\Seen|)" },
	{ run_flag, IN("\\recent"), "\\recent|" },
	{ run_flag, IN("$Forwarded"), "$Forwarded|" },
	{ run_flag, IN("seen"), "seen|" },
	{ run_flag, IN("\\*"), "!Missing flag" },
	{ run_flag, IN("\\"), "!Missing flag" },
	{ run_flag, IN(""), "!Missing flag" },
	{ run_flags, IN("()"), "|" },
	{ run_flags, IN("(\\seen $a b) x"), "<\\Seen><$a><b>| x" },
	{ run_flags, IN("(1 2 3 4 5 6 7 8 9 0 a b c d e f)"),
	    "<1><2><3><4><5><6><7><8><9><0><a><b><c><d><e><f>|" },
	{ run_flags, IN("(\\seen"), "!Missing \")\"" },
	{ run_flags, IN("(a )"), "!Missing flag" },
	{ run_flags, IN("( a)"), "!Missing flag" },
	{ run_flags, IN("\\seen"), "!Missing \"(\"" },
	{ run_bare_flags, IN("\\seen a"), "<\\Seen><a>|" },
	{ run_bare_flags, IN("()"), "|" },
	{ run_bare_flags, IN(""), "!Missing flag" },
};

static void
test_cases(void **state)
{
	struct imap_parser p;
	struct arena a;
	struct buf out;

	(void)state;
	arena_init(&a);
	buf_init(&out, 10000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&out);
		imap_parse_init(&p, cases[i].in, cases[i].in_len, &a);
		if (cases[i].run(&p, &out)) {
			assert_null(p.error);
			buf_putc(&out, '|');
			buf_put(&out, p.at, (size_t)(p.end - p.at));
		} else {
			assert_non_null(p.error);
			buf_reset(&out);
			buf_printf(&out, "!%s", p.error);
		}
		if (strcmp(buf_cstr(&out), cases[i].out) != 0)
			fail_msg("case %zu: %s: %s", i, cases[i].in,
			    buf_cstr(&out));
	}
	buf_clear(&out);
	arena_clear(&a);
}

static void
test_small_steps(void **state)
{
	struct imap_parser p;
	struct arena a;

	(void)state;
	arena_init(&a);
	imap_parse_init(&p, "( x", 3, &a);
	assert_int_equal(imap_parse_peek(&p), '(');
	assert_false(imap_parse_maybe(&p, ')'));
	assert_null(p.error);
	assert_true(imap_parse_char(&p, '('));
	assert_true(imap_parse_sp(&p));
	assert_false(imap_parse_sp(&p));
	assert_string_equal(p.error, "Missing space between arguments");
	assert_false(imap_parse_end(&p));
	assert_string_equal(p.error, "Missing space between arguments");
	p.at++;
	assert_true(imap_parse_at_end(&p));
	assert_int_equal(imap_parse_peek(&p), -1);
	assert_true(imap_parse_end(&p));
	imap_parse_init(&p, NULL, 0, &a);
	assert_true(imap_parse_end(&p));
	assert_false(imap_parse_sp(&p));
	assert_string_equal(p.error, "Missing argument");
	imap_parse_init(&p, "", 0, &a);
	for (unsigned i = 0; i < LIMIT_NESTING; i++)
		assert_true(imap_parse_enter(&p));
	assert_false(imap_parse_enter(&p));
	assert_non_null(p.error);
	for (unsigned i = 0; i <= LIMIT_NESTING; i++)
		imap_parse_leave(&p);
	assert_int_equal(p.depth, 0);
	arena_clear(&a);
}

static void
test_limits(void **state)
{
	char text[LIMIT_TAG + 1];
	struct imap_parser p;
	struct imap_seqset set;
	const char *tag;
	struct arena a;
	struct buf in;

	(void)state;
	arena_init(&a);
	memset(text, 'x', sizeof(text));
	imap_parse_init(&p, text, LIMIT_TAG, &a);
	assert_true(imap_parse_tag(&p, &tag));
	imap_parse_init(&p, text, LIMIT_TAG + 1, &a);
	assert_false(imap_parse_tag(&p, &tag));
	buf_init(&in, 1000000);
	for (unsigned i = 0; i < LIMIT_SEQSET_RANGES; i++)
		buf_puts(&in, "1,");
	imap_parse_init(&p, in.data, in.len - 1, &a);
	assert_true(imap_parse_seqset(&p, &set));
	assert_int_equal(set.n, LIMIT_SEQSET_RANGES);
	buf_putc(&in, '1');
	imap_parse_init(&p, in.data, in.len, &a);
	assert_false(imap_parse_seqset(&p, &set));
	buf_reset(&in);
	buf_puts(&in, "{5000}\r\n");
	for (unsigned i = 0; i < 5000; i++)
		buf_putc(&in, 'x');
	imap_parse_init(&p, in.data, in.len, &a);
	assert_false(imap_parse_mailbox(&p, &tag));
	assert_string_equal(p.error, "Mailbox name too long");
	buf_clear(&in);
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_small_steps),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
