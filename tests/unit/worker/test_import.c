/* SPDX-License-Identifier: ISC
 *
 * The task import, told item by item what posternctl would send: order, repetition,
 * limits, and items that do not belong there.
 */
#include "tests/unit/store/store_test.h"

#include <stdio.h>
#include <string.h>

#include "common/import_item.h"
#include "common/log.h"
#include "task/task.h"

struct bench {
	struct store_test s;
	struct task t;
	struct buf frame;
	char said[65536], wants[65536];
	bool good;          /* nothing failed */
	enum task_step step;
};

static void
take(struct bench *b)
{
	struct task_frame f;
	struct task_pair pair;
	struct import_item i;
	size_t at = 0, used, n, k;
	uint8_t code;
	bool bad;

	while (task_frame_next(b->t.out.data + at, b->t.out.len - at,
	    TASK_FROM_WORKER, &f, &used) == TASK_FOUND_FRAME) {
		at += used;
		n = strlen(b->said);
		if (f.kind == TASK_PROBLEM)
			snprintf(b->said + n, sizeof(b->said) - n, "%s\n",
			    task_frame_text(&f, &code));
		for (k = 0; f.kind == TASK_ROW && task_frame_pair(&f, &k,
		    &pair);) {
			n = strlen(b->said);
			if (pair.type == 's')
				snprintf(b->said + n, sizeof(b->said) - n,
				    "%s=%s ", pair.name, pair.text);
			else
				snprintf(b->said + n, sizeof(b->said) - n,
				    "%s=%llu ", pair.name,
				    (unsigned long long)pair.number);
		}
		for (k = 0; f.kind == TASK_DATA && import_item_next(f.body,
		    f.len, &k, IMPORT_FROM_WORKER, &i, &bad);)
			for (size_t w = 0; w < i.len / 4; w++) {
				n = strlen(b->wants);
				snprintf(b->wants + n, sizeof(b->wants) - n,
				    "%u ", (unsigned)import_item_wanted(&i, w));
			}
	}
	buf_reset(&b->t.out);
}

static void
turn(struct bench *b)
{
	do {
		b->t.slice_end = INT64_MAX;
		b->step = b->good ? b->t.def->step(&b->t) : TASK_STEP_DONE;
		take(b);
	} while (b->step == TASK_STEP_MORE);
	assert_int_equal(store_flush(b->s.st), STORE_OK);
}

static void
start(struct bench *b, const char *format, bool dry)
{
	const struct task_pair o = { .name = "format", .type = 's',
		.text = format };

	b->t = (struct task){ .def = task_find("import"), .store = b->s.st,
		.dry_run = dry };
	arena_init(&b->t.arena);
	buf_init(&b->t.out, 4 * MIB);
	buf_init(&b->frame, TASK_FRAME_DATA);
	b->said[0] = b->wants[0] = '\0';
	assert_true(b->t.def->option(&b->t, &o));
	b->good = b->t.def->begin(&b->t);
	turn(b);
}

static void
stop(struct bench *b)
{
	b->t.def->free(&b->t);
	arena_clear(&b->t.arena);
	buf_clear(&b->t.out);
	buf_clear(&b->frame);
}

static void
put(struct bench *b, enum import_kind kind, unsigned n, const char *text)
{
	const struct import_item i = { .kind = kind, .code = (uint8_t)n,
		.number = n, .time = 1700000000 + n,
		.text = (const unsigned char *)text, .len = strlen(text) };

	import_item_put(&b->frame, &i);
	assert_false(b->frame.overflow);
}

static void
feed(struct bench *b)
{
	if (b->good)
		b->good = b->t.def->data(&b->t, b->frame.data, b->frame.len);
	buf_reset(&b->frame);
	turn(b);
}

static void
index_file(struct bench *b, const char *name, const char *text)
{
	put(b, IMPORT_INDEX, 0, name);
	put(b, IMPORT_BYTES, 0, text);
	put(b, IMPORT_FILE_END, 0, "");
}

static void
file(struct bench *b, unsigned number, const char *name, const char *text)
{
	put(b, IMPORT_FILE, number, name);
	put(b, IMPORT_BYTES, 0, text);
	put(b, IMPORT_FILE_END, IMPORT_WHOLE, "");
}

static void
says(const struct bench *b, const char *what)
{
	if (strstr(b->said, what) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", what, b->said);
}

/* UID:flags of each message. */
static void
has(struct bench *b, const char *mailbox, const char *want)
{
	struct store_mbox *m = store_test_mbox(&b->s, mailbox);
	const struct store_row *rows;
	char got[4096] = "";
	size_t n;

	rows = store_mbox_rows(m, &n);
	for (size_t i = 0; i < n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got),
		    "%u:%llx ", (unsigned)rows[i].uid,
		    (unsigned long long)store_row_flags(&rows[i]));
	assert_string_equal(got, want);
	store_mbox_unref(&m);
}

