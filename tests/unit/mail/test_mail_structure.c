/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/limits.h"
#include "mail/mail.h"

#define BYTES(s) ((struct mail_bytes){ (const unsigned char *)(s), strlen(s) })
#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define ASCII "(\"CHARSET\" \"US-ASCII\")"
#define NILS " NIL NIL NIL NIL)"
#define NO_ENV "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"

static const struct {
	const char *what, *message, *want;
} structures[] = {
	{ "empty mail", "",
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 0 0" NILS },
	{ "only an empty line", "\r\n",
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 0 0" NILS },
	{ "no MIME header", "Subject: x\r\n\r\none\r\ntwo\r\n",
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 10 2" NILS },
	{ "header only", "Subject: x\r\n",
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 0 0" NILS },
	{ "no separator", "Subject: x\r\nBody\r\nmore body\r\n",
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 0 0" NILS },
	{ "bare LF and an open last line", "Subject: x\n\none\ntwo",
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 7 2" NILS },
	{ "every field, first one wins",
	    "Content-Type: Image/PNG; name=\"a \\\"b\\\"\\\\\"; X=y\r\n"
	    "Content-Type: text/plain\r\n"
	    "Content-ID: <1@x>\r\n"
	    "Content-Description: some\r\n thing\r\n"
	    "Content-Transfer-Encoding: (c) base64 (d)\r\n"
	    "Content-MD5: abc==\r\n"
	    "Content-Disposition: attachment; filename=f.png; size=3\r\n"
	    "Content-Language: en, de-AT (Austria)\r\n"
	    "Content-Location: http://x/\r\n\r\nxyz",
	    "(\"IMAGE\" \"PNG\" (\"NAME\" \"a \\\"b\\\"\\\\\" \"X\" \"y\") "
	    "\"<1@x>\" \"some thing\" \"BASE64\" 3 \"abc==\" (\"attachment\" "
	    "(\"FILENAME\" \"f.png\" \"SIZE\" \"3\")) (\"en\" \"de-AT\") "
	    "\"http://x/\")" },
	{ "disposition without parameters",
	    "Content-Type: a/b\r\nContent-Disposition: inline\r\n\r\n",
	    "(\"A\" \"B\" NIL NIL NIL \"7BIT\" 0 NIL (\"inline\" NIL) NIL NIL)"
	},
	{ "type that is none", "Content-Type: text\r\n\r\nx\r\n",
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 3 1" NILS },
	{ "empty type", "Content-Type:\r\n\r\n",
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 0 0" NILS },
	{ "comments", "Content-Type: (a(b\\)c)) text (d) / (e) html (f) ; (g) "
	    "charset (h) = (i) utf-8 (j); (k)\r\n\r\n",
	    "(\"TEXT\" \"HTML\" (\"CHARSET\" \"utf-8\") NIL NIL \"7BIT\" 0 0"
	    NILS },
	{ "folded parameters and stray semicolons",
	    "Content-Type: text/plain;;\r\n\tcharset=\r\n utf-8;;x;y=;z"
	    "\r\n\r\n",
	    "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"utf-8\" \"Y\" \"\") NIL NIL "
	    "\"7BIT\" 0 0" NILS },
	{ "charset is added last", "Content-Type: text/plain; a=b\r\n\r\n",
	    "(\"TEXT\" \"PLAIN\" (\"A\" \"b\" \"CHARSET\" \"US-ASCII\") "
	    "NIL NIL \"7BIT\" 0 0" NILS },
	{ "values with blanks and without end",
	    "Content-Type: a/b; name=My File.pdf; c=d e=f; q=\"open\r\n\r\n",
	    "(\"A\" \"B\" (\"NAME\" \"My File.pdf\" \"C\" \"d\" \"E\" \"f\" "
	    "\"Q\" \"open\") NIL NIL \"7BIT\" 0" NILS },
	{ "8-bit and NUL-free literals",
	    "Content-Type: a/b; name=\"\xc3\xa4\"\r\n\r\n",
	    "(\"A\" \"B\" (\"NAME\" {2}\r\n\xc3\xa4) NIL NIL \"7BIT\" 0" NILS },
	{ "continuations", "Content-Type: a/b; n*1=two; n*0=\"one \"; "
	    "u*=utf-8''%e2; e*0*=utf-8''a%20; e*1=\"b c%\"; e*3=lost; k*1=x"
	    "\r\n\r\n",
	    "(\"A\" \"B\" (\"N\" \"one two\" \"U*\" \"utf-8''%e2\" \"E*\" "
	    "\"utf-8''a%20b%20c%25\" \"E*3\" \"lost\" \"K*1\" \"x\") NIL NIL "
	    "\"7BIT\" 0" NILS },
	{ "two parts",
	    "Content-Type: multipart/Mixed; boundary=\"b c\"\r\n\r\npre\r\n"
	    "--b c\r\n\r\none\r\n--b c \r\nContent-Type: text/html\r\n\r\n"
	    "two\r\n\r\n--b c--\r\npost",
	    "((\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 3 1" NILS
	    "(\"TEXT\" \"HTML\" " ASCII " NIL NIL \"7BIT\" 5 1" NILS
	    " \"MIXED\" (\"BOUNDARY\" \"b c\") NIL NIL NIL)" },
	{ "no closing boundary, bare LF",
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n"
	    "Content-Type: a/b\n\ntwo\n",
	    "((\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 3 1" NILS
	    "(\"A\" \"B\" NIL NIL NIL \"7BIT\" 4" NILS
	    " \"MIXED\" (\"BOUNDARY\" \"b\") NIL NIL NIL)" },
	{ "no boundary parameter",
	    "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\none\r\n--b--\r\n",
	    "((\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 0 0" NILS
	    " \"MIXED\" NIL NIL NIL NIL)" },
	{ "no parts",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\ntext\r\n--b--",
	    "((\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 0 0" NILS
	    " \"MIXED\" (\"BOUNDARY\" \"b\") NIL NIL NIL)" },
	{ "empty parts, the last cut in its header",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n"
	    "\r\n--b\r\nContent-Type: a/b\r\n--b\r\nContent-Type: c/d",
	    "((\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 0 0" NILS
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 0 0" NILS
	    "(\"A\" \"B\" NIL NIL NIL \"7BIT\" 0" NILS
	    "(\"C\" \"D\" NIL NIL NIL \"7BIT\" 0" NILS
	    " \"MIXED\" (\"BOUNDARY\" \"b\") NIL NIL NIL)" },
	{ "an outer boundary ends inner parts; the longer one counts",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: multipart/x; boundary=bb\r\n\r\n--bb\r\n\r\none\r\n"
	    "--b\r\n\r\ntwo\r\n--bb\r\nstill two\r\n--b--\r\n",
	    "(((\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 3 1" NILS
	    " \"X\" (\"BOUNDARY\" \"bb\") NIL NIL NIL)"
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 3 1" NILS
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 0 0" NILS
	    " \"MIXED\" (\"BOUNDARY\" \"b\") NIL NIL NIL)" },
	{ "epilogue of an inner multipart",
	    "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"
	    "Content-Type: multipart/x; boundary=z\r\n\r\n--z\r\n\r\none\r\n"
	    "--z--\r\n--z\r\nepilogue\r\n--a\r\n\r\ntwo\r\n--a--",
	    "(((\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 3 1" NILS
	    " \"X\" (\"BOUNDARY\" \"z\") NIL NIL NIL)"
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 3 1" NILS
	    " \"MIXED\" (\"BOUNDARY\" \"a\") NIL NIL NIL)" },
	{ "of equal boundaries the innermost counts",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: multipart/x; boundary=b\r\n\r\n--b\r\n\r\none\r\n"
	    "--b--\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
	    "(((\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 3 1" NILS
	    " \"X\" (\"BOUNDARY\" \"b\") NIL NIL NIL)"
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 3 1" NILS
	    " \"MIXED\" (\"BOUNDARY\" \"b\") NIL NIL NIL)" },
	{ "message within",
	    "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\none\r\n",
	    "(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 20 (NIL \"in\" NIL "
	    "NIL NIL NIL NIL NIL NIL NIL) (\"TEXT\" \"PLAIN\" " ASCII
	    " NIL NIL \"7BIT\" 5 1" NILS " 3" NILS },
	{ "message within, empty", "Content-Type: message/rfc822\r\n",
	    "(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 0 " NO_ENV
	    " (\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 0 0" NILS
	    " 0" NILS },
	{ "digest",
	    "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"
	    "Subject: in\r\n\r\none\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
	    "--b--\r\n",
	    "((\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 18 (NIL \"in\" NIL "
	    "NIL NIL NIL NIL NIL NIL NIL) (\"TEXT\" \"PLAIN\" " ASCII
	    " NIL NIL \"7BIT\" 3 1" NILS " 3" NILS
	    "(\"TEXT\" \"PLAIN\" " ASCII " NIL NIL \"7BIT\" 0 0" NILS
	    " \"DIGEST\" (\"BOUNDARY\" \"b\") NIL NIL NIL)" },
};

static void
test_structures(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(structures); i++) {
		struct mail_part *root;
		struct arena a;
		struct buf b;

		arena_init(&a);
		buf_init(&b, 100000);
		root = mail_parse(BYTES(structures[i].message), &a);
		mail_put_bodystructure(&b, root, true);
		if (strcmp(buf_cstr(&b), structures[i].want) != 0)
			fail_msg("%s:\n%s\n%s", structures[i].what,
			    buf_cstr(&b), structures[i].want);
		buf_clear(&b);
		arena_clear(&a);
	}
}

static void
test_basic_form(void **state)
{
	static const char message[] =
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "Content-Disposition: inline\r\n\r\none\r\n--b--\r\n";
	struct arena a;
	struct buf b;

	(void)state;
	arena_init(&a);
	buf_init(&b, 1000);
	mail_put_bodystructure(&b, mail_parse(BYTES(message), &a), false);
	assert_string_equal(buf_cstr(&b), "((\"TEXT\" \"PLAIN\" " ASCII
	    " NIL NIL \"7BIT\" 3 1) \"MIXED\")");
	buf_clear(&b);
	arena_clear(&a);
}

/* From header to its list of addresses. */
static const struct {
	const char *value, *want;
} addresses[] = {
	{ "", "NIL" },
	{ " , ,, ", "NIL" },
	{ "(nobody)", "NIL" },
	{ "a@b", "((NIL NIL \"a\" \"b\"))" },
	{ "<a@b>", "((NIL NIL \"a\" \"b\"))" },
	{ "a@b (The Name)", "((\"The Name\" NIL \"a\" \"b\"))" },
	{ "<a@b> (The Name)", "((\"The Name\" NIL \"a\" \"b\"))" },
	{ "J. Doe <j@d>", "((\"J. Doe\" NIL \"j\" \"d\"))" },
	{ "Joe (x) \"Q. \\\"P\\\"\" Doe <j@d>",
	    "((\"Joe Q. \\\"P\\\" Doe\" NIL \"j\" \"d\"))" },
	{ "=?utf-8?q?J=C3=B6rg?=\r\n <j@d>",
	    "((\"=?utf-8?q?J=C3=B6rg?=\" NIL \"j\" \"d\"))" },
	{ "J\xc3\xb6rg <j@d>", "(({5}\r\nJ\xc3\xb6rg NIL \"j\" \"d\"))" },
	{ "\"\" <j@d>", "((NIL NIL \"j\" \"d\"))" },
	{ "\"a b\"@c", "((NIL NIL \"a b\" \"c\"))" },
	{ "\"a@b\"@c", "((NIL NIL \"a@b\" \"c\"))" },
	{ "a . b @ c . d", "((NIL NIL \"a.b\" \"c.d\"))" },
	{ "a@[192.0.2.1]", "((NIL NIL \"a\" \"[192.0.2.1]\"))" },
	{ "<@x,@y:a@b>", "((NIL \"@x,@y\" \"a\" \"b\"))" },
	{ "me@work <me@home>", "((\"me@work\" NIL \"me\" \"home\"))" },
	{ "joe", "((NIL NIL \"joe\" \"MISSING_DOMAIN\"))" },
	{ "Joe Doe", "((\"Joe Doe\" NIL \"MISSING_MAILBOX\" "
	    "\"MISSING_DOMAIN\"))" },
	{ "Joe <>", "((\"Joe\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\"))" },
	{ "<joe>", "((NIL NIL \"joe\" \"MISSING_DOMAIN\"))" },
	{ "a@", "((NIL NIL \"a\" \"MISSING_DOMAIN\"))" },
	{ "@b", "((NIL NIL \"MISSING_MAILBOX\" \"b\"))" },
	{ "Joe Doe j@d", "((\"Joe Doe\" NIL \"j\" \"d\"))" },
	{ "j@d Joe Doe", "((NIL NIL \"j\" \"d\"))" },
	{ "a@b, c@d; e@f", "((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")"
	    "(NIL NIL \"e\" \"f\"))" },
	{ "A <a@b> C <c@d>", "((\"A\" NIL \"a\" \"b\")(NIL NIL \"c\" \"d\"))" },
	{ "A <a@b, C <c@d",
	    "((\"A\" NIL \"a\" \"b\")(\"C\" NIL \"c\" \"d\"))" },
	{ "undisclosed-recipients:;",
	    "((NIL NIL \"undisclosed-recipients\" NIL)"
	    "(NIL NIL NIL NIL))" },
	{ "g h: a@b, C <c@d>;, e@f", "((NIL NIL \"g h\" NIL)(NIL NIL \"a\" "
	    "\"b\")(\"C\" NIL \"c\" \"d\")(NIL NIL NIL NIL)(NIL NIL \"e\" "
	    "\"f\"))" },
	{ ": a@b", "((NIL NIL \"\" NIL)(NIL NIL \"a\" \"b\")"
	    "(NIL NIL NIL NIL))" },
	{ "\"open <a@b>", "((NIL NIL \"open <a@b>\" \"MISSING_DOMAIN\"))" },
	{ "a)b>c]d@e", "((NIL NIL \"abcd\" \"e\"))" },
};

static void
test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct mail_part *root;
		struct buf in, want, got;
		struct arena a;

		arena_init(&a);
		buf_init(&in, 1000);
		buf_init(&want, 1000);
		buf_init(&got, 1000);
		buf_printf(&in, "To: %s\r\n", addresses[i].value);
		buf_printf(&want, "(NIL NIL NIL NIL NIL %s NIL NIL NIL NIL)",
		    addresses[i].want);
		root = mail_parse((struct mail_bytes){ in.data, in.len }, &a);
		mail_put_envelope(&got, root->envelope);
		assert_string_equal(buf_cstr(&got), buf_cstr(&want));
		buf_clear(&in);
		buf_clear(&want);
		buf_clear(&got);
		arena_clear(&a);
	}
}

static void
test_envelope(void **state)
{
	static const char message[] =
	    "Date: Tue, 24 Nov 2026\r\n 10:11:12 +0100\r\n"
	    "From: A <a@b>\r\n"
	    "Subject:  say \"x\\y\"\r\n"
	    "subject: second\r\n"
	    "From: c@d\r\n"
	    "Reply-To: r@b\r\n"
	    "To: t@b\r\n"
	    "Bcc: h@b\r\n"
	    "In-Reply-To: <2@b>\r\n"
	    "Message-ID:\r\n <3@b>\r\n"
	    "References: <1@b>\r\n\t<2@b>\r\n\r\n";
	const struct mail_envelope *e;
	struct arena a;
	struct buf b;

	(void)state;
	arena_init(&a);
	buf_init(&b, 1000);
	e = mail_parse(BYTES(message), &a)->envelope;
	mail_put_envelope(&b, e);
	assert_string_equal(buf_cstr(&b),
	    "(\"Tue, 24 Nov 2026 10:11:12 +0100\" \"say \\\"x\\\\y\\\"\" "
	    "((\"A\" NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")) "
	    "((\"A\" NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")) "
	    "((NIL NIL \"r\" \"b\")) ((NIL NIL \"t\" \"b\")) NIL "
	    "((NIL NIL \"h\" \"b\")) \"<2@b>\" \"<3@b>\")");
	assert_string_equal(e->references, "<1@b>\t<2@b>");
	assert_int_equal(e->sent, 1795511472);
	assert_int_equal(e->sent_zone, 60);
	e = mail_parse(BYTES("Subject:\r\nDate: soon\r\n\r\n"), &a)->envelope;
	buf_reset(&b);
	mail_put_envelope(&b, e);
	assert_string_equal(buf_cstr(&b),
	    "(\"soon\" \"\" NIL NIL NIL NIL NIL NIL NIL NIL)");
	assert_true(e->sent == INT64_MIN);
	e = mail_parse((struct mail_bytes){
	    (const unsigned char *)"Subject: a\0b\rc\r\n", 16 }, &a)->envelope;
	assert_string_equal(e->subject, "abc");
	buf_clear(&b);
	arena_clear(&a);
}

