/* SPDX-License-Identifier: ISC
 *
 * Snapshots: their bytes, when they are made, and what a rebuild gives back.
 */
#include "store_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/fault.h"
#include "store/snap.h"

/* libdb does not give back the regions of an environment that panicked. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libdb";
}

/* --- helpers ------------------------------------------------------------- */

static void
path_of(const struct store_test *t, const char *name, char *path)
{
	snprintf(path, 512, "%s/%s", t->home, name);
}

static bool
there(const struct store_test *t, const char *name)
{
	char path[512];

	path_of(t, name, path);
	return access(path, F_OK) == 0;
}

static void
remove_index(const struct store_test *t)
{
	char path[512];

	path_of(t, "db", path);
	store_test_remove(path);
}

static uint32_t
newest(const struct store_test *t, bool *stale_r)
{
	struct store_snap_file *files;
	char path[512];
	uint32_t no;
	size_t n;

	path_of(t, "snap", path);
	assert_int_equal(store_snap_list(path, &files, &n), 0);
	assert_true(n > 0 && n <= 2);
	no = files[0].no;
	*stale_r = files[0].stale;
	free(files);
	return no;
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

struct dump {
	FILE *f;
	struct store *st;
	bool uids; /* UIDVALIDITY too */
};

static bool
dump_mailbox(void *ctx, const struct store_info *i)
{
	struct dump *d = ctx;
	const struct store_row *rows;
	const char *const *keywords;
	struct store_reader *r;
	struct store_message m;
	struct store_mbox *b;
	unsigned n_keywords;
	size_t n;

	fprintf(d->f, "%s: id %u use %u %u %u %u %llu created %lld recent %u "
	    "subscribed %d", i->name, i->id, i->use, i->messages, i->unseen,
	    i->deleted, (unsigned long long)i->bytes, (long long)i->created,
	    i->recent_uid, i->subscribed);
	if (d->uids)
		fprintf(d->f, " validity %u", i->uidvalidity);
	for (unsigned k = 0; k < 16; k++)
		fprintf(d->f, "%02x", i->mailboxid[k]);
	assert_int_equal(store_mbox_open(d->st, i->name, &b), STORE_OK);
	assert_int_equal(store_mbox_load(b), STORE_OK);
	keywords = store_mbox_keywords(b, &n_keywords);
	for (unsigned k = 0; k < n_keywords; k++)
		fprintf(d->f, " %s", keywords[k]);
	fprintf(d->f, "\n");
	r = store_reader_new(b);
	rows = store_mbox_rows(b, &n);
	for (size_t k = 0; k < n; k++) {
		assert_int_equal(store_reader_get(r, rows[k].uid,
		    STORE_WANT_BLOB, &m), STORE_OK);
		fprintf(d->f, " %u %llx %llu %u %lld %lld %d %u %llu\n",
		    rows[k].uid,
		    (unsigned long long)store_row_flags(&rows[k]),
		    (unsigned long long)m.blob_id, m.size,
		    (long long)m.savedate, (long long)m.internaldate, m.zone,
		    m.sent_day, (unsigned long long)m.thread_id);
	}
	store_reader_free(&r);
	store_mbox_unref(&b);
	return true;
}

static bool
dump_name(void *ctx, const char *name)
{
	fprintf(((struct dump *)ctx)->f, "subscribed %s\n", name);
	return true;
}

/* All a client can see, but UIDNEXT and the modseqs. */
static char *
dump(struct store_test *t, bool uids)
{
	struct dump d = { .st = t->st, .uids = uids };
	char *text;
	size_t len;

	d.f = open_memstream(&text, &len);
	store_list(t->st, dump_mailbox, &d);
	store_list_subscribed(t->st, dump_name, &d);
	fclose(d.f);
	return text;
}

static bool
blobs_add(void *ctx, const struct store_info *i)
{
	struct { struct store *st; roaring_bitmap_t *set; } *c = ctx;
	const struct store_row *rows;
	struct store_reader *r;
	struct store_message m;
	struct store_mbox *b;
	size_t n;

	assert_int_equal(store_mbox_open(c->st, i->name, &b), STORE_OK);
	assert_int_equal(store_mbox_load(b), STORE_OK);
	r = store_reader_new(b);
	rows = store_mbox_rows(b, &n);
	for (size_t k = 0; k < n; k++) {
		assert_int_equal(store_reader_get(r, rows[k].uid, 0, &m),
		    STORE_OK);
		roaring_bitmap_add(c->set, (uint32_t)m.blob_id);
	}
	store_reader_free(&r);
	store_mbox_unref(&b);
	return true;
}

/* The EMAILIDs of all messages. */
static roaring_bitmap_t *
blobs(struct store_test *t)
{
	struct { struct store *st; roaring_bitmap_t *set; } c = { t->st,
		roaring_bitmap_create() };

	store_list(t->st, blobs_add, &c);
	return c.set;
}

static void
flags(struct store_test *t, const char *name, uint32_t first, uint32_t last,
    uint64_t bits)
{
	struct store_mbox *m = store_test_mbox(t, name);
	roaring_bitmap_t *set = store_test_range(first, last);

	assert_int_equal(store_flags_update(m, set, STORE_FLAGS_ADD, bits,
	    UINT64_MAX, NULL, NULL), STORE_OK);
	roaring_bitmap_free(set);
	store_mbox_unref(&m);
}

static uint32_t
copy(struct store_test *t, const char *from, uint32_t first, uint32_t last,
    const char *to, bool move)
{
	struct store_mbox *m = store_test_mbox(t, from);
	roaring_bitmap_t *set = store_test_range(first, last);
	uint32_t validity, uid;

	assert_int_equal(store_copy(m, set, to, move, NULL, &validity, &uid),
	    STORE_OK);
	roaring_bitmap_free(set);
	store_mbox_unref(&m);
	return uid;
}

static void
expunge(struct store_test *t, const char *name, uint32_t first, uint32_t last)
{
	struct store_mbox *m = store_test_mbox(t, name);
	roaring_bitmap_t *set = store_test_range(first, last);

	assert_int_equal(store_expunge(m, set, NULL), STORE_OK);
	roaring_bitmap_free(set);
	store_mbox_unref(&m);
}

/* A bit of everything the segments do not tell. */
static void
work(struct store_test *t)
{
	struct store_mbox *m;
	uint64_t mask;

	store_test_append(t->st, "INBOX", 500, 60, STORE_ANSWERED);
	assert_int_equal(store_create(t->st, "work/x", 0), STORE_OK);
	assert_int_equal(store_create(t->st, "gone", 0), STORE_OK);
	store_test_append(t->st, "gone", 2, 60, 0);
	assert_int_equal(store_delete(t->st, "gone"), STORE_OK);
	assert_int_equal(store_subscribe(t->st, "not there", true), STORE_OK);
	assert_int_equal(store_subscribe(t->st, "Sent", false), STORE_OK);
	m = store_test_mbox(t, "INBOX");
	for (unsigned i = 0; i < 3; i++) {
		const char *const names[] = { "$Forwarded", "b", "c" };

		assert_int_equal(store_mbox_keyword_add(m, names[i], &mask),
		    STORE_OK);
	}
	assert_int_equal(store_mbox_claim_recent(m), STORE_OK);
	store_mbox_unref(&m);
	flags(t, "INBOX", 10, 200, STORE_SEEN);
	flags(t, "INBOX", 100, 130, mask);
	expunge(t, "INBOX", 150, 160);
	copy(t, "INBOX", 120, 300, "work/x", false);
	copy(t, "INBOX", 400, 450, "Trash", true);
	flags(t, "Trash", 3, 3, STORE_FLAGGED);
	expunge(t, "work/x", 1, 5);
	assert_int_equal(store_flush(t->st), STORE_OK);
}

/* --- bytes --------------------------------------------------------------- */

static void
test_rows(void **state)
{
	static const struct layout_snap_row rows[] = {
		{ 1, 0, 0, 1 },
		{ 2, UINT32_MAX, STORE_ALL_FLAGS, UINT64_MAX },
		{ 3, 5, STORE_SEEN, 0 },
		{ 1000, 1700000000, 1, UINT64_C(1) << 63 },
		{ UINT32_MAX - 1, 1700000001, 0, 7 },
	};
	unsigned char text[5 * LAYOUT_SNAP_ROW_MAX], *p = text;
	struct layout_snap_row last = { 0, 0, 0, 0 }, r = last;
	const unsigned char *q = text;

	(void)state;
	for (size_t i = 0; i < 5; last = rows[i++]) {
		unsigned char *before = p;

		p = layout_snap_row_pack(p, &rows[i], &last);
		assert_true(p - before <= LAYOUT_SNAP_ROW_MAX);
	}
	for (size_t i = 0; i < 5; i++) {
		assert_null(layout_snap_row_unpack(q, q + 3,
		    &(struct layout_snap_row){ 0, 0, 0, 0 }));
		q = layout_snap_row_unpack(q, p, &r);
		assert_non_null(q);
		assert_int_equal(r.uid, rows[i].uid);
		assert_int_equal(r.savedate, rows[i].savedate);
		assert_int_equal(r.flags, rows[i].flags);
		assert_int_equal(r.blob, rows[i].blob);
	}
	assert_ptr_equal(q, p);
	/* the same UID again, one too high, flags that do not exist */
	assert_null(layout_snap_row_unpack((const unsigned char *)"\0\0\0\0",
	    (const unsigned char *)"\0\0\0\0" + 4, &r));
	memcpy(text, "\x02\0\0\0", 4);
	assert_null(layout_snap_row_unpack(text, text + 4, &r));
	memcpy(text, "\x01\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0", 12);
	assert_null(layout_snap_row_unpack(text, text + 12, &last));
	memcpy(text, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
	assert_null(layout_get_varint(text, text + 10, &(uint64_t){ 0 }));
}

/* --- the index is lost --------------------------------------------------- */

static void
test_same(void **state)
{
	struct store_info before, after;
	struct store_test t;
	char *was, *is;
	uint32_t uid;

	(void)state;
	store_test_start(&t);
	work(&t);
	was = dump(&t, true);
	stat_of(&t, "work/x", &before);
	for (unsigned round = 0; round < 3; round++) {
		store_close(&t.st);
		remove_index(&t);
		store_test_open(&t);
		store_test_check(&t);
		is = dump(&t, true);
		assert_string_equal(is, was);
		free(is);
		stat_of(&t, "work/x", &after);
		assert_true(after.highestmodseq > before.highestmodseq);
		/* the copies of the last round may be in no snapshot */
		assert_in_range(after.uidnext, before.uidnext + LIMIT_SNAP_UIDS,
		    before.uidnext + LIMIT_SNAP_UIDS + 2);
		/* a copy made now is not one made before */
		uid = copy(&t, "INBOX", 1, 2, "work/x", false);
		assert_true(uid >= before.uidnext + LIMIT_SNAP_UIDS);
		expunge(&t, "work/x", uid, uid + 1);
		store_flush(t.st);
		before = after;
	}
	free(was);
	store_test_end(&t);
}

static void
work_later(struct store_test *t)
{
	store_test_append(t->st, "INBOX", 7, 60, STORE_DRAFT);
	store_create(t->st, "later", STORE_USE_JUNK);
	store_test_append(t->st, "later", 3, 60, 0);
	store_rename(t->st, "work/x", "renamed");
	flags(t, "INBOX", 1, 9, STORE_FLAGGED);
	expunge(t, "INBOX", 12, 13);
	copy(t, "INBOX", 20, 29, "later", true);
	store_flush(t->st);
	raise(SIGKILL);
}

/* What came after the snapshot: messages and names are there, the rest is as it
 * was then. */
static void
test_later(void **state)
{
	struct store_info before, info;
	const struct store_row *rows;
	struct store_test t;
	struct store_mbox *m;
	size_t n;

	(void)state;
	store_test_start(&t);
	work(&t);
	stat_of(&t, "INBOX", &before);
	store_close(&t.st);
	store_test_crash(&t, work_later);
	remove_index(&t);
	store_test_open(&t);
	store_test_check(&t);
	stat_of(&t, "INBOX", &info);
	assert_int_equal(info.uidvalidity, before.uidvalidity);
	assert_int_equal(info.messages, before.messages + 7);
	assert_int_equal(info.uidnext, before.uidnext + 7 + LIMIT_SNAP_UIDS);
	stat_of(&t, "renamed", &info);
	assert_int_equal(info.messages, 181 - 11 - 5);
	stat_of(&t, "later", &info);
	assert_int_equal(info.messages, 3);
	assert_int_equal(info.use, STORE_USE_JUNK);
	m = store_test_mbox(&t, "INBOX");
	rows = store_mbox_rows(m, &n);
	assert_int_equal(rows[0].uid, 1);
	assert_int_equal(store_row_flags(&rows[0]), STORE_ANSWERED);
	assert_int_equal(rows[n - 1].uid, before.uidnext + 6);
	assert_int_equal(store_row_flags(&rows[n - 1]), STORE_DRAFT);
	/* no client may believe that its flags are still right */
	for (size_t i = 0; i < n; i++)
		assert_true(store_row_modseq(&rows[i]) > before.highestmodseq +
		    LIMIT_SNAP_CHANGES_MAX);
	store_mbox_unref(&m);
	store_test_end(&t);
}

static void
work_delete(struct store_test *t)
{
	copy(t, "work/x", 10, 19, "Sent", true);
	expunge(t, "INBOX", 1, 500); /* the last rows but those of work/x */
	expunge(t, "Trash", 1, 500);
	store_delete(t->st, "work/x");
	store_flush(t->st);
	raise(SIGKILL);
}

/* A message moved away before its mailbox was deleted is not lost. */
static void
test_deleted(void **state)
{
	struct store_test t;
	struct store_info x, info;

	(void)state;
	store_test_start(&t);
	store_create(t.st, "work/x", 0);
	store_test_append(t.st, "INBOX", 30, 60, 0);
	copy(&t, "INBOX", 1, 25, "work/x", true);
	stat_of(&t, "work/x", &x);
	assert_int_equal(x.messages, 25);
	store_close(&t.st);
	store_test_crash(&t, work_delete);
	remove_index(&t);
	store_test_open(&t);
	store_test_check(&t);
	stat_of(&t, "Recovered", &info);
	assert_int_equal(info.messages, 25);
	stat_of(&t, "INBOX", &info);
	assert_int_equal(info.messages, 5);
	store_test_end(&t);
}

static void
work_half_deleted(struct store_test *t)
{
	setenv("POSTERN_FAULT", "name-written", 1);
	store_fault_init();
	store_delete(t->st, "work/x");
	_exit(7);
}

/* A deletion that was never sealed did not happen. */
static void
test_half_deleted(void **state)
{
	struct store_test t;
	char *was, *is;

	(void)state;
	store_test_start(&t);
	work(&t);
	was = dump(&t, true);
	store_close(&t.st);
	store_test_crash(&t, work_half_deleted);
	remove_index(&t);
	store_test_open(&t);
	store_test_check(&t);
	is = dump(&t, true);
	assert_string_equal(is, was);
	free(is);
	free(was);
	store_test_end(&t);
}

/* --- damaged snapshots --------------------------------------------------- */

static void
garble(const struct store_test *t, uint32_t no, uint64_t at, size_t len)
{
	char path[512];
	unsigned char c;
	int fd;

	snprintf(path, sizeof(path), "%s/snap/%08u.snap", t->home,
	    (unsigned)no);
	fd = open(path, O_RDWR);
	assert_true(fd != -1);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(pread(fd, &c, 1, (off_t)(at + i)), 1);
		c ^= 0x5a;
		assert_int_equal(pwrite(fd, &c, 1, (off_t)(at + i)), 1);
	}
	close(fd);
}

/* The place of the n-th block of a kind; of a mailbox, if that is not 0. */
static uint64_t
block_at(const struct store_test *t, uint32_t no, enum layout_snap_kind kind,
    uint32_t mbox, unsigned n, size_t *len_r)
{
	const struct store_snap_file file = { no, false };
	uint64_t at = 0, found = UINT64_MAX, skipped;
	struct store_snap_block b;
	unsigned char *data;
	char path[512];
	size_t len;

	path_of(t, "snap", path);
	store_snap_map(path, &file, &data, &len);
	while (found == UINT64_MAX &&
	    store_snap_next(data, len, 0, &at, &b, &skipped))
		if (b.kind == kind && (mbox == 0 || b.mbox == mbox) &&
		    n-- == 0) {
			found = b.next - b.len - LAYOUT_SNAP_HEAD;
			*len_r = b.len + LAYOUT_SNAP_HEAD;
		}
	store_snap_unmap(data, len);
	assert_true(found != UINT64_MAX);
	return found;
}

/* Two snapshots; between them some flags and a mailbox change. */
static void
two_snapshots(struct store_test *t)
{
	bool stale;

	store_test_start(t);
	work(t);
	store_test_reopen(t);
	flags(t, "INBOX", 1, 30, STORE_DRAFT);
	store_close(&t->st);
	assert_int_equal(newest(t, &stale), 3);
	assert_false(stale);
	assert_true(there(t, "snap/00000002.snap"));
}

/* One mailbox is damaged: only it gets a new UIDVALIDITY, and its rows come
 * from the older snapshot. */
static void
test_damaged_mailbox(void **state)
{
	static const enum layout_snap_kind kinds[] = { LAYOUT_SNAP_ROW,
		LAYOUT_SNAP_MAILBOX, LAYOUT_SNAP_KEYWORDS };
	struct store_info inbox, x, info;
	struct store_test t;
	struct store_mbox *m;
	const struct store_row *rows;
	size_t n, len = 0;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint64_t at;

		two_snapshots(&t);
		store_test_open(&t);
		stat_of(&t, "INBOX", &inbox);
		stat_of(&t, "work/x", &x);
		store_close(&t.st);
		at = block_at(&t, 3, kinds[i], inbox.id, 0, &len);
		garble(&t, 3, at + len / 2, 1);
		remove_index(&t);
		store_test_open(&t);
		store_test_check(&t);
		stat_of(&t, "INBOX", &info);
		/* keywords are the same in the older one */
		assert_int_equal(info.uidvalidity == inbox.uidvalidity,
		    kinds[i] == LAYOUT_SNAP_KEYWORDS);
		/* those that were expunged may be back */
		assert_in_range(info.messages, inbox.messages,
		    inbox.messages + (kinds[i] == LAYOUT_SNAP_KEYWORDS ? 0
		    : 11));
		assert_memory_equal(info.mailboxid, inbox.mailboxid, 16);
		stat_of(&t, "work/x", &info);
		assert_int_equal(info.uidvalidity, x.uidvalidity);
		assert_int_equal(info.messages, x.messages);
		m = store_test_mbox(&t, "INBOX");
		rows = store_mbox_rows(m, &n);
		assert_int_equal(rows[0].uid, 1);
		assert_int_equal(store_row_flags(&rows[0]), STORE_ANSWERED |
		    (kinds[i] == LAYOUT_SNAP_ROW ? 0 : STORE_DRAFT));
		assert_true(store_row_flags(&rows[100]) & STORE_SEEN);
		assert_int_equal(store_mbox_keyword(m, "b"), 1 << 6);
		store_mbox_unref(&m);
		store_test_end(&t);
	}
}

