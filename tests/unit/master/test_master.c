/* SPDX-License-Identifier: ISC
 *
 * The master as a whole, with fake_child in the place of every other program:
 * sessions and deliveries find their workers, refusals are answered, whatever
 * dies is replaced, a reload keeps live sessions, the control socket answers,
 * and the end leaves nothing behind. Runs as an ordinary user; as root it takes
 * the ids of nobody first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/ipc.h"
#include "common/log.h"

static char folder[] = "/tmp/postern-test-XXXXXX";
static pid_t master;
static char program[4096], fake[4096];

static void
in_folder(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", folder, name);
}

static void
sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static void
conf_write(const char *more)
{
	char path[128];
	FILE *f;

	in_folder(path, "conf");
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "state-dir = \"%s/state\"\n"
	    "control-socket = \"%s/control\"\n"
	    "home = \"%s/mail/%%u\"\n"
	    "log = \"%s/log\"\n"
	    "passdb = \"passwd-file\"\n"
	    "auth-helpers = 2\nlogin-processes = 2\nspare-workers = 1\n"
	    "sessions-per-user = 2\n%s\n"
	    "listener \"imap\" { protocol = \"imap\"\n"
	    " address = \"%s/imap.sock\" }\n"
	    "listener \"lmtp\" { protocol = \"lmtp\"\n"
	    " address = \"%s/lmtp.sock\" }\n",
	    folder, folder, folder, folder, more, folder, folder);
	fclose(f);
}

static int
unix_connect(const char *name, int type)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%s", folder, name);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Sends a line; the answer's first line, "" at the end of file. */
static int
ask(const char *name, const char *line, char answer[128])
{
	int fd = unix_connect(name, SOCK_STREAM);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, line, strlen(line)), strlen(line));
	assert_int_equal(poll(&p, 1, 10000), 1);
	n = read(fd, answer, 127);
	answer[n > 0 ? n : 0] = '\0';
	return fd;
}

static void
ask_once(const char *name, const char *line, char answer[128])
{
	close(ask(name, line, answer));
}

/* --- the control socket --------------------------------------------------- */

struct answer {
	struct event_base *base;
	unsigned rows, ready, helpers, workers;
	pid_t auth, login, worker, nursery;
	uint8_t status;
	bool ended;
};

static bool
on_process(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct answer *a = ctx;
	const char *role = ipc_get_str(m), *user, *state;
	pid_t pid = (pid_t)ipc_get_u32(m);

	(void)c;
	user = ipc_get_str(m);
	ipc_get_u64(m);
	ipc_get_u32(m);
	state = ipc_get_str(m);
	a->rows++;
	a->ready += strcmp(state, "ready") == 0 && strcmp(role, "imap-worker");
	a->helpers += strcmp(role, "auth-helper") == 0;
	if (strcmp(role, "auth") == 0)
		a->auth = pid;
	if (strcmp(role, "nursery") == 0)
		a->nursery = pid;
	if (strcmp(role, "imap-login") == 0)
		a->login = pid;
	if (strcmp(role, "imap-worker") == 0 && user[0] != '\0')
		a->worker = pid;
	return true;
}

static bool
on_session(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	(void)c;
	assert_string_equal(ipc_get_str(m), "alice");
	assert_string_equal(ipc_get_str(m), "s1");
	((struct answer *)ctx)->rows++;
	return true;
}

static bool
on_end(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct answer *a = ctx;

	(void)c;
	a->status = ipc_get_u8(m);
	if (ipc_get_u32(m) == a->rows)
		a->ended = true;
	event_base_loopbreak(a->base);
	return true;
}

static void
on_close(struct ipc_chan *c, void *ctx)
{
	(void)c;
	event_base_loopbreak(((struct answer *)ctx)->base);
}

static struct answer
control(enum ipc_verb verb, const char *arg)
{
	static const struct ipc_handler handlers[] = {
		{ IPC_CTL_PROCESS, on_process },
		{ IPC_CTL_SESSION, on_session },
		{ IPC_CTL_END, on_end },
		{ IPC_NONE, NULL },
	};
	struct answer a = { .base = event_base_new() };
	int fd = unix_connect("control", SOCK_SEQPACKET);
	struct ipc_chan *c;
	struct ipc_msg m;

	assert_int_not_equal(fd, -1);
	c = ipc_chan_new(a.base, fd, &(struct ipc_chan_options){
		.self = IPC_R_CTL, .peer = IPC_R_MASTER, .handlers = handlers,
		.on_close = on_close, .ctx = &a, .name = "master" });
	ipc_begin(&m, IPC_CTL_REQUEST);
	ipc_put_u8(&m, (uint8_t)verb);
	ipc_put_str(&m, arg);
	ipc_post(c, &m, -1);
	event_base_loopexit(a.base, &(struct timeval){ .tv_sec = 10 });
	event_base_dispatch(a.base);
	ipc_chan_free(&c);
	event_base_free(a.base);
	return a;
}

