/* SPDX-License-Identifier: ISC
 *
 * posternctl as its callers see it: arguments, output and exit code, with a
 * server that plays the master's part on the control socket, and a passwd-file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/ipc.h"
#include "common/log.h"
#include "common/task_frame.h"

static char folder[] = "/tmp/test_posternctl.XXXXXX";
static char config[64], passwd[64];
static pid_t server;

/* --- the other side ------------------------------------------------------- */

static bool
on_request(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	static unsigned lists;
	uint8_t verb = ipc_get_u8(m);
	const char *arg = ipc_get_str(m);
	bool good = strcmp(arg, "nobody") != 0;
	struct ipc_msg out;

	(void)ctx;
	if (strcmp(arg, "hangup") == 0)
		return false;
	if (verb == IPC_VERB_STATUS) {
		ipc_begin(&out, IPC_CTL_PROCESS);
		ipc_put_str(&out, "imap-worker");
		ipc_put_u32(&out, 4711);
		ipc_put_str(&out, "alice");
		ipc_put_u64(&out, 0);
		ipc_put_u32(&out, 2);
		ipc_put_str(&out, "owned");
		ipc_post(c, &out, -1);
	}
	for (int i = 0; verb == IPC_VERB_WHO && good && i < 2; i++) {
		ipc_begin(&out, IPC_CTL_SESSION);
		ipc_put_str(&out, "al\033[2Jice\"");
		ipc_put_str(&out, i == 0 ? "s1" : "s2");
		ipc_put_str(&out, "127.0.0.1:999");
		ipc_put_u8(&out, 1);
		ipc_put_u32(&out, 4711);
		ipc_put_u64(&out, 86400);
		ipc_post(c, &out, -1);
	}
	if (verb == IPC_VERB_USERS) {
		good = lists++ != 1; /* the first part of the second list */
		ipc_begin(&out, IPC_CTL_USERS);
		ipc_put_blob(&out, good ? "alice\0bad\0new" : "zed",
		    good ? 14 : 4);
		ipc_post(c, &out, -1);
		ipc_begin(&out, IPC_CTL_END);
		ipc_put_u8(&out, good ? IPC_OK : IPC_UNAVAILABLE);
		ipc_put_u32(&out, 0);
		ipc_put_str(&out, good ? "" : "the users have changed");
		ipc_post(c, &out, -1);
		return true;
	}
	ipc_begin(&out, IPC_CTL_END);
	ipc_put_u8(&out, good || verb == IPC_VERB_WHO ? IPC_OK
						      : IPC_NO_SUCH_USER);
	ipc_put_u32(&out, verb == IPC_VERB_KICK ? 1 : 2);
	ipc_put_str(&out, good ? "" : "no such session");
	ipc_post(c, &out, -1);
	return true;
}

/* What the worker of a user says; names have a meaning. */
static void
worker_says(int fd, const char *user, const char *task)
{
	struct task_pairs w;
	struct buf b;

	buf_init(&b, TASK_FRAME_MAX);
	task_pairs_begin(&w, &b, TASK_ROW);
	task_pairs_text(&w, "row", "fake");
	task_pairs_text(&w, "text", strcmp(user, "evil") == 0 ?
	    "a\033[2J\302\233b\"\377" : task);
	task_pairs_number(&w, "number", 12345);
	task_pairs_bool(&w, "yes", true);
	task_pairs_end(&w);
	task_put_progress(&b, 1, 2, "messages");
	if (strcmp(user, "bad") == 0) {
		task_put_problem(&b, TASK_ERROR, "1: message 7");
		task_put_end(&b, TASK_PROBLEMS, "");
	} else if (strcmp(user, "failed") == 0) {
		task_put_end(&b, TASK_FAILED, "out of luck");
	} else if (strcmp(user, "garbage") == 0) {
		buf_puts(&b, "* OK [CAPABILITY IMAP4rev1]");
	} else if (strcmp(user, "data") == 0) {
		task_put_data(&b, "x", 1);
	} else if (strcmp(user, "gone") != 0) {
		task_put_end(&b, TASK_OK, "done");
	}
	if (send(fd, b.data, b.len, MSG_NOSIGNAL) != (ssize_t)b.len)
		abort();
	buf_clear(&b);
}

