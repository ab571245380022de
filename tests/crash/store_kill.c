/* SPDX-License-Identifier: ISC
 *
 * store_kill [ROUNDS [SEED]]: kills a process that changes a store.
 *
 * Each round a child opens the store and does random operations.  It writes
 * what it is about to do to a pipe, does it, and after store_flush() writes an
 * acknowledgement.  It dies by SIGKILL at a fault point (fault.h; every one is
 * visited in turn), at a random time, or before a random system call (io.h).  The parent keeps a model of what was
 * acknowledged, opens the store and compares: the store must be the model, or
 * the model with the first few of the operations that were under way, each
 * whole; store_check() must find nothing; no UIDVALIDITY and no modseq is seen
 * twice.  Now and then a copy of the home has its index rebuilt from segments
 * and snapshots: no message may be lost, and no UID be free that was ever told.
 * TAP on the standard output.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "image.h"
#include "oracle.h"
#include "store/fault.h"
#include "store/io.h"
#include "store/segment.h"
#include "store/snap.h"
#include "store/store.h"
#include "store/store_private.h"

#define BATCH 4
#define OPS_A_ROUND 400
#define REBUILD_EACH 5 /* rounds */

static char home[256];
static struct store_options options;

/* --- dying at a system call ---------------------------------------------- */

static unsigned calls_left; /* 0: never */

static int
call_before(struct store_io_call *c)
{
	if (c->op != STORE_IO_OP_MEMORY && c->op != STORE_IO_OP_READ &&
	    calls_left > 0 && --calls_left == 0)
		raise(SIGKILL);
	return 0;
}

static void
call_after(const struct store_io_call *c, int64_t result)
{
	(void)c;
	(void)result;
}

static const struct store_io_hook call_hook = { call_before, call_after };

/* --- the child ----------------------------------------------------------- */

static void
child_say(int fd, const struct oracle_op *op)
{
	if (write(fd, op, sizeof(*op)) != sizeof(*op))
		_exit(3);
}

