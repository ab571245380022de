/* SPDX-License-Identifier: ISC */
#include "task/run.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "task/task.h"

#define RUN_SLICE 5 /* milliseconds */

enum run_state { RUN_REQUEST, RUN_RUNNING, RUN_WAITING, RUN_ENDING, RUN_OVER };

struct task_run {
	struct task t; /* first: task_say_now() */
	enum run_state state;
	int fd;
	struct event *readable; /* own; EV_TIMEOUT: it is this task's turn */
	struct event *writable; /* own */
	struct buf in;
	bool reading;           /* readable is added */
};

int64_t
task_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static size_t
run_queued(const struct task_run *r)
{
	return r->t.out.len - r->t.sent;
}

bool
task_slice_over(const struct task *t)
{
	return t->out.len - t->sent >= TASK_OUT_HIGH ||
	    task_now() >= t->slice_end;
}

/* The last word. */
static void
run_end(struct task_run *r, enum task_status status)
{
	struct task *t = &r->t;

	task_put_end(&t->out, status, t->text);
	r->state = RUN_ENDING;
	log_info("task %s: %s%s%s", t->def->name,
	    status == TASK_OK ? "done" :
	    status == TASK_PROBLEMS ? "done, with problems" : "failed",
	    t->text[0] == '\0' ? "" : ": ", t->text);
}

static void
run_done(struct task_run *r)
{
	struct task *t = &r->t;

	run_end(r, t->failed ? TASK_FAILED :
	    t->problems > 0 ? TASK_PROBLEMS : TASK_OK);
}

static void
run_refuse(struct task_run *r, const char *text)
{
	task_fail(&r->t, "%s", text);
	run_end(r, TASK_REFUSED);
}

/* --- input ---------------------------------------------------------------- */

static bool
run_option(struct task *t, const struct task_pair *option)
{
	if (strcmp(option->name, "dry_run") == 0 && option->type == 'b' &&
	    (t->def->flags & TASK_CHANGES)) {
		t->dry_run = option->number != 0;
		return true;
	}
	return t->def->option != NULL && t->def->option(t, option);
}

static void
run_request(struct task_run *r, const struct task_frame *f)
{
	struct task_pair option;
	size_t at = 0;

	while (task_frame_pair(f, &at, &option))
		if (!run_option(&r->t, &option)) {
			run_refuse(r, "an option it does not have");
			return;
		}
	r->state = RUN_RUNNING;
	if (r->t.def->begin != NULL && !r->t.def->begin(&r->t))
		run_done(r);
}

static void
run_data(struct task_run *r, const struct task_frame *f)
{
	r->state = RUN_RUNNING;
	if (!r->t.def->data(&r->t, f->body, f->len))
		run_done(r);
}

/* Takes frames while they are wanted. */
static void
run_input(struct task_run *r)
{
	struct task_frame f;
	enum task_found found;
	size_t used;

	while (r->state < RUN_ENDING) {
		found = task_frame_next(r->in.data, r->in.len, TASK_FROM_CTL,
		    &f, &used);
		if (found == TASK_FOUND_MORE)
			return;
		if (found == TASK_FOUND_BAD) {
			run_refuse(r, "not a frame");
			return;
		}
		if ((f.kind == TASK_REQUEST) != (r->state == RUN_REQUEST))
			run_refuse(r, "not in this order");
		else if (f.kind == TASK_DATA && r->t.def->data == NULL)
			run_refuse(r, "this task takes no data");
		else if (f.kind == TASK_DATA && r->state != RUN_WAITING)
			return;
		else if (f.kind == TASK_DATA)
			run_data(r, &f);
		else
			run_request(r, &f);
		buf_consume(&r->in, used);
	}
}

static void
run_readable(struct task_run *r)
{
	unsigned char *to = buf_reserve(&r->in, TASK_FRAME_MAX - r->in.len);
	ssize_t n;

	n = recv(r->fd, to, TASK_FRAME_MAX - r->in.len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* nobody is there to be told */
		if (r->state < RUN_ENDING)
			log_info("task %s: posternctl has gone",
			    r->t.def->name);
		r->state = RUN_OVER;
		return;
	}
	r->in.len += (size_t)n;
	run_input(r);
}

/* --- steps ---------------------------------------------------------------- */

