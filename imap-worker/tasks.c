/* SPDX-License-Identifier: ISC
 *
 * TASK from master: posternctl's stream is handed to a task of task/, which runs
 * in this worker until it is done or posternctl goes away.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/ipc.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "session.h"
#include "task/run.h"
#include "task/task.h"
#include "worker.h"

struct worker_task {
	struct worker_task *next;
	struct task_host host;
	struct task_run *run; /* own */
};

/* --- what a task asks of us ------------------------------------------------- */

static bool
tasks_alone(void *ctx)
{
	return ((struct worker *)ctx)->n_tasks == 1;
}

static bool
tasks_close_sessions(void *ctx, const char *bye)
{
	struct worker *w = ctx;

	for (struct session *s = w->sessions; s != NULL; s = s->next) {
		if (s->ending)
			s->last_input = 0; /* it had a turn to read it */
		session_touch(s);
		session_end(s, bye);
	}
	return w->n_sessions == 0;
}

static enum store_err
tasks_rebuild(void *ctx, bool keep, const struct task_told *how,
    struct store **st_r)
{
	struct worker *w = ctx;
	enum store_err e = worker_rebuild(w, keep, how);

	*st_r = w->store;
	return e;
}

/* --- starting one --------------------------------------------------------------- */

/* A stream between two processes of this machine. */
static bool
tasks_fd_is_good(int fd)
{
	int type = 0, domain = 0;
	socklen_t n = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 &&
	    type == SOCK_STREAM && domain == AF_UNIX;
}

/* IPC_OK: taken, and the descriptor with it. */
static enum ipc_status
tasks_start(struct worker *w, const char *name, bool owner, struct ipc_msg *m,
    const char **text_r)
{
	const struct task_def *def = task_find(name);
	struct worker_task *t;
	int fd;

	*text_r = "";
	if (def == NULL) {
		*text_r = "no such task";
		return IPC_REFUSED;
	}
	if ((def->flags & TASK_GIVES_MAIL) && !owner) {
		*text_r = "only root may have the mail itself";
		return IPC_REFUSED;
	}
	if (w->n_tasks >= LIMIT_TASKS_PER_USER) {
		*text_r = "too many tasks of this user are running";
		return IPC_LIMIT;
	}
	fd = ipc_take_fd(m);
	if (!tasks_fd_is_good(fd)) {
		close(fd);
		*text_r = "not a stream";
		return IPC_REFUSED;
	}
	log_info("task %s: begins", name);
	t = xmalloc(sizeof(*t));
	t->host = (struct task_host){ w, tasks_alone, tasks_close_sessions,
		tasks_rebuild };
	t->run = task_run_new(w->base, w->store, w->home, def, fd);
	task_run_set_host(t->run, &t->host);
	t->next = w->tasks;
	w->tasks = t;
	w->n_tasks++;
	w->retiring = false;
	return IPC_OK;
}

bool
tasks_handler(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct worker *w = ctx;
	uint32_t id = ipc_get_u32(m);
	const char *name = ipc_get_str(m), *text;
	bool owner = ipc_get_u8(m) != 0;
	enum ipc_status status;
	struct ipc_msg answer;

	if (w->store == NULL)
		return false;
	status = tasks_start(w, name, owner, m, &text);
	ipc_begin(&answer, IPC_TASK_STATUS);
	ipc_put_u32(&answer, id);
	ipc_put_u8(&answer, (uint8_t)status);
	ipc_put_str(&answer, text);
	(void)ipc_post(c, &answer, -1);
	return true;
}

static void
tasks_remove(struct worker *w, struct worker_task **at)
{
	struct worker_task *t = *at;

	*at = t->next;
	w->n_tasks--;
	task_run_free(&t->run);
	free(t);
}

bool
tasks_turn_end(struct worker *w)
{
	struct worker_task **at = &w->tasks;
	bool had = w->tasks != NULL;

	while (*at != NULL)
		if (task_run_turn_end((*at)->run))
			tasks_remove(w, at);
		else
			at = &(*at)->next;
	return had && w->tasks == NULL;
}

void
tasks_stop(struct worker *w)
{
	while (w->tasks != NULL) {
		task_run_stop(w->tasks->run, "the server is shutting down");
		tasks_remove(w, &w->tasks);
	}
}