static const char nested[] =
    "Subject: outer\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nX: 1\r\n\r\none\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: inner\r\nContent-Type: multipart/x; boundary=c\r\n\r\n"
    "--c\r\nX: 2.1\r\n\r\ntwo one\r\n"
    "--c\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: innermost\r\n\r\nplain\r\n"
    "--c--\r\n"
    "--b--\r\n";
static const char plain[] = "Subject: x\r\n\r\nbody";
static const char forward[] =
    "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntext";

static const struct {
	const char *message;
	uint32_t path[5]; /* ends at 0 */
	enum mail_section_kind kind;
	const char *want; /* NULL: none */
} sections[] = {
	{ plain, { 0 }, MAIL_SECTION_ALL, plain },
	{ plain, { 0 }, MAIL_SECTION_HEADER, "Subject: x\r\n\r\n" },
	{ plain, { 0 }, MAIL_SECTION_FIELDS_NOT, "Subject: x\r\n\r\n" },
	{ plain, { 0 }, MAIL_SECTION_TEXT, "body" },
	{ plain, { 0 }, MAIL_SECTION_MIME, NULL },
	{ plain, { 1 }, MAIL_SECTION_ALL, "body" },
	{ plain, { 1 }, MAIL_SECTION_MIME, "Subject: x\r\n\r\n" },
	{ plain, { 1 }, MAIL_SECTION_HEADER, NULL },
	{ plain, { 2 }, MAIL_SECTION_ALL, NULL },
	{ plain, { 1, 1 }, MAIL_SECTION_ALL, NULL },
	{ forward, { 1 }, MAIL_SECTION_ALL, "Subject: in\r\n\r\ntext" },
	{ forward, { 1 }, MAIL_SECTION_HEADER, "Subject: in\r\n\r\n" },
	{ forward, { 1 }, MAIL_SECTION_TEXT, "text" },
	{ forward, { 1, 1 }, MAIL_SECTION_ALL, "text" },
	{ forward, { 1, 1, 1 }, MAIL_SECTION_ALL, NULL },
	{ nested, { 1 }, MAIL_SECTION_ALL, "one" },
	{ nested, { 1 }, MAIL_SECTION_MIME, "X: 1\r\n\r\n" },
	{ nested, { 1 }, MAIL_SECTION_TEXT, NULL },
	{ nested, { 3 }, MAIL_SECTION_ALL, NULL },
	{ nested, { UINT32_MAX }, MAIL_SECTION_ALL, NULL },
	{ nested, { 2 }, MAIL_SECTION_MIME,
	    "Content-Type: message/rfc822\r\n\r\n" },
	{ nested, { 2 }, MAIL_SECTION_FIELDS,
	    "Subject: inner\r\nContent-Type: multipart/x; boundary=c\r\n\r\n" },
	{ nested, { 2, 1 }, MAIL_SECTION_ALL, "two one" },
	{ nested, { 2, 1 }, MAIL_SECTION_MIME, "X: 2.1\r\n\r\n" },
	{ nested, { 2, 2 }, MAIL_SECTION_ALL,
	    "Subject: innermost\r\n\r\nplain" },
	{ nested, { 2, 2 }, MAIL_SECTION_HEADER, "Subject: innermost\r\n\r\n" },
	{ nested, { 2, 2 }, MAIL_SECTION_TEXT, "plain" },
	{ nested, { 2, 2, 1 }, MAIL_SECTION_ALL, "plain" },
	{ nested, { 2, 2, 2 }, MAIL_SECTION_ALL, NULL },
	{ nested, { 2, 3 }, MAIL_SECTION_ALL, NULL },
};

