/* SPDX-License-Identifier: ISC
 *
 * Views over a real mailbox: what one session counts while others add, change
 * and expunge.
 */
#include "tests/unit/store/store_test.h"

#include <string.h>

#include "common/imap/parse.h"
#include "view.h"

struct fixture {
	struct store_test t;
	struct view *v;
	struct arena a;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	store_test_start(&f->t);
	arena_init(&f->a);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	view_free(&f->v);
	assert_null(f->v);
	view_free(&f->v);
	arena_clear(&f->a);
	store_test_end(&f->t);
	free(f);
	return 0;
}

static void
append(struct fixture *f, unsigned n)
{
	store_test_append(f->t.st, "INBOX", n, 20, 0);
}

static void
select_inbox(struct fixture *f, bool readonly)
{
	view_free(&f->v);
	f->v = view_new(store_test_mbox(&f->t, "INBOX"), readonly);
}

static void
expunge(struct fixture *f, uint32_t first, uint32_t last)
{
	roaring_bitmap_t *uids = store_test_range(first, last);

	assert_int_equal(store_expunge(f->v->mbox, uids, NULL), STORE_OK);
	roaring_bitmap_free(uids);
}

static void
flag(struct fixture *f, uint32_t first, uint32_t last)
{
	roaring_bitmap_t *uids = store_test_range(first, last);

	assert_int_equal(store_flags_update(f->v->mbox, uids, STORE_FLAGS_ADD,
	    STORE_FLAGGED, UINT64_MAX, NULL, NULL), STORE_OK);
	roaring_bitmap_free(uids);
}

/* What the set becomes, written again; NULL: refused. */
static const char *
resolve(struct fixture *f, const char *text, bool uid,
    struct imap_seqset *set_r)
{
	struct imap_set_writer w;
	struct imap_parser p;
	struct buf out;
	const char *s;

	imap_parse_init(&p, text, strlen(text), &f->a);
	assert_true(imap_parse_seqset(&p, set_r));
	if (!view_resolve(f->v, set_r, uid, &f->a))
		return NULL;
	buf_init(&out, 1000);
	imap_set_writer_init(&w, &out);
	for (size_t i = 0; i < set_r->n; i++) {
		assert_true(set_r->ranges[i].lo >= 1);
		assert_true(set_r->ranges[i].lo <= set_r->ranges[i].hi);
		imap_set_writer_add_range(&w, set_r->ranges[i].lo,
		    set_r->ranges[i].hi);
	}
	(void)imap_set_writer_finish(&w);
	s = arena_strdup(&f->a, buf_cstr(&out));
	buf_clear(&out);
	return s;
}

struct resolve_case {
	const char *in;
	bool uid;
	const char *out;  /* NULL: refused */
	unsigned n_uids;  /* messages that are there */
	bool gone;        /* names a ghost */
};

static void
check_cases(struct fixture *f, const struct resolve_case *c, size_t n)
{
	for (; n > 0; n--, c++) {
		roaring_bitmap_t *uids;
		struct imap_seqset set;
		const char *out = resolve(f, c->in, c->uid, &set);

		if ((out == NULL) != (c->out == NULL) ||
		    (out != NULL && strcmp(out, c->out) != 0))
			fail_msg("%s%s: %s, not %s", c->uid ? "UID " : "",
			    c->in, out ? out : "refused",
			    c->out ? c->out : "refused");
		if (out == NULL)
			continue;
		uids = view_uids(f->v, &set);
		if (roaring_bitmap_get_cardinality(uids) != c->n_uids ||
		    view_any_gone(f->v, &set) != c->gone)
			fail_msg("%s%s: wrong messages", c->uid ? "UID " : "",
			    c->in);
		roaring_bitmap_free(uids);
	}
}
#define CHECK_CASES(f, cases) \
	check_cases(f, cases, sizeof(cases) / sizeof(cases[0]))

