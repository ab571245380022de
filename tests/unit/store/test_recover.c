/* SPDX-License-Identifier: ISC
 *
 * Opening after a crash, after damage, and with an index that is lost.
 */
#include "store_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/segment.h"

/* libdb does not give back the regions of an environment that panicked. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libdb";
}

static void
path_of(const struct store_test *t, const char *name, char *path)
{
	snprintf(path, 512, "%s/%s", t->home, name);
}

static void
stat_of(struct store_test *t, const char *name, struct store_info *info)
{
	struct arena a;

	arena_init(&a);
	assert_int_equal(store_stat(t->st, name, &a, info), STORE_OK);
	info->name = NULL;
	arena_clear(&a);
}

static void
work(struct store_test *t)
{
	uint32_t v, first = store_test_append(t->st, "INBOX", 50, 200, 0);
	roaring_bitmap_t *some = store_test_range(first + 4, first + 13);
	struct store_mbox *m = store_test_mbox(t, "INBOX");

	store_create(t->st, "box", 0);
	store_flags_update(m, some, STORE_FLAGS_ADD, STORE_SEEN, UINT64_MAX,
	    NULL, NULL);
	store_copy(m, some, "box", true, NULL, &v, &first);
	store_flush(t->st);
}

static void
test_crash(void **state)
{
	struct store_info info;
	struct store_test t;

	(void)state;
	store_test_start(&t);
	store_close(&t.st);
	for (unsigned round = 1; round <= 3; round++) {
		if (round > 1) {
			store_test_open(&t);
			assert_int_equal(store_delete(t.st, "box"), STORE_OK);
			store_close(&t.st);
		}
		store_test_crash(&t, work);
		store_test_open(&t);
		store_test_check(&t);
		stat_of(&t, "INBOX", &info);
		assert_int_equal(info.uidnext, 50 * round + 1);
		stat_of(&t, "box", &info);
		assert_int_equal(info.messages, 10);
		store_close(&t.st);
	}
	store_test_open(&t);
	store_test_end(&t);
}

/* Without the index commits, as after a power cut that kept the segment only:
 * the folder db/ is put back as it was before. */
static void
work_append(struct store_test *t)
{
	store_test_append(t->st, "INBOX", 3, 100, STORE_FLAGGED);
	store_test_append(t->st, "Sent", 2, 100, 0);
	store_flush(t->st);
}

static void
test_replay(void **state)
{
	char db[512], kept[512], command[1100];
	struct store_info before, info;
	struct store_test t;
	struct store_mbox *m;
	size_t n;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 4, 100, 0);
	stat_of(&t, "INBOX", &before);
	store_close(&t.st);
	path_of(&t, "db", db);
	path_of(&t, "db.kept", kept);
	snprintf(command, sizeof(command), "cp -r %s %s", db, kept);
	assert_int_equal(system(command), 0);
	store_test_crash(&t, work_append);
	store_test_remove(db);
	assert_int_equal(rename(kept, db), 0);
	store_test_open(&t);
	store_test_check(&t);
	stat_of(&t, "INBOX", &info);
	assert_int_equal(info.uidvalidity, before.uidvalidity);
	assert_int_equal(info.messages, 7);
	assert_int_equal(info.uidnext, 8);
	assert_true(info.highestmodseq > before.highestmodseq);
	m = store_test_mbox(&t, "INBOX");
	assert_int_equal(store_row_flags(&store_mbox_rows(m, &n)[6]),
	    STORE_FLAGGED);
	store_mbox_unref(&m);
	store_test_reopen(&t);
	store_test_check(&t);
	store_test_end(&t);
}

static void
test_torn_tail(void **state)
{
	static const off_t cuts[] = { 1, 50, 88, 150, 187, 188, 189, 300, 600 };
	struct store_info info;
	struct store_test t;
	char path[512];
	struct stat sb;

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		store_test_start(&t);
		store_test_append(t.st, "INBOX", 4, 100, 0);
		store_close(&t.st);
		/* a group of three that the index knows, cut short: it was
		 * never synced, so it goes as a whole */
		store_test_crash(&t, work_append);
		path_of(&t, "seg/00000001.seg", path);
		assert_int_equal(stat(path, &sb), 0);
		assert_int_equal(truncate(path, sb.st_size - cuts[i]), 0);
		store_test_open(&t);
		store_test_check(&t);
		stat_of(&t, "Sent", &info);
		assert_int_equal(info.messages, 0);
		assert_int_equal(info.uidnext, 3);
		stat_of(&t, "INBOX", &info);
		assert_int_equal(info.messages, cuts[i] <= 376 ? 7 : 4);
		assert_int_equal(store_test_append(t.st, "Sent", 1, 10, 0), 3);
		store_test_reopen(&t);
		store_test_check(&t);
		store_test_end(&t);
	}
}

