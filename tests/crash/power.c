/* SPDX-License-Identifier: ISC
 *
 * power [--states N] [--seed N]: cuts the power under a store.
 *
 * In each round a child opens a home and does random operations; all it does to
 * files is recorded (disk.h), and what was told to a client is noted (oracle.h).
 * Then homes are made as a cut at random points could have left them, also
 * within recovery, and opened: what was acknowledged is there, each operation
 * that was under way is there as a whole or not at all, store_check() finds
 * nothing.  The next round goes on from one of these homes.
 *
 * Three of four rounds write blocks of 4096 bytes, which is what the store asks
 * of a disk: the index must survive.  In the fourth, blocks are 512 bytes: what
 * is torn has to be noticed (libdb may crash of it; then the home is opened
 * again, as its master would), the index is set aside and rebuilt, and each
 * message and mailbox that was acknowledged is there.
 *
 * TAP on the standard output; a home that failed is kept and named.
 */
#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "disk.h"
#include "image.h"
#include "oracle.h"
#include "store/segment.h"
#include "store/store.h"
#include "store/store_private.h"

#define BATCH 4
#define STATES_A_ROUND 40
#define ROUNDS_A_HOME 12
#define STARTS 5 /* until a home has to be right */
#define SEGMENT (64 * 1024)

/* What a child found, shared. */
enum verdict { VERDICT_NONE, VERDICT_SAME, VERDICT_REBUILT, VERDICT_AGAIN,
	VERDICT_BAD };
struct found {
	enum verdict verdict;
	unsigned log, segment; /* how many operations had reached each */
	uint32_t uidnext[ORACLE_MAILBOXES + 1]; /* as in the model then */
	char text[256];
};
static struct found *found;

struct cut {
	struct oracle_model model; /* acknowledged */
	struct oracle_op pending[BATCH + 1];
	unsigned n_pending;
	uint64_t modseq;       /* told */
	bool opened;
};

/* Operations that were under way at the cut before this round: some were found
 * done, but until the home is opened for work no client has seen them, and a
 * name may be in the index only. */
static struct oracle_op carried[BATCH + 1];
static unsigned n_carried;

static struct store_options options;
static char folder[128], home[160];
static unsigned long states, violations, torn, rebuilds, restarts;
static unsigned long seed = 1, wanted = 200;

/* --- the work ------------------------------------------------------------------ */

static void
work_batch(struct store *st)
{
	unsigned n = oracle_dice(3) == 0 ? 1 + oracle_dice(BATCH) : 1;
	struct oracle_op op;
	struct store_info info;
	struct arena a;

	for (unsigned i = 0; i < n; i++) {
		oracle_choose(st, &op);
		disk_note(&op, sizeof(op));
		oracle_do(st, &op);
	}
	if (store_flush(st) != STORE_OK)
		_exit(5);
	arena_init(&a);
	store_stat(st, "INBOX", &a, &info);
	arena_clear(&a);
	op = (struct oracle_op){ .kind = FLUSHED,
		.modseq = info.highestmodseq };
	disk_note(&op, sizeof(op));
	store_upkeep(st);
	if (oracle_dice(8) == 0)
		(void)store_late_settle_all(st);
}

static int
work(void)
{
	const struct oracle_op opened = { .kind = OPENED };
	unsigned batches = 3 + oracle_dice(30);
	struct store *st;

	disk_record(home);
	if (store_open(home, &options, &st) != STORE_OK)
		return 2;
	disk_note(&opened, sizeof(opened));
	for (unsigned i = 0; i < batches; i++) {
		work_batch(st);
		if (oracle_dice(30) != 0)
			continue;
		store_idle(st);
		store_close(&st);
		if (store_open(home, &options, &st) != STORE_OK)
			return 2;
		disk_note(&opened, sizeof(opened));
	}
	if (oracle_dice(2) == 0)
		store_close(&st);
	return 0;
}

/* --- looking at a home ----------------------------------------------------------- */

static void
say(enum verdict v, const char *text)
{
	found->verdict = v;
	if (found->text[0] == '\0')
		snprintf(found->text, sizeof(found->text), "%s", text);
}

static void
report(void *ctx, const char *text)
{
	(void)ctx;
	if (found->text[0] == '\0')
		snprintf(found->text, sizeof(found->text), "check: %s", text);
}

static bool
set_aside(void)
{
	struct dirent *e;
	bool is = false;
	DIR *d = opendir(home);

	while (d != NULL && (e = readdir(d)) != NULL)
		is |= strncmp(e->d_name, "db.bad", 6) == 0;
	if (d != NULL)
		closedir(d);
	return is;
}

/* The log has the first `log` operations that were under way, the segments those
 * among the first `segment` that write there. */
