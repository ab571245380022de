/* SPDX-License-Identifier: ISC
 *
 * See faults_ops.h.
 */
#include "faults_ops.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/segment.h"
#include "store/snap.h"
#include "store/store_private.h"

#define MESSAGE_MAX 8192

static void
derive(const unsigned char *msg, size_t len, struct arena *a,
    struct store_derived *d)
{
	size_t n = 20 + (size_t)msg[0] * 12;
	char *text = arena_alloc(a, n);

	memset(text, 'a' + msg[0] % 26, n);
	d->envelope = text;
	d->envelope_len = n;
	d->structure = text;
	d->structure_len = n / 2;
	d->header_len = (uint32_t)len / 2;
	d->n_thread_ids = 1;
	d->thread_ids[0] = msg[0] % 5;
}

void
faults_options(struct store_test *t, const char *home)
{
	static const struct store_default_mailbox defaults[] = {
		{ "Sent", STORE_USE_SENT, true }, { NULL, 0, false },
	};

	memset(t, 0, sizeof(*t));
	snprintf(t->home, sizeof(t->home), "%s", home);
	t->o.derive = derive;
	t->o.defaults = defaults;
}

/* --- operations ----------------------------------------------------------- */

/* n messages in one group; without commit when `keep` is false. */
static enum store_err
append(struct store *st, const char *mailbox, unsigned n, size_t size,
    bool keep)
{
	static const char *const words[] = { "$Forwarded", "work", NULL };
	unsigned char text[MESSAGE_MAX];
	struct store_append *ap;
	uint32_t validity, first;
	enum store_err e = store_append_begin(st, mailbox, &ap);

	if (e != STORE_OK)
		return e;
	for (unsigned i = 0; e == STORE_OK && i < n; i++) {
		struct store_new_message msg = { .data = text, .len = size,
			.system_flags = i % 2 == 0 ? STORE_FLAGGED : 0,
			.keywords = i % 3 == 0 ? words : NULL,
			.internaldate = 1700000000 + i };

		store_test_message(text, size, i + (unsigned)size);
		e = store_append_add(ap, &msg);
	}
	if (e == STORE_OK && keep)
		return store_append_commit(&ap, &validity, &first);
	store_append_abort(&ap);
	return e;
}

enum store_err
faults_probe(struct store *st, uint32_t *uid_r)
{
	const unsigned char text[] = "probe";
	struct store_new_message msg = { .data = text, .len = sizeof(text) };
	struct store_append *ap;
	uint32_t validity;
	enum store_err e = store_append_begin(st, "INBOX", &ap);

	if (e != STORE_OK)
		return e;
	if ((e = store_append_add(ap, &msg)) != STORE_OK) {
		store_append_abort(&ap);
		return e;
	}
	e = store_append_commit(&ap, &validity, uid_r);
	return e == STORE_OK ? store_flush(st) : e;
}

static enum store_err
op_open(struct store_test *t)
{
	return store_open(t->home, &t->o, &t->st);
}

static enum store_err
op_append(struct store_test *t)
{
	return append(t->st, "INBOX", 1, 700, true);
}

static enum store_err
op_multiappend(struct store_test *t)
{
	return append(t->st, "box", 5, 6000, true);
}

static enum store_err
op_append_abort(struct store_test *t)
{
	return append(t->st, "INBOX", 2, 5000, false);
}

static enum store_err
op_append_long(struct store_test *t)
{
	return append(t->st, "INBOX", 40, 200, true);
}

static enum store_err
on_rows(struct store_test *t, int what)
{
	roaring_bitmap_t *set = store_test_range(3, 9);
	uint32_t validity, first;
	struct store_mbox *m;
	enum store_err e = store_mbox_open(t->st, "INBOX", &m);
	uint64_t mask;

	if (e == STORE_OK) {
		e = what == 0 ? store_copy(m, set, "box", false, NULL,
		        &validity, &first)
		    : what == 1 ? store_copy(m, set, "box", true, NULL,
		        &validity, &first)
		    : what == 2 ? store_flags_update(m, set, STORE_FLAGS_ADD,
		        STORE_SEEN, UINT64_MAX, NULL, NULL)
		    : what == 3 ? store_mbox_keyword_add(m, "new", &mask)
		    : what == 4 ? store_expunge(m, set, NULL)
		                : store_mbox_claim_recent(m);
		store_mbox_unref(&m);
	}
	roaring_bitmap_free(set);
	return e;
}

