/* SPDX-License-Identifier: ISC
 *
 * Messages in mailboxes: append, flags, expunge, copy, reading.
 */
#include "store_test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct seen {
	struct store_watch w; /* first */
	uint32_t first, last;
	uint64_t changed, expunged;
};

static void
on_added(struct store_watch *w, uint32_t first, uint32_t last)
{
	struct seen *s = (struct seen *)w;

	s->first = first;
	s->last = last;
}

static void
on_changed(struct store_watch *w, const roaring_bitmap_t *uids)
{
	((struct seen *)w)->changed += roaring_bitmap_get_cardinality(uids);
}

static void
on_expunged(struct store_watch *w, const roaring_bitmap_t *uids)
{
	((struct seen *)w)->expunged += roaring_bitmap_get_cardinality(uids);
}

static void
test_append(void **state)
{
	static const struct { unsigned n; size_t size; } cases[] = {
		{ 1, 0 }, { 1, 100 }, { 39, 50 }, { 1, 5000 }, { 2, 60 },
		{ 85, 200 }, { 1, 300000 },
	};
	struct seen s = { .w = { .added = on_added } };
	struct store_test t;
	struct store_mbox *m;
	uint32_t next = 1;
	size_t n;

	(void)state;
	store_test_start(&t);
	m = store_test_mbox(&t, "INBOX");
	store_mbox_watch(m, &s.w);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t first = store_test_append(t.st, "INBOX", cases[i].n,
		    cases[i].size, i % 2 ? STORE_SEEN : 0);

		assert_int_equal(first, next);
		next += cases[i].n;
		assert_int_equal(s.first, first);
		assert_int_equal(s.last, next - 1);
		store_test_check(&t);
	}
	assert_true(store_dirty(t.st));
	assert_int_equal(store_flush(t.st), STORE_OK);
	assert_false(store_dirty(t.st));
	store_mbox_rows(m, &n);
	assert_int_equal(n, next - 1);
	assert_int_equal(store_mbox_info(m)->uidnext, next);
	assert_int_equal(store_mbox_info(m)->unseen, 1 + 39 + 2 + 1);
	store_mbox_unref(&m);
	store_test_reopen(&t);
	store_test_check(&t);
	m = store_test_mbox(&t, "INBOX");
	store_mbox_rows(m, &n);
	assert_int_equal(n, next - 1);
	store_mbox_unref(&m);
	store_test_end(&t);
}

static void
test_append_abort(void **state)
{
	struct store_test t;
	struct store_append *ap;
	const unsigned char text[] = "x";
	const char *const keywords[] = { "$one", "Two", NULL };
	struct store_new_message msg = { .data = text, .len = 1,
		.keywords = keywords };
	struct store_mbox *m;
	uint32_t validity, first;
	unsigned n;

	(void)state;
	store_test_start(&t);
	m = store_test_mbox(&t, "INBOX");
	assert_int_equal(store_append_begin(t.st, "none", &ap),
	    STORE_NOT_FOUND);
	assert_int_equal(store_append_begin(t.st, "INBOX", &ap), STORE_OK);
	assert_int_equal(store_append_add(ap, &msg), STORE_OK);
	store_append_abort(&ap);
	assert_null(ap);
	store_mbox_keywords(m, &n);
	assert_int_equal(n, 0);
	store_test_check(&t);
	assert_int_equal(store_append_begin(t.st, "INBOX", &ap), STORE_OK);
	assert_int_equal(store_append_commit(&ap, &validity, &first), STORE_OK);
	assert_int_equal(first, 1);
	assert_int_equal(store_append_begin(t.st, "INBOX", &ap), STORE_OK);
	assert_int_equal(store_append_add(ap, &msg), STORE_OK);
	assert_int_equal(store_append_commit(&ap, &validity, &first), STORE_OK);
	assert_int_equal(first, 1);
	assert_string_equal(store_mbox_keywords(m, &n)[1], "Two");
	assert_int_equal(store_row_flags(store_mbox_rows(m, &(size_t){ 0 })),
	    store_mbox_keyword(m, "$ONE") | store_mbox_keyword(m, "two"));
	store_test_check(&t);
	store_mbox_unref(&m);
	store_test_reopen(&t);
	m = store_test_mbox(&t, "INBOX");
	assert_int_not_equal(store_mbox_keyword(m, "two"), 0);
	store_mbox_unref(&m);
	store_test_check(&t);
	store_test_end(&t);
}