/* Every number to its UID and back. */
static void
check_numbers(struct fixture *f, const uint32_t *uids, size_t n)
{
	assert_int_equal(view_exists(f->v), n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(view_uid(f->v, (uint32_t)i + 1), uids[i]);
		assert_int_equal(view_msn(f->v, uids[i]), i + 1);
	}
}
#define CHECK_NUMBERS(f, ...)                                        \
	do {                                                         \
		static const uint32_t uids_[] = { __VA_ARGS__ };     \
		check_numbers(f, uids_, sizeof(uids_) / sizeof(*uids_)); \
	} while (0)

static void
test_empty(void **state)
{
	static const struct resolve_case cases[] = {
		{ "*", false, "", 0, false },
		{ "1:*", false, "", 0, false },
		{ "*:1", false, "", 0, false },
		{ "*:*", false, "", 0, false },
		{ "1", false, NULL, 0, false },
		{ "1,*", false, NULL, 0, false },
		{ "1:2", false, NULL, 0, false },
		{ "4294967295", false, NULL, 0, false },
		{ "$", false, "", 0, false },
		{ "$", true, "", 0, false },
		{ "1:*", true, "1", 0, false },
		{ "7", true, "7", 0, false },
		{ "*", true, "1", 0, false },
	};
	struct fixture *f = *state;

	select_inbox(f, false);
	assert_int_equal(view_exists(f->v), 0);
	assert_int_equal(f->v->uid_limit, 1);
	CHECK_CASES(f, cases);
	assert_null(view_row(f->v, 1));
	assert_null(view_row(f->v, 0));
	assert_false(view_extend(f->v));
}

static void
test_emptied(void **state)
{
	static const struct resolve_case cases[] = {
		{ "1:*", false, "", 0, false },
		{ "1", false, NULL, 0, false },
		{ "*", true, "3", 0, false },
		{ "1:*", true, "1:3", 0, false },
	};
	struct fixture *f = *state;

	append(f, 3);
	select_inbox(f, false);
	expunge(f, 1, 3);
	CHECK_NUMBERS(f, 1, 2, 3);
	select_inbox(f, false);
	assert_int_equal(view_exists(f->v), 0);
	CHECK_CASES(f, cases);
}

static void
test_numbers(void **state)
{
	static const struct resolve_case cases[] = {
		{ "1", false, "2", 1, false },
		{ "*", false, "9", 1, false },
		{ "1:*", false, "2:9", 6, false },
		{ "*:1", false, "2:9", 6, false },
		{ "2:3", false, "3:6", 2, false },
		{ "3,2", false, "3:6", 2, false },
		{ "1,3,*", false, "2,6,9", 3, false },
		{ "6", false, "9", 1, false },
		{ "7", false, NULL, 0, false },
		{ "1,7", false, NULL, 0, false },
		{ "7:*", false, NULL, 0, false },
		{ "1:4294967295", false, NULL, 0, false },
		{ "*", true, "9", 1, false },
		{ "1:*", true, "1:9", 6, false },
		{ "20:*", true, "9:20", 1, false },
		{ "1,4:5", true, "1,4:5", 0, false },
		{ "1:4294967295", true, "1:4294967295", 6, false },
	};
	struct fixture *f = *state;

	append(f, 10);
	select_inbox(f, false);
	expunge(f, 1, 1);
	expunge(f, 4, 5);
	expunge(f, 10, 10);
	select_inbox(f, false);
	CHECK_NUMBERS(f, 2, 3, 6, 7, 8, 9);
	CHECK_CASES(f, cases);
	assert_non_null(view_row(f->v, 2));
	assert_int_equal(view_row(f->v, 9)->uid, 9);
	assert_null(view_row(f->v, 1));
	assert_null(view_row(f->v, 10));
	assert_null(view_row(f->v, UINT32_MAX));
}

