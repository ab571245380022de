/* SPDX-License-Identifier: ISC
 *
 * The nursery keeps root (where we run as root), because a spare needs it once, to
 * become its user. It parses nothing but SPAWN. A spare shares the nursery's memory
 * layout; master replaces the nursery now and then so that a layout does not live
 * long.
 */
#include "nursery.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/ipc.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/xalloc.h"

struct nursery_spawn {
	struct nursery_spawn *next;
	uint32_t id;
	int fd;
};

struct nursery {
	struct event_base *base;
	struct ipc_chan *master;
	struct nursery_spawn *spawns, **tail;
	bool quit;
};

static bool
nursery_spawn_handler(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct nursery *n = ctx;
	struct nursery_spawn *s = xmalloc(sizeof(*s));

	(void)c;
	s->id = ipc_get_u32(m);
	s->fd = ipc_take_fd(m);
	*n->tail = s;
	n->tail = &s->next;
	return true;
}

static bool
nursery_stop_handler(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct nursery *n = ctx;

	(void)c;
	(void)m;
	n->quit = true;
	return true;
}

static bool
nursery_log_handler(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	int fd = ipc_take_fd(m);

	(void)c;
	(void)ctx;
	if (dup2(fd, STDERR_FILENO) == -1)
		log_error("nursery: cannot take the new log: %m");
	close(fd);
	return true;
}

static void
nursery_master_gone(struct ipc_chan *c, void *ctx)
{
	struct nursery *n = ctx;

	(void)c;
	n->quit = true;
}

static void
nursery_opened(struct ipc_chan *c, void *ctx)
{
	struct ipc_msg m;

	(void)ctx;
	ipc_begin(&m, IPC_READY);
	(void)ipc_post(c, &m, -1);
}

static const struct ipc_handler nursery_handlers[] = {
	{ IPC_SPAWN, nursery_spawn_handler },
	{ IPC_STOP, nursery_stop_handler },
	{ IPC_LOG_REOPEN, nursery_log_handler },
	{ 0, NULL },
};

/* How a worker ended that nobody else waits for. */
static void
nursery_reap(evutil_socket_t sig, short what, void *ctx)
{
	int status;
	pid_t pid;

	(void)sig;
	(void)what;
	(void)ctx;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (WIFSIGNALED(status))
			log_error("worker %d: killed by signal %d%s", (int)pid,
			    WTERMSIG(status),
			    WTERMSIG(status) == SIGSYS ? " (seccomp)" : "");
		else if (WEXITSTATUS(status) != 0)
			log_error("worker %d: exit code %d", (int)pid,
			    WEXITSTATUS(status));
	}
}

static void
nursery_spawned(struct nursery *n, uint32_t id, pid_t pid)
{
	struct ipc_msg m;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd == -1) {
		log_error("nursery: pidfd_open: %m");
		return;
	}
	ipc_begin(&m, IPC_SPAWNED);
	ipc_put_u32(&m, id);
	ipc_put_u32(&m, (uint32_t)pid);
	(void)ipc_post(n->master, &m, pidfd);
}

/* In the spare: nothing of the nursery stays but its memory. */
static int
nursery_become_spare(struct nursery *n, struct event *reaper, int fd)
{
	if (event_reinit(n->base) != 0)
		log_panic("nursery: event loop after fork");
	event_free(reaper);
	ipc_chan_free(&n->master);
	while (n->spawns != NULL) {
		struct nursery_spawn *s = n->spawns;

		n->spawns = s->next;
		close(s->fd);
		free(s);
	}
	proc_title("imap-worker: spare");
	return fd;
}

/* Forks for every SPAWN that came. Returns the descriptor in a spare, else -1. */
static int
nursery_fork(struct nursery *n, struct event *reaper)
{
	struct nursery_spawn *s;

	while ((s = n->spawns) != NULL) {
		uint32_t id = s->id;
		int fd = s->fd;
		pid_t pid;

		n->spawns = s->next;
		if (n->spawns == NULL)
			n->tail = &n->spawns;
		free(s);
		pid = fork();
		if (pid == 0)
			return nursery_become_spare(n, reaper, fd);
		close(fd);
		if (pid == -1)
			log_error("nursery: fork: %m");
		else
			nursery_spawned(n, id, pid);
	}
	return -1;
}

int
nursery_run(struct event_base *base, const struct conf *conf)
{
	struct nursery n = { .base = base };
	const struct ipc_chan_options o = {
		.self = IPC_R_NURSERY,
		.peer = IPC_R_MASTER,
		.handlers = nursery_handlers,
		.on_close = nursery_master_gone,
		.on_open = nursery_opened,
		.ctx = &n,
		.name = "master",
	};
	struct event *reaper = evsignal_new(base, SIGCHLD, nursery_reap, NULL);
	int fd;

	(void)conf;
	n.tail = &n.spawns;
	n.master = ipc_chan_new(base, PROC_MASTER_FD, &o);
	event_add(reaper, NULL);
	while (!n.quit && event_base_loop(base, EVLOOP_ONCE) == 0) {
		fd = nursery_fork(&n, reaper);
		if (fd != -1)
			return fd;
	}
	ipc_chan_free(&n.master);
	event_free(reaper);
	return -1;
}