static void
test_limits(void **state)
{
	struct store_test t;
	struct store_append *ap;
	unsigned char text[200] = { 0 };
	struct store_new_message msg = { .data = text, .len = 200 };
	struct store_mbox *m;
	roaring_bitmap_t *all = store_test_range(1, UINT32_MAX);
	uint32_t v, first;
	uint64_t mask;
	char name[32];

	(void)state;
	store_test_start(&t);
	store_close(&t.st);
	t.o.quota_bytes = 500;
	t.o.message_max = 200;
	store_test_open(&t);
	assert_int_equal(store_append_begin(t.st, "INBOX", &ap), STORE_OK);
	msg.len = 201;
	assert_int_equal(store_append_add(ap, &msg), STORE_TOO_BIG);
	msg.len = 200;
	assert_int_equal(store_append_add(ap, &msg), STORE_OK);
	assert_int_equal(store_append_add(ap, &msg), STORE_OK);
	assert_int_equal(store_append_add(ap, &msg), STORE_OVERQUOTA);
	assert_int_equal(store_append_commit(&ap, &v, &first), STORE_OK);
	m = store_test_mbox(&t, "INBOX");
	assert_int_equal(store_copy(m, all, "Sent", false, NULL, &v, &first),
	    STORE_OVERQUOTA);
	assert_int_equal(store_copy(m, all, "Sent", true, NULL, &v, &first),
	    STORE_OK);
	for (unsigned i = 0; i < LIMIT_KEYWORDS; i++) {
		snprintf(name, sizeof(name), "k%u", i);
		assert_int_equal(store_mbox_keyword_add(m, name, &mask),
		    STORE_OK);
	}
	assert_int_equal(store_mbox_keyword_add(m, "K7", &mask), STORE_OK);
	assert_int_equal(store_mbox_keyword_add(m, "more", &mask), STORE_LIMIT);
	store_test_check(&t);
	store_mbox_unref(&m);
	roaring_bitmap_free(all);
	store_test_end(&t);
}

static void
test_flags(void **state)
{
	struct seen s = { .w = { .changed = on_changed } };
	roaring_bitmap_t *all = store_test_range(1, UINT32_MAX);
	roaring_bitmap_t *some = store_test_range(30, 90);
	roaring_bitmap_t *changed = roaring_bitmap_create();
	roaring_bitmap_t *modified = roaring_bitmap_create();
	const struct store_row *rows;
	struct store_test t;
	struct store_mbox *m;
	uint64_t mask, modseq;
	size_t n;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 200, 100, 0);
	m = store_test_mbox(&t, "INBOX");
	store_mbox_watch(m, &s.w);
	assert_int_equal(store_mbox_keyword_add(m, "$Junk", &mask), STORE_OK);
	modseq = store_mbox_info(m)->highestmodseq;
	assert_int_equal(store_flags_update(m, some, STORE_FLAGS_ADD,
	    STORE_SEEN | mask, UINT64_MAX, changed, modified), STORE_OK);
	assert_true(roaring_bitmap_equals(some, changed));
	assert_true(roaring_bitmap_is_empty(modified));
	assert_int_equal(s.changed, 61);
	assert_true(store_mbox_info(m)->highestmodseq > modseq);
	assert_int_equal(store_mbox_info(m)->unseen, 139);
	store_test_check(&t);

	/* nothing changes: no new modseq */
	modseq = store_mbox_info(m)->highestmodseq;
	assert_int_equal(store_flags_update(m, some, STORE_FLAGS_ADD,
	    STORE_SEEN, UINT64_MAX, NULL, NULL), STORE_OK);
	assert_int_equal(store_mbox_info(m)->highestmodseq, modseq);

	/* UNCHANGEDSINCE refuses those just changed */
	roaring_bitmap_clear(changed);
	assert_int_equal(store_flags_update(m, all, STORE_FLAGS_SET,
	    STORE_DELETED, modseq - 1, changed, modified), STORE_OK);
	assert_true(roaring_bitmap_equals(some, modified));
	assert_int_equal(roaring_bitmap_get_cardinality(changed), 139);
	assert_int_equal(store_mbox_info(m)->deleted, 139);
	store_test_check(&t);
	store_mbox_unref(&m);
	store_test_reopen(&t);
	m = store_test_mbox(&t, "INBOX");
	rows = store_mbox_rows(m, &n);
	assert_int_equal(store_row_flags(&rows[28]), STORE_DELETED);
	assert_int_equal(store_row_flags(&rows[29]), STORE_SEEN | mask);
	store_test_check(&t);
	store_mbox_unref(&m);
	roaring_bitmap_free(all);
	roaring_bitmap_free(some);
	roaring_bitmap_free(changed);
	roaring_bitmap_free(modified);
	store_test_end(&t);
}

