/* SPDX-License-Identifier: ISC
 *
 * Stands in for every program the master starts, by the name it is called by,
 * so that the master can be tested whole: real processes, real channels, no
 * protocol. A ticket is the user's name; a line "tag user" to the login opens a
 * session, a line "user" to lmtp delivers a message. Names with a meaning:
 *
 *   nobody  auth does not know it      root   auth names uid 0
 *   broken  its worker is not ready    crash  its worker aborts at once
 *   unasked login hands over twice with the same id
 *   new     has no home until a worker is told to make one
 */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/ipc.h"
#include "common/log.h"
#include "common/master_client.h"
#include "common/proc.h"
#include "common/xalloc.h"

#define FAKE_MAX 64

static struct event_base *base;
static struct ipc_chan *master;
static struct ipc_chan *auth; /* lmtp, login */
static struct event *listening[FAKE_MAX];
static unsigned n_listening;
static int clients[FAKE_MAX];  /* by our id of the request */
static char worker_user[64];
static unsigned worker_sessions;

static void
simple(enum ipc_type type)
{
	struct ipc_msg m;

	ipc_begin(&m, type);
	ipc_post(master, &m, -1);
}

static bool
ignore(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	(void)c;
	(void)m;
	(void)ctx;
	return true;
}

static bool
stop(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	(void)c;
	(void)m;
	(void)ctx;
	_exit(0);
}

static void
gone(struct ipc_chan *c, void *ctx)
{
	(void)c;
	(void)ctx;
	_exit(0);
}

static void
peer_gone(struct ipc_chan *c, void *ctx)
{
	(void)ctx;
	if (auth == c)
		auth = NULL;
	ipc_chan_free(&c);
}

/* --- auth ----------------------------------------------------------------- */

static bool
identity(uint32_t id, const char *user)
{
	bool known = strcmp(user, "nobody") != 0;
	struct ipc_msg m;

	ipc_begin(&m, IPC_IDENTITY);
	ipc_put_u32(&m, id);
	ipc_put_u8(&m, known ? IPC_OK : IPC_NO_SUCH_USER);
	ipc_put_str(&m, known ? user : "");
	ipc_put_u32(&m, strcmp(user, "root") == 0 ? 0 : geteuid());
	ipc_put_u32(&m, getegid());
	ipc_put_str(&m, known ? "/nowhere/mail" : "");
	ipc_post(master, &m, -1);
	return true;
}

static bool
redeem(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	uint32_t id = ipc_get_u32(m);
	char user[17] = { 0 };
	size_t n;

	(void)c;
	(void)ctx;
	ipc_get_u32(m);
	memcpy(user, ipc_get_secret(m, &n), 16);
	return identity(id, user);
}

static bool
lookup(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	uint32_t id = ipc_get_u32(m);

	(void)c;
	(void)ctx;
	return identity(id, ipc_get_str(m));
}

/* Two parts; the users change before the second one, the first time. */
static bool
users_list(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	static unsigned lists;
	uint32_t id = ipc_get_u32(m);
	uint64_t generation = ipc_get_u64(m), from = ipc_get_u64(m);
	bool changed = from != 0 && lists++ == 0;
	struct ipc_msg out;

	(void)c;
	(void)ctx;
	ipc_begin(&out, IPC_USERS);
	ipc_put_u32(&out, id);
	ipc_put_u8(&out, changed ? IPC_UNAVAILABLE : IPC_OK);
	ipc_put_u64(&out, generation + 1);
	ipc_put_u64(&out, from == 0 ? 2 : 0);
	if (changed)
		ipc_put_blob(&out, "", 0);
	else if (from == 0)
		ipc_put_blob(&out, "alice\0bob", 10);
	else
		ipc_put_blob(&out, "carol", 6);
	ipc_post(master, &out, -1);
	return true;
}

/* --- login and lmtp ------------------------------------------------------- */

static void
handoff(uint32_t id, int fd, const char *tag, const char *user)
{
	char ticket[16] = { 0 };
	struct ipc_msg m;

	memcpy(ticket, user, strnlen(user, 16));
	ipc_begin(&m, IPC_SESSION_HANDOFF);
	ipc_put_u32(&m, id);
	ipc_put_str(&m, "s1");
	ipc_put_str(&m, "127.0.0.1");
	ipc_put_u8(&m, 0);
	ipc_put_str(&m, tag);
	ipc_put_secret(&m, ticket, 16);
	ipc_put_blob(&m, "ahead", 5);
	ipc_post(master, &m, dup(fd));
}

static void
deliver(uint32_t id, const char *user)
{
	int fd = memfd_create("message", MFD_CLOEXEC);
	struct ipc_msg m;

	if (write(fd, "hello", 5) != 5)
		abort();
	ipc_begin(&m, IPC_DELIVERY);
	ipc_put_u32(&m, id);
	ipc_put_str(&m, "d1");
	ipc_put_str(&m, "a@example.org");
	ipc_put_str(&m, "b@example.org");
	ipc_put_str(&m, user);
	ipc_put_str(&m, "");
	ipc_post(master, &m, fd);
}