static void
test_sections(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sections); i++) {
		struct mail_section s = { .kind = sections[i].kind };
		size_t at = 0, end = 0;
		struct mail_part *root;
		struct arena a;
		bool found;

		arena_init(&a);
		root = mail_parse(BYTES(sections[i].message), &a);
		while (sections[i].path[s.depth] != 0) {
			s.path[s.depth] = sections[i].path[s.depth];
			s.depth++;
		}
		found = mail_section_find(root, &s, &at, &end);
		if (found != (sections[i].want != NULL))
			fail_msg("section %zu", i);
		if (found) {
			assert_int_equal(end - at, strlen(sections[i].want));
			assert_memory_equal(sections[i].message + at,
			    sections[i].want, end - at);
		}
		arena_clear(&a);
	}
}

/* Fifty nested multiparts whose boundaries are prefixes of each other, in an
 * order that is not sorted; then a part at every level, outwards. */
static void
test_boundaries_that_start_alike(void **state)
{
	static const char stars[] = "++++++++++++++++++++++++++++++++++++"
	    "++++++++++++++";
	struct mail_part *part;
	struct arena a;
	struct buf in;

	(void)state;
	arena_init(&a);
	buf_init(&in, 1 << 20);
	for (int i = 0; i < 50; i++)
		buf_printf(&in, "Content-Type: multipart/mixed; boundary=%.*s"
		    "\r\n\r\n--%.*s\r\n", i * 7 % 50 + 1, stars,
		    i * 7 % 50 + 1, stars);
	buf_puts(&in, "\r\ninnermost\r\n");
	for (int i = 49; i >= 0; i--)
		buf_printf(&in, "--%.*s\r\n\r\n%d\r\n", i * 7 % 50 + 1, stars,
		    i);
	part = mail_parse((struct mail_bytes){ in.data, in.len }, &a);
	for (int i = 0; i < 50; i++) {
		char text[8];

		assert_string_equal(part->subtype, "MIXED");
		part = part->child;
		assert_non_null(part->next);
		assert_null(part->next->next);
		snprintf(text, sizeof(text), "%d", i);
		assert_memory_equal(in.data + part->next->body_at, text,
		    strlen(text));
	}
	assert_memory_equal(in.data + part->body_at, "innermost", 9);
	buf_clear(&in);
	arena_clear(&a);
}

