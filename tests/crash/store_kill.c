/* SPDX-License-Identifier: ISC
 *
 * store_kill [ROUNDS [SEED]]: kills a process that changes a store.
 *
 * Each round a child opens the store and does random operations.  It writes
 * what it is about to do to a pipe, does it, and after store_flush() writes an
 * acknowledgement.  It dies by SIGKILL at a fault point (fault.h; every one is
 * visited in turn) or at a random time.  The parent keeps a model of what was
 * acknowledged, opens the store and compares: the store must be the model, or
 * the model with the first few of the operations that were under way, each
 * whole; store_check() must find nothing; no UIDVALIDITY and no modseq is seen
 * twice.  Now and then a copy of the home has its index rebuilt from segments
 * and snapshots: no message may be lost, and no UID be free that was ever told.
 * TAP on the standard output.
 */
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/fault.h"
#include "store/segment.h"
#include "store/snap.h"
#include "store/store.h"

#define MAILBOXES 8
#define BATCH 4
#define OPS_A_ROUND 400
#define REBUILD_EACH 5       /* rounds */
#define REBUILT_IDS (1 << 22)

enum kind { APPEND, ABORT, FLAGS, EXPUNGE, COPY, MOVE, CREATE, DELETE, RENAME,
	FLUSHED, OPENED };

struct op {
	enum kind kind;
	char name[16], to[16];
	uint32_t first, last; /* UIDs; APPEND: number of messages in first */
	uint32_t id;          /* of the first message appended */
	uint64_t flags, modseq;
	enum store_flag_op how;
};

struct message {
	uint32_t uid, id;
	uint64_t flags;
};
struct mailbox {
	char name[16]; /* "": none */
	uint32_t uidnext;
	struct message *messages; /* own */
	size_t n;
};
struct model {
	struct mailbox mailbox[MAILBOXES + 1];
};

static uint64_t seed;
static char home[256];
static struct store_options options;

static uint32_t
dice(uint32_t sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % sides);
}

/* --- messages ------------------------------------------------------------ */

static size_t
message_make(unsigned char *p, uint32_t id)
{
	size_t n = 20 + id % 17 * 61 + (id % 97 == 0 ? 30000 : 0);

	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(id + i * 11 + id / 251);
	memcpy(p, &id, sizeof(id));
	return n;
}

static void
derive(const unsigned char *msg, size_t len, struct arena *a,
    struct store_derived *d)
{
	size_t n = 30 + (size_t)msg[0] * 9;
	char *text = arena_alloc(a, n);

	memset(text, 'a' + msg[0] % 26, n);
	d->envelope = text;
	d->envelope_len = n;
	d->structure = text;
	d->structure_len = n / 2;
	d->header_len = (uint32_t)len / 2;
	d->n_thread_ids = 2;
	d->thread_ids[0] = msg[0];
	d->thread_ids[1] = msg[1];
}

/* --- the model ----------------------------------------------------------- */

static struct mailbox *
model_find(struct model *m, const char *name)
{
	for (size_t i = 0; i <= MAILBOXES; i++)
		if (strcmp(m->mailbox[i].name, name) == 0)
			return &m->mailbox[i];
	return NULL;
}

static void
model_add(struct mailbox *b, uint32_t id, uint64_t flags)
{
	b->messages = xreallocarray(b->messages, b->n + 1,
	    sizeof(*b->messages));
	b->messages[b->n++] = (struct message){ b->uidnext++, id, flags };
}

static void
model_remove(struct mailbox *b, uint32_t first, uint32_t last)
{
	size_t out = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->messages[i].uid < first || b->messages[i].uid > last)
			b->messages[out++] = b->messages[i];
	b->n = out;
}

static void
model_copy_messages(struct mailbox *from, struct mailbox *to, uint32_t first,
    uint32_t last)
{
	size_t n = from->n;

	for (size_t i = 0; i < n; i++)
		if (from->messages[i].uid >= first &&
		    from->messages[i].uid <= last)
			model_add(to, from->messages[i].id,
			    from->messages[i].flags);
}