static void
run_step(struct task_run *r)
{
	if (r->state != RUN_RUNNING || run_queued(r) >= TASK_OUT_HIGH)
		return;
	r->t.slice_end = task_now() + RUN_SLICE;
	switch (r->t.def->step(&r->t)) {
	case TASK_STEP_MORE:
		break;
	case TASK_STEP_WAIT:
		if (r->t.def->data == NULL)
			log_panic("task %s: waits for nothing", r->t.def->name);
		r->state = RUN_WAITING;
		run_input(r);
		break;
	case TASK_STEP_DONE:
		run_done(r);
		break;
	}
	if (r->t.out.overflow)
		log_panic("task %s: says too much at once", r->t.def->name);
}

static void
run_event(evutil_socket_t fd, short what, void *ctx)
{
	struct task_run *r = ctx;

	(void)fd;
	if (what & EV_READ)
		run_readable(r);
	if (what & EV_TIMEOUT)
		run_step(r);
}

static void
run_writable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)ctx; /* the turn's end sends */
}

/* --- the end of a turn ---------------------------------------------------- */

static void
run_send(struct task_run *r)
{
	struct buf *out = &r->t.out;
	ssize_t n;

	while (run_queued(r) > 0) {
		n = send(r->fd, out->data + r->t.sent, run_queued(r),
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			r->state = RUN_OVER;
			return;
		}
		r->t.sent += (size_t)n;
	}
	if (run_queued(r) == 0) {
		buf_clear(out);
		r->t.sent = 0;
	} else if (r->t.sent > out->len / 2) {
		buf_consume(out, r->t.sent);
		r->t.sent = 0;
	}
}

void
task_say_now(struct task *t)
{
	run_send((struct task_run *)t);
}

/* While the buffer is full the socket is not looked at. */
static void
run_want_input(struct task_run *r)
{
	bool want = r->in.len < TASK_FRAME_MAX && r->state < RUN_ENDING;

	if (want == r->reading)
		return;
	r->reading = want;
	if (!want)
		event_del(r->readable);
	else if (event_add(r->readable, NULL) != 0)
		r->state = RUN_OVER; /* nothing that can be waited for */
}

bool
task_run_turn_end(struct task_run *r)
{
	if (r->state != RUN_OVER)
		run_send(r);
	if (r->state == RUN_ENDING && run_queued(r) == 0)
		r->state = RUN_OVER;
	if (r->state != RUN_OVER)
		run_want_input(r);
	if (r->state == RUN_OVER)
		return true;
	if (run_queued(r) > 0)
		event_add(r->writable, NULL);
	if (r->state == RUN_RUNNING && run_queued(r) < TASK_OUT_HIGH)
		event_active(r->readable, EV_TIMEOUT, 0);
	return false;
}

void
task_run_stop(struct task_run *r, const char *text)
{
	if (r->state < RUN_ENDING) {
		task_fail(&r->t, "%s", text);
		run_done(r);
	}
	if (r->state == RUN_ENDING)
		run_send(r);
	r->state = RUN_OVER;
}

/* --- life ----------------------------------------------------------------- */

struct task_run *
task_run_new(struct event_base *base, struct store *store, const char *home,
    const struct task_def *def, int fd)
{
	struct task_run *r = xmalloc(sizeof(*r));

	r->t.def = def;
	r->t.store = store;
	r->t.home = home;
	arena_init(&r->t.arena);
	buf_init(&r->t.out, TASK_OUT_HIGH + TASK_OUT_MAX);
	buf_init(&r->in, TASK_FRAME_MAX);
	r->fd = fd;
	r->readable = event_new(base, fd, EV_READ | EV_PERSIST, run_event, r);
	r->writable = event_new(base, fd, EV_WRITE, run_writable, r);
	if (r->readable == NULL || r->writable == NULL)
		log_panic("task: no event");
	run_want_input(r);
	return r;
}

void
task_run_set_host(struct task_run *r, const struct task_host *host)
{
	r->t.host = host;
}

void
task_run_free(struct task_run **rp)
{
	struct task_run *r = *rp;

	if (r == NULL)
		return;
	*rp = NULL;
	if (r->t.def->free != NULL)
		r->t.def->free(&r->t);
	arena_clear(&r->t.arena);
	buf_clear(&r->t.out);
	buf_clear(&r->in);
	event_free(r->readable);
	event_free(r->writable);
	close(r->fd);
	free(r);
}