static void
test_fall_back(void **state)
{
	roaring_bitmap_t *want, *have;
	struct store_test t;
	char path[512], *was;
	struct stat sb;
	struct store_info before, info;

	(void)state;
	for (unsigned cut = 0; cut < 6; cut++) {
		two_snapshots(&t);
		store_test_open(&t);
		was = dump(&t, false);
		want = blobs(&t);
		stat_of(&t, "INBOX", &before);
		store_close(&t.st);
		snprintf(path, sizeof(path), "%s/snap/00000003.snap", t.home);
		assert_int_equal(stat(path, &sb), 0);
		if (cut < 4) /* the last block; half; the first; all */
			assert_int_equal(truncate(path, cut == 0
			    ? sb.st_size - 5 : cut == 1 ? sb.st_size / 2
			    : cut == 2 ? 50 : 0), 0);
		else if (cut == 4)
			garble(&t, 3, 0, (size_t)sb.st_size);
		else
			assert_int_equal(unlink(path), 0);
		remove_index(&t);
		store_test_open(&t);
		store_test_check(&t);
		stat_of(&t, "INBOX", &info);
		if (cut != 1)
			assert_int_equal(info.messages, before.messages);
		/* what is only in the older one does not vouch for UIDs */
		if (cut == 0 || cut > 1)
			assert_int_equal(info.uidvalidity == before.uidvalidity,
			    cut == 0);
		if (cut == 0) {
			char *is = dump(&t, false);

			assert_string_equal(is, was);
			free(is);
		}
		have = blobs(&t);
		assert_true(roaring_bitmap_is_subset(want, have));
		if (cut != 1)
			assert_true(roaring_bitmap_equals(want, have));
		roaring_bitmap_free(want);
		roaring_bitmap_free(have);
		free(was);
		store_test_reopen(&t);
		store_test_check(&t);
		store_test_end(&t);
	}
}