static void
test_ghosts(void **state)
{
	static const struct resolve_case cases[] = {
		{ "1", false, "1", 0, true },
		{ "2", false, "2", 1, false },
		{ "1:*", false, "1:6", 3, true },
		{ "*", false, "6", 0, true },
		{ "4:5", false, "4:5", 1, true },
		{ "2:3", false, "2:3", 2, false },
		{ "7", false, NULL, 0, false },
		{ "*", true, "6", 0, true },
		{ "7:*", true, "6:7", 0, true },
		{ "2:3,5", true, "2:3,5", 3, false },
	};
	struct fixture *f = *state;

	append(f, 6);
	select_inbox(f, false);
	assert_false(f->v->changed);
	expunge(f, 1, 1);
	expunge(f, 4, 4);
	expunge(f, 6, 6);
	assert_true(f->v->changed);
	CHECK_NUMBERS(f, 1, 2, 3, 4, 5, 6);
	CHECK_CASES(f, cases);
	assert_null(view_row(f->v, 4));
	assert_non_null(view_row(f->v, 5));
	/* all gone, still counted */
	expunge(f, 1, 6);
	CHECK_NUMBERS(f, 1, 2, 3, 4, 5, 6);
	/* told */
	roaring_bitmap_clear(f->v->ghosts);
	assert_int_equal(view_exists(f->v), 0);
}

/* Messages that came after the last look do not count, whatever happens. */
static void
test_later(void **state)
{
	static const struct resolve_case before[] = {
		{ "*", false, "3", 1, false },
		{ "1:*", false, "1:3", 3, false },
		{ "4", false, NULL, 0, false },
		{ "*", true, "3", 1, false },
		{ "1:*", true, "1:3", 3, false },
		{ "4:5", true, "4:5", 0, false },
		{ "4:*", true, "3:4", 1, false },
	};
	struct fixture *f = *state;

	append(f, 3);
	select_inbox(f, false);
	append(f, 4);
	assert_true(f->v->changed);
	CHECK_NUMBERS(f, 1, 2, 3);
	CHECK_CASES(f, before);
	assert_null(view_row(f->v, 4));
	/* expunged before they were told: no ghosts */
	expunge(f, 4, 5);
	assert_true(roaring_bitmap_is_empty(f->v->ghosts));
	CHECK_NUMBERS(f, 1, 2, 3);
	expunge(f, 2, 6);
	assert_int_equal(roaring_bitmap_get_cardinality(f->v->ghosts), 2);
	CHECK_NUMBERS(f, 1, 2, 3);
	assert_true(view_extend(f->v));
	assert_false(view_extend(f->v));
	CHECK_NUMBERS(f, 1, 2, 3, 7);
	assert_int_equal(f->v->uid_limit, 8);
}

static void
test_dirty(void **state)
{
	struct fixture *f = *state;

	append(f, 5);
	select_inbox(f, false);
	flag(f, 2, 4);
	assert_true(f->v->changed);
	assert_int_equal(roaring_bitmap_get_cardinality(f->v->dirty), 3);
	/* an EXPUNGE tells more than a FETCH */
	expunge(f, 3, 3);
	assert_int_equal(roaring_bitmap_get_cardinality(f->v->dirty), 2);
	assert_false(roaring_bitmap_contains(f->v->dirty, 3));
}

static void
test_recent(void **state)
{
	struct fixture *f = *state;
	struct view *other;

	append(f, 3);
	/* EXAMINE sees \Recent and leaves it */
	select_inbox(f, true);
	assert_int_equal(roaring_bitmap_get_cardinality(f->v->recent), 3);
	select_inbox(f, false);
	assert_int_equal(roaring_bitmap_get_cardinality(f->v->recent), 3);
	other = view_new(store_test_mbox(&f->t, "INBOX"), false);
	assert_true(roaring_bitmap_is_empty(other->recent));
	/* who looks first has them */
	append(f, 2);
	assert_true(view_extend(other));
	assert_true(view_extend(f->v));
	assert_int_equal(roaring_bitmap_get_cardinality(other->recent), 2);
	assert_int_equal(roaring_bitmap_get_cardinality(f->v->recent), 3);
	expunge(f, 2, 4);
	assert_int_equal(roaring_bitmap_get_cardinality(other->recent), 1);
	assert_int_equal(roaring_bitmap_get_cardinality(f->v->recent), 1);
	view_free(&other);
}