static void
test_rebuild(void **state)
{
	struct store_info before, after, gone;
	struct store_test t;
	struct store_mbox *m;
	struct store_reader *r;
	struct store_message msg;
	char path[512];

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 60, 300, STORE_ANSWERED);
	assert_int_equal(store_create(t.st, "x", 0), STORE_OK);
	assert_int_equal(store_create(t.st, "dead", 0), STORE_OK);
	store_test_append(t.st, "x", 3, 300, 0);
	store_test_append(t.st, "dead", 2, 300, 0);
	assert_int_equal(store_rename(t.st, "x", "y/z"), STORE_OK);
	assert_int_equal(store_delete(t.st, "dead"), STORE_OK);
	stat_of(&t, "y/z", &before);
	store_close(&t.st);
	path_of(&t, "snap", path); /* with them: test_snap.c */
	store_test_remove(path);
	path_of(&t, "db", path);
	store_test_remove(path);
	store_test_open(&t);
	store_test_check(&t);
	stat_of(&t, "INBOX", &after);
	assert_int_equal(after.messages, 60);
	stat_of(&t, "y/z", &after);
	assert_int_equal(after.messages, 3);
	assert_memory_equal(before.mailboxid, after.mailboxid, 16);
	assert_int_not_equal(before.uidvalidity, after.uidvalidity);
	assert_true(after.highestmodseq > before.highestmodseq);
	stat_of(&t, "Recovered", &gone);
	assert_int_equal(gone.messages, 2);
	m = store_test_mbox(&t, "INBOX");
	assert_int_equal(store_row_flags(store_mbox_rows(m, &(size_t){ 0 })),
	    STORE_ANSWERED);
	r = store_reader_new(m);
	assert_int_equal(store_reader_get(r, 60, 1, &msg), STORE_OK);
	assert_int_equal(msg.size, 300);
	store_reader_free(&r);
	store_mbox_unref(&m);
	store_test_reopen(&t);
	store_test_check(&t);
	store_test_end(&t);
}

/* Bytes changed within a database file. */
static uint64_t
flags_of(struct store_test *t, const char *mailbox, size_t i)
{
	struct store_mbox *m = store_test_mbox(t, mailbox);
	const struct store_row *rows;
	uint64_t flags;
	size_t n;

	assert_int_equal(store_mbox_load(m), STORE_OK);
	rows = store_mbox_rows(m, &n);
	assert_true(i < n);
	flags = store_row_flags(&rows[i]);
	store_mbox_unref(&m);
	return flags;
}

static unsigned told;

static void
tell(void *ctx, uint64_t done, uint64_t total)
{
	(void)ctx;
	assert_true(done <= total);
	told++;
}

/* An open store: of a sound index nothing is lost, else what is younger than the
 * last snapshot, but no message. */
static void
test_rebuild_open(void **state)
{
	struct store_test t;
	struct store_info info;
	struct store_mbox *m;
	roaring_bitmap_t *first = store_test_range(1, 1);

	(void)state;
	store_test_start(&t);
	t.o.progress = tell;
	work(&t);
	m = store_test_mbox(&t, "INBOX");
	store_flags_update(m, first, STORE_FLAGS_SET, STORE_FLAGGED, UINT64_MAX,
	    NULL, NULL);
	store_mbox_unref(&m);
	told = 0;
	assert_int_equal(store_rebuild(&t.st, &t.o, true, NULL, NULL), STORE_OK);
	assert_true(told > 0);
	assert_int_equal(flags_of(&t, "INBOX", 0), STORE_FLAGGED);
	stat_of(&t, "box", &info);
	assert_int_equal(info.messages, 10);
	store_test_check(&t);

	m = store_test_mbox(&t, "INBOX");
	store_flags_update(m, first, STORE_FLAGS_SET, STORE_SEEN, UINT64_MAX,
	    NULL, NULL);
	store_mbox_unref(&m);
	store_test_append(t.st, "INBOX", 3, 100, 0);
	assert_int_equal(store_rebuild(&t.st, &t.o, false, NULL, NULL),
	    STORE_OK);
	assert_int_equal(flags_of(&t, "INBOX", 0), STORE_FLAGGED);
	stat_of(&t, "INBOX", &info);
	assert_int_equal(info.messages, 43);
	stat_of(&t, "box", &info);
	assert_int_equal(info.messages, 10);
	store_test_check(&t);
	roaring_bitmap_free(first);
	store_test_end(&t);
}