struct users_answer {
	struct answer a;
	char names[64];
	size_t n;
};

static bool
on_users(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct users_answer *u = ctx;
	size_t n;
	const unsigned char *names = ipc_get_blob(m, &n);

	(void)c;
	assert_true(n <= sizeof(u->names) - u->n);
	memcpy(u->names + u->n, names, n);
	u->n += n;
	return true;
}

/* Asks for the users, or, with a task, for that; fd: our end of its stream. */
static struct users_answer
control_task(const char *user, const char *task, int *fd_r, bool twice)
{
	static const struct ipc_handler handlers[] = {
		{ IPC_CTL_USERS, on_users },
		{ IPC_CTL_END, on_end },
		{ IPC_NONE, NULL },
	};
	struct users_answer u = { .a = { .base = event_base_new(),
		.status = 0xff } };
	int fds[2], fd = unix_connect("control", SOCK_SEQPACKET);
	struct ipc_chan *c;
	struct ipc_msg m;

	assert_int_not_equal(fd, -1);
	c = ipc_chan_new(u.a.base, fd, &(struct ipc_chan_options){
		.self = IPC_R_CTL, .peer = IPC_R_MASTER, .handlers = handlers,
		.on_close = on_close, .ctx = &u, .name = "master" });
	if (task != NULL) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		*fd_r = fds[0];
		ipc_begin(&m, IPC_CTL_TASK);
		ipc_put_str(&m, user);
		ipc_put_str(&m, task);
		ipc_put_u8(&m, strcmp(task, "make") == 0);
		ipc_post(c, &m, fds[1]);
	}
	if (task == NULL || twice) {
		ipc_begin(&m, IPC_CTL_REQUEST);
		ipc_put_u8(&m, IPC_VERB_USERS);
		ipc_put_str(&m, "");
		ipc_post(c, &m, -1);
	}
	event_base_loopexit(u.a.base, &(struct timeval){ .tv_sec = 10 });
	event_base_dispatch(u.a.base);
	ipc_chan_free(&c);
	event_base_free(u.a.base);
	return u;
}

/* Waits until so many processes (not workers) are ready, and no more left. */
static struct answer
wait_ready(unsigned ready)
{
	struct answer a;

	for (int i = 0; i < 100; i++) {
		a = control(IPC_VERB_STATUS, "");
		if (a.ready == ready && a.helpers == 2)
			return a;
		sleep_ms(50);
	}
	fail_msg("%u of %u ready", a.ready, ready);
	return a;
}

/* --- cases ---------------------------------------------------------------- */

#define READY 8 /* master, auth, 2 helpers, nursery, 2 logins, lmtp */

static void
test_starts_everything(void **state)
{
	struct answer a;

	(void)state;
	a = wait_ready(READY);
	assert_true(a.rows >= READY);
}

static void
test_sessions_of_a_user_share_a_worker(void **state)
{
	char one[128], two[128], three[128];
	int fd1, fd2;

	(void)state;
	fd1 = ask("imap.sock", "a alice\n", one);
	fd2 = ask("imap.sock", "a alice\n", two);
	assert_memory_equal(one, "a OK alice ", 11);
	assert_string_equal(one, two);
	ask_once("imap.sock", "c alice\n", three);
	assert_string_equal(three, "NO LIMIT\n");
	for (int i = 0; i < 100 && control(IPC_VERB_WHO, "").rows != 2; i++)
		sleep_ms(20);
	assert_int_equal(control(IPC_VERB_WHO, "").rows, 2);
	assert_int_equal(control(IPC_VERB_WHO, "bob").rows, 0);
	ask_once("lmtp.sock", "alice\n", three);
	assert_string_equal(three, "250\n");
	close(fd1);
	close(fd2);
	for (int i = 0; i < 100 && control(IPC_VERB_WHO, "").rows > 0; i++)
		sleep_ms(20);
	assert_int_equal(control(IPC_VERB_WHO, "").rows, 0);
	/* its worker retires; the next one is another process */
	ask_once("imap.sock", "a alice\n", two);
	assert_memory_equal(two, "a OK alice ", 11);
	assert_string_not_equal(one, two);
}

