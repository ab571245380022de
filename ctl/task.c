/* SPDX-License-Identifier: ISC
 *
 * Tasks: what the worker of a user does for us with that user's mail. For each
 * user one connection to the control socket, with one end of a socketpair; when
 * the master says that the worker has it, all else goes over the other end
 * (common/task_frame.h). To be interrupted ends the task.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/ipc.h"
#include "common/limits.h"
#include "ctl/task.h"
#include "ctl/task_print.h"

#define TASK_START_SECONDS 90 /* until a worker has it */
#define TASK_NAMES_MAX (1024u * MIB)
#define TASK_USER_MAX 512

struct task {
	const char *name, *user;
	const struct task_more *more; /* borrowed */
	struct event_base *base;
	struct event *late;  /* own; no worker has it yet */
	int stream;          /* own */
	struct event *readable; /* own; of the stream */
	struct event *writable; /* own; while there is DATA to send */
	bool eof;            /* of the stream */
	bool closed;         /* by the master, without an answer */
	struct buf in, out;
	bool last;           /* the DATA of no bytes is in out, or was sent */
	struct task_print *print;
	int exit_code;       /* -1: not over */
};

static void
task_over(struct task *t, int exit_code, const char *status, const char *text)
{
	if (t->exit_code != -1)
		return;
	t->exit_code = exit_code;
	task_print_user_end(t->print, t->user, status, text);
	event_base_loopbreak(t->base);
}

/* --- the worker ----------------------------------------------------------- */

static void
task_end(struct task *t, const struct task_frame *f)
{
	uint8_t status;
	const char *text = task_frame_text(f, &status), *wrong = NULL;
	const struct task_more *more = t->more;
	bool print = true;

	if (more->frame != NULL && status <= TASK_PROBLEMS)
		wrong = more->frame(more->ctx, NULL, &print);
	if (wrong != NULL)
		task_over(t, CTL_NOT_DONE, "failed", wrong);
	else if (status == TASK_OK && more->problems != NULL &&
	    more->problems(more->ctx))
		task_over(t, CTL_FAILED, "problems", text);
	else if (status == TASK_OK)
		task_over(t, 0, "ok", text);
	else if (status == TASK_PROBLEMS)
		task_over(t, CTL_FAILED, "problems", text);
	else
		task_over(t, CTL_NOT_DONE, "failed", text);
}

static void
task_frame(struct task *t, const struct task_frame *f)
{
	const char *wrong = NULL;
	bool print = true;

	if (t->more->frame != NULL)
		wrong = t->more->frame(t->more->ctx, f, &print);
	else if (f->kind == TASK_DATA)
		wrong = "the user's worker makes no sense";
	if (wrong != NULL)
		task_over(t, CTL_NOT_DONE, "failed", wrong);
	else if (print)
		task_print_frame(t->print, f);
	/* it may say what is to be sent next */
	if (f->kind == TASK_DATA && t->more->fill != NULL && !t->last)
		event_add(t->writable, NULL);
}

static void
task_lost(struct task *t)
{
	task_over(t, CTL_NOT_DONE, "failed", t->closed ?
	    "the server closed the connection before it was done" :
	    "the user's worker ended before it was done");
}

/* Puts the next DATA into `out`; false: there is none now. */
static bool
task_fill(struct task *t)
{
	enum task_fill found;
	struct buf body;

	if (t->last)
		return false;
	buf_init(&body, TASK_FRAME_DATA);
	found = t->more->fill(t->more->ctx, &body);
	if (found == TASK_FILL_SEND)
		task_put_data(&t->out, body.data, body.len);
	else if (found == TASK_FILL_LAST)
		task_put_data(&t->out, "", 0);
	else if (found == TASK_FILL_FAIL)
		task_over(t, CTL_NOT_DONE, "failed", "the source cannot be read");
	t->last = found == TASK_FILL_LAST;
	buf_clear(&body);
	return t->out.len > 0;
}