static void
small_maildir(struct bench *b)
{
	put(b, IMPORT_FOLDER, 0, ".Work");
	index_file(b, "dovecot-uidlist", "3 V1600000000 N60 G0\n5 :c\n7 :b\n"
	    "50 :a\n");
	index_file(b, "dovecot-keywords", "0 Todo\n2 $Label\n");
	put(b, IMPORT_NAME, IMPORT_CUR, "a:2,Sa");
	put(b, IMPORT_NAME, IMPORT_CUR, "b:2,Fac");
	put(b, IMPORT_NAME, IMPORT_CUR, "c:2,b");
	put(b, IMPORT_NAME, IMPORT_NEW, "unknown");
	put(b, IMPORT_NAMES_END, 0, "");
	feed(b);
}

static void
test_order_and_repetition(void **state)
{
	struct store_append *ap;
	struct store_info info;
	struct bench b;

	(void)state;
	store_test_start(&b.s);
	start(&b, "maildir", false);
	small_maildir(&b);
	assert_int_equal(b.step, TASK_STEP_WAIT);
	assert_string_equal(b.wants, "2 1 0 3 ");
	/* held: nothing else gets in; and there is one import at a time */
	assert_int_equal(store_append_begin(b.s.st, "Work", &ap), STORE_BUSY);
	file(&b, 2, "c:2,b", "S: c\n\nx");
	file(&b, 1, "b:2,Fac", "S: b\r\n\r\ny\n");
	feed(&b);
	stop(&b); /* posternctl has gone */
	has(&b, "Work", "");
	store_test_append(b.s.st, "INBOX", 1, 100, 0);

	start(&b, "maildir", false);
	small_maildir(&b);
	assert_string_equal(b.wants, "2 1 0 3 ");
	file(&b, 2, "c:2,b", "S: c\n\nx");
	file(&b, 1, "b:2,Fac", "S: b\r\n\r\ny\n");
	file(&b, 0, "a:2,Sa", "");
	file(&b, 3, "unknown", "S: u\n\n");
	put(&b, IMPORT_FOLDER_END, 0, "");
	feed(&b);
	says(&b, "mailbox=Work source=.Work imported=4 present=0 left_out=0 "
	    "bytes=28 uids_kept=1 ");
	b.good = b.t.def->data(&b.t, NULL, 0);
	turn(&b);
	assert_true(b.good);
	assert_int_equal(b.step, TASK_STEP_DONE);
	says(&b, "row=total mailboxes=1 imported=4 ");
	stop(&b);
	has(&b, "Work", "5:0 7:64 50:21 51:0 ");
	assert_int_equal(store_stat(b.s.st, "Work", &b.t.arena, &info),
	    STORE_OK);
	assert_int_equal(info.uidvalidity, 1600000000);
	assert_int_equal(info.uidnext, 60);
	arena_clear(&b.t.arena);

	start(&b, "maildir", true);
	small_maildir(&b);
	assert_string_equal(b.wants, "");
	stop(&b);
	start(&b, "maildir", false);
	small_maildir(&b);
	assert_string_equal(b.wants, "3 ");
	stop(&b);
	store_test_append(b.s.st, "Work", 1, 100, 0); /* no longer held */
	store_test_check(&b.s);
	store_test_end(&b.s);
}

static void
test_out_of_order(void **state)
{
	static const struct { enum import_kind kinds[5]; } cases[] = {
		{ { IMPORT_FILE } }, { { IMPORT_NAME } }, { { IMPORT_BYTES } },
		{ { IMPORT_FILE_END } }, { { IMPORT_FOLDER_END } },
		{ { IMPORT_INDEX } }, { { IMPORT_NAMES_END } },
		{ { IMPORT_WANT } },
		{ { IMPORT_FOLDER, IMPORT_FOLDER } },
		{ { IMPORT_FOLDER, IMPORT_FILE } },
		{ { IMPORT_FOLDER, IMPORT_TOTAL } },
		{ { IMPORT_FOLDER, IMPORT_INDEX, IMPORT_NAME } },
		{ { IMPORT_FOLDER, IMPORT_INDEX, IMPORT_INDEX } },
		{ { IMPORT_FOLDER, IMPORT_NAME, IMPORT_INDEX } },
		{ { IMPORT_FOLDER, IMPORT_NAME, IMPORT_NAMES_END,
		    IMPORT_NAME } },
		{ { IMPORT_FOLDER, IMPORT_NAME, IMPORT_NAMES_END,
		    IMPORT_FILE } }, /* before the order was told */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b;

		store_test_start(&b.s);
		start(&b, "maildir", false);
		for (size_t k = 0; k < 5 && cases[i].kinds[k] != 0; k++)
			put(&b, cases[i].kinds[k], 0,
			    cases[i].kinds[k] == IMPORT_NAMES_END ||
			    cases[i].kinds[k] == IMPORT_TOTAL ? "" : "x");
		feed(&b);
		if (b.good)
			fail_msg("case %zu was taken", i);
		stop(&b);
		store_test_check(&b.s);
		store_test_end(&b.s);
	}
}