/* Bytes changed anywhere: opens, is sound, loses no message. */
static void
test_garbled(void **state)
{
	roaring_bitmap_t *want, *have;
	struct store_test t;
	struct stat sb;
	char path[512];
	uint64_t dice = 1;

	(void)state;
	for (unsigned round = 0; round < 8; round++) {
		two_snapshots(&t);
		store_test_open(&t);
		want = blobs(&t);
		store_close(&t.st);
		for (unsigned no = 2; no <= 3; no++) {
			snprintf(path, sizeof(path), "%s/snap/%08u.snap",
			    t.home, no);
			assert_int_equal(stat(path, &sb), 0);
			for (unsigned i = 0; i < round; i++) {
				dice = dice * 6364136223846793005u + 1;
				garble(&t, no, (dice >> 33) %
				    (uint64_t)sb.st_size, 1);
			}
		}
		remove_index(&t);
		store_test_open(&t);
		store_test_check(&t);
		have = blobs(&t);
		assert_true(roaring_bitmap_is_subset(want, have));
		roaring_bitmap_free(want);
		roaring_bitmap_free(have);
		store_test_end(&t);
	}
}

/* A snapshot of another home is not believed. */
static void
test_foreign(void **state)
{
	struct store_test t, other;
	char command[1200];
	struct store_info info, before;

	(void)state;
	store_test_start(&t);
	store_test_start(&other);
	store_test_append(t.st, "INBOX", 5, 60, 0);
	stat_of(&t, "INBOX", &before);
	work(&other);
	store_close(&t.st);
	store_close(&other.st);
	remove_index(&t);
	snprintf(command, sizeof(command), "rm %s/snap/*; cp %s/snap/* %s/snap",
	    t.home, other.home, t.home);
	assert_int_equal(system(command), 0);
	store_test_open(&t);
	store_test_check(&t);
	stat_of(&t, "INBOX", &info);
	assert_int_equal(info.messages, 5);
	assert_int_not_equal(info.uidvalidity, before.uidvalidity);
	store_test_end(&t);
	store_test_end(&other);
}