static int
child(int fd)
{
	struct oracle_op op = { .kind = OPENED };
	struct store *st;

	if (store_open(home, &options, &st) != STORE_OK)
		return 2;
	child_say(fd, &op);
	for (unsigned i = 0; i < OPS_A_ROUND; i++) {
		unsigned batch = oracle_dice(3) == 0 ? 1 + oracle_dice(BATCH) : 1;
		struct store_info info;
		struct arena a;

		for (unsigned k = 0; k < batch; k++) {
			oracle_choose(st, &op);
			child_say(fd, &op);
			oracle_do(st, &op);
		}
		if (store_flush(st) != STORE_OK)
			return 5;
		arena_init(&a);
		store_stat(st, "INBOX", &a, &info);
		arena_clear(&a);
		op = (struct oracle_op){ .kind = FLUSHED,
			.modseq = info.highestmodseq, .first = info.uidnext };
		child_say(fd, &op);
		store_upkeep(st);
		if (oracle_dice(8) == 0)
			(void)store_late_settle_all(st);
		if (oracle_dice(40) == 0)
			store_idle(st);
		if (oracle_dice(120) == 0) {
			child_say(fd, &(struct oracle_op){ .kind = CLOSED });
			store_close(&st);
			if (store_open(home, &options, &st) != STORE_OK)
				return 2;
			child_say(fd, &(struct oracle_op){ .kind = OPENED });
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

	setenv("POSTERN_FAULT", oracle_dice(2) == 0 ? "open-replayed" : "open-index",
	    1);
	if ((pid = fork()) == 0)
		_exit(store_open(home, &options, &st) == STORE_OK ? 0 : 1);
	unsetenv("POSTERN_FAULT");
	if (pid > 0)
		waitpid(pid, &(int){ 0 }, 0);
}

/* Reads what the child said; what was under way at the end is in pending. */
static bool
parent_listen(int fd, struct oracle_model *m, struct oracle_op *pending, unsigned *n_r,
    bool *opened_r)
{
	static uint64_t modseq;
	struct oracle_op op;
	bool good = true;

	*n_r = 0;
	*opened_r = false;
	while (read(fd, &op, sizeof(op)) == sizeof(op)) {
		if (op.kind == OPENED || op.kind == CLOSED) {
			*opened_r = op.kind == OPENED;
			continue;
		}
		if (op.kind != FLUSHED) {
			pending[(*n_r)++] = op;
			continue;
		}
		for (unsigned i = 0; i < *n_r; i++)
			oracle_apply(m, &pending[i], false);
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
parent_verify(struct oracle_model *m, const struct oracle_op *pending, unsigned n)
{
	struct store *st;
	bool good = false, fresh = true;
	unsigned applied = 0;

	if (store_open(home, &options, &st) != STORE_OK) {
		printf("# cannot open\n");
		return false;
	}
	for (;;) {
		good = oracle_same(st, m, applied == n);
		if (good || applied == n)
			break;
		oracle_apply(m, &pending[applied++], false);
	}
	if (!good)
		printf("# not what was acknowledged (%u under way)\n", n);
	good &= store_check(st, report, NULL) == 0;
	store_list(st, seen_validity, &fresh);
	store_close(&st);
	return good && fresh;
}

/* --- a copy of the home as it was left, without its index ----------------- */

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

/* UIDNEXT of each mailbox as it was acknowledged; 0: its name may be another's
 * by now. */
static void
side_uids(const struct oracle_model *m, const struct oracle_op *pending,
    unsigned n, uint32_t *uidnext)
{
	bool names = false;

	for (unsigned i = 0; i < n; i++)
		names |= pending[i].kind >= CREATE;
	for (size_t i = 0; i <= ORACLE_MAILBOXES; i++)
		uidnext[i] = names ? 0 : m->mailbox[i].uidnext;
}

static bool
side_uid_is_free(struct store *st, const struct oracle_mailbox *b,
    uint32_t uidnext)
{
	struct store_info info;
	struct arena a;
	bool less;

	arena_init(&a);
	less = b->name[0] != '\0' &&
	    store_stat(st, b->name, &a, &info) == STORE_OK &&
	    info.uidnext < uidnext;
	if (less)
		printf("# rebuilt: %s: uidnext %u, was %u\n", b->name,
		    (unsigned)info.uidnext, (unsigned)uidnext);
	arena_clear(&a);
	return less;
}

static bool
side_rebuild(const struct oracle_model *m, const char *side,
    const uint32_t *uidnext, const struct oracle_op *pending, unsigned n)
{
	struct store *st;
	bool good;

	if (store_open(side, &options, &st) != STORE_OK) {
		printf("# rebuilt: cannot open %s\n", side);
		return false;
	}
	good = oracle_saved(st, m, pending, n);
	for (size_t i = 0; i <= ORACLE_MAILBOXES; i++)
		good &= !side_uid_is_free(st, &m->mailbox[i], uidnext[i]);
	good &= store_check(st, report, NULL) == 0;
	store_close(&st);
	if (good)
		image_remove(side);
	return good;
}

/* --- rounds --------------------------------------------------------------- */

static bool
round_run(struct oracle_model *m, unsigned round)
{
	struct oracle_op pending[BATCH + 1];
	enum { AT_FAULT, AT_TIME, AT_CALL } how = round % 3;
	bool rebuild = round % REBUILD_EACH == REBUILD_EACH - 1;
	uint32_t uidnext[ORACLE_MAILBOXES + 1];
	unsigned visit = round / 3;
	char what[64], side[300];
	int pipes[2], status;
	unsigned n;
	bool good, opened;
	pid_t pid;

	snprintf(what, sizeof(what), "random time");
	calls_left = 0;
	if (how == AT_FAULT) {
		snprintf(what, sizeof(what), "%s:%u", store_fault_name(
		    (enum store_fault_at)(visit % STORE_FAULT_COUNT)),
		    1 + (visit < STORE_FAULT_COUNT ? 0 : oracle_dice(30)));
		setenv("POSTERN_FAULT", what, 1);
	} else if (how == AT_CALL) {
		calls_left = 1 + oracle_dice(oracle_dice(2) == 0 ? 300 : 5000);
		snprintf(what, sizeof(what), "call %u", calls_left);
	}
	oracle_dice(2); /* the child goes on from here */
	fflush(stdout);
	if (pipe(pipes) != 0 || (pid = fork()) < 0)
		return false;
	if (pid == 0) {
		close(pipes[0]);
		store_io_set_hook(&call_hook);
		_exit(child(pipes[1]));
	}
	unsetenv("POSTERN_FAULT");
	close(pipes[1]);
	if (how == AT_TIME) {
		usleep(oracle_dice(60000));
		kill(pid, SIGKILL);
	}
	good = parent_listen(pipes[0], m, pending, &n, &opened);
	close(pipes[0]);
	if (waitpid(pid, &status, 0) != pid ||
	    (!WIFSIGNALED(status) && WEXITSTATUS(status) != 0)) {
		printf("# child failed: %d\n", status);
		good = false;
	}
	if (opened && oracle_dice(3) == 0)
		parent_kill_recovery();
	side_uids(m, pending, n, uidnext);
	if (rebuild)
		side_make(side, sizeof(side));
	good &= parent_verify(m, pending, n);
	if (good && rebuild)
		good = side_rebuild(m, side, uidnext, pending, n);
	printf("%s %u - %s\n", good ? "ok" : "not ok", round + 1,
	    what);
	return good;
}

int
main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 30, failed = 0;
	const char *tmp = getenv("TMPDIR");
	static struct oracle_model m;

	oracle_seed(argc > 2 ? (uint64_t)atoll(argv[2]) : 1);
	log_init("store_kill", LOG_LEVEL_WARN);
	snprintf(home, sizeof(home), "%s/postern-kill.XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(home) == NULL)
		return 1;
	options.derive = oracle_derive;
	store_segment_set_limit(512 * 1024);
	store_snap_set_limits(300, 1000);
	oracle_init(&m);
	for (unsigned i = 0; i < rounds && failed == 0; i++)
		failed += !round_run(&m, i);
	printf("1..%u\n", rounds);
	if (failed == 0)
		image_remove(home);
	else
		printf("# seed %llu, left in %s\n", (unsigned long long)
		    (argc > 2 ? atoll(argv[2]) : 1), home);
	return failed != 0;
}