static void
test_saved(void **state)
{
	static const struct resolve_case cases[] = {
		{ "$", false, "2:4,6", 4, false },
		{ "$", true, "2:4,6", 4, false },
	};
	static const struct resolve_case fewer[] = {
		{ "$", false, "2,4,6", 3, false },
	};
	static const struct resolve_case none[] = {
		{ "$", true, "", 0, false },
	};
	struct fixture *f = *state;
	roaring_bitmap_t *saved = store_test_range(2, 4);

	append(f, 7);
	select_inbox(f, false);
	roaring_bitmap_add(saved, 6);
	view_save(f->v, saved);
	CHECK_CASES(f, cases);
	CHECK_CASES(f, cases);
	expunge(f, 3, 3);
	CHECK_CASES(f, fewer);
	view_save(f->v, roaring_bitmap_create());
	CHECK_CASES(f, none);
	view_save(f->v, NULL);
	CHECK_CASES(f, none);
}

/* A saved result may have more gaps than a client may send. */
static void
test_saved_many(void **state)
{
	struct fixture *f = *state;
	roaring_bitmap_t *saved = roaring_bitmap_create();
	struct imap_seqset set = { .saved = true };
	const uint32_t n = LIMIT_SEQSET_RANGES + 10;

	for (uint32_t i = 0; i < n; i++)
		roaring_bitmap_add(saved, 1 + i * 2);
	select_inbox(f, false);
	view_save(f->v, saved);
	assert_true(view_resolve(f->v, &set, false, &f->a));
	assert_false(set.saved);
	assert_int_equal(set.n, n);
	assert_true(imap_seqset_has(&set, 1));
	assert_false(imap_seqset_has(&set, 2));
	assert_true(imap_seqset_has(&set, 1 + (n - 1) * 2));
}

static void
test_deleted_mailbox(void **state)
{
	struct fixture *f = *state;

	store_test_append(f->t.st, "Sent", 3, 20, 0);
	f->v = view_new(store_test_mbox(&f->t, "Sent"), false);
	assert_int_equal(store_delete(f->t.st, "Sent"), STORE_OK);
	CHECK_NUMBERS(f, 1, 2, 3);
	assert_null(view_row(f->v, 2));
	assert_false(view_extend(f->v));
}

/* Numbers against a plain list, through many random changes. */
static void
test_random(void **state)
{
	struct fixture *f = *state;
	uint32_t list[400], n = 0, next = 1, seed = 12345;

	select_inbox(f, false);
	for (unsigned round = 0; round < 60; round++) {
		unsigned more = (seed >> 16) % 6;

		if (more > 0)
			append(f, more);
		(void)view_extend(f->v);
		for (; more > 0; more--)
			list[n++] = next++;
		seed = seed * 1103515245 + 12345;
		if (n > 0) {
			uint32_t from = 1 + (seed >> 16) % (next - 1);

			expunge(f, from, from + (seed >> 8) % 3);
		}
		check_numbers(f, list, n);
		if (round % 7 != 6)
			continue;
		/* all ghosts are told */
		for (uint32_t i = n = 0; i + 1 < next; i++)
			if (view_row(f->v, i + 1) != NULL)
				list[n++] = i + 1;
		roaring_bitmap_clear(f->v->ghosts);
		check_numbers(f, list, n);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_empty),
		TEST(test_emptied),
		TEST(test_numbers),
		TEST(test_ghosts),
		TEST(test_later),
		TEST(test_dirty),
		TEST(test_recent),
		TEST(test_saved),
		TEST(test_saved_many),
		TEST(test_deleted_mailbox),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