static void
task_on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct task *t = ctx;
	ssize_t n;

	(void)what;
	if (t->out.len == 0 && !task_fill(t)) {
		event_del(t->writable);
		return;
	}
	n = send(fd, t->out.data, t->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		buf_consume(&t->out, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		event_del(t->writable); /* what is to be read says why */
}

static void
task_on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct task *t = ctx;
	enum task_found found;
	struct task_frame f;
	size_t used;
	ssize_t n;

	(void)what;
	n = recv(fd, buf_reserve(&t->in, TASK_FRAME_MAX - t->in.len),
	    TASK_FRAME_MAX - t->in.len, 0);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		/* before the hand-over the master will say why */
		t->eof = true;
		event_del(t->readable);
		if (!event_pending(t->late, EV_TIMEOUT, NULL))
			task_lost(t);
		return;
	}
	t->in.len += (size_t)n;
	while (t->exit_code == -1) {
		found = task_frame_next(t->in.data, t->in.len,
		    TASK_FROM_WORKER, &f, &used);
		if (found == TASK_FOUND_MORE)
			return;
		if (found == TASK_FOUND_BAD)
			task_over(t, CTL_NOT_DONE, "failed",
			    "the user's worker makes no sense");
		else if (f.kind == TASK_END)
			task_end(t, &f);
		else
			task_frame(t, &f);
		if (found == TASK_FOUND_FRAME)
			buf_consume(&t->in, used);
	}
}

/* --- the master ----------------------------------------------------------- */

static bool
task_on_end(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	enum ipc_status status = (enum ipc_status)ipc_get_u8(m);
	struct task *t = ctx;
	const char *text;

	(void)c;
	ipc_get_u32(m);
	text = ipc_get_str(m);
	event_del(t->late);
	switch (status) {
	case IPC_OK:
		if (t->eof)
			task_lost(t);
		return true;
	case IPC_NO_HOME:
		task_over(t, 0, "ok", text);
		return true;
	case IPC_NO_SUCH_USER:
		task_over(t, CTL_NO_USER, "failed", text);
		return true;
	case IPC_UNAVAILABLE:
	case IPC_LIMIT:
		task_over(t, CTL_LATER, "failed", text);
		return true;
	case IPC_REFUSED:
		break;
	}
	task_over(t, CTL_NOT_DONE, "failed", text);
	return true;
}

static void
task_on_open(struct ipc_chan *c, void *ctx)
{
	struct task *t = ctx;
	struct task_pairs w;
	struct ipc_msg m;
	struct buf b;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
		task_over(t, CTL_NOT_DONE, "failed", strerror(errno));
		return;
	}
	buf_init(&b, TASK_FRAME_MAX);
	task_pairs_begin(&w, &b, TASK_REQUEST);
	if (t->more->request != NULL)
		t->more->request(t->more->ctx, &w);
	task_pairs_end(&w);
	/* a few bytes into an empty socket: they fit */
	if (send(fds[0], b.data, b.len, MSG_NOSIGNAL) != (ssize_t)b.len)
		task_over(t, CTL_NOT_DONE, "failed", strerror(errno));
	buf_clear(&b);
	t->stream = fds[0];
	ipc_begin(&m, IPC_CTL_TASK);
	ipc_put_str(&m, t->user);
	ipc_put_str(&m, t->name);
	ipc_put_u8(&m, t->more->make);
	ipc_post(c, &m, fds[1]);
	event_base_loopbreak(t->base); /* task_do() goes on, with the stream */
}

static void
task_on_close(struct ipc_chan *c, void *ctx)
{
	struct task *t = ctx;

	(void)c;
	if (t->stream == -1) {
		task_over(t, CTL_NOT_DONE, "failed", "the server closed the "
		    "connection: only root and the control-group may ask it, "
		    "with a posternctl of the same version");
		return;
	}
	/* after the hand-over the stream tells how it went, or ends */
	t->closed = event_pending(t->late, EV_TIMEOUT, NULL) != 0;
	event_del(t->late);
	if (t->eof)
		task_lost(t);
}

static void
task_on_late(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	task_over(ctx, CTL_LATER, "failed", "the server does not answer");
}

static const struct ipc_handler task_handlers[] = {
	{ IPC_CTL_END, task_on_end },
	{ IPC_NONE, NULL },
};

/* --- one user, and all ---------------------------------------------------- */