static enum store_err op_copy(struct store_test *t) { return on_rows(t, 0); }
static enum store_err op_move(struct store_test *t) { return on_rows(t, 1); }
static enum store_err op_flags(struct store_test *t) { return on_rows(t, 2); }
static enum store_err op_keyword(struct store_test *t) { return on_rows(t, 3); }
static enum store_err op_expunge(struct store_test *t) { return on_rows(t, 4); }
static enum store_err op_recent(struct store_test *t) { return on_rows(t, 5); }

/* More UIDs than a rebuild would leave out: the newest snapshot no longer holds,
 * whether there is a new one or not. */
static enum store_err
op_copy_snap(struct store_test *t)
{
	store_snap_set_limits(1, 0);
	return on_rows(t, 0);
}

static enum store_err
op_expunge_all(struct store_test *t)
{
	roaring_bitmap_t *all = store_test_range(1, UINT32_MAX);
	struct store_mbox *m;
	enum store_err e = store_mbox_open(t->st, "INBOX", &m);

	if (e == STORE_OK) {
		e = store_expunge(m, all, NULL);
		store_mbox_unref(&m);
	}
	roaring_bitmap_free(all);
	return e;
}

static enum store_err
op_flags_many(struct store_test *t)
{
	roaring_bitmap_t *all = store_test_range(1, UINT32_MAX);
	struct store_mbox *m;
	enum store_err e = store_mbox_open(t->st, "INBOX", &m);

	if (e == STORE_OK) {
		e = store_flags_update(m, all, STORE_FLAGS_ADD, STORE_FLAGGED,
		    UINT64_MAX, NULL, NULL);
		store_mbox_unref(&m);
	}
	roaring_bitmap_free(all);
	return e;
}

/* Settling says nothing of success: it only moves what is there. */
static enum store_err
op_settle(struct store_test *t)
{
	enum store_err e = op_flags_many(t);

	if (e == STORE_OK && (e = store_flush(t->st)) == STORE_OK)
		(void)store_late_settle_all(t->st);
	return e;
}

static enum store_err
op_relaxed(struct store_test *t)
{
	t->st->o.relaxed = true;
	t->st->u.modseq_hw = t->st->modseq; /* a new block is due */
	return on_rows(t, 2);
}

static enum store_err
op_create(struct store_test *t)
{
	return store_create(t->st, "new/box", STORE_USE_JUNK);
}

static enum store_err
op_delete(struct store_test *t)
{
	return store_delete(t->st, "box");
}

static enum store_err
op_rename(struct store_test *t)
{
	return store_rename(t->st, "box", "crate");
}

static enum store_err
op_rename_inbox(struct store_test *t)
{
	return store_rename(t->st, "INBOX", "old");
}

enum store_err
faults_create_old(struct store_test *t)
{
	return store_create(t->st, "old", 0);
}

static enum store_err
op_subscribe(struct store_test *t)
{
	return store_subscribe(t->st, "box/sub", true);
}

static enum store_err
op_idle(struct store_test *t)
{
	enum store_err e = op_append(t);

	if (e == STORE_OK && (e = store_flush(t->st)) == STORE_OK) {
		t->st->changed_at -= 2 * STORE_CHECKPOINT_SECONDS;
		store_idle(t->st);
	}
	return e;
}

/* Closing says nothing of success; what was flushed before must be there. */
static enum store_err
op_close(struct store_test *t)
{
	enum store_err e = op_append(t);

	if (e == STORE_OK)
		e = store_flush(t->st);
	store_close(&t->st);
	return e;
}

static enum store_err
op_rebuild(struct store_test *t)
{
	return store_rebuild(&t->st, &t->o, true, NULL, NULL);
}

/* The index is not trusted; all it knows is in the snapshot of the last close. */
static enum store_err
op_rebuild_snap(struct store_test *t)
{
	return store_rebuild(&t->st, &t->o, false, NULL, NULL);
}