/* --- messages whose bytes are gone --------------------------------------- */

static void
test_lost(void **state)
{
	struct store_info before, info;
	struct store_test t;
	struct store_mbox *m;
	char path[512];
	int fd;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 20, 1000, 0);
	for (unsigned i = 0; i < 5; i++)
		store_test_append(t.st, "INBOX", 1, 1000, 0);
	copy(&t, "INBOX", 22, 25, "Sent", false);
	stat_of(&t, "INBOX", &before);
	store_close(&t.st);
	path_of(&t, "seg/00000001.seg", path);
	fd = open(path, O_WRONLY);
	/* in messages 3, of a group of 20, and 23 */
	assert_int_equal(pwrite(fd, "xyz", 3, 500 + 2 * 1088 + 500), 3);
	assert_int_equal(pwrite(fd, "xyz", 3, 500 + 22 * 1088 + 500), 3);
	close(fd);
	remove_index(&t);
	store_test_open(&t);
	store_test_check(&t);
	stat_of(&t, "INBOX", &info);
	assert_int_equal(info.messages, 23);
	assert_int_equal(info.uidvalidity, before.uidvalidity);
	m = store_test_mbox(&t, "INBOX");
	assert_int_equal(store_mbox_rows(m, &(size_t){ 0 })
	    [store_mbox_lower(m, 23)].uid, 24);
	store_mbox_unref(&m);
	stat_of(&t, "Sent", &info);
	assert_int_equal(info.messages, 3);
	store_test_end(&t);
}

