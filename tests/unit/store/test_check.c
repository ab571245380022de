/* SPDX-License-Identifier: ISC
 *
 * store_check(): finds what was damaged on purpose and names it; finds nothing
 * while the store is used between its slices.
 */
#include "store_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/store_private.h"

struct reports {
	unsigned n;
	char first[512];
};

static void
on_report(void *ctx, const char *text)
{
	struct reports *r = ctx;

	if (r->n++ == 0)
		snprintf(r->first, sizeof(r->first), "%s", text);
}

/* --- damage ------------------------------------------------------------------ */

static uint64_t
blob_of(struct store *st, unsigned number, struct store_blob_info *info)
{
	struct store_blobs *s = store_blobs_new(st);

	for (unsigned i = 0; i < number; i++)
		assert_int_equal(store_blobs_next(s, info), STORE_OK);
	store_blobs_free(&s);
	return info->id;
}

/* Flips a bit of the third message's bytes. */
static void
damage_body(struct store_test *t)
{
	struct store_blob_info info;
	unsigned char key[LAYOUT_KEY_BLOB], byte;
	struct layout_blob b = { 0 };
	struct kv_item v;
	char path[512];
	int fd;

	layout_key_blob(key, blob_of(t->st, 3, &info));
	assert_int_equal(kv_get(t->st->kv, KV_BLOB, key, sizeof(key), &v),
	    KV_OK);
	assert_true(layout_blob_unpack(v.data, v.len, &b));
	snprintf(path, sizeof(path), "%s/seg/%08u.seg", t->home,
	    (unsigned)b.segment);
	fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, (off_t)b.at + 50), 1);
	byte ^= 4;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)b.at + 50), 1);
	close(fd);
}

static void
change_blob(struct store_test *t, unsigned number, size_t at, uint32_t value)
{
	unsigned char key[LAYOUT_KEY_BLOB], copy[LAYOUT_BLOB];
	struct store_blob_info info;
	struct kv_item v;
	size_t len;

	layout_key_blob(key, blob_of(t->st, number, &info));
	assert_int_equal(kv_get(t->st->kv, KV_BLOB, key, sizeof(key), &v),
	    KV_OK);
	len = v.len;
	memcpy(copy, v.data, len);
	layout_put32(copy + at, value);
	assert_int_equal(store_txn_begin(t->st), STORE_OK);
	assert_int_equal(kv_put(t->st->kv, KV_BLOB, key, sizeof(key), copy,
	    len), KV_OK);
	assert_int_equal(store_txn_commit(t->st, STORE_TXN_CHANGE), STORE_OK);
}

static void
damage_refs(struct store_test *t)
{
	change_blob(t, 2, 4, 5);
}

static void
damage_place(struct store_test *t)
{
	change_blob(t, 1, 16, 70);
}

static void
damage_blob_gone(struct store_test *t)
{
	struct store_blob_info info;
	uint64_t id = blob_of(t->st, 2, &info);

	assert_int_equal(store_txn_begin(t->st), STORE_OK);
	assert_int_equal(store_blob_delete(t->st, id), STORE_OK);
	assert_int_equal(store_txn_commit(t->st, STORE_TXN_CHANGE), STORE_OK);
}

static void
damage_counter(struct store_test *t)
{
	store_names_find(t->st, "INBOX")->info.unseen++;
}

static void
damage_stray(struct store_test *t)
{
	unsigned char key[LAYOUT_KEY_CHUNK];

	layout_key_chunk(key, 999, 1);
	assert_int_equal(store_txn_begin(t->st), STORE_OK);
	assert_int_equal(kv_put(t->st->kv, KV_LOC, key, sizeof(key), "x", 1),
	    KV_OK);
	assert_int_equal(store_txn_commit(t->st, STORE_TXN_CHANGE), STORE_OK);
}

static void
damage_validity(struct store_test *t)
{
	store_names_find(t->st, "other")->info.uidvalidity =
	    store_names_find(t->st, "INBOX")->info.uidvalidity;
}