static void
test_wrong_file(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct bench b;

		store_test_start(&b.s);
		start(&b, "maildir", false);
		small_maildir(&b);
		if (i == 0)
			file(&b, 0, "a:2,Sa", "x"); /* not this one first */
		if (i == 1)
			file(&b, 9, "a:2,Sa", "x");
		if (i == 2)
			put(&b, IMPORT_FOLDER_END, 0, "");
		if (i == 3)
			b.good = b.t.def->data(&b.t, NULL, 0);
		feed(&b);
		assert_false(b.good);
		stop(&b);
		store_test_end(&b.s);
	}
}

static void
test_one_at_a_time(void **state)
{
	struct bench a, b;

	(void)state;
	store_test_start(&a.s);
	b.s = a.s;
	start(&a, "maildir", false);
	start(&b, "mbox", false);
	assert_false(b.good);
	assert_non_null(strstr(b.t.text, "another import"));
	stop(&b);
	start(&b, "mbox", false);
	assert_false(b.good);
	stop(&b);
	stop(&a);
	start(&b, "mbox", false);
	assert_true(b.good);
	stop(&b);
	store_test_end(&a.s);
}

static void
test_quota(void **state)
{
	struct bench b;

	(void)state;
	store_test_start(&b.s);
	store_close(&b.s.st);
	b.s.o.quota_messages = 2;
	store_test_open(&b.s);
	start(&b, "maildir", false);
	small_maildir(&b);
	file(&b, 2, "c:2,b", "S: c\n\nx");
	file(&b, 1, "b:2,Fac", "S: b\r\n\r\ny\n");
	file(&b, 0, "a:2,Sa", "");
	file(&b, 3, "unknown", "S: u\n\n");
	put(&b, IMPORT_FOLDER_END, 0, "");
	feed(&b);
	assert_false(b.good);
	assert_non_null(strstr(b.t.text, "quota"));
	stop(&b);
	has(&b, "Work", "5:0 7:64 ");
	store_test_check(&b.s);
	store_test_end(&b.s);
}

/* One that vanished, and one that is larger than may be sent. */
static void
test_files_that_do_not_come(void **state)
{
	struct bench b;

	(void)state;
	store_test_start(&b.s);
	start(&b, "maildir", false);
	small_maildir(&b);
	file(&b, 2, "c:2,b", "S: c\n\nx");
	put(&b, IMPORT_FILE, 1, "b:2,Fac");
	put(&b, IMPORT_BYTES, 0, "half of it");
	put(&b, IMPORT_FILE_END, IMPORT_GONE, "");
	put(&b, IMPORT_FILE, 0, "a:2,Sa");
	put(&b, IMPORT_FILE_END, IMPORT_LARGE, "");
	file(&b, 3, "unknown", "S: u\n\n");
	put(&b, IMPORT_FOLDER_END, 0, "");
	feed(&b);
	assert_true(b.good);
	says(&b, "b:2,Fac: could not be read");
	says(&b, "a:2,Sa: larger than message-size");
	says(&b, "imported=2 present=0 left_out=2 bytes=17 ");
	stop(&b);
	has(&b, "Work", "5:0 6:0 ");
	store_test_check(&b.s);
	store_test_end(&b.s);
}

static void
test_keywords_beyond_the_limit(void **state)
{
	char text[8192], name[32];
	struct bench b;

	(void)state;
	store_test_start(&b.s);
	start(&b, "mbox", false);
	put(&b, IMPORT_FOLDER, 0, "box");
	put(&b, IMPORT_FILE, 0, "box");
	snprintf(text, sizeof(text), "From a Sat Feb  3 04:05:06 2024\n"
	    "X-Keywords:");
	for (int i = 0; i < LIMIT_KEYWORDS + 3; i++) {
		snprintf(name, sizeof(name), " key%d", i);
		strncat(text, name, sizeof(text) - strlen(text) - 1);
	}
	strncat(text, "\n\nbody\n", sizeof(text) - strlen(text) - 1);
	put(&b, IMPORT_BYTES, 0, text);
	put(&b, IMPORT_FILE_END, 0, "");
	put(&b, IMPORT_FOLDER_END, 0, "");
	feed(&b);
	assert_true(b.good);
	says(&b, "keyword key48 is left out");
	stop(&b);
	has(&b, "box", "1:1fffffffffffe0 ");
	store_test_check(&b.s);
	store_test_end(&b.s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_repetition),
		cmocka_unit_test(test_out_of_order),
		cmocka_unit_test(test_wrong_file),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_files_that_do_not_come),
		cmocka_unit_test(test_keywords_beyond_the_limit),
	};

	log_init("test_import", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