/* By turns: few at random, a chunk, one, many at random. */
static void
expunge_pattern(roaring_bitmap_t *set, unsigned round, uint64_t *random)
{
	bool in;

	for (uint32_t uid = 1; uid <= 600; uid++) {
		*random = *random * 6364136223846793005u +
		    1442695040888963407u;
		switch (round % 4) {
		case 0:
			in = (*random >> 40) % 60 == 0;
			break;
		case 1:
			in = uid / 41 == round % 15;
			break;
		case 2:
			in = uid == round * 9 % 500;
			break;
		default:
			in = (*random >> 40) % 12 == 0;
			break;
		}
		if (in)
			roaring_bitmap_add(set, uid);
	}
}

/* Expunges by many patterns, against a plain model. */
static void
test_expunge(void **state)
{
	struct seen s = { .w = { .expunged = on_expunged } };
	roaring_bitmap_t *model, *all_gone = roaring_bitmap_create();
	struct store_test t;
	struct store_mbox *m;
	const struct store_row *rows;
	uint64_t start, state_r = 42;
	bool complete;
	size_t n;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 500, 30, 0);
	m = store_test_mbox(&t, "INBOX");
	store_mbox_watch(m, &s.w);
	start = store_mbox_info(m)->highestmodseq;
	model = store_test_range(1, 500);
	for (unsigned round = 0; round < 60; round++) {
		roaring_bitmap_t *set = roaring_bitmap_create();
		roaring_bitmap_t *gone = roaring_bitmap_create();
		roaring_uint32_iterator_t it;

		expunge_pattern(set, round, &state_r);
		assert_int_equal(store_expunge(m, set, gone), STORE_OK);
		roaring_bitmap_and_inplace(set, model);
		assert_true(roaring_bitmap_equals(set, gone));
		roaring_bitmap_andnot_inplace(model, gone);
		roaring_bitmap_or_inplace(all_gone, gone);
		roaring_init_iterator(model, &it);
		rows = store_mbox_rows(m, &n);
		assert_int_equal(n, roaring_bitmap_get_cardinality(model));
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(rows[i].uid, it.current_value);
			roaring_advance_uint32_iterator(&it);
		}
		roaring_bitmap_free(set);
		roaring_bitmap_free(gone);
		if (round % 8 == 0)
			store_test_append(t.st, "INBOX", 0, 1, 0);
		store_test_check(&t);
	}
	assert_int_equal(s.expunged, roaring_bitmap_get_cardinality(all_gone));
	store_mbox_unref(&m);
	store_test_reopen(&t);
	store_test_check(&t);
	m = store_test_mbox(&t, "INBOX");
	roaring_bitmap_clear(model);
	assert_int_equal(store_vanished(m, start, model, &complete), STORE_OK);
	assert_true(complete);
	assert_true(roaring_bitmap_equals(model, all_gone));
	store_mbox_unref(&m);
	roaring_bitmap_free(model);
	roaring_bitmap_free(all_gone);
	store_test_end(&t);
}