static void
test_refusals(void **state)
{
	static const char *const cases[][2] = {
		{ "a nobody\n", "NO AUTHENTICATIONFAILED\n" },
		{ "a root\n", "NO AUTHORIZATIONFAILED\n" },
		{ "a broken\n", "NO UNAVAILABLE\n" },
		{ "a crash\n", "NO UNAVAILABLE\n" },
	};
	char answer[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask_once("imap.sock", cases[i][0], answer);
		assert_string_equal(answer, cases[i][1]);
	}
	ask_once("lmtp.sock", "nobody\n", answer);
	assert_string_equal(answer, "550\n");
	ask_once("lmtp.sock", "crash\n", answer);
	assert_string_equal(answer, "451\n");
}

static void
test_kick(void **state)
{
	char line[128];
	struct answer a;
	int fd;

	(void)state;
	fd = ask("imap.sock", "a alice\n", line);
	/* the client may hear of its session before the master does */
	for (int i = 0; i < 100 && control(IPC_VERB_WHO, "alice").rows != 1;
	     i++)
		sleep_ms(20);
	a = control(IPC_VERB_KICK, "alice/s9");
	assert_int_equal(a.status, IPC_NO_SUCH_USER);
	a = control(IPC_VERB_KICK, "alice/s1");
	assert_int_equal(a.status, IPC_OK);
	assert_int_equal(read(fd, line, sizeof(line)), 0);
	close(fd);
}

static void
test_tasks(void **state)
{
	static const struct {
		const char *user, *task;
		enum ipc_status status;
		const char *says;
	} cases[] = {
		{ "alice", "stats", IPC_OK, "stats of alice\n" },
		{ "alice", "no-such", IPC_REFUSED, "" },
		{ "nobody", "stats", IPC_NO_SUCH_USER, "" },
		{ "root", "stats", IPC_REFUSED, "" },
		{ "broken", "stats", IPC_UNAVAILABLE, "" },
		{ "crash", "stats", IPC_UNAVAILABLE, "" },
		{ "new", "stats", IPC_NO_HOME, "" },
		/* not words, or two requests: ends the channel */
		{ "alice", "Stats", 0xff, "" },
		{ "alice", "", 0xff, "" },
		{ "", "stats", 0xff, "" },
		{ "both", "stats", 0xff, NULL },
	};
	struct users_answer u;
	char line[128];
	ssize_t n;
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		u = control_task(cases[i].user, cases[i].task, &fd,
		    cases[i].says == NULL);
		/* of two the first may be answered before the second comes */
		if (u.a.status != cases[i].status &&
		    (cases[i].says != NULL || u.a.status != IPC_OK))
			fail_msg("case %zu: status %u", i,
			    (unsigned)u.a.status);
		n = cases[i].says == NULL ? 0 :
		    read(fd, line, sizeof(line) - 1);
		line[n > 0 ? n : 0] = '\0';
		if (cases[i].says != NULL)
			assert_string_equal(line, cases[i].says);
		close(fd);
	}
	/* a session makes the home that the task did not */
	fd = ask("imap.sock", "a new\n", line);
	assert_memory_equal(line, "a OK new ", 9);
	close(fd);
}

static void
test_users_are_listed(void **state)
{
	struct users_answer u;

	(void)state;
	u = control_task(NULL, NULL, NULL, false);
	assert_int_equal(u.a.status, IPC_UNAVAILABLE);
	u = control_task(NULL, NULL, NULL, false);
	assert_int_equal(u.a.status, IPC_OK);
	assert_int_equal(u.n, 16);
	assert_memory_equal(u.names, "alice\0bob\0carol", 16);
}

static void
test_the_dead_are_replaced(void **state)
{
	struct answer a, b;
	char line[128];

	(void)state;
	a = wait_ready(READY);
	kill(a.auth, SIGKILL);
	for (int i = 0; i < 100; i++) {
		b = wait_ready(READY);
		if (b.auth != a.auth)
			break;
		sleep_ms(20);
	}
	assert_int_not_equal(a.auth, b.auth);
	ask_once("imap.sock", "a bob\n", line);
	assert_memory_equal(line, "a OK bob ", 9);
	ask_once("lmtp.sock", "bob\n", line);
	assert_string_equal(line, "250\n");
	kill(b.nursery, SIGKILL);
	kill(b.login, SIGKILL);
	sleep_ms(100);
	wait_ready(READY);
	ask_once("imap.sock", "a carol\n", line);
	assert_memory_equal(line, "a OK carol ", 11);
}