static bool
on_task(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	static const struct {
		const char *user;
		enum ipc_status status;
		const char *text;
	} refusals[] = {
		{ "nobody", IPC_NO_SUCH_USER, "no such user" },
		{ "later", IPC_UNAVAILABLE, "try again later" },
		{ "many", IPC_LIMIT, "too many tasks" },
		{ "refused", IPC_REFUSED, "not allowed" },
		{ "new", IPC_NO_HOME, "no mail yet" },
	};
	const char *user = ipc_get_str(m), *task = ipc_get_str(m), *text = "";
	enum ipc_status status = IPC_OK;
	struct ipc_msg out;

	(void)ctx;
	if (ipc_get_u8(m) != 0)
		return false;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (strcmp(refusals[i].user, user) == 0) {
			status = refusals[i].status;
			text = refusals[i].text;
		}
	if (strcmp(user, "hangup") == 0)
		return false;
	if (status == IPC_OK)
		worker_says(m->fd, user, task);
	if (strcmp(user, "late") == 0) { /* the stream ends before the answer */
		shutdown(m->fd, SHUT_RDWR);
		usleep(50000);
	}
	ipc_begin(&out, IPC_CTL_END);
	ipc_put_u8(&out, (uint8_t)status);
	ipc_put_u32(&out, 0);
	ipc_put_str(&out, text);
	ipc_post(c, &out, -1);
	return true;
}

static const struct ipc_handler handlers[] = {
	{ IPC_CTL_REQUEST, on_request },
	{ IPC_CTL_TASK, on_task },
	{ IPC_NONE, NULL },
};

static void
on_close(struct ipc_chan *c, void *ctx)
{
	(void)ctx;
	ipc_chan_free(&c);
}

static void
on_readable(evutil_socket_t listener, short what, void *base)
{
	struct ipc_chan_options o = { .self = IPC_R_MASTER, .peer = IPC_R_CTL,
		.handlers = handlers, .on_close = on_close, .name = "ctl" };
	int fd = accept(listener, NULL, NULL);

	(void)what;
	if (fd >= 0)
		ipc_chan_new(base, fd, &o);
}

static void
serve(int listener)
{
	struct event_base *base = event_base_new();
	struct event *ev = event_new(base, listener, EV_READ | EV_PERSIST,
	    on_readable, base);

	alarm(120); /* never outlives a test that died */
	event_add(ev, NULL);
	event_base_dispatch(base);
	_exit(0);
}

/* --- calls ---------------------------------------------------------------- */

/* Runs it with these arguments; its output, errors included. */
static int
call(const char *args, const char *input, char output[16384])
{
	const char *top = getenv("top_builddir");
	char command[4096];
	size_t n;
	FILE *f;
	int status;

	snprintf(command, sizeof(command),
	    "printf '%s' | '%s/posternctl' --config '%s' %s 2>&1", input,
	    top == NULL ? "." : top, config, args);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(output, 1, 16383, f);
	output[n] = '\0';
	status = pclose(f);
	return WEXITSTATUS(status);
}

struct call {
	const char *args, *input;
	int exit_code;
	const char *says, *not; /* must be in the output; must not */
};

static void
run_calls(const struct call *calls, size_t n)
{
	char output[16384];

	for (size_t i = 0; i < n; i++) {
		int code = call(calls[i].args, calls[i].input, output);

		if (code != calls[i].exit_code)
			fail_msg("%s: exit code %d: %s", calls[i].args, code,
			    output);
		if (strstr(output, calls[i].says) == NULL ||
		    (calls[i].not != NULL &&
			strstr(output, calls[i].not) != NULL))
			fail_msg("%s: says: %s", calls[i].args, output);
	}
}

#define RUN(calls) run_calls(calls, sizeof(calls) / sizeof(calls[0]))

static void
test_runtime(void **state)
{
	static const struct call calls[] = {
		{ "status", "", 0, "imap-worker     4711        2 owned",
		    NULL },
		{ "status --json", "", 0,
		    "{\"processes\": [\n  {\"role\": \"imap-worker\", \"pid\": "
		    "4711, \"user\": \"alice\", \"since\": "
		    "\"1970-01-01T00:00:00Z\", \"sessions\": 2, \"state\": "
		    "\"owned\"}\n]}", NULL },
		{ "who", "", 0, "al\\x1b[2Jice\"", "\033" },
		{ "who alice --json", "", 0, "\"al\\u001b[2Jice\\\"\"",
		    "\033" },
		{ "who nobody", "", 0, "no sessions", NULL },
		{ "who nobody --json", "", 0, "{\"sessions\": []}", NULL },
		{ "kick alice/s1", "", 0, "1 session ended", NULL },
		{ "kick nobody", "", 1, "no such session", NULL },
		{ "kick hangup", "", 1, "closed the connection", NULL },
		{ "reload", "", 0, "reloaded", NULL },
		{ "stop --json", "", 0, "{\"ok\": true", NULL },
		{ "status --socket /nonexistent/x", "", 69, "not running",
		    NULL },
	};

	(void)state;
	RUN(calls);
}