/* A snapshot knows the cookie of a segment whose head is damaged. */
static void
test_head(void **state)
{
	struct store_test t;
	char path[512], *was, *is;
	int fd;

	(void)state;
	store_test_start(&t);
	work(&t);
	was = dump(&t, true);
	store_close(&t.st);
	path_of(&t, "seg/00000001.seg", path);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "garbage, all garbage", 20, 10), 20);
	close(fd);
	remove_index(&t);
	store_test_open(&t);
	store_test_check(&t);
	is = dump(&t, true);
	assert_string_equal(is, was);
	free(is);
	free(was);
	store_test_end(&t);
}

/* The end of the segments is gone, and with it a place the snapshot knows. */
static void
test_cut(void **state)
{
	struct store_test t;
	struct store_info before, info;
	char path[512];

	(void)state;
	for (unsigned all = 0; all < 2; all++) {
		store_test_start(&t);
		store_test_append(t.st, "INBOX", 20, 1000, 0);
		store_close(&t.st);
		path_of(&t, "seg/00000001.seg", path);
		assert_int_equal(all ? unlink(path) : truncate(path, 12000), 0);
		remove_index(&t);
		store_test_open(&t);
		store_test_check(&t);
		stat_of(&t, "INBOX", &before);
		assert_true(before.messages == (all ? 0 : 10));
		assert_true(store_test_append(t.st, "INBOX", 3, 100, 0) > 20);
		store_close(&t.st);
		remove_index(&t);
		store_test_open(&t);
		store_test_check(&t);
		stat_of(&t, "INBOX", &info);
		assert_int_equal(info.messages, before.messages + 3);
		assert_int_equal(info.uidvalidity, before.uidvalidity);
		store_test_end(&t);
	}
}

