/* SPDX-License-Identifier: ISC */
#include "tests/lib/mock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/lib/cert.h"

#define MOCK_ARGS 8

int64_t
mock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool
mock_on_ready(struct ipc_chan *c, struct ipc_msg *msg, void *ctx)
{
	struct mock *m = ctx;

	(void)c, (void)msg;
	m->ready = true;
	return true;
}

static bool
mock_on_quiesced(struct ipc_chan *c, struct ipc_msg *msg, void *ctx)
{
	struct mock *m = ctx;

	(void)c, (void)msg;
	m->quiesced = true;
	return true;
}

static void
mock_on_close(struct ipc_chan *c, void *ctx)
{
	struct mock *m = ctx;

	if (c == m->auth)
		ipc_chan_free(&m->auth);
	else
		ipc_chan_free(&m->master);
}

static struct ipc_chan *
mock_channel(struct mock *m, int fd, unsigned self,
    const struct ipc_handler *handlers)
{
	const struct ipc_chan_options o = {
		.self = self,
		.peer = m->role,
		.handlers = handlers,
		.on_close = mock_on_close,
		.ctx = m,
		.name = "program under test",
	};

	return ipc_chan_new(m->base, fd, &o);
}

static void
mock_write_files(struct mock *m, const char *conf)
{
	char path[128];
	FILE *f;

	snprintf(m->dir, sizeof(m->dir), "%s/postern-test-XXXXXX",
	    getenv("TMPDIR") == NULL ? "/tmp" : getenv("TMPDIR"));
	assert_non_null(mkdtemp(m->dir));
	assert_int_equal(chmod(m->dir, 0755), 0);
	cert_write(m->dir);
	snprintf(path, sizeof(path), "%s/postern.conf", m->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	for (; *conf != '\0'; conf++)
		if (strncmp(conf, "%s", 2) == 0) {
			fputs(m->dir, f);
			conf++;
		} else {
			fputc(*conf, f);
		}
	fclose(f);
}

static void
mock_exec(struct mock *m, const char *program, int fd)
{
	const char *top = getenv("top_builddir");
	char path[1024], conf[128], words[128], *args[MOCK_ARGS], *save;
	int n = 0;

	snprintf(words, sizeof(words), "%s", program);
	for (char *w = strtok_r(words, " ", &save); w != NULL &&
	    n < MOCK_ARGS - 3; w = strtok_r(NULL, " ", &save))
		args[n++] = w;
	snprintf(path, sizeof(path), "%s/%s", top == NULL ? "." : top,
	    args[0]);
	snprintf(conf, sizeof(conf), "%s/postern.conf", m->dir);
	args[n++] = (char *)"--config";
	args[n++] = conf;
	args[n] = NULL;
	if (fd != 3 && dup2(fd, 3) < 0)
		_exit(121);
	fcntl(3, F_SETFD, 0);
	if (geteuid() == 0 && (setgroups(0, NULL) != 0 ||
	    setresgid(MOCK_NOBODY, MOCK_NOBODY, MOCK_NOBODY) != 0 ||
	    setresuid(MOCK_NOBODY, MOCK_NOBODY, MOCK_NOBODY) != 0))
		_exit(122);
	execv(path, args);
	_exit(123);
}

void
mock_start(struct mock *m, unsigned role, const char *program,
    const char *conf, const struct ipc_handler *handlers,
    const struct ipc_handler *auth_handlers)
{
	int fds[2], n = 0;

	memset(m, 0, sizeof(*m));
	m->role = role;
	m->address = "127.0.0.1";
	m->auth_handlers = auth_handlers;
	signal(SIGPIPE, SIG_IGN);
	mock_write_files(m, conf);
	m->handlers[n++] = (struct ipc_handler){ IPC_READY, mock_on_ready };
	m->handlers[n++] = (struct ipc_handler){ IPC_QUIESCED,
		mock_on_quiesced };
	for (; handlers->fn != NULL; handlers++)
		m->handlers[n++] = *handlers;
	m->handlers[n] = (struct ipc_handler){ IPC_NONE, NULL };
	assert_int_equal(ipc_pair(fds), 0);
	m->pid = fork();
	assert_true(m->pid >= 0);
	if (m->pid == 0)
		mock_exec(m, program, fds[1]);
	close(fds[1]);
	m->base = event_base_new();
	m->master = mock_channel(m, fds[0], IPC_R_MASTER, m->handlers);
	mock_until(m, &m->ready);
}

static void
mock_remove_files(struct mock *m)
{
	static const char *const names[] = { "postern.conf", "cert.pem",
		"key.pem" };
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", m->dir, names[i]);
		unlink(path);
	}
	rmdir(m->dir);
}

void
mock_end(struct mock *m)
{
	if (m->pid != 0) {
		kill(m->pid, SIGKILL);
		waitpid(m->pid, NULL, 0);
	}
	ipc_chan_free(&m->auth);
	ipc_chan_free(&m->master);
	event_base_free(m->base);
	mock_remove_files(m);
}

void
mock_open_auth(struct mock *m)
{
	struct ipc_msg msg;
	int fds[2];

	ipc_chan_free(&m->auth);
	assert_int_equal(ipc_pair(fds), 0);
	m->auth = mock_channel(m, fds[0], IPC_R_AUTH, m->auth_handlers);
	ipc_begin(&msg, IPC_CHANNEL_OPEN);
	ipc_put_u8(&msg, IPC_R_AUTH);
	ipc_put_u32(&msg, 7);
	ipc_post(m->master, &msg, fds[1]);
}

int
mock_listen(struct mock *m, enum ipc_protocol protocol)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	struct ipc_msg msg;
	int fd;

	assert_int_equal(inet_pton(AF_INET, m->address, &sin.sin_addr), 1);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	ipc_begin(&msg, IPC_LISTENER);
	ipc_put_u8(&msg, (uint8_t)protocol);
	ipc_put_str(&msg, "test");
	ipc_post(m->master, &msg, fd);
	return ntohs(sin.sin_port);
}

void
mock_send(struct mock *m, enum ipc_type type)
{
	struct ipc_msg msg;

	ipc_begin(&msg, type);
	ipc_post(m->master, &msg, -1);
}

static void
mock_nothing(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

void
mock_turn(struct mock *m, int milliseconds)
{
	const struct timeval tv = { milliseconds / 1000,
		milliseconds % 1000 * 1000 };

	if (milliseconds > 0)
		event_base_once(m->base, -1, EV_TIMEOUT, mock_nothing, NULL,
		    &tv);
	event_base_loop(m->base, milliseconds > 0 ? EVLOOP_ONCE :
	    EVLOOP_NONBLOCK);
	if (m->pid != 0 &&
	    waitpid(m->pid, &m->exit_status, WNOHANG) == m->pid)
		m->pid = 0;
}

void
mock_until(struct mock *m, const bool *flag)
{
	int64_t end = mock_now() + MOCK_SECONDS * 1000;

	while (!*flag && mock_now() < end) {
		mock_turn(m, 20);
		if (m->pid == 0 && !*flag)
			fail_msg("program exited early: status %x",
			    (unsigned)m->exit_status);
	}
	assert_true(*flag);
}

void
mock_until_exit(struct mock *m)
{
	int64_t end = mock_now() + MOCK_SECONDS * 1000;

	while (m->pid != 0 && mock_now() < end)
		mock_turn(m, 20);
	assert_int_equal(m->pid, 0);
	assert_int_equal(m->exit_status, 0);
}