static void
test_damage_is_found(void **state)
{
	static const struct {
		void (*damage)(struct store_test *t);
		const char *says;
	} cases[] = {
		{ damage_body, "1: message 3 (INBOX UID 3): no valid record" },
		{ damage_refs, "4: message 2 (INBOX UID 2): 5 references, "
		    "counted 1" },
		{ damage_place, "1: message 1 (INBOX UID 1): no valid record" },
		{ damage_blob_gone, "4: row names message 2 (INBOX UID 2), "
		    "which is not there" },
		{ damage_counter, "5: INBOX: counters" },
		{ damage_stray, "5: record of a mailbox that is not there" },
		{ damage_validity, "3: two mailboxes have UIDVALIDITY" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reports r = { 0 };
		struct store_test t;

		store_test_start(&t);
		store_test_append(t.st, "INBOX", 5, 300, 0);
		assert_int_equal(store_create(t.st, "other", 0), STORE_OK);
		store_test_append(t.st, "other", 2, 300, STORE_SEEN);
		store_test_check(&t);
		cases[i].damage(&t);
		if (store_check(t.st, on_report, &r) < 1 ||
		    strncmp(r.first, cases[i].says, strlen(cases[i].says)) != 0)
			fail_msg("%zu: \"%s\" not found, but \"%s\"", i,
			    cases[i].says, r.first);
		store_test_end(&t);
	}
}

/* --- in use ------------------------------------------------------------------- */

/* Something of every kind that changes what a check looks at. */
static void
disturb(struct store_test *t, unsigned n)
{
	struct store_mbox *m = store_test_mbox(t, "INBOX");
	roaring_bitmap_t *some = store_test_range(n * 3 + 1, n * 3 + 4);
	uint32_t validity, uid;
	char name[32], to[32];

	snprintf(name, sizeof(name), "box%u", n);
	snprintf(to, sizeof(to), "moved%u", n);
	assert_int_equal(store_create(t->st, name, 0), STORE_OK);
	assert_int_equal(store_copy(m, some, name, n % 2 == 0, NULL, &validity,
	    &uid), STORE_OK);
	assert_int_equal(store_flags_update(m, some, STORE_FLAGS_ADD,
	    STORE_SEEN, UINT64_MAX, NULL, NULL), STORE_OK);
	assert_int_equal(store_rename(t->st, name, to), STORE_OK);
	store_test_append(t->st, "INBOX", 2, 100 + n, 0);
	if (n % 3 == 0)
		assert_int_equal(store_expunge(m, some, NULL), STORE_OK);
	if (n % 4 == 0)
		assert_int_equal(store_delete(t->st, to), STORE_OK);
	if (n % 5 == 0)
		store_idle(t->st);
	roaring_bitmap_free(some);
	store_mbox_unref(&m);
}

static void
test_nothing_is_found_in_use(void **state)
{
	struct reports r = { 0 };
	struct store_check *c;
	struct store_test t;
	uint64_t done, total;
	unsigned slices = 0;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 1000, 300, 0);
	c = store_check_new(t.st, on_report, &r);
	while (!store_check_slice(c, 1))
		if (slices++ % 5 == 0 && slices < 1500)
			disturb(&t, slices / 5);
	if (r.n > 0)
		print_message("# %s\n", r.first);
	assert_int_equal(store_check_result(c), 0);
	assert_true(slices > 100);
	store_check_progress(c, &done, &total);
	assert_true(done >= 1000 && total >= 1000);
	store_check_free(&c);
	store_test_check(&t);
	/* one that is given up in the middle leaves nothing */
	c = store_check_new(t.st, on_report, &r);
	for (slices = 0; slices < 300; slices++)
		assert_false(store_check_slice(c, 1));
	store_check_free(&c);
	assert_null(c);
	store_check_free(&c);
	store_test_end(&t);
}

/* Damage is found in slices as well, with the store in use. */
static void
test_damage_is_found_in_use(void **state)
{
	struct reports r = { 0 };
	struct store_check *c;
	struct store_test t;
	unsigned slices = 0;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 200, 300, 0);
	damage_body(&t);
	c = store_check_new(t.st, on_report, &r);
	while (!store_check_slice(c, 1))
		if (slices++ % 20 == 0)
			disturb(&t, slices / 20 + 10);
	assert_int_equal(store_check_result(c), 1);
	assert_non_null(strstr(r.first, "INBOX UID 3"));
	store_check_free(&c);
	store_test_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damage_is_found),
		cmocka_unit_test(test_nothing_is_found_in_use),
		cmocka_unit_test(test_damage_is_found_in_use),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