/* --- when ---------------------------------------------------------------- */

static uint32_t told;

static void
work_copies(struct store_test *t)
{
	/* never at rest: only the flush makes snapshots */
	for (unsigned i = 0; i < 60; i++) {
		copy(t, "INBOX", 1, 1 + i % 7, "Sent", false);
		store_flush(t->st);
	}
	raise(SIGKILL);
}

/* However many copies are told, a rebuild does not give their UIDs again. */
static void
test_forced(void **state)
{
	struct store_info before, info;
	struct store_test t;
	bool stale;

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		told += 1 + i % 7;
	store_snap_set_limits(50, 0);
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 10, 100, 0);
	stat_of(&t, "Sent", &before);
	store_close(&t.st);
	store_test_crash(&t, work_copies);
	assert_true(newest(&t, &stale) >= 2 + told / 58);
	assert_false(stale);
	remove_index(&t);
	store_test_open(&t);
	store_test_check(&t);
	stat_of(&t, "Sent", &info);
	assert_int_equal(info.uidvalidity, before.uidvalidity);
	assert_true(info.uidnext > told);
	assert_true(info.messages >= told - 50);
	/* one copy of more than the gap */
	store_test_append(t.st, "INBOX", 200, 100, 0);
	copy(&t, "INBOX", 1, UINT32_MAX - 1, "Trash", false);
	store_flush(t.st);
	store_test_check(&t);
	/* a restart knows how many were given */
	copy(&t, "INBOX", 1, 5, "Trash", false);
	store_flush(t.st);
	store_test_end(&t);
	store_snap_set_limits(0, 0);
}