/* Part 0 is never meant, whatever the message. */
static void
test_part_zero(void **state)
{
	struct mail_section s = { .depth = 1, .kind = MAIL_SECTION_ALL };
	size_t at, end;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_false(mail_section_find(mail_parse(BYTES(nested), &a), &s, &at,
	    &end));
	assert_false(mail_section_find(mail_parse(BYTES(plain), &a), &s, &at,
	    &end));
	arena_clear(&a);
}

static void
test_100000_parts(void **state)
{
	struct mail_part *root, *p, *last = NULL;
	struct buf in, out;
	struct arena a;
	unsigned n = 0;

	(void)state;
	arena_init(&a);
	buf_init(&in, 16 << 20);
	buf_init(&out, 16 << 20);
	buf_puts(&in, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < 100000; i++)
		buf_puts(&in, "--b\r\nContent-Type: text/html\r\n\r\nx\r\n");
	root = mail_parse((struct mail_bytes){ in.data, in.len }, &a);
	for (p = root->child; p != NULL; p = p->next, n++)
		last = p;
	assert_int_equal(n, LIMIT_MIME_PARTS - 1);
	assert_int_equal(last->body_end, in.len);
	mail_put_bodystructure(&out, root, true);
	assert_false(out.overflow);
	buf_clear(&in);
	buf_clear(&out);
	arena_clear(&a);
}