static void
on_connection(evutil_socket_t listener, short what, void *arg)
{
	static uint32_t last;
	int fd = accept(listener, NULL, NULL);
	char line[128] = { 0 }, tag[64], user[64];
	ssize_t n;

	(void)what;
	if (fd == -1)
		return;
	n = read(fd, line, sizeof(line) - 1); /* one line, in one packet */
	last = (last + 1) % FAKE_MAX;
	clients[last] = fd;
	if (n > 0 && arg == NULL && sscanf(line, "%63s", user) == 1)
		deliver(last, user);
	else if (n > 0 && sscanf(line, "%63s %63s", tag, user) == 2) {
		handoff(last, fd, tag, user);
		if (strcmp(user, "unasked") == 0)
			handoff(last, fd, tag, user);
	}
}

static bool
listener(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	uint8_t protocol = ipc_get_u8(m);
	struct event *e;

	(void)c;
	(void)ctx;
	e = event_new(base, ipc_take_fd(m), EV_READ | EV_PERSIST, on_connection,
	    protocol == IPC_PROTOCOL_LMTP ? NULL : base);
	event_add(e, NULL);
	listening[n_listening++] = e;
	return true;
}

static bool
drain(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	(void)c;
	(void)m;
	(void)ctx;
	for (unsigned i = 0; i < n_listening; i++)
		event_del(listening[i]);
	master_client_quiesced(master, 0);
	return true;
}

static bool
handoff_result(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	int fd = clients[ipc_get_u32(m) % FAKE_MAX];
	uint8_t status = ipc_get_u8(m);
	const char *code = ipc_get_str(m);

	(void)c;
	(void)ctx;
	if (status != IPC_OK)
		dprintf(fd, "NO %s\n", code);
	close(fd);
	return true;
}

static bool
delivery_result(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	int fd = clients[ipc_get_u32(m) % FAKE_MAX];

	(void)c;
	(void)ctx;
	dprintf(fd, "%u\n", (unsigned)ipc_get_u32(m));
	close(fd);
	return true;
}

/* --- nursery and worker --------------------------------------------------- */

static bool
become(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct ipc_msg out;
	bool make;

	(void)ctx;
	ipc_set_phase(c, IPC_P_OWNED);
	snprintf(worker_user, sizeof(worker_user), "%s", ipc_get_str(m));
	ipc_get_u32(m);
	ipc_get_u32(m);
	ipc_get_str(m);
	make = ipc_get_u8(m) != 0;
	if (strcmp(worker_user, "crash") == 0)
		raise(SIGKILL);
	ipc_begin(&out, IPC_WORKER_READY);
	ipc_put_u8(&out, strcmp(worker_user, "broken") == 0 ? IPC_UNAVAILABLE :
	    strcmp(worker_user, "new") == 0 && !make ? IPC_NO_HOME : IPC_OK);
	ipc_put_str(&out, "");
	ipc_post(c, &out, -1);
	return true;
}

struct session {
	uint32_t id;
	int fd;
	struct event *e;
};

static void
session_end(struct session *s)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_SESSION_END);
	ipc_put_u32(&m, s->id);
	ipc_put_u64(&m, 1);
	ipc_put_u64(&m, 2);
	ipc_post(master, &m, -1);
	event_free(s->e);
	close(s->fd);
	free(s);
	if (--worker_sessions == 0)
		simple(IPC_RETIRE);
}

static struct session *last_session;

static void
on_client(evutil_socket_t fd, short what, void *arg)
{
	char bytes[64];

	(void)what;
	if (read(fd, bytes, sizeof(bytes)) <= 0) {
		if (last_session == arg)
			last_session = NULL;
		session_end(arg);
	}
}

static bool
session_open(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct session *s = xmalloc(sizeof(*s));
	const char *tag;
	struct ipc_msg out;

	(void)ctx;
	s->id = ipc_get_u32(m);
	ipc_get_str(m);
	ipc_get_str(m);
	ipc_get_u8(m);
	tag = ipc_get_str(m);
	s->fd = ipc_take_fd(m);
	dprintf(s->fd, "%s OK %s %d\n", tag, worker_user, (int)getpid());
	s->e = event_new(base, s->fd, EV_READ | EV_PERSIST, on_client, s);
	event_add(s->e, NULL);
	last_session = s;
	worker_sessions++;
	ipc_begin(&out, IPC_SESSION_STATUS);
	ipc_put_u32(&out, s->id);
	ipc_put_u8(&out, IPC_OK);
	ipc_put_str(&out, "");
	ipc_post(c, &out, -1);
	return true;
}

static bool
kick(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	(void)c;
	(void)ctx;
	if (last_session != NULL && last_session->id == ipc_get_u32(m)) {
		session_end(last_session);
		last_session = NULL;
	}
	return true;
}

