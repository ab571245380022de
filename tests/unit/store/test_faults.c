/* SPDX-License-Identifier: ISC
 *
 * Each operation of the store with its n-th system call (or piece of memory)
 * refused, n = 1, 2, ... until it passes untouched; see store/io.h for the
 * places and faults_ops.c for the operations.  A child does the operation, a
 * second one opens the home again without faults.  It has to hold:
 *
 *   the call said it is done, and the flush too: it is, also after reopening
 *   the call failed and the store goes on: nothing has changed
 *   the store failed, or the process was killed: all or nothing
 *   a store that failed refuses every later call
 *   store_check() finds nothing, and UIDs are not used twice
 *
 * Without memory the process ends, by xmalloc() and for libdb by kv_io.c: that
 * is a kill.
 * POSTERN_FAULTS=full in the environment takes every n; else it is some for
 * each place and kind.  POSTERN_FAULTS=OPERATION does one only, in full.
 */
#include "faults_case.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"

static const char *const kind_names[] = {
#define X(id, name) name,
	FAULT_KINDS(X)
#undef X
};

static struct image homes[FAULTS_HOME_COUNT];
static char folder[128], home[160];
static unsigned cases, violations;

/* --- one case ------------------------------------------------------------------- */

static int
run_child(void (*fn)(const struct faults_op *, const char *), const struct faults_op *op)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		int null = getenv("POSTERN_FAULTS_LOG") == NULL
		    ? open("/dev/null", O_WRONLY) : -1;

		if (null != -1)
			dup2(null, 2); /* it logs each fault */
		signal(SIGSEGV, SIG_DFL); /* cmocka would go on here */
		signal(SIGABRT, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		fn(op, home);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

struct states {
	char before[TEXT], between[TEXT], after[TEXT];
};

static void
judge(const struct faults_op *op, const struct states *want, int status)
{
	struct shared *s = shared;
	bool before = strcmp(s->again, want->before) == 0 ||
	    strcmp(s->again, want->between) == 0;
	bool after = strcmp(s->again, want->after) == 0;
	bool killed = (s->kind >= FAULT_KILL && s->fired) ||
	    (s->kind == FAULT_MEMORY && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGABRT);


	if (!killed && (WIFSIGNALED(status) || WEXITSTATUS(status) != 0))
		faults_problem("the child died");
	if (!s->reopened)
		faults_problem("the second child died");
	if (killed || op->opens) {
		if (!before && !after)
			faults_problem("neither all nor nothing");
		if (s->text[0] != '\0' && strcmp(s->text, want->after) != 0 &&
		    strcmp(s->text, want->before) != 0)
			faults_problem("neither all nor nothing, in the process");
		return;
	}
	if (s->result == STORE_OK && s->flushed == STORE_OK) {
		if (!after)
			faults_problem("what was done is not there");
	} else if (s->failed || op->flushes || s->flushed != STORE_OK ||
	    s->kind == FAULT_GONE || s->kind == FAULT_FULL) {
		if (!before && !after)
			faults_problem("neither all nor nothing");
	} else if (!before) {
		faults_problem("what was refused is there");
	}
	if (s->flushed != STORE_OK && !s->failed && s->text[0] != '\0')
		faults_problem("goes on after a failed flush");
	if (s->text[0] != '\0' && strcmp(s->text, s->again) != 0)
		faults_problem("another store after opening");
}

static void
complain(const struct faults_op *op, const struct states *want)
{
	struct shared *s = shared;

	violations++;
	print_message("# %s: %s, call %u (%s): %s; call %s, flush %s%s\n",
	    op->name, kind_names[s->kind], s->n,
	    s->fired ? store_io_name(s->fired_at) : "none", s->problem,
	    store_err_text(s->result), store_err_text(s->flushed),
	    s->failed ? ", failed" : "");
	if (getenv("POSTERN_FAULTS_LOG") != NULL)
		print_message("--- before\n%s--- after\n%s--- in the process\n%s"
		    "--- opened again\n%s", want->before, want->after, s->text,
		    s->again);
}

/* False: the fault was not reached. */
static bool
run_case(const struct faults_op *op, const struct states *want,
    enum fault_kind kind, unsigned n)
{
	struct shared *s = shared;
	int status;

	memset(&s->armed, 0, sizeof(*s) - offsetof(struct shared, armed));
	s->kind = kind;
	s->n = n;
	assert_true(image_write(&homes[op->home], home));
	status = run_child(faults_child, op);
	run_child(faults_child_again, op);
	if (want != NULL) {
		cases++;
		judge(op, want, status);
		if (s->problem[0] != '\0')
			complain(op, want);
	}
	image_remove(home);
	return s->fired;
}

/* --- the runs -------------------------------------------------------------------- */

/* What the store is without the operation, and with it. */
static void
states_of(const struct faults_op *op, struct states *w)
{
	struct faults_op look = *op;

	run_case(op, NULL, FAULT_EIO, LAST_N);
	if (shared->problem[0] != '\0' || shared->result != STORE_OK)
		fail_msg("%s: %s", op->name, shared->problem);
	memcpy(w->after, shared->again, TEXT);
	memcpy(w->before, w->after, TEXT);
	memcpy(w->between, w->after, TEXT);
	if (op->opens && op->other == 0)
		return;
	look.opens = true;
	look.run = faults_ops[0].run;
	if (op->opens)
		look.home = op->other;
	run_case(&look, NULL, FAULT_EIO, LAST_N);
	memcpy(w->before, shared->again, TEXT);
	if (op->two) {
		look = *op;
		look.run = faults_create_old;
		run_case(&look, NULL, FAULT_EIO, LAST_N);
		memcpy(w->between, shared->again, TEXT);
	}
}

/* The calls of a kind, as the last run without faults met them; in the quick
 * mode only some of those whose place has been refused in this way before. */
static size_t
choose(const struct faults_op *op, enum fault_kind kind, bool full,
    unsigned *list)
{
	static unsigned char hits[FAULT_KIND_COUNT][STORE_IO_COUNT];
	static unsigned skipped;
	unsigned n = 0, enough = op->opens ? 2 : 1;
	size_t found_n = 0;

	if (!op->opens) /* opening is much the same each time */
		memset(hits[kind], 0, sizeof(hits[kind]));

	for (unsigned i = 0; i < shared->n_trace; i++) {
		unsigned char *hit = &hits[kind][shared->trace[i].at];

		if (!(shared->trace[i].kinds & (1u << kind)))
			continue;
		n++;
		if (!full && *hit >= enough && ++skipped % 97 != 0)
			continue;
		if (*hit < enough)
			++*hit;
		list[found_n++] = n;
	}
	return found_n;
}

static void
test_op(const struct faults_op *op, bool full)
{
	static unsigned lists[FAULT_KIND_COUNT][TRACE];
	static struct states want;
	size_t n[FAULT_KIND_COUNT];

	states_of(op, &want);
	run_case(op, NULL, FAULT_EIO, LAST_N);
	for (int k = 0; k < FAULT_KIND_COUNT; k++)
		n[k] = choose(op, (enum fault_kind)k, full, lists[k]);
	for (int k = 0; k < FAULT_KIND_COUNT; k++) {
		for (size_t i = 0; i < n[k]; i++)
			run_case(op, &want, (enum fault_kind)k, lists[k][i]);
		/* a fault on the way may make more calls */
		for (unsigned more = full && n[k] > 0 ? lists[k][n[k] - 1] + 1
		    : LAST_N; more < LAST_N && run_case(op, &want,
		    (enum fault_kind)k, more); more++)
			;
	}
}

static void
test_all(void **state)
{
	const char *only = getenv("POSTERN_FAULTS");

	(void)state;
	for (size_t i = 0; i < faults_n_ops; i++) {
		const struct faults_op *op = &faults_ops[i];
		unsigned before = cases;

		if (only != NULL && strcmp(only, "full") != 0 &&
		    strcmp(only, op->name) != 0)
			continue;
		test_op(op, only != NULL);
		print_message("# %s: %u cases\n", op->name, cases - before);
	}
	print_message("# %u cases, %u violations\n", cases, violations);
	assert_int_equal(violations, 0);
}

static void
test_coverage(void **state)
{
	unsigned visited = 0, refused = 0;

	(void)state;
	if (getenv("POSTERN_FAULTS") != NULL &&
	    strcmp(getenv("POSTERN_FAULTS"), "full") != 0)
		skip();
	for (int i = 0; i < STORE_IO_COUNT; i++) {
		print_message("# %-20s visited %7u, refused %6u\n",
		    store_io_name((enum store_io_at)i), shared->visited[i],
		    shared->refused[i]);
		visited += shared->visited[i] > 0;
		refused += shared->refused[i] > 0;
	}
	print_message("# points visited %u of %d, refused %u\n", visited,
	    STORE_IO_COUNT, refused);
	assert_int_equal(visited, STORE_IO_COUNT);
	assert_int_equal(refused, STORE_IO_COUNT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_coverage),
	};
	int rc;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED ||
	    !image_folder("faults", folder, sizeof(folder)))
		return 1;
	log_init("test_faults", LOG_LEVEL_ERROR);
	faults_homes_make(homes, folder);
	snprintf(home, sizeof(home), "%s/home", folder);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	image_remove(folder);
	return rc;
}