static void
test_10000_deep(void **state)
{
	static const char *const levels[] = {
		"Content-Type: message/rfc822\r\n\r\n",
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
		NULL, /* a boundary of its own for every level */
	};

	(void)state;
	for (size_t k = 0; k < COUNT(levels); k++) {
		struct mail_part *root, *p;
		struct mail_needle *needle;
		struct buf in, out;
		unsigned depth = 1;
		struct arena a;

		arena_init(&a);
		buf_init(&in, 16 << 20);
		buf_init(&out, 16 << 20);
		for (int i = 0; i < 10000; i++) {
			if (levels[k] == NULL)
				buf_printf(&in, "Content-Type: multipart/mixed;"
				    " boundary=b%d\r\n\r\n--b%d\r\n", i, i);
			else
				buf_puts(&in, levels[k]);
		}
		root = mail_parse((struct mail_bytes){ in.data, in.len }, &a);
		for (p = root; p->child != NULL; p = p->child)
			depth++;
		assert_int_equal(depth, LIMIT_MIME_DEPTH);
		assert_string_equal(p->type, "APPLICATION");
		assert_int_equal(root->body_end, in.len);
		mail_put_bodystructure(&out, root, true);
		assert_false(out.overflow);
		needle = mail_needle_new("x", 1, &a);
		mail_find_text((struct mail_bytes){ in.data, in.len }, true,
		    needle);
		buf_clear(&in);
		buf_clear(&out);
		arena_clear(&a);
	}
}