static void
test_changes(void **state)
{
	struct store_test t;
	uint32_t no;
	bool stale;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 1000, 50, 0);
	store_test_reopen(&t);
	no = newest(&t, &stale);
	/* nothing changed; one row of a thousand; more than one in a hundred */
	store_test_reopen(&t);
	assert_int_equal(newest(&t, &stale), no);
	flags(&t, "INBOX", 1, 1, STORE_SEEN);
	store_test_reopen(&t);
	assert_int_equal(newest(&t, &stale), no);
	flags(&t, "INBOX", 1, 20, STORE_FLAGGED);
	store_test_reopen(&t);
	assert_int_equal(newest(&t, &stale), no + 1);
	/* many, without a moment of rest */
	store_snap_set_limits(0, 500);
	flags(&t, "INBOX", 1, 400, STORE_DRAFT);
	assert_int_equal(store_flush(t.st), STORE_OK);
	assert_int_equal(newest(&t, &stale), no + 1);
	flags(&t, "INBOX", 401, 600, STORE_DRAFT);
	assert_int_equal(store_flush(t.st), STORE_OK);
	assert_int_equal(newest(&t, &stale), no + 2);
	store_test_check(&t);
	store_test_end(&t);
	store_snap_set_limits(0, 0);
}

/* A limit on file sizes stands for a full disk. */
static void
test_full(void **state)
{
	struct rlimit old, small;
	struct store_test t;
	char *was, *is;
	uint32_t no;
	bool stale;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	store_test_start(&t);
	work(&t);
	store_test_reopen(&t);
	no = newest(&t, &stale);
	was = dump(&t, true);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	for (unsigned i = 0; i < 3; i++) {
		small.rlim_cur = i * 1500;
		setrlimit(RLIMIT_FSIZE, &small);
		assert_int_equal(store_snap_take(t.st), STORE_OK);
		setrlimit(RLIMIT_FSIZE, &old);
		assert_int_equal(newest(&t, &stale), no);
		assert_false(stale);
		assert_false(there(&t, "snap/new"));
	}
	store_test_check(&t);
	assert_int_equal(store_snap_take(t.st), STORE_OK);
	assert_int_equal(newest(&t, &stale), no + 1);
	store_close(&t.st);
	remove_index(&t);
	store_test_open(&t);
	is = dump(&t, true);
	assert_string_equal(is, was);
	free(is);
	free(was);
	store_test_end(&t);
}