static void
model_apply(struct model *m, const struct op *op)
{
	struct mailbox *b = model_find(m, op->name);
	uint32_t last = op->last;

	if (b == NULL && op->kind != CREATE)
		return;
	switch (op->kind) {
	case APPEND:
		for (uint32_t i = 0; i < op->first; i++)
			model_add(b, op->id + i, op->flags);
		break;
	case FLAGS:
		for (size_t i = 0; i < b->n; i++) {
			struct message *msg = &b->messages[i];

			if (msg->uid < op->first || msg->uid > op->last)
				continue;
			if (op->how == STORE_FLAGS_SET)
				msg->flags = op->flags;
			else if (op->how == STORE_FLAGS_ADD)
				msg->flags |= op->flags;
			else
				msg->flags &= ~op->flags;
		}
		break;
	case EXPUNGE:
		model_remove(b, op->first, op->last);
		break;
	case COPY:
		model_copy_messages(b, model_find(m, op->to), op->first,
		    op->last);
		break;
	case MOVE:
		if (last >= b->uidnext) /* not what has just come */
			last = b->uidnext - 1;
		model_copy_messages(b, model_find(m, op->to), op->first, last);
		model_remove(b, op->first, last);
		break;
	case CREATE:
		if ((b = model_find(m, "")) == NULL)
			return;
		snprintf(b->name, sizeof(b->name), "%s", op->name);
		b->uidnext = 1;
		b->n = 0;
		break;
	case DELETE:
		b->name[0] = '\0';
		b->n = 0;
		break;
	case RENAME:
		snprintf(b->name, sizeof(b->name), "%s", op->to);
		break;
	case ABORT:
	case FLUSHED:
	case OPENED:
		break;
	}
}

static bool
same_mailbox(struct store *st, const struct mailbox *b, bool say)
{
	unsigned char *want = xmalloc(65536);
	const struct store_row *rows;
	const unsigned char *data;
	struct store_message msg;
	struct store_reader *r;
	struct store_mbox *m;
	bool same = false;
	size_t n, i = 0;

	if (store_mbox_open(st, b->name, &m) != STORE_OK) {
		free(want);
		return false;
	}
	if (store_mbox_load(m) != STORE_OK) {
		store_mbox_unref(&m);
		free(want);
		return false;
	}
	rows = store_mbox_rows(m, &n);
	r = store_reader_new(m);
	if (n == b->n && store_mbox_info(m)->uidnext >= b->uidnext)
		for (same = true; same && i < n; i++)
			same = rows[i].uid == b->messages[i].uid &&
			    store_row_flags(&rows[i]) == b->messages[i].flags &&
			    store_reader_get(r, rows[i].uid, STORE_WANT_BLOB,
			    &msg) == STORE_OK && msg.size ==
			    message_make(want, b->messages[i].id) &&
			    store_reader_bytes(r, &msg, &data) == STORE_OK &&
			    memcmp(data, want, msg.size) == 0;
	if (!same && say)
		printf("# %s: %zu rows, want %zu; uidnext %u, want %u; "
		    "row %zu\n",
		    b->name, n, b->n, (unsigned)store_mbox_info(m)->uidnext,
		    (unsigned)b->uidnext, i);
	store_reader_free(&r);
	store_mbox_unref(&m);
	free(want);
	return same;
}

static bool
count_one(void *ctx, const struct store_info *info)
{
	(void)info;
	++*(unsigned *)ctx;
	return true;
}

static bool
same_store(struct store *st, struct model *m, bool say)
{
	unsigned have = 0, want = 0;

	store_list(st, count_one, &have);
	for (size_t i = 0; i <= MAILBOXES; i++) {
		if (m->mailbox[i].name[0] == '\0')
			continue;
		want++;
		if (!same_mailbox(st, &m->mailbox[i], say))
			return false;
	}
	if (have != want && say)
		printf("# %u mailboxes, want %u\n", have, want);
	return have == want;
}