static bool
deliver_in(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	uint32_t id = ipc_get_u32(m);
	char bytes[8] = { 0 };
	int fd = ipc_take_fd(m);
	struct ipc_msg out;

	(void)ctx;
	ipc_begin(&out, IPC_DELIVER_RESULT);
	ipc_put_u32(&out, id);
	ipc_put_u32(&out, pread(fd, bytes, 8, 0) == 5 ? 250 : 554);
	ipc_put_str(&out, "2.0.0 kept");
	ipc_post(c, &out, -1);
	close(fd);
	if (worker_sessions == 0)
		simple(IPC_RETIRE);
	return true;
}

/* "no-such" is refused; any other says who it is, and the worker stays. */
static bool
task(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	uint32_t id = ipc_get_u32(m);
	const char *name = ipc_get_str(m);
	bool owner = ipc_get_u8(m) == 1;
	bool good = strcmp(name, "no-such") != 0 && owner;
	struct ipc_msg out;

	(void)ctx;
	if (good)
		dprintf(m->fd, "%s of %s\n", name, worker_user);
	ipc_begin(&out, IPC_TASK_STATUS);
	ipc_put_u32(&out, id);
	ipc_put_u8(&out, good ? IPC_OK : IPC_REFUSED);
	ipc_put_str(&out, good ? "" : "no such task");
	ipc_post(c, &out, -1);
	return true;
}

static bool
retire_result(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	(void)c;
	(void)ctx;
	if (ipc_get_u8(m) == 1)
		_exit(0);
	return true;
}

static void
worker_main(int fd)
{
	static const struct ipc_handler handlers[] = {
		{ IPC_WORKER_BECOME, become },
		{ IPC_SESSION_OPEN, session_open },
		{ IPC_DELIVER, deliver_in },
		{ IPC_TASK, task },
		{ IPC_KICK, kick },
		{ IPC_RETIRE_RESULT, retire_result },
		{ IPC_LOG_REOPEN, ignore },
		{ IPC_STOP, stop },
		{ IPC_NONE, NULL },
	};

	log_init("fake-worker", LOG_LEVEL_INFO);
	close(PROC_MASTER_FD);
	base = event_base_new();
	master = ipc_chan_new(base, fd, &(struct ipc_chan_options){
		.self = IPC_R_WORKER, .peer = IPC_R_MASTER,
		.handlers = handlers, .on_close = gone, .name = "master" });
	event_base_dispatch(base);
	_exit(0);
}

static bool
spawn(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	uint32_t id = ipc_get_u32(m);
	int fd = ipc_take_fd(m);
	struct ipc_msg out;
	pid_t pid;

	(void)ctx;
	pid = fork();
	if (pid == 0)
		worker_main(fd);
	close(fd);
	ipc_begin(&out, IPC_SPAWNED);
	ipc_put_u32(&out, id);
	ipc_put_u32(&out, (uint32_t)pid);
	ipc_post(c, &out, (int)syscall(SYS_pidfd_open, pid, 0));
	return true;
}

/* --- all ------------------------------------------------------------------ */

static bool
channel(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	static const struct ipc_handler none[] = { { IPC_NONE, NULL } };
	unsigned self = *(const unsigned *)ctx, peer = ipc_get_u8(m);
	struct ipc_chan *p;

	(void)c;
	p = ipc_chan_new(base, ipc_take_fd(m), &(struct ipc_chan_options){
		.self = self, .peer = peer, .handlers = none,
		.on_close = peer_gone, .name = ipc_role_name(peer) });
	if (peer == IPC_R_AUTH)
		auth = p;
	return true;
}

int
main(int argc, char **argv)
{
	static const struct ipc_handler handlers[] = {
		{ IPC_CHANNEL_OPEN, channel },
		{ IPC_LISTENER, listener },
		{ IPC_LOG_REOPEN, ignore },
		{ IPC_DRAIN, drain },
		{ IPC_STOP, stop },
		{ IPC_TICKET_REDEEM, redeem },
		{ IPC_USER_LOOKUP, lookup },
		{ IPC_USERS_LIST, users_list },
		{ IPC_HANDOFF_RESULT, handoff_result },
		{ IPC_DELIVERY_RESULT, delivery_result },
		{ IPC_SPAWN, spawn },
		{ IPC_NONE, NULL },
	};
	static unsigned self = IPC_R_HELPER;
	const char *name = strrchr(argv[0], '/');

	(void)argc;
	name = name == NULL ? argv[0] : name + 1;
	if (strcmp(name, "imap-login") == 0)
		self = IPC_R_LOGIN;
	else if (strcmp(name, "auth") == 0)
		self = IPC_R_AUTH;
	else if (strcmp(name, "lmtp") == 0)
		self = IPC_R_LMTP;
	else if (strcmp(name, "imap-worker") == 0)
		self = IPC_R_NURSERY;
	signal(SIGPIPE, SIG_IGN);
	log_init("fake", LOG_LEVEL_INFO);
	base = event_base_new();
	master = ipc_chan_new(base, PROC_MASTER_FD, &(struct ipc_chan_options){
		.self = self, .peer = IPC_R_MASTER, .handlers = handlers,
		.on_close = gone, .ctx = &self, .name = "master" });
	simple(IPC_READY);
	event_base_dispatch(base);
	return 0;
}