static void
test_damage(void **state)
{
	static const char *const files[] = { "db/meta.db", "db/hot.db",
		"db/blob.db", "db/loc.db", "db/text.db" };
	struct store_info info;
	struct store_test t;
	char path[512];
	unsigned char junk[256];
	struct stat sb;
	int fd;

	(void)state;
	memset(junk, 0xa5, sizeof(junk));
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct store_reader *r;
		struct store_message msg;
		struct store_mbox *m = NULL;
		enum store_err e;

		store_test_start(&t);
		store_test_append(t.st, "INBOX", 300, 300, 0);
		store_close(&t.st);
		path_of(&t, files[i], path);
		assert_int_equal(stat(path, &sb), 0);
		fd = open(path, O_WRONLY);
		for (off_t at = 4096; at < sb.st_size; at += 4096)
			assert_int_equal(pwrite(fd, junk, sizeof(junk),
			    at + 1000), sizeof(junk));
		close(fd);
		/* met at open, or at the first use; then the next open mends */
		e = store_open(t.home, &t.o, &t.st);
		if (e == STORE_OK && (e = store_mbox_open(t.st, "INBOX", &m)) ==
		    STORE_OK) {
			r = store_reader_new(m);
			for (uint32_t uid = 1; uid <= 300 && e == STORE_OK;
			    uid++)
				e = store_reader_get(r, uid, STORE_WANT_BLOB |
				    STORE_WANT_TEXT, &msg);
			store_reader_free(&r);
			store_mbox_unref(&m);
		}
		store_close(&t.st);
		store_test_open(&t);
		stat_of(&t, "INBOX", &info);
		assert_int_equal(info.messages, 300);
		store_test_check(&t);
		store_test_end(&t);
	}
}

static void
work_half(struct store_test *t)
{
	static unsigned char text[100];
	struct store_new_message msg = { .data = text, .len = 100 };
	struct store_append *ap;

	store_append_begin(t->st, "INBOX", &ap);
	for (unsigned i = 0; i < 5; i++)
		store_append_add(ap, &msg);
	raise(SIGKILL);
}

static void
work_sealed(struct store_test *t)
{
	setenv("POSTERN_FAULT", "txn-commit", 1);
	store_close(&t->st);
	store_open(t->home, &t->o, &t->st);
	store_test_append(t->st, "INBOX", 5, 100, STORE_SEEN);
}

static void
test_multiappend(void **state)
{
	struct store_info info;
	struct store_test t;

	(void)state;
	store_test_start(&t);
	store_close(&t.st);
	store_test_crash(&t, work_half);
	store_test_open(&t);
	stat_of(&t, "INBOX", &info);
	assert_int_equal(info.messages, 0);
	store_test_check(&t);
	store_close(&t.st);
	store_test_crash(&t, work_sealed);
	store_test_open(&t);
	stat_of(&t, "INBOX", &info);
	assert_int_equal(info.messages, 5);
	assert_int_equal(info.unseen, 0);
	store_test_check(&t);
	store_test_end(&t);
}

static void
test_refusals(void **state)
{
	struct store_test t;
	struct store *other;
	char path[512];
	FILE *f;

	(void)state;
	store_test_start(&t);
	assert_int_equal(store_open(t.home, &t.o, &other), STORE_BUSY);
	store_close(&t.st);
	path_of(&t, "db/DB_CONFIG", path);
	fclose(fopen(path, "w"));
	assert_int_equal(store_open(t.home, &t.o, &other), STORE_CORRUPT);
	remove(path);
	path_of(&t, "VERSION", path);
	f = fopen(path, "w");
	fprintf(f, "format=%d\n", LAYOUT_FORMAT + 1);
	fclose(f);
	assert_int_equal(store_open(t.home, &t.o, &other), STORE_NEWER);
	f = fopen(path, "w");
	fputs("format=1\n", f);
	fclose(f);
	assert_int_equal(store_open(t.home, &t.o, &other), STORE_CORRUPT);
	f = fopen(path, "w");
	fprintf(f, "format=%d\nid=0\n", LAYOUT_FORMAT);
	fclose(f);
	store_test_open(&t);
	store_test_end(&t);
}

/* A limit on file sizes stands for a full disk. */
static void
test_no_space(void **state)
{
	static unsigned char text[400000];
	struct store_new_message msg = { .data = text, .len = sizeof(text) };
	struct rlimit old, small;
	struct store_append *ap;
	struct store_test t;
	uint32_t v, first;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 2, 300000, 0);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 700000;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(store_append_begin(t.st, "INBOX", &ap), STORE_OK);
	assert_int_equal(store_append_add(ap, &msg), STORE_NO_SPACE);
	msg.len = 100;
	assert_int_equal(store_append_add(ap, &msg), STORE_OK);
	assert_int_equal(store_append_commit(&ap, &v, &first), STORE_OK);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(first, 3);
	store_test_check(&t);
	store_test_reopen(&t);
	store_test_check(&t);
	store_test_end(&t);
}

static void
test_roll(void **state)
{
	struct store_test t;
	char path[512];

	(void)state;
	store_segment_set_limit(10000);
	store_test_start(&t);
	for (unsigned i = 0; i < 10; i++)
		store_test_append(t.st, "INBOX", 2, 3000, 0);
	assert_int_equal(store_flush(t.st), STORE_OK);
	path_of(&t, "seg/00000005.seg", path);
	assert_int_equal(access(path, F_OK), 0);
	store_test_check(&t);
	store_close(&t.st);
	path_of(&t, "db", path);
	store_test_remove(path);
	store_test_open(&t);
	store_test_check(&t);
	store_test_end(&t);
	store_segment_set_limit(LIMIT_SEGMENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crash),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_torn_tail),
		cmocka_unit_test(test_rebuild),
		cmocka_unit_test(test_rebuild_open),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_multiappend),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_no_space),
		cmocka_unit_test(test_roll),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