static void
model_at(struct oracle_model *m, const struct cut *c, unsigned log,
    unsigned segment)
{
	struct oracle_model full;

	oracle_copy(m, &c->model);
	oracle_copy(&full, &c->model);
	for (unsigned i = 0; i < c->n_pending; i++) {
		struct oracle_op op = c->pending[i];
		struct oracle_mailbox *b = oracle_find(&full, op.name);
		bool written = op.kind == APPEND || op.kind == CREATE ||
		    op.kind == DELETE || op.kind == RENAME;

		op.uid = op.kind == APPEND && b != NULL ? b->uidnext : 0;
		if (i < log || (written && i < segment))
			oracle_apply(m, &op, i >= segment);
		oracle_apply(&full, &op, false);
	}
	oracle_clear(&full);
}

/* UIDs may be skipped by a crash; the next ones are known from the store. */
static void
note_uidnext(struct store *st, const struct oracle_model *m)
{
	struct store_info info;
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i <= ORACLE_MAILBOXES; i++)
		found->uidnext[i] = m->mailbox[i].name[0] != '\0' &&
		    store_stat(st, m->mailbox[i].name, &a, &info) == STORE_OK
		    ? info.uidnext : 0;
	arena_clear(&a);
}

static bool
is_model(struct store *st, const struct cut *c)
{
	for (unsigned s = c->n_pending + 1; s-- > 0;)
		for (unsigned l = c->n_pending + 1; l-- > 0;) {
			struct oracle_model m;
			bool same;

			model_at(&m, c, l, s);
			same = oracle_same(st, &m, s + l == 0);
			if (same)
				note_uidnext(st, &m);
			oracle_clear(&m);
			if (same) {
				found->log = l;
				found->segment = s;
				return true;
			}
		}
	return false;
}

static void
look_at(struct store *st, const struct cut *c)
{
	bool rebuilt = set_aside(), good;
	struct store_info info;
	struct arena a;

	good = !rebuilt ? is_model(st, c) : c->opened
	    ? oracle_saved(st, &c->model, c->pending, c->n_pending)
	    : oracle_saved(st, &c->model, carried, n_carried);
	if (good && store_check(st, report, NULL) != 0)
		good = false;
	else if (!good)
		report(NULL, rebuilt ? "something was lost by the rebuild"
		                     : "not what was acknowledged");
	/* damage that was met ends the store; the next start looks closer */
	arena_init(&a);
	if (store_stat(st, "INBOX", &a, &info) != STORE_OK)
		found->verdict = VERDICT_AGAIN;
	else if (!good)
		found->verdict = VERDICT_BAD;
	else if (!rebuilt && info.highestmodseq < c->modseq)
		say(VERDICT_BAD, "the modseq went back");
	else
		found->verdict = rebuilt ? VERDICT_REBUILT : VERDICT_SAME;
	arena_clear(&a);
}

static void
look(const struct cut *c)
{
	struct store *st;
	enum store_err e = store_open(home, &options, &st);

	if (e != STORE_OK) {
		say(VERDICT_AGAIN, store_err_text(e));
		return;
	}
	look_at(st, c);
	store_close(&st);
	/* what was repaired has to stay so */
	if (found->verdict != VERDICT_SAME || oracle_dice(8) != 0)
		return;
	if (store_open(home, &options, &st) != STORE_OK) {
		say(VERDICT_BAD, "does not open twice");
		return;
	}
	look_at(st, c);
	store_close(&st);
}

static pid_t
spawn(void)
{
	pid_t pid;

	fflush(stdout);
	fflush(stderr);
	if ((pid = fork()) == 0 && getenv("POSTERN_POWER_LOG") == NULL) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 2);
	}
	return pid;
}

/* Opens the home until it is right, or does not get right. */
static void
examine(const struct cut *c)
{
	for (unsigned i = 0; i < STARTS; i++) {
		int status = 0;
		pid_t pid;

		memset(found, 0, sizeof(*found));
		if ((pid = spawn()) == 0) {
			alarm(60);
			look(c);
			fflush(stdout);
			_exit(0);
		}
		waitpid(pid, &status, 0);
		if (WIFSIGNALED(status))
			say(VERDICT_AGAIN, "died");
		if (found->verdict != VERDICT_AGAIN)
			return;
		restarts++;
	}
	found->verdict = VERDICT_BAD;
}

/* --- one round --------------------------------------------------------------------- */

static void
cut_note(struct cut *c, const struct oracle_op *op)
{
	if (op->kind == OPENED) {
		c->opened = true;
	} else if (op->kind == FLUSHED) {
		for (unsigned i = 0; i < c->n_pending; i++)
			oracle_apply(&c->model, &c->pending[i], false);
		c->n_pending = 0;
		c->modseq = op->modseq;
	} else {
		c->pending[c->n_pending++] = *op;
	}
}

/* One home; true: it is as it was, and *next_r and *c may go on from it. */
static bool
state_run(const struct disk *d, struct cut *c, unsigned unit,
    struct image *im)
{
	bool good;