/* --- the child ----------------------------------------------------------- */

static void
child_say(int fd, const struct op *op)
{
	if (write(fd, op, sizeof(*op)) != sizeof(*op))
		_exit(3);
}

static void
child_need(enum store_err e, const struct op *op)
{
	if (e == STORE_OK)
		return;
	fprintf(stderr, "store_kill: operation %d: %s\n", (int)op->kind,
	    store_err_text(e));
	_exit(4);
}

static void
child_append(struct store *st, const struct op *op)
{
	static unsigned char text[65536];
	struct store_append *ap;
	uint32_t v, first;

	child_need(store_append_begin(st, op->name, &ap), op);
	for (uint32_t i = 0; i < op->first; i++) {
		struct store_new_message msg = { .data = text,
			.len = message_make(text, op->id + i),
			.system_flags = op->flags };

		child_need(store_append_add(ap, &msg), op);
	}
	if (op->kind == ABORT)
		store_append_abort(&ap);
	else
		child_need(store_append_commit(&ap, &v, &first), op);
}

static void
child_do(struct store *st, const struct op *op)
{
	roaring_bitmap_t *set = roaring_bitmap_create();
	struct store_mbox *m = NULL;
	uint32_t v, first;

	roaring_bitmap_add_range_closed(set, op->first, op->last);
	if (op->kind >= FLAGS && op->kind <= MOVE)
		child_need(store_mbox_open(st, op->name, &m), op);
	switch (op->kind) {
	case APPEND:
	case ABORT:
		child_append(st, op);
		break;
	case FLAGS:
		child_need(store_flags_update(m, set, op->how, op->flags,
		    UINT64_MAX, NULL, NULL), op);
		break;
	case EXPUNGE:
		child_need(store_expunge(m, set, NULL), op);
		break;
	case COPY:
	case MOVE:
		child_need(store_copy(m, set, op->to, op->kind == MOVE, NULL,
		    &v, &first), op);
		break;
	case CREATE:
		child_need(store_create(st, op->name, 0), op);
		break;
	case DELETE:
		child_need(store_delete(st, op->name), op);
		break;
	case RENAME:
		child_need(store_rename(st, op->name, op->to), op);
		break;
	case FLUSHED:
	case OPENED:
		break;
	}
	store_mbox_unref(&m);
	roaring_bitmap_free(set);
}

static bool
child_exists(struct store *st, const char *name, uint32_t *uidnext_r)
{
	struct store_info info;
	struct arena a;
	bool there;

	arena_init(&a);
	there = store_stat(st, name, &a, &info) == STORE_OK;
	*uidnext_r = there ? info.uidnext : 0;
	arena_clear(&a);
	return there;
}

/* A random operation that is possible now. */
static void
child_choose(struct store *st, struct op *op)
{
	static const enum kind kinds[] = { APPEND, APPEND, APPEND, APPEND,
		APPEND, ABORT, FLAGS, FLAGS, FLAGS, EXPUNGE, COPY, MOVE, CREATE,
		CREATE, DELETE, RENAME };
	uint32_t uidnext, other;

	for (;;) {
		uint32_t box = dice(MAILBOXES), box2 = dice(MAILBOXES);
		bool there, there2;

		memset(op, 0, sizeof(*op));
		op->kind = kinds[dice(16)];
		snprintf(op->name, sizeof(op->name), box == 0 ? "INBOX" : "b%u",
		    (unsigned)box);
		snprintf(op->to, sizeof(op->to), box2 == 0 ? "INBOX" : "b%u",
		    (unsigned)box2);
		there = child_exists(st, op->name, &uidnext);
		there2 = child_exists(st, op->to, &other);
		op->flags = dice(32);
		op->id = dice(UINT32_MAX);
		op->how = (enum store_flag_op)dice(3);
		op->first = op->kind <= ABORT ? 1 + dice(dice(4) == 0 ? 60 : 3)
		                              : 1 + dice(uidnext + 1);
		op->last = op->first + dice(dice(4) == 0 ? 100 : 5);
		if (op->kind == CREATE ? !there
		    : op->kind == COPY || op->kind == MOVE ? there && there2
		    : op->kind == RENAME ? there && !there2 && box != 0
		    : op->kind == DELETE ? there && box != 0 && dice(3) == 0
		                         : there)
			return;
	}
}