static void
test_limits_of_fields(void **state)
{
	struct mail_addr *p;
	struct mail_part *root;
	struct arena a;
	unsigned n = 0;
	struct buf in;

	(void)state;
	arena_init(&a);
	buf_init(&in, 16 << 20);
	buf_puts(&in, "To: group:");
	for (int i = 0; i < 3000; i++)
		buf_printf(&in, "a%d@b,\r\n ", i);
	buf_puts(&in, "\r\nSubject: ");
	for (int i = 0; i < 100000; i++)
		buf_putc(&in, 'x');
	buf_puts(&in, "\r\nContent-Type: a/b");
	for (int i = 0; i < 3000; i++)
		buf_printf(&in, "; p*%d=%d", i, i);
	buf_puts(&in, "\r\nCc: ");
	for (int i = 0; i < 100000; i++)
		buf_putc(&in, "<(\"@"[i % 4]);
	root = mail_parse((struct mail_bytes){ in.data, in.len }, &a);
	for (p = root->envelope->to; p != NULL; p = p->next) {
		n++;
		if (p->next == NULL)
			assert_null(p->mailbox);
	}
	assert_int_equal(n, LIMIT_ADDRESSES + 1);
	assert_int_equal(strlen(root->envelope->subject), LIMIT_ENVELOPE_TEXT);
	assert_non_null(root->params);
	buf_clear(&in);
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_structures),
		cmocka_unit_test(test_basic_form),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_envelope),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_boundaries_that_start_alike),
		cmocka_unit_test(test_part_zero),
		cmocka_unit_test(test_100000_parts),
		cmocka_unit_test(test_10000_deep),
		cmocka_unit_test(test_limits_of_fields),
	};

	return cmocka_run_group_tests_name("mail_structure", tests, NULL, NULL);
}