static void
test_tasks(void **state)
{
	static const struct call calls[] = {
		{ "stats alice", "", 0, "TEXT                         NUMBER"
		    "        YES \nstats                         12345        "
		    "yes \ndone", "messages" },
		{ "du --json alice", "", 0, "{\"users\": [\n  {\"user\": "
		    "\"alice\", \"results\": [\n    {\"row\": \"fake\", "
		    "\"text\": \"du\", \"number\": 12345, \"yes\": true}], "
		    "\"status\": \"ok\", \"text\": \"done\"}\n]}", NULL },
		{ "fsck bad", "", 1, "error: 1: message 7", NULL },
		{ "fsck --json bad", "", 1, ",\n    {\"row\": \"problem\", "
		    "\"severity\": \"error\", \"text\": \"1: message 7\"}], "
		    "\"status\": \"problems\"", NULL },
		{ "fsck failed", "", 70, "failed: out of luck", NULL },
		{ "fsck gone", "", 70, "worker ended before", NULL },
		{ "fsck late", "", 0, "done", NULL },
		{ "fsck garbage", "", 70, "makes no sense", NULL },
		{ "fsck data", "", 70, "makes no sense", NULL },
		{ "fsck hangup", "", 70, "closed the connection", NULL },
		{ "fsck nobody", "", 67, "nobody: no such user", NULL },
		{ "fsck later", "", 75, "later: try again later", NULL },
		{ "fsck many", "", 75, "too many tasks", NULL },
		{ "fsck refused", "", 70, "not allowed", NULL },
		{ "fsck new", "", 0, "no mail yet", NULL },
		{ "fsck --json nobody", "", 67, "\"results\": [], "
		    "\"status\": \"failed\", \"text\": \"no such user\"}\n]}",
		    NULL },
		{ "stats evil", "", 0, "a\\x1b[2J\\xc2\\x9bb\"\\xff", "\033" },
		{ "stats --json evil", "", 0,
		    "\"a\\u001b[2J\\ufffd\\ufffdb\\\"\\ufffd\"", "\033" },
		/* the worst of them is the exit code */
		{ "stats alice bad", "", 1, "alice \nTEXT", NULL },
		{ "stats bad nobody alice", "", 67, "\n\nalice \nTEXT", NULL },
		{ "stats --all", "", 1, "new \nno mail yet", "zed" },
		{ "stats --all --json", "", 1, "{\"user\": \"new\"", "zed" },
		{ "stats", "", 64, "which users?", NULL },
		{ "stats --all alice", "", 64, "which users?", NULL },
		{ "stats alice --socket /nonexistent/x", "", 69, "not running",
		    NULL },
		{ "stats --all --socket /nonexistent/x", "", 69, "not running",
		    NULL },
		{ "fsck --help", "", 0, "fsck USER ...|--all", "kick" },
	};

	(void)state;
	RUN(calls);
}

static void
test_usage(void **state)
{
	static const struct call calls[] = {
		{ "", "", 64, "usage:", NULL },
		{ "frob", "", 64, "unknown verb \"frob\"", NULL },
		{ "kick", "", 64, "kick USER[/SESSION]", "reload" },
		{ "who a b", "", 64, "who [USER]", NULL },
		{ "user frob", "", 64, "user add USER", NULL },
		{ "--frob", "", 64, "usage:", NULL },
		{ "--help", "", 0, "usage:", NULL },
		{ "config --help", "", 0, "config dump", "kick" },
		{ "--version", "", 0, "posternctl ", NULL },
		{ "status --config /nonexistent", "", 78, "No such file",
		    NULL },
		{ "config check", "", 78, "users/passwd: No such file", NULL },
		{ "config check --json", "", 78,
		    "{\"problems\": [\"passwd-file: ", "\"ok\": true" },
		{ "config dump", "", 0, "idle-seconds = 1800 # default", NULL },
	};

	(void)state;
	RUN(calls);
}