static void
test_copy(void **state)
{
	roaring_bitmap_t *some = store_test_range(10, 99);
	roaring_bitmap_t *copied = roaring_bitmap_create();
	struct store_test t;
	struct store_mbox *m, *to;
	uint32_t v, first;
	uint64_t mask;
	size_t n;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 150, 30, STORE_FLAGGED);
	store_test_append(t.st, "Sent", 5, 30, 0);
	m = store_test_mbox(&t, "INBOX");
	assert_int_equal(store_mbox_keyword_add(m, "one", &mask), STORE_OK);
	assert_int_equal(store_mbox_keyword_add(m, "two", &mask), STORE_OK);
	assert_int_equal(store_flags_update(m, some, STORE_FLAGS_ADD, mask,
	    UINT64_MAX, NULL, NULL), STORE_OK);
	assert_int_equal(store_copy(m, some, "none", false, copied, &v, &first),
	    STORE_NOT_FOUND);
	assert_int_equal(store_copy(m, some, "Sent", false, copied, &v, &first),
	    STORE_OK);
	assert_true(roaring_bitmap_equals(some, copied));
	assert_int_equal(first, 6);
	to = store_test_mbox(&t, "Sent");
	assert_int_equal(store_row_flags(&store_mbox_rows(to, &n)[5]),
	    STORE_FLAGGED | store_mbox_keyword(to, "two"));
	assert_int_equal(store_mbox_keyword(to, "one"), 0);
	store_test_check(&t);
	/* moves: to another, and within one mailbox */
	assert_int_equal(store_copy(m, some, "Sent", true, copied, &v, &first),
	    STORE_OK);
	assert_int_equal(store_mbox_info(m)->messages, 60);
	assert_int_equal(store_mbox_info(to)->messages, 185);
	store_test_check(&t);
	assert_int_equal(store_copy(to, some, "Sent", true, NULL, &v, &first),
	    STORE_OK);
	assert_int_equal(first, 186);
	assert_int_equal(store_mbox_info(to)->messages, 185);
	store_test_check(&t);
	/* nothing there any more */
	roaring_bitmap_clear(copied);
	assert_int_equal(store_copy(m, some, "Sent", true, copied, &v, &first),
	    STORE_OK);
	assert_true(roaring_bitmap_is_empty(copied));
	store_mbox_unref(&m);
	store_mbox_unref(&to);
	store_test_reopen(&t);
	store_test_check(&t);
	roaring_bitmap_free(some);
	roaring_bitmap_free(copied);
	store_test_end(&t);
}

static void
read_one(struct store_reader *r, uint32_t uid, size_t size, unsigned i)
{
	unsigned char *want = malloc(size + 1), *got = malloc(size + 1);
	const unsigned char *data;
	struct store_message msg;
	uint64_t at;
	int fd;

	store_test_message(want, size, i);
	assert_int_equal(store_reader_get(r, uid,
	    STORE_WANT_BLOB | STORE_WANT_TEXT, &msg), STORE_OK);
	assert_int_equal(msg.uid, uid);
	assert_int_equal(msg.size, size);
	assert_int_equal(msg.internaldate, 1700000000 + i);
	assert_int_equal(msg.zone, 60);
	assert_int_equal(msg.envelope_len, 10 + (size_t)want[0] * 20);
	for (size_t k = 0; k < msg.envelope_len; k++)
		assert_int_equal(msg.envelope[k], 'e');
	assert_int_equal(msg.structure_len, 16);
	assert_memory_equal(msg.structure, "(\"TEXT\" \"PLAIN\")", 16);
	assert_int_equal(store_reader_bytes(r, &msg, &data), STORE_OK);
	assert_memory_equal(data, want, size);
	assert_int_equal(store_reader_file(r, &msg, msg.size, &fd, &at), STORE_OK);
	assert_int_equal(pread(fd, got, size, (off_t)at), size);
	assert_memory_equal(got, want, size);
	close(fd);
	free(want);
	free(got);
}

static void
test_reader(void **state)
{
	struct store_test t;
	struct store_mbox *m;
	struct store_reader *r;
	struct store_message msg;
	roaring_bitmap_t *some = roaring_bitmap_create();

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 400, 700, 0);
	m = store_test_mbox(&t, "INBOX");
	r = store_reader_new(m);
	for (uint32_t uid = 1; uid <= 400; uid++)
		read_one(r, uid, 700, uid - 1);
	for (uint32_t uid = 400; uid > 3; uid -= 3)
		read_one(r, uid, 700, uid - 1);
	assert_int_equal(store_reader_get(r, 401, 0, &msg), STORE_GONE);
	/* rows move under the reader */
	for (uint32_t uid = 2; uid < 350; uid += uid % 5 + 1)
		roaring_bitmap_add(some, uid);
	for (uint32_t uid = 1; uid <= 20; uid++)
		read_one(r, uid, 700, uid - 1);
	assert_int_equal(store_expunge(m, some, NULL), STORE_OK);
	for (uint32_t uid = 1; uid <= 400; uid++) {
		if (roaring_bitmap_contains(some, uid))
			assert_int_equal(store_reader_get(r, uid, 0, &msg),
			    STORE_GONE);
		else
			read_one(r, uid, 700, uid - 1);
	}
	store_test_append(t.st, "INBOX", 3, 700, 0);
	store_idle(t.st);
	read_one(r, 402, 700, 1);
	store_reader_free(&r);
	store_mbox_unref(&m);
	roaring_bitmap_free(some);
	store_test_check(&t);
	store_test_end(&t);
}

