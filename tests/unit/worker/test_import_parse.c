/* SPDX-License-Identifier: ISC
 *
 * import/: index files, names and mboxes of other servers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "import/import.h"

static uint32_t
uid_of(const struct import_uidlist *u, const char *name)
{
	return import_uidlist_find(u, (const unsigned char *)name,
	    strlen(name));
}

/* In pieces of so many bytes. */
static void
uidlist_read(struct import_uidlist *u, const char *text, size_t piece)
{
	size_t n = strlen(text);

	import_uidlist_init(u);
	for (size_t at = 0; at < n; at += piece)
		import_uidlist_feed(u, (const unsigned char *)text + at,
		    n - at < piece ? n - at : piece);
	import_uidlist_end(u);
}

static void
test_uidlist(void **state)
{
	static const char *const texts[] = {
		"3 V1700000000 N25 G0123abc\n1 :a.M1.host,S=5\n"
		"7 W500 S480 :b\n24 :c d\n",
		"1 1700000000 25\r\n1 a.M1.host:2,S\r\n7 b,S=9\r\n24 c d\r\n",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (size_t piece = 1; piece < 90; piece++) {
			struct import_uidlist u;

			uidlist_read(&u, texts[i], piece);
			assert_true(u.valid);
			assert_int_equal(u.bad, 0);
			assert_int_equal(u.uidvalidity, 1700000000);
			assert_int_equal(u.uidnext, 25);
			assert_int_equal(uid_of(&u, "a.M1.host:2,"), 1);
			assert_int_equal(uid_of(&u, "a.M1.host,S=6,W=7:2,Sa"),
			    1);
			assert_int_equal(uid_of(&u, "b;2,S"), 7);
			assert_int_equal(uid_of(&u, "c d"), 24);
			assert_int_equal(uid_of(&u, "c"), 0);
			assert_int_equal(uid_of(&u, ""), 0);
			import_uidlist_clear(&u);
		}
}

static void
test_uidlist_bad(void **state)
{
	static const struct {
		const char *text;
		bool valid;
		unsigned bad;
		uint32_t uidnext;
	} cases[] = {
		{ "", false, 0, 1 },
		{ "\n", false, 0, 1 },
		{ "2 V5 N6\n", false, 0, 6 },
		{ "3 V0 N6\n1 :a\n", false, 0, 1 },
		{ "3 V4294967295 N6\n", false, 0, 1 },
		{ "3 V99999999999999999999 N6\n", false, 0, 1 },
		{ "3 N6\n", false, 0, 1 },
		{ "1 5\n", false, 0, 1 },
		{ "3 V5 N4294967295\n1 :a\n", false, 0, 1 },
		{ "3 V5 N6\n9 :a\n", true, 0, 10 },
		{ "3 V5\n", true, 0, 1 },
		{ "3 V5 N6\n2 :a\n1 :b\n2 :c\n0 :d\n", true, 3, 6 },
		{ "3 V5 N6\n1 :a\n2 :a,S=1\n", true, 1, 6 },
		{ "3 V5 N6\n4294967295 :a\n4278190080 :b\n", true, 2, 6 },
		{ "3 V5 N6\n1\n2 \n3 :\n4 W5\n:x\nx\n", true, 6, 6 },
		{ "3 V5 N6\n1 :a\n2 :b", true, 1, 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct import_uidlist u;

		uidlist_read(&u, cases[i].text, 7);
		if (u.valid != cases[i].valid || u.bad != cases[i].bad)
			fail_msg("case %zu: valid %d, bad %llu", i, u.valid,
			    (unsigned long long)u.bad);
		if (u.valid)
			assert_int_equal(u.uidnext, cases[i].uidnext);
		import_uidlist_clear(&u);
	}
}

static void
test_uidlist_long(void **state)
{
	static char text[3 * IMPORT_LINE_MAX];
	struct import_uidlist u;
	size_t n;

	(void)state;
	n = (size_t)snprintf(text, sizeof(text), "3 V5 N6\n1 :");
	memset(text + n, 'x', 2 * IMPORT_LINE_MAX);
	memcpy(text + n + 2 * IMPORT_LINE_MAX, "\n2 :b\n", 7);
	for (size_t piece = 1; piece < 20000; piece = piece * 5 + 1) {
		uidlist_read(&u, text, piece);
		assert_int_equal(u.bad, 1);
		assert_int_equal(uid_of(&u, "b"), 2);
		import_uidlist_clear(&u);
	}
}

static void
test_many_names(void **state)
{
	struct import_uidlist u;
	char line[64];

	(void)state;
	import_uidlist_init(&u);
	import_uidlist_feed(&u, (const unsigned char *)"3 V5 N6\n", 8);
	for (unsigned i = 1; i <= 100000; i++) {
		int n = snprintf(line, sizeof(line), "%u :%u.host\n", 2 * i, i);

		import_uidlist_feed(&u, (unsigned char *)line, (size_t)n);
	}
	import_uidlist_end(&u);
	assert_int_equal(u.n, 100000);
	assert_int_equal(u.uidnext, 200001);
	for (unsigned i = 1; i <= 100000; i++) {
		snprintf(line, sizeof(line), "%u.host,S=1:2,S", i);
		assert_int_equal(uid_of(&u, line), 2 * i);
	}
	import_uidlist_clear(&u);
}

static void
test_message_names(void **state)
{
	static const struct {
		const char *name;
		size_t key;
		uint8_t flags;
		uint32_t keywords;
	} cases[] = {
		{ "", 0, 0, 0 },
		{ "a", 1, 0, 0 },
		{ "a:2,", 1, 0, 0 },
		{ "a:2,S", 1, IMPORT_SEEN, 0 },
		{ "a;2,DFRST", 1, 0x1f, 0 },
		{ "a.b,S=3,W=4:2,PSaz", 3, IMPORT_SEEN, 1 | 1u << 25 },
		{ "a:1,S", 1, 0, 0 },
		{ "a:2,S:2,F", 1, IMPORT_FLAGGED, 0 },
		{ "a;b", 3, 0, 0 },
		{ "a\nb:2,R\xff", 3, IMPORT_ANSWERED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct import_maildir_name r;

		import_maildir_name((const unsigned char *)cases[i].name,
		    strlen(cases[i].name), &r);
		if (r.key != cases[i].key || r.flags != cases[i].flags ||
		    r.keywords != cases[i].keywords)
			fail_msg("%s: key %zu, flags %x, keywords %x",
			    cases[i].name, r.key, r.flags,
			    (unsigned)r.keywords);
	}
}

static void
test_folder_names(void **state)
{
	static const struct {
		const char *folder, *prefix, *name;
		char separator;
		bool good;
	} cases[] = {
		{ ".Work", "", "Work", '.', true },
		{ ".Work.2026", "", "Work/2026", '.', true },
		{ "Work.2026", "Old", "Old/Work/2026", '.', true },
		{ ".Gr&APw-n", "", "Gr\xc3\xbcn", '.', true },
		{ ".Gr\xc3\xbcn", "", "Gr\xc3\xbcn", '.', true },
		{ ".A &- B", "", "A & B", '.', true },
		{ ".inbox.x", "", "INBOX/x", '.', true },
		{ "a/b.c", "", "a/b.c", '/', true },
		{ ".bad\xff", "", "bad_", '.', false },
		{ ".a/b", "", "a_b", '.', false },
		{ ".a..b", "", "a/_/b", '.', false },
		{ ".a.", "", "a", '.', false },
		{ ".x\ny", "", "x_y", '.', false },
		{ "./x", "", "_x", '.', false },
		{ "", "", "Imported", '.', false },
		{ "../x", "", "Imported", '/', false },
	};
	struct arena a;
	const char *name;
	char longer[300 * 4];

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool good = import_maildir_mailbox(
		    (const unsigned char *)cases[i].folder,
		    strlen(cases[i].folder), cases[i].separator,
		    cases[i].prefix, &a, &name);

		assert_string_equal(name, cases[i].name);
		assert_int_equal(good, cases[i].good);
	}
	memset(longer, 'x', sizeof(longer));
	assert_false(import_maildir_mailbox((unsigned char *)longer,
	    sizeof(longer), '.', "", &a, &name));
	assert_string_equal(name, "Imported");
	arena_clear(&a);
}

static void
test_keywords(void **state)
{
	static const char text[] = "0 $Forwarded\n1 NonJunk\r\n25 z\n26 no\n"
	    "3 with space\n4 pa(ren\n0 again\n5\n6 \nx y\n7 last";
	const char *names[IMPORT_LETTERS];
	struct arena a;

	(void)state;
	arena_init(&a);
	import_maildir_keywords((const unsigned char *)text, sizeof(text) - 1,
	    &a, names);
	for (unsigned i = 0; i < IMPORT_LETTERS; i++)
		switch (i) {
		case 0: assert_string_equal(names[i], "$Forwarded"); break;
		case 1: assert_string_equal(names[i], "NonJunk"); break;
		case 7: assert_string_equal(names[i], "last"); break;
		case 25: assert_string_equal(names[i], "z"); break;
		default: assert_null(names[i]);
		}
	import_maildir_keywords(NULL, 0, &a, names);
	assert_null(names[0]);
	arena_clear(&a);
}

static void
test_subscriptions(void **state)
{
	static const struct { const char *text, *want; } cases[] = {
		{ "", "" },
		{ "INBOX\nWork.2026\n\nGr&APw-n\n", "INBOX|Work.2026|Gr&APw-n|" },
		{ "V\t2\n\nWork\t2026\nA\001tB\nlast", "Work.2026|A\tB|last|" },
		{ "INBOX.Sent\nINBOX\n", "Sent|INBOX|" },
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char got[256] = "";
		const char *name;
		size_t at = 0, len;

		while (import_maildir_subscription(
		    (const unsigned char *)cases[i].text,
		    strlen(cases[i].text), &at, &a, &name, &len))
			snprintf(got + strlen(got), sizeof(got) - strlen(got),
			    "%.*s|", (int)len, name);
		assert_string_equal(got, cases[i].want);
	}
	arena_clear(&a);
}

/* --- mbox ------------------------------------------------------------------------ */

static char said[65536];

static void
say_bytes(void *ctx, const unsigned char *p, size_t n)
{
	size_t at = strlen(said);

	(void)ctx;
	assert_true(at + n < sizeof(said));
	memcpy(said + at, p, n);
	said[at + n] = '\0';
}

static void
say_message(void *ctx, const struct import_mbox_message *m)
{
	size_t at = strlen(said);

	(void)ctx;
	at += (size_t)snprintf(said + at, sizeof(said) - at,
	    "[%lld %d %x%s%s %u %u %u", (long long)m->date, m->zone, m->flags,
	    m->recent ? " recent" : "", m->internal ? " internal" : "",
	    (unsigned)m->uid, (unsigned)m->uidvalidity, (unsigned)m->uidnext);
	for (size_t i = 0; m->keywords[i] != NULL; i++)
		at += (size_t)snprintf(said + at, sizeof(said) - at, " %s",
		    m->keywords[i]);
	snprintf(said + at, sizeof(said) - at, "]");
}

static void
mbox_read(struct import_mbox *x, const char *text, size_t n, size_t piece)
{
	static const struct import_mbox_events events = { say_bytes,
		say_message, NULL };

	said[0] = '\0';
	import_mbox_init(x, &events);
	for (size_t at = 0; at < n; at += piece)
		import_mbox_feed(x, (const unsigned char *)text + at,
		    n - at < piece ? n - at : piece);
	import_mbox_end(x);
}

#define FROM "From a@b Sat Feb  3 04:05:06 2024\n"

static void
test_mbox(void **state)
{
	static const struct { const char *text, *want; } cases[] = {
		{ "", "" },
		{ FROM, "[1706933106 0 0 recent 0 0 0]" },
		{ FROM "\n", "\n[1706933106 0 0 recent 0 0 0]" },
		{ FROM "S: x\n\ny\n\n" FROM "T: z\n\n\n\n",
		  "S: x\n\ny\n[1706933106 0 0 recent 0 0 0]"
		  "T: z\n\n\n[1706933106 0 0 recent 0 0 0]" },
		{ FROM "S: x\n\nFrom me to you\nFrom a@b Sat Feb  3 04:05:06 "
		  "2024\n>From\n",
		  "S: x\n\nFrom me to you\nFrom a@b Sat Feb  3 04:05:06 "
		  "2024\n>From\n[1706933106 0 0 recent 0 0 0]" },
		{ FROM "Status: RO\nX-Status: ADF\nX-UID: 12\nS: x\n"
		  "X-Keywords: a b\n\tc\nContent-Length: 9\nx-imapbase: 7 20 "
		  "a b\n\nX-UID: 3\n", "S: x\n\nX-UID: 3\n"
		  "[1706933106 0 f 12 7 21 a b]" },
		{ FROM "X-IMAP: 7 20\n\n", "\n"
		  "[1706933106 0 0 recent internal 0 7 21]" },
		{ FROM "X-UID: 4294967295\nX-UID: x\n\n", "\n"
		  "[1706933106 0 0 recent 0 0 0]" },
	};
	struct import_mbox x;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t piece = 1; piece < 200; piece++) {
			mbox_read(&x, cases[i].text, strlen(cases[i].text),
			    piece);
			assert_false(x.not_mbox);
			assert_string_equal(said, cases[i].want);
			import_mbox_clear(&x);
		}
	mbox_read(&x, "Subject: x\n\n" FROM, 45, 4);
	assert_true(x.not_mbox);
	assert_string_equal(said, "");
	import_mbox_clear(&x);
}

static void
test_mbox_long_lines(void **state)
{
	static char text[40000];
	struct import_mbox x;
	size_t n, head;

	(void)state;
	for (size_t len = IMPORT_LINE_MAX - 3; len < IMPORT_LINE_MAX + 4;
	    len++) {
		n = head = (size_t)snprintf(text, sizeof(text), FROM);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "S: ");
		memset(text + n, 'h', len);
		n += len;
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "\nX-Keywords: ");
		memset(text + n, 'k', len);
		n += len;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\n\n");
		memset(text + n, 'b', 2 * len);
		n += 2 * len;
		text[n++] = '\n';
		for (size_t piece = 1; piece < 20000; piece = piece * 7 + 1) {
			mbox_read(&x, text, n, piece);
			/* all but the field of keywords, which are too long */
			assert_int_equal(strcspn(said, "["), 3 + len + 1 + 1 +
			    2 * len + 1);
			assert_non_null(strstr(said, "h\n\nb"));
			assert_non_null(strstr(said, " 0 0 0]"));
			import_mbox_clear(&x);
		}
	}
}