static int
child(int fd)
{
	struct op op = { .kind = OPENED };
	struct store *st;

	if (store_open(home, &options, &st) != STORE_OK)
		return 2;
	child_say(fd, &op);
	for (unsigned i = 0; i < OPS_A_ROUND; i++) {
		unsigned batch = dice(3) == 0 ? 1 + dice(BATCH) : 1;
		struct store_info info;
		struct arena a;

		for (unsigned k = 0; k < batch; k++) {
			child_choose(st, &op);
			child_say(fd, &op);
			child_do(st, &op);
		}
		if (store_flush(st) != STORE_OK)
			return 5;
		arena_init(&a);
		store_stat(st, "INBOX", &a, &info);
		arena_clear(&a);
		op = (struct op){ .kind = FLUSHED,
			.modseq = info.highestmodseq, .first = info.uidnext };
		child_say(fd, &op);
		if (dice(40) == 0)
			store_idle(st);
		if (dice(120) == 0) {
			store_close(&st);
			if (store_open(home, &options, &st) != STORE_OK)
				return 2;
			child_say(fd, &(struct op){ .kind = OPENED });
		}
	}
	store_close(&st);
	return 0;
}

/* --- the parent ---------------------------------------------------------- */

static void
report(void *ctx, const char *text)
{
	(void)ctx;
	printf("# check: %s\n", text);
}

static bool
seen_validity(void *ctx, const struct store_info *info)
{
	static uint32_t seen[65536], ids[65536];
	static unsigned n;

	for (unsigned i = 0; i < n; i++)
		if (seen[i] == info->uidvalidity) {
			if (ids[i] != info->id) {
				printf("# %s: UIDVALIDITY used before\n",
				    info->name);
				*(bool *)ctx = false;
			}
			return true;
		}
	if (n < 65536) {
		ids[n] = info->id;
		seen[n++] = info->uidvalidity;
	}
	return true;
}

/* Lets one recovery die, too. (A second one in a row would be taken for damage,
 * and the index rebuilt.) */
static void
parent_kill_recovery(void)
{
	struct store *st;
	pid_t pid;

	setenv("POSTERN_FAULT", dice(2) == 0 ? "open-replayed" : "open-index",
	    1);
	if ((pid = fork()) == 0)
		_exit(store_open(home, &options, &st) == STORE_OK ? 0 : 1);
	unsetenv("POSTERN_FAULT");
	if (pid > 0)
		waitpid(pid, &(int){ 0 }, 0);
}

/* Reads what the child said; what was under way at the end is in pending. */
static bool
parent_listen(int fd, struct model *m, struct op *pending, unsigned *n_r,
    bool *opened_r)
{
	static uint64_t modseq;
	struct op op;
	bool good = true;

	*n_r = 0;
	*opened_r = false;
	while (read(fd, &op, sizeof(op)) == sizeof(op)) {
		if (op.kind == OPENED) {
			*opened_r = true;
			continue;
		}
		if (op.kind != FLUSHED) {
			pending[(*n_r)++] = op;
			continue;
		}
		for (unsigned i = 0; i < *n_r; i++)
			model_apply(m, &pending[i]);
		*n_r = 0;
		if (op.modseq < modseq) {
			printf("# modseq went back\n");
			good = false;
		}
		modseq = op.modseq;
	}
	return good;
}