static uint32_t
first_unseen(struct store_test *t)
{
	struct store_mbox *m;
	uint32_t number;

	assert_int_equal(store_mbox_open(t->st, "INBOX", &m), STORE_OK);
	assert_int_equal(store_mbox_first_unseen(m, &number), STORE_OK);
	store_mbox_unref(&m);
	return number;
}

static void
unsee(struct store_test *t, uint32_t uid)
{
	struct store_mbox *m = store_test_mbox(t, "INBOX");
	roaring_bitmap_t *one = store_test_range(uid, uid);

	assert_int_equal(store_flags_update(m, one, STORE_FLAGS_REMOVE,
	    STORE_SEEN, UINT64_MAX, NULL, NULL), STORE_OK);
	roaring_bitmap_free(one);
	store_mbox_unref(&m);
}

/* From the front, from the end, and in the middle, where all rows are read;
 * each time with the rows not in memory before. */
static void
test_first_unseen(void **state)
{
	static const uint32_t uids[] = { 1977, 1300, 2, 1 };
	struct store_test t;

	(void)state;
	store_test_start(&t);
	assert_int_equal(first_unseen(&t), 0);
	store_test_append(t.st, "INBOX", 2000, 50, STORE_SEEN);
	assert_int_equal(first_unseen(&t), 0);
	for (size_t i = 0; i < sizeof(uids) / sizeof(*uids); i++) {
		unsee(&t, uids[i]);
		assert_int_equal(first_unseen(&t), uids[i]);
		store_test_reopen(&t);
		assert_int_equal(first_unseen(&t), uids[i]);
	}
	store_test_end(&t);
}

static void
watch_added(struct store_watch *w, uint32_t first, uint32_t last)
{
	(void)w;
	(void)first;
	(void)last;
}

/* Rows that were not read: every change of them works, and what a watched
 * mailbox was like before an append can be told after it. */
static void
test_rows_unread(void **state)
{
	struct store_watch w = { .added = watch_added };
	struct store_message msg;
	struct store_reader *r;
	struct store_test t;
	struct store_mbox *m;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 100, 50, 0);
	store_test_reopen(&t);
	assert_int_equal(store_mbox_open(t.st, "INBOX", &m), STORE_OK);
	assert_int_equal(store_mbox_lower(m, 101), 100);
	store_mbox_watch(m, &w);
	store_test_append(t.st, "INBOX", 5, 50, 0);
	assert_int_equal(store_mbox_lower(m, 101), 100);
	assert_int_equal(store_mbox_lower(m, 106), 105);
	store_mbox_unwatch(m, &w);
	store_mbox_unref(&m);
	store_test_reopen(&t);
	unsee(&t, 3);
	store_test_reopen(&t);
	assert_int_equal(store_mbox_open(t.st, "INBOX", &m), STORE_OK);
	r = store_reader_new(m);
	assert_int_equal(store_reader_get(r, 105, 0, &msg), STORE_OK);
	assert_int_equal(msg.uid, 105);
	store_reader_free(&r);
	store_mbox_unref(&m);
	store_test_check(&t);
	store_test_end(&t);
}

static void
test_thread(void **state)
{
	struct store_test t;
	struct store_mbox *m;
	struct store_reader *r;
	struct store_message a, b, c;

	(void)state;
	store_test_start(&t);
	/* the first byte is the thread */
	store_test_append(t.st, "INBOX", 2, 50, 0);
	store_test_append(t.st, "INBOX", 1, 60, 0);
	m = store_test_mbox(&t, "INBOX");
	r = store_reader_new(m);
	assert_int_equal(store_reader_get(r, 1, STORE_WANT_BLOB, &a), STORE_OK);
	assert_int_equal(store_reader_get(r, 2, STORE_WANT_BLOB, &b), STORE_OK);
	assert_int_equal(store_reader_get(r, 3, STORE_WANT_BLOB, &c), STORE_OK);
	assert_int_equal(a.thread_id, a.blob_id);
	assert_int_not_equal(a.thread_id, b.thread_id);
	assert_int_equal(a.thread_id, c.thread_id);
	store_reader_free(&r);
	store_mbox_unref(&m);
	store_test_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_append_abort),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_expunge),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_first_unseen),
		cmocka_unit_test(test_rows_unread),
		cmocka_unit_test(test_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