static void
test_users(void **state)
{
	static const struct call calls[] = {
		{ "user list", "", 1, "No such file", NULL },
		{ "user add alice --stdin", "secret\\n", 0, "alice: added",
		    NULL },
		{ "user add alice --stdin", "secret\\n", 1, "already", NULL },
		{ "user add alice@Example.ORG --stdin", "secret\\n", 1,
		    "already", NULL },
		{ "user add bob@example.com --stdin --home /srv/bob", "x", 0,
		    "added", NULL },
		{ "user add a:b --stdin", "x\\n", 64, "cannot be", NULL },
		{ "user add ../x --stdin", "x\\n", 64, "cannot be", NULL },
		{ "user add .. --stdin", "x\\n", 64, "cannot be", NULL },
		{ "user add c@.. --stdin", "x\\n", 64, "cannot be", NULL },
		{ "user add \303x --stdin", "x\\n", 64, "cannot be", NULL },
		{ "user add c --stdin", "\\n", 1, "empty password", NULL },
		{ "user add c --stdin", "", 1, "empty password", NULL },
		{ "user add c --stdin --home a:b", "x\\n", 64, "--home", NULL },
		{ "user list", "", 0, "bob@example.com                  "
		    "ARGON2ID     /srv/bob", "secret" },
		{ "passwd carol --stdin", "x\\n", 1, "no such user", NULL },
		{ "passwd alice@example.org --stdin", "new\\n", 0,
		    "password changed", NULL },
		{ "user del bob@example.com", "", 0, "deleted", NULL },
		{ "user list --json", "", 0,
		    "{\"users\": [\n  {\"user\": \"alice\", \"scheme\": "
		    "\"ARGON2ID\", \"home\": \"\"}\n]}", "bob" },
		{ "config check", "", 0, "good", NULL },
		{ "config check --json", "", 0,
		    "{\"problems\": [], \"ok\": true}", NULL },
	};
	struct stat st;

	(void)state;
	RUN(calls);
	assert_int_equal(stat(passwd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static char *
read_passwd(void)
{
	char *text = calloc(1, 8192);
	FILE *f = fopen(passwd, "r");

	assert_non_null(f);
	assert_true(fread(text, 1, 8191, f) > 0);
	fclose(f);
	return text;
}

/* Everything but the password stays: comments, other fields, mode. Of a user
 * who goes, no line stays. */
static void
test_edit_keeps_the_rest(void **state)
{
	static const struct call calls[] = {
		{ "passwd dora --stdin", "x\\n", 0, "changed", NULL },
		{ "user del erik", "", 0, "deleted", NULL },
		{ "user add finn --stdin", "x\\n", 0, "added", NULL },
	};
	FILE *f = fopen(passwd, "w");
	char *text, *dora;
	struct stat st;

	(void)state;
	assert_non_null(f);
	fputs("# staff\n\nerik:$6$x:::::\ndora:old:5:6:Dora:/h:/bin/sh:k=v\n"
	      "erik:{PLAIN}older\nno newline:*", f);
	fclose(f);
	assert_int_equal(chmod(passwd, 0640), 0);
	RUN(calls);
	text = read_passwd();
	assert_int_equal(strncmp(text, "# staff\n\ndora:{ARGON2ID}$argon2id$",
			     34), 0);
	dora = strstr(text, ":5:6:Dora:/h:/bin/sh:k=v\nno newline:*\nfinn:");
	assert_non_null(dora);
	assert_null(strstr(text, "erik"));
	free(text);
	assert_int_equal(stat(passwd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static int
set_up(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener;
	FILE *f;

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(config, sizeof(config), "%s/postern.conf", folder);
	snprintf(passwd, sizeof(passwd), "%s/users/passwd", folder);
	f = fopen(config, "w");
	if (f == NULL)
		return -1;
	fputs("control-socket = control\npassdb = passwd-file\n"
	      "passwd-file = users/passwd\ndefault-domain = example.org\n"
	      /* nobody here need be allowed to read it */
	      "auth-user = no-such-user\n", f);
	fclose(f);
	mkdir(strcat(strcpy(addr.sun_path, folder), "/users"), 0700);
	strcat(strcpy(addr.sun_path, folder), "/control");
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (listener < 0 ||
	    bind(listener, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
	    listen(listener, 8) != 0)
		return -1;
	server = fork();
	if (server == 0)
		serve(listener);
	close(listener);
	return server < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command) == 0 ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_runtime),
		cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_edit_keeps_the_rest),
	};

	log_init("test_posternctl", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("posternctl", tests, set_up,
	    tear_down);
}