static bool
parent_verify(struct model *m, const struct op *pending, unsigned n)
{
	struct store *st;
	bool good = false, fresh = true;
	unsigned applied = 0;

	if (store_open(home, &options, &st) != STORE_OK) {
		printf("# cannot open\n");
		return false;
	}
	for (;;) {
		good = same_store(st, m, applied == n);
		if (good || applied == n)
			break;
		model_apply(m, &pending[applied++]);
	}
	if (!good)
		printf("# not what was acknowledged (%u under way)\n", n);
	good &= store_check(st, report, NULL) == 0;
	store_list(st, seen_validity, &fresh);
	store_close(&st);
	return good && fresh;
}

static int
remove_one(const char *path, const struct stat *sb, int kind, struct FTW *f)
{
	(void)sb;
	(void)kind;
	(void)f;
	return remove(path);
}

/* A copy of the home as it was left, without its index, is rebuilt: no message
 * is lost, and no UID that was told (below uidnext) is free. */
static bool
rebuilt_mailbox(struct store *st, const struct mailbox *b, uint32_t uidnext,
    const bool *ids)
{
	struct store_info info;
	struct arena a;
	bool good = true;

	if (b->name[0] == '\0')
		return true;
	arena_init(&a);
	if (store_stat(st, b->name, &a, &info) != STORE_OK) {
		printf("# rebuilt: no %s\n", b->name);
		good = false;
	} else if (info.uidnext < uidnext) {
		printf("# rebuilt: %s: uidnext %u, was %u\n", b->name,
		    (unsigned)info.uidnext, (unsigned)uidnext);
		good = false;
	}
	arena_clear(&a);
	for (size_t i = 0; i < b->n; i++)
		if (!ids[b->messages[i].id % REBUILT_IDS]) {
			printf("# rebuilt: %s: UID %u lost\n", b->name,
			    (unsigned)b->messages[i].uid);
			good = false;
		}
	return good;
}

struct rebuilt {
	struct store *st;
	bool *ids; /* own; of all messages, hashed */
	bool good;
};

static bool
rebuilt_collect(void *ctx, const struct store_info *info)
{
	struct rebuilt *c = ctx;
	const unsigned char *data;
	const struct store_row *rows;
	struct store_message msg;
	struct store_reader *r;
	struct store_mbox *m;
	uint32_t id;
	size_t n;

	if (store_mbox_open(c->st, info->name, &m) != STORE_OK)
		return c->good = false;
	if (store_mbox_load(m) != STORE_OK) {
		store_mbox_unref(&m);
		return c->good = false;
	}
	rows = store_mbox_rows(m, &n);
	r = store_reader_new(m);
	for (size_t i = 0; c->good && i < n; i++) {
		c->good = store_reader_get(r, rows[i].uid, STORE_WANT_BLOB,
		    &msg) == STORE_OK &&
		    store_reader_bytes(r, &msg, &data) == STORE_OK;
		if (!c->good)
			break;
		memcpy(&id, data, sizeof(id));
		c->ids[id % REBUILT_IDS] = true;
	}
	store_reader_free(&r);
	store_mbox_unref(&m);
	return true;
}

static void
side_make(char *side, size_t size)
{
	char command[1200];

	snprintf(side, size, "%s.side", home);
	snprintf(command, sizeof(command), "cp -r %s %s && rm -r %s/db", home,
	    side, side);
	if (system(command) != 0)
		printf("# cannot copy to %s\n", side);
}