static enum store_err
op_read(struct store_test *t)
{
	static char text[65536];
	roaring_bitmap_t *gone = roaring_bitmap_create();
	bool complete;
	struct store_mbox *m;
	enum store_err e = store_mbox_open(t->st, "INBOX", &m);

	if (e == STORE_OK) {
		e = store_vanished(m, 1, gone, &complete);
		store_mbox_unref(&m);
	}
	roaring_bitmap_free(gone);
	if (e == STORE_OK && !faults_dump(t->st, false, text, sizeof(text)))
		e = STORE_IO;
	return e;
}

#define OPENS(name, home) { name, FAULTS_HOME_##home, .opens = true, \
	.run = op_open }
#define REBUILDS(name, home) { name, FAULTS_HOME_##home, .opens = true, \
	.rebuilds = true, .run = op_open }
#define WORKS(name, fn) { name, FAULTS_HOME_WORK, .run = fn }

const struct faults_op faults_ops[] = {
	REBUILDS("open new", EMPTY),
	OPENS("open", WORK),
	OPENS("open, replay", SEALED),
	OPENS("open, torn tail", TORN),
	OPENS("open, half a segment", HALF_SEGMENT),
	OPENS("open after a crash", CRASHED_ONCE),
	REBUILDS("open without index", NO_INDEX),
	REBUILDS("open with damage", DAMAGED),
	REBUILDS("open without index and head", HEAD),
	{ "open after two crashes", FAULTS_HOME_CRASHED_TWICE, .opens = true,
	    .rebuilds = true, .other = FAULTS_HOME_WORK, .run = op_open },
	WORKS("append", op_append),
	WORKS("multiappend", op_multiappend),
	WORKS("append, taken back", op_append_abort),
	{ "append, new segment", FAULTS_HOME_WORK, .segment_limit = 1000,
	    .run = op_append },
	{ "append, two log files", FAULTS_HOME_LONG_LOG,
	    .run = op_append_long },
	WORKS("copy", op_copy),
	WORKS("copy, snapshot has to be made", op_copy_snap),
	WORKS("move", op_move),
	WORKS("flags", op_flags),
	WORKS("flags, relaxed", op_relaxed),
	{ "flags of many", FAULTS_HOME_LONG_LOG, .run = op_flags_many },
	{ "flags of many, settled", FAULTS_HOME_LONG_LOG, .flushes = true,
	    .run = op_settle },
	WORKS("keyword", op_keyword),
	WORKS("expunge", op_expunge),
	WORKS("recent", op_recent),
	WORKS("create", op_create),
	WORKS("delete", op_delete),
	WORKS("rename", op_rename),
	{ "rename INBOX", FAULTS_HOME_WORK, .two = true,
	    .run = op_rename_inbox },
	WORKS("subscribe", op_subscribe),
	{ "rebuild", FAULTS_HOME_WORK, .rebuilds = true, .flushes = true,
	    .run = op_rebuild },
	{ "rebuild from the last snapshot", FAULTS_HOME_WORK, .rebuilds = true,
	    .flushes = true, .run = op_rebuild_snap },
	{ "idle", FAULTS_HOME_WORK, .flushes = true, .run = op_idle },
	{ "expunge, pages are freed", FAULTS_HOME_LONG_LOG,
	    .run = op_expunge_all },
	OPENS("open, two log files", LONG_LOG),
	{ "close, two log files", FAULTS_HOME_LONG_LOG, .flushes = true,
	    .run = op_close },
	{ "close", FAULTS_HOME_WORK, .flushes = true, .run = op_close },
	WORKS("read", op_read),
};
const size_t faults_n_ops = sizeof(faults_ops) / sizeof(faults_ops[0]);

/* --- the homes ------------------------------------------------------------ */