static void
task_talk(struct task *t, int fd)
{
	struct ipc_chan_options o = { .self = IPC_R_CTL, .peer = IPC_R_MASTER,
		.handlers = task_handlers, .on_close = task_on_close,
		.on_open = task_on_open, .ctx = t, .name = "server" };
	struct timeval limit = { .tv_sec = TASK_START_SECONDS };
	struct ipc_chan *c;

	t->late = evtimer_new(t->base, task_on_late, t);
	evtimer_add(t->late, &limit);
	c = ipc_chan_new(t->base, fd, &o);
	event_base_dispatch(t->base); /* until the stream is there */
	if (t->exit_code == -1) {
		t->readable = event_new(t->base, t->stream,
		    EV_READ | EV_PERSIST, task_on_readable, t);
		t->writable = event_new(t->base, t->stream,
		    EV_WRITE | EV_PERSIST, task_on_writable, t);
		event_add(t->readable, NULL);
		if (t->more->fill != NULL)
			event_add(t->writable, NULL);
		event_base_dispatch(t->base);
		event_free(t->readable);
		event_free(t->writable);
	}
	ipc_chan_free(&c);
	event_free(t->late);
}

static int
task_user(const struct ctl *ctl, const char *name, const char *user,
    const struct task_more *more, struct task_print *print)
{
	static const struct task_more nothing;
	struct task t = { .name = name, .user = user,
		.more = more == NULL ? &nothing : more,
		.stream = -1, .print = print, .exit_code = -1 };
	int fd, exit_code;

	if (strlen(user) == 0 || strlen(user) > TASK_USER_MAX) {
		ctl_error("\"%s\" cannot be a user's name", user);
		return CTL_NO_USER;
	}
	fd = ctl_connect(ctl, &exit_code);
	if (fd < 0) /* 1 would speak of problems in the mail */
		return exit_code == CTL_FAILED ? CTL_NOT_DONE : exit_code;
	t.base = event_base_new();
	if (t.base == NULL) {
		close(fd);
		ctl_error("cannot make an event loop");
		return CTL_NOT_DONE;
	}
	buf_init(&t.in, TASK_FRAME_MAX);
	buf_init(&t.out, TASK_FRAME_MAX);
	task_print_user(print, user);
	task_talk(&t, fd);
	buf_clear(&t.in);
	buf_clear(&t.out);
	if (t.stream != -1)
		close(t.stream);
	event_base_free(t.base);
	return t.exit_code;
}

/* A failure counts more than problems, the first one most. */
static int
task_worst(int a, int b)
{
	return a > CTL_FAILED || b == 0 ? a : b;
}

int
task_users(const struct ctl *ctl, const char *name, size_t n, char **users,
    const struct task_more *more)
{
	struct buf all;
	struct task_print print;
	int exit_code = 0;

	if (ctl->all != (n == 0)) {
		ctl_error("%s: which users? Name them, or say --all", name);
		return CTL_USAGE;
	}
	buf_init(&all, TASK_NAMES_MAX);
	if (ctl->all && (exit_code = ctl_all_users(ctl, &all)) != 0) {
		buf_clear(&all);
		return exit_code;
	}
	task_print_begin(&print, ctl->json, ctl->all || n > 1);
	for (size_t i = 0; i < n; i++)
		exit_code = task_worst(exit_code,
		    task_user(ctl, name, users[i], more, &print));
	for (size_t at = 0; at < all.len && exit_code != CTL_NOT_RUNNING;
	     at += strlen((char *)all.data + at) + 1)
		exit_code = task_worst(exit_code,
		    task_user(ctl, name, (char *)all.data + at, more, &print));
	task_print_end(&print);
	buf_clear(&all);
	return exit_code;
}

int
ctl_du(const struct ctl *ctl, size_t n, char **args)
{
	return task_users(ctl, "du", n, args, NULL);
}

int
ctl_fsck(const struct ctl *ctl, size_t n, char **args)
{
	return task_users(ctl, "fsck", n, args, NULL);
}

static void
task_request_dry_run(void *ctx, struct task_pairs *w)
{
	const struct ctl *ctl = ctx;

	if (ctl->dry_run)
		task_pairs_bool(w, "dry_run", true);
}

int
ctl_rebuild(const struct ctl *ctl, size_t n, char **args)
{
	struct ctl copy = *ctl;
	const struct task_more more = { .ctx = &copy,
		.request = task_request_dry_run };

	return task_users(ctl, "rebuild", n, args, &more);
}

int
ctl_stats(const struct ctl *ctl, size_t n, char **args)
{
	return task_users(ctl, "stats", n, args, NULL);
}