static bool
parent_rebuild(const struct model *m, const char *side,
    const uint32_t *uidnext)
{
	struct rebuilt c = { .good = true };
	struct store *st;

	if (store_open(side, &options, &st) != STORE_OK) {
		printf("# rebuilt: cannot open %s\n", side);
		return false;
	}
	c.st = st;
	c.ids = xcalloc(REBUILT_IDS, sizeof(*c.ids));
	store_list(st, rebuilt_collect, &c);
	for (size_t i = 0; i <= MAILBOXES; i++)
		c.good &= rebuilt_mailbox(st, &m->mailbox[i], uidnext[i],
		    c.ids);
	c.good &= store_check(st, report, NULL) == 0;
	free(c.ids);
	store_close(&st);
	if (c.good)
		nftw(side, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return c.good;
}

/* UIDNEXT of each mailbox as it was acknowledged; 0: its name may be another's
 * by now. */
static void
told_uids(const struct model *m, const struct op *pending, unsigned n,
    uint32_t *uidnext)
{
	bool names = false;

	for (unsigned i = 0; i < n; i++)
		names |= pending[i].kind >= CREATE;
	for (size_t i = 0; i <= MAILBOXES; i++)
		uidnext[i] = names ? 0 : m->mailbox[i].uidnext;
}

static bool
round_run(struct model *m, unsigned round)
{
	struct op pending[BATCH + 1];
	bool timed = round % 2 == 1;
	bool rebuild = round % REBUILD_EACH == REBUILD_EACH - 1;
	uint32_t uidnext[MAILBOXES + 1];
	char side[300];
	char fault[64];
	int pipes[2], status;
	unsigned n;
	bool good, opened;
	pid_t pid;

	snprintf(fault, sizeof(fault), "%s:%u", store_fault_name(
	    (enum store_fault_at)(round / 2 % STORE_FAULT_COUNT)),
	    1 + (unsigned)(round / 2 < STORE_FAULT_COUNT ? 0 : dice(30)));
	if (timed)
		unsetenv("POSTERN_FAULT");
	else
		setenv("POSTERN_FAULT", fault, 1);
	dice(2); /* the child goes on from here */
	fflush(stdout);
	if (pipe(pipes) != 0 || (pid = fork()) < 0)
		return false;
	if (pid == 0) {
		close(pipes[0]);
		_exit(child(pipes[1]));
	}
	unsetenv("POSTERN_FAULT");
	close(pipes[1]);
	if (timed) {
		usleep(dice(60000));
		kill(pid, SIGKILL);
	}
	good = parent_listen(pipes[0], m, pending, &n, &opened);
	close(pipes[0]);
	if (waitpid(pid, &status, 0) != pid ||
	    (!WIFSIGNALED(status) && WEXITSTATUS(status) != 0)) {
		printf("# child failed: %d\n", status);
		good = false;
	}
	if (opened && dice(3) == 0)
		parent_kill_recovery();
	told_uids(m, pending, n, uidnext);
	if (rebuild)
		side_make(side, sizeof(side));
	good &= parent_verify(m, pending, n);
	if (good && rebuild)
		good = parent_rebuild(m, side, uidnext);
	printf("%s %u - %s\n", good ? "ok" : "not ok", round + 1,
	    timed ? "random time" : fault);
	return good;
}

int
main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 30, failed = 0;
	const char *tmp = getenv("TMPDIR");
	static struct model m;

	seed = argc > 2 ? (uint64_t)atoll(argv[2]) : 1;
	log_init("store_kill", LOG_LEVEL_WARN);
	snprintf(home, sizeof(home), "%s/postern-kill.XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(home) == NULL)
		return 1;
	options.derive = derive;
	store_segment_set_limit(512 * 1024);
	store_snap_set_limits(300, 1000);
	snprintf(m.mailbox[0].name, sizeof(m.mailbox[0].name), "INBOX");
	m.mailbox[0].uidnext = 1;
	for (unsigned i = 0; i < rounds && failed == 0; i++)
		failed += !round_run(&m, i);
	printf("1..%u\n", rounds);
	if (failed == 0)
		nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	else
		printf("# seed %llu, left in %s\n", (unsigned long long)
		    (argc > 2 ? atoll(argv[2]) : 1), home);
	return failed != 0;
}