static void
test_a_confused_login_is_ended_alone(void **state)
{
	char line[128];

	(void)state;
	ask_once("imap.sock", "a unasked\n", line);
	wait_ready(READY);
	ask_once("imap.sock", "a dave\n", line);
	assert_memory_equal(line, "a OK dave ", 10);
}

static void
test_reload_keeps_sessions(void **state)
{
	char line[128], path[128], old[128];
	struct answer a, b;
	struct stat st;
	int fd;

	(void)state;
	a = wait_ready(READY);
	fd = ask("imap.sock", "a alice\n", line);
	in_folder(path, "log");
	in_folder(old, "log.1");
	assert_int_equal(rename(path, old), 0);
	conf_write("sessions-per-user = no-number");
	assert_int_equal(control(IPC_VERB_RELOAD, "").status, IPC_REFUSED);
	conf_write("");
	assert_int_equal(control(IPC_VERB_RELOAD, "").status, IPC_OK);
	for (int i = 0; i < 100; i++) {
		b = control(IPC_VERB_STATUS, "");
		if (b.auth != a.auth && b.ready == READY && b.helpers == 2)
			break;
		sleep_ms(50);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_not_equal(a.nursery, b.nursery);
	assert_int_equal(kill(a.auth, 0), -1);
	assert_int_equal(control(IPC_VERB_WHO, "alice").rows, 1);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	ask_once("imap.sock", "a erin\n", line);
	assert_memory_equal(line, "a OK erin ", 10);
}

static void
test_a_second_master_is_refused(void **state)
{
	char conf[128];
	int status;
	pid_t pid = fork();

	(void)state;
	in_folder(conf, "conf");
	if (pid == 0) {
		alarm(20);
		execl(program, program, "-c", conf, "--libexec", folder, NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 71);
	wait_ready(READY);
}

static void
test_stops_clean(void **state)
{
	static const char *const left[] = { "control", "imap.sock", "lmtp.sock",
		"pid" };
	char line[128], path[128];
	int status, fd;

	(void)state;
	fd = ask("imap.sock", "a alice\n", line);
	kill(master, SIGTERM);
	assert_int_equal(waitpid(master, &status, 0), master);
	master = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(read(fd, line, sizeof(line)), 0);
	close(fd);
	for (size_t i = 0; i < 4; i++) {
		in_folder(path, left[i]);
		assert_int_equal(access(path, F_OK), -1);
	}
}

static int
start(void **state)
{
	static const char *const names[] = { "auth", "auth-helper",
		"imap-login", "imap-worker", "lmtp" };
	char path[128], conf[128], pid_file[128];

	(void)state;
	if (geteuid() == 0 && (setgroups(0, NULL) != 0 ||
	    setresgid(65534, 65534, 65534) != 0 ||
	    setresuid(65534, 65534, 65534) != 0))
		return -1;
	if (mkdtemp(folder) == NULL)
		return -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		in_folder(path, names[i]);
		if (symlink(fake, path) != 0)
			return -1;
	}
	conf_write("");
	in_folder(conf, "conf");
	in_folder(pid_file, "pid");
	master = fork();
	if (master == 0) {
		execl(program, program, "-c", conf, "--libexec", folder,
		    "--pid-file", pid_file, NULL);
		_exit(127);
	}
	for (int i = 0; i < 100 && access(pid_file, F_OK) != 0; i++)
		sleep_ms(50);
	return access(pid_file, F_OK);
}

static int
finish(void **state)
{
	char command[256];

	(void)state;
	if (master > 0) {
		kill(master, SIGTERM);
		waitpid(master, NULL, 0);
	}
	if (getenv("POSTERN_TEST_KEEP") != NULL)
		return 0;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void
find_program(char full[4096], const char *top, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	if (realpath(path, full) == NULL)
		full[0] = '\0';
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_everything),
		cmocka_unit_test(test_sessions_of_a_user_share_a_worker),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_kick),
		cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_users_are_listed),
		cmocka_unit_test(test_the_dead_are_replaced),
		cmocka_unit_test(test_a_confused_login_is_ended_alone),
		cmocka_unit_test(test_reload_keeps_sessions),
		cmocka_unit_test(test_a_second_master_is_refused),
		cmocka_unit_test(test_stops_clean),
	};
	const char *top = getenv("top_builddir");

	top = top == NULL ? "." : top;
	find_program(program, top, "postern");
	find_program(fake, top, "fake_child");
	log_init("test_master", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("master", tests, start, finish);
}