	states++;
	disk_crash(d, unit, im);
	if (!image_write(im, home))
		return false;
	examine(c);
	good = found->verdict == VERDICT_SAME ||
	    (found->verdict == VERDICT_REBUILT && unit < 4096);
	torn += unit < 4096;
	rebuilds += found->verdict == VERDICT_REBUILT;
	if (!good) {
		char kept[200];

		violations++;
		printf("# state %lu, blocks of %u, %u operations under way: "
		    "%s\n", states, unit, c->n_pending,
		    found->verdict == VERDICT_REBUILT ? "rebuilt"
		                                      : found->text);
		image_remove(home);
		snprintf(kept, sizeof(kept), "%s/state%lu", folder, states);
		image_write(im, kept);
	}
	image_remove(home);
	return found->verdict == VERDICT_SAME;
}

/* Works from an image, and leaves in it what the next round begins with. */
static bool
round_run(struct image *im, struct oracle_model *model, uint64_t *modseq)
{
	unsigned unit = oracle_dice(4) == 0 ? 512 : 4096, go_on = 0;
	struct cut cut = { .modseq = *modseq };
	struct oracle_op next_carried[BATCH + 1];
	struct image next, state;
	unsigned n_next = 0;
	struct disk *d;
	const void *note;
	size_t events, at = 0;
	int status = 0;
	pid_t pid;
	bool whole, have = false;

	oracle_copy(&cut.model, model);
	if (!image_write(im, home))
		return false;
	d = disk_new(im, home);
	disk_clear();
	oracle_dice(2);
	if ((pid = spawn()) == 0)
		_exit(work());
	waitpid(pid, &status, 0);
	image_remove(home);
	events = disk_events(&whole);
	if (!whole || status != 0 || events == 0) {
		printf("# the child failed: %d\n", status);
		disk_free(&d);
		oracle_clear(&cut.model);
		return false;
	}
	for (unsigned i = 0; i < STATES_A_ROUND && states < wanted; i++) {
		/* in order, spread over the whole */
		size_t to = (i + 1) * events / STATES_A_ROUND;

		to -= oracle_dice((uint32_t)(events / STATES_A_ROUND) + 1);
		for (; at < to && disk_step(d, &note); at++)
			if (note != NULL)
				cut_note(&cut, note);
		if (state_run(d, &cut, unit, &state) && unit == 4096 &&
		    cut.opened && oracle_dice(++go_on) == 0) {
			if (have)
				image_clear(&next);
			oracle_clear(model);
			model_at(model, &cut, found->log, found->segment);
			oracle_forget_lost(model);
			for (size_t k = 0; k <= ORACLE_MAILBOXES; k++)
				if (model->mailbox[k].uidnext <
				    found->uidnext[k])
					model->mailbox[k].uidnext =
					    found->uidnext[k];
			*modseq = cut.modseq;
			memcpy(next_carried, cut.pending, sizeof(next_carried));
			n_next = cut.n_pending;
			next = state;
			have = true;
		} else {
			image_clear(&state);
		}
	}
	if (have) {
		image_clear(im);
		*im = next;
		memcpy(carried, next_carried, sizeof(carried));
		n_carried = n_next;
	}
	disk_free(&d);
	oracle_clear(&cut.model);
	return true;
}

static bool
run(void)
{
	struct oracle_model model;
	struct image im = { 0 };
	uint64_t modseq = 0;
	bool good = true;

	oracle_init(&model);
	for (unsigned i = 0; good && states < wanted; i++) {
		if (i % ROUNDS_A_HOME == 0) {
			image_clear(&im);
			oracle_clear(&model);
			oracle_init(&model);
			modseq = 0;
			n_carried = 0;
		}
		oracle_seed(seed * 1000003 + i);
		good = round_run(&im, &model, &modseq);
		if (isatty(2))
			fprintf(stderr, "\r%lu states, %lu violations", states,
			    violations);
	}
	image_clear(&im);
	oracle_clear(&model);
	return good;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "states", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	bool good;
	int opt;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		unsigned long *to = opt == 'n' ? &wanted : opt == 's' ? &seed
		    : NULL;

		if (to == NULL)
			return 64;
		*to = strtoul(optarg, NULL, 10);
	}
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (found == MAP_FAILED || !disk_init((size_t)256 << 20) ||
	    !image_folder("power", folder, sizeof(folder)))
		return 1;
	log_init("power", LOG_LEVEL_WARN);
	snprintf(home, sizeof(home), "%s/home", folder);
	options.derive = oracle_derive;
	store_segment_set_limit(SEGMENT);
	good = run() && violations == 0;
	printf("# %lu states, %lu violations; seed %lu; %lu with torn blocks, "
	    "%lu of them rebuilt; %lu starts more\n", states, violations, seed,
	    torn, rebuilds, restarts);
	printf("%s 1 - power cuts\n1..1\n", good ? "ok" : "not ok");
	if (good)
		image_remove(folder);
	else
		printf("# left in %s\n", folder);
	return !good;
}
