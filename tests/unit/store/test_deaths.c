/* SPDX-License-Identifier: ISC
 *
 * Starts that die in recovery: those that crash are held against the index, those
 * that are killed are not.
 */
#include "store_test.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/io.h"

#define MESSAGES 20

/* --- dying in recovery --------------------------------------------------- */

static int deaths_signal; /* 0: a fault of the processor */
static int *volatile deaths_nowhere = (int *)16;

static int
deaths_before(struct store_io_call *c)
{
	if (c->at == STORE_IO_DB_OPEN) {
		if (deaths_signal == 0)
			*deaths_nowhere = 1;
		raise(deaths_signal);
	}
	return 0;
}

static void
deaths_after(const struct store_io_call *c, int64_t result)
{
	(void)c;
	(void)result;
}

/* A start that dies of the signal while libdb recovers; 0: by a bad address. */
static void
die(struct store_test *t, int sig)
{
	static const struct store_io_hook hook = { deaths_before, deaths_after };
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		/* cmocka has handlers of its own */
		signal(SIGILL, SIG_DFL);
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		deaths_signal = sig;
		store_io_set_hook(&hook);
		store_open(t->home, &t->o, &t->st);
		_exit(9);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

/* --- a home whose flags are nowhere but in the index ----------------------- */

static void
flag_all(struct store_test *t)
{
	store_flags_update(store_test_mbox(t, "INBOX"),
	    store_test_range(1, MESSAGES), STORE_FLAGS_ADD, STORE_FLAGGED,
	    UINT64_MAX, NULL, NULL);
	store_flush(t->st);
}

static void
start(struct store_test *t)
{
	store_test_start(t);
	store_test_append(t->st, "INBOX", MESSAGES, 100, 0);
	store_close(&t->st);
	store_test_crash(t, flag_all);
}

static bool
set_aside(struct store_test *t)
{
	char pattern[512];
	glob_t g;
	bool any;

	snprintf(pattern, sizeof(pattern), "%s/db.bad.*", t->home);
	any = glob(pattern, 0, NULL, &g) == 0;
	globfree(&g);
	return any;
}

static void
expect(struct store_test *t, bool rebuilt)
{
	const struct store_row *rows;
	struct store_mbox *m;
	size_t n, flagged = 0;

	store_test_open(t);
	m = store_test_mbox(t, "INBOX");
	assert_int_equal(store_mbox_load(m), STORE_OK);
	rows = store_mbox_rows(m, &n);
	assert_int_equal(n, MESSAGES);
	for (size_t i = 0; i < n; i++)
		flagged += (store_row_flags(&rows[i]) & STORE_FLAGGED) != 0;
	assert_int_equal(flagged, rebuilt ? 0 : MESSAGES);
	assert_int_equal(set_aside(t), rebuilt);
	store_mbox_unref(&m);
	store_test_check(t);
	store_test_end(t);
}

/* --- tests ----------------------------------------------------------------- */

static void
test_killed(void **state)
{
	struct store_test t;

	(void)state;
	start(&t);
	for (int i = 0; i < 5; i++)
		die(&t, SIGKILL);
	expect(&t, false);
}

static void
test_crashed(void **state)
{
	static const struct {
		int deaths[4]; /* -1: no more; 1: a start that succeeds */
		bool rebuilt;
	} cases[] = {
		{ { 0, -1 }, false },
		{ { SIGABRT, -1 }, false },
		{ { 0, 0, -1 }, true },
		{ { SIGBUS, SIGABRT, -1 }, true },
		{ { 0, SIGKILL, 0, -1 }, true },
		{ { 0, SIGKILL, SIGKILL, -1 }, false },
		{ { 0, 1, 0, -1 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store_test t;

		start(&t);
		for (int k = 0; k < 4 && cases[i].deaths[k] != -1; k++) {
			if (cases[i].deaths[k] != 1) {
				die(&t, cases[i].deaths[k]);
				continue;
			}
			store_test_open(&t);
			store_close(&t.st);
		}
		expect(&t, cases[i].rebuilt);
	}
}

/* Suspicion outlives a start that is killed before it has read the index. */
static void
test_suspect(void **state)
{
	struct store_test t;
	char path[512], text[64] = "suspect\n";
	int fd;

	(void)state;
	start(&t);
	snprintf(path, sizeof(path), "%s/lock", t.home);
	fd = open(path, O_RDWR | O_TRUNC);
	assert_int_equal(write(fd, text, 8), 8);
	die(&t, SIGKILL);
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	assert_non_null(strstr(text, "suspect"));
	expect(&t, false);
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	assert_int_equal(strncmp(text, "pid ", 4), 0);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_crashed),
		cmocka_unit_test(test_suspect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