static void
test_mbox_from(void **state)
{
	static const struct {
		const char *line;
		bool good;
		int64_t date;
		int zone;
	} cases[] = {
		{ "From a@b Sat Feb  3 04:05:06 2024", true, 1706933106, 0 },
		{ "From a@b Sat Feb  3 04:05:06 2024 +0130", true, 1706927706,
		  90 },
		{ "From a@b Sat Feb  3 04:05:06 2024 -0800", true, 1706961906,
		  -480 },
		{ "From a@b Sat Feb 3 04:05 2024", true, 1706933100, 0 },
		{ "From a@b Sat Feb  3 04:05:06 CET 2024", true, 1706933106,
		  0 },
		{ "From \"a b\" Sat Feb  3 04:05:06 2024 remote", true,
		  1706933106, 0 },
		{ "From a@b Sat Feb  3 04:05:06 2024 +9999", true, 1706933106,
		  0 },
		{ "From ", false, 0, 0 },
		{ "From a@b", false, 0, 0 },
		{ "From a@b Sat Feb", false, 0, 0 },
		{ "From a@b Sat Foo  3 04:05:06 2024", false, 0, 0 },
		{ "From a@b Sat Feb 33 04:05:06 2024", false, 0, 0 },
		{ "From a@b Sat Feb  3 44:05:06 2024", false, 0, 0 },
		{ "From a@b Sat Feb  3 04:05:06 1924", false, 0, 0 },
		{ "from a@b Sat Feb  3 04:05:06 2024", false, 0, 0 },
	};
	int64_t date;
	int16_t zone;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		date = 0;
		zone = 0;
		if (import_mbox_from(cases[i].line, &date, &zone) !=
		    cases[i].good || (cases[i].good &&
		    (date != cases[i].date || zone != cases[i].zone)))
			fail_msg("%s: %lld %d", cases[i].line,
			    (long long)date, zone);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uidlist),
		cmocka_unit_test(test_uidlist_bad),
		cmocka_unit_test(test_uidlist_long),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_message_names),
		cmocka_unit_test(test_folder_names),
		cmocka_unit_test(test_keywords),
		cmocka_unit_test(test_subscriptions),
		cmocka_unit_test(test_mbox),
		cmocka_unit_test(test_mbox_long_lines),
		cmocka_unit_test(test_mbox_from),
	};

	return cmocka_run_group_tests_name("import_parse", tests, NULL, NULL);
}