/* A snapshot that cannot be written harms no one; it just no longer vouches. */
static void
test_no_room(void **state)
{
	struct store_info before, info;
	struct store_test t;
	char path[512];
	bool stale;
	char *was, *is;

	(void)state;
	store_snap_set_limits(50, 0);
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 20, 100, 0);
	store_test_reopen(&t);
	stat_of(&t, "INBOX", &before);
	path_of(&t, "snap/new", path);
	assert_int_equal(mkdir(path, 0700), 0); /* in its way */
	for (unsigned i = 0; i < 10; i++) {
		copy(&t, "INBOX", 1, 10, "Sent", false);
		assert_int_equal(store_flush(t.st), STORE_OK);
	}
	newest(&t, &stale);
	assert_true(stale);
	store_test_check(&t);
	store_close(&t.st);
	remove_index(&t);
	store_test_open(&t); /* still in its way */
	store_test_check(&t);
	stat_of(&t, "INBOX", &info);
	assert_int_equal(info.messages, 20);
	assert_int_not_equal(info.uidvalidity, before.uidvalidity);
	assert_int_equal(rmdir(path), 0);
	was = dump(&t, true);
	store_test_reopen(&t);
	newest(&t, &stale);
	assert_false(stale);
	store_close(&t.st);
	remove_index(&t);
	store_test_open(&t);
	is = dump(&t, true);
	assert_string_equal(is, was);
	free(is);
	free(was);
	store_test_end(&t);
	store_snap_set_limits(0, 0);
}

/* --- dying while one is written ------------------------------------------ */

static const char *fault;

static void
work_fault(struct store_test *t)
{
	flags(t, "INBOX", 1, 300, STORE_DRAFT);
	store_flush(t->st);
	setenv("POSTERN_FAULT", fault, 1);
	store_fault_init();
	store_close(&t->st); /* dies here */
	_exit(7);
}

static void
test_faults(void **state)
{
	static const char *const faults[] = { "snap-half", "snap-written",
		"snap-renamed", "snap-done" };
	struct store_test t;
	char *was, *is;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		store_test_start(&t);
		work(&t);
		was = dump(&t, true);
		store_close(&t.st);
		fault = faults[i / 2];
		store_test_crash(&t, work_fault);
		if (i % 2 != 0)
			remove_index(&t);
		store_test_open(&t);
		store_test_check(&t);
		is = dump(&t, true);
		/* the flags are there with the index, or the new snapshot */
		assert_int_equal(strcmp(is, was) == 0, i % 2 == 1 && i < 4);
		assert_false(there(&t, "snap/new") && i % 2 == 1);
		free(is);
		free(was);
		store_test_reopen(&t);
		store_test_check(&t);
		store_test_end(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_deleted),
		cmocka_unit_test(test_half_deleted),
		cmocka_unit_test(test_damaged_mailbox),
		cmocka_unit_test(test_fall_back),
		cmocka_unit_test(test_garbled),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_forced),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