static void
make_work(struct store_test *t)
{
	struct store_mbox *m;
	roaring_bitmap_t *some = store_test_range(2, 6),
	    *few = store_test_range(10, 11);
	uint32_t validity, first;

	assert_int_equal(op_open(t), STORE_OK);
	assert_int_equal(store_create(t->st, "box", 0), STORE_OK);
	assert_int_equal(store_create(t->st, "box/sub", 0), STORE_OK);
	assert_int_equal(append(t->st, "INBOX", 14, 900, true), STORE_OK);
	assert_int_equal(append(t->st, "box/sub", 3, 50, true), STORE_OK);
	m = store_test_mbox(t, "INBOX");
	assert_int_equal(store_flags_update(m, some, STORE_FLAGS_ADD,
	    STORE_ANSWERED, UINT64_MAX, NULL, NULL), STORE_OK);
	assert_int_equal(store_copy(m, some, "box", false, NULL, &validity,
	    &first), STORE_OK);
	assert_int_equal(store_expunge(m, few, NULL), STORE_OK);
	store_mbox_unref(&m);
	assert_int_equal(store_subscribe(t->st, "box", true), STORE_OK);
	store_close(&t->st);
	roaring_bitmap_free(some);
	roaring_bitmap_free(few);
}

/* Appends and dies at a place of fault.h. */
static void
make_killed(struct store_test *t, const char *fault)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		setenv("POSTERN_FAULT", fault, 1);
		if (op_open(t) == STORE_OK &&
		    append(t->st, "box", 50, 150, true) == STORE_OK)
			store_flush(t->st);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void
put_file(const struct store_test *t, const char *name, const char *text,
    long at)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", t->home, name);
	f = fopen(path, at < 0 ? "w" : "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, at < 0 ? 0 : at, SEEK_SET), 0);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* The log grows into a second file; the process dies. */
static void
make_long_log(struct store_test *t)
{
	char second[512];
	pid_t pid = fork();
	int status;

	snprintf(second, sizeof(second), "%s/db/log.0000000002", t->home);
	if (pid == 0) {
		if (op_open(t) != STORE_OK)
			_exit(1);
		for (unsigned i = 0; i < 200 && access(second, F_OK) != 0; i++) {
			if (append(t->st, "INBOX", 20, 100 + i, true) !=
			    STORE_OK || store_flush(t->st) != STORE_OK)
				_exit(1);
			store_upkeep(t->st);
		}
		_exit(access(second, F_OK) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
make_home(struct store_test *t, enum faults_home which)
{
	char path[512];

	if (which != FAULTS_HOME_EMPTY)
		make_work(t);
	snprintf(path, sizeof(path), "%s/db", t->home);
	switch (which) {
	case FAULTS_HOME_SEALED:
		make_killed(t, "append-sealed");
		break;
	case FAULTS_HOME_TORN:
		make_killed(t, "append-written");
		break;
	case FAULTS_HOME_NO_INDEX:
		image_remove(path);
		break;
	case FAULTS_HOME_HEAD:
		image_remove(path);
		put_file(t, "seg/00000001.seg", "bad", 60);
		break;
	case FAULTS_HOME_DAMAGED:
		put_file(t, "db/meta.db", "damaged", 4096 + 64);
		put_file(t, "db/meta.db", "damaged", 64);
		break;
	case FAULTS_HOME_CRASHED_ONCE:
		put_file(t, "lock", "crashed 1\n", -1);
		break;
	case FAULTS_HOME_CRASHED_TWICE:
		put_file(t, "lock", "crashed 2\n", -1);
		break;
	case FAULTS_HOME_HALF_SEGMENT:
		put_file(t, "seg/00000002.seg", "POSTERN", -1);
		break;
	case FAULTS_HOME_LONG_LOG:
		make_long_log(t);
		break;
	case FAULTS_HOME_EMPTY:
	case FAULTS_HOME_WORK:
	case FAULTS_HOME_COUNT:
		break;
	}
}

void
faults_homes_make(struct image *homes, const char *dir)
{
	struct store_test t;
	char home[200];

	for (int i = 0; i < FAULTS_HOME_COUNT; i++) {
		snprintf(home, sizeof(home), "%s/make", dir);
		assert_int_equal(mkdir(home, 0700), 0);
		faults_options(&t, home);
		make_home(&t, (enum faults_home)i);
		image_load(&homes[i], home);
		image_remove(home);
	}
}
