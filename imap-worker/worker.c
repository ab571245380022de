/* SPDX-License-Identifier: ISC */
#include "worker.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd/special_use.h"
#include "common/ipc.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/xalloc.h"
#include "session.h"
#include "task/task.h"

/* Seconds between two looks at the time: while there is something to do or the
 * worker may retire, and while all sessions are silent. */
#define WORKER_CLOCK_FAST 1
#define WORKER_CLOCK_SLOW 10
#define WORKER_BUSY 40       /* seconds after the last input; store_idle() is done */
#define WORKER_ENDING_MAX 10 /* seconds an ending session may take to drain */

/* --- the turn --------------------------------------------------------------- */

static void
worker_remove(struct worker *w, struct session **at)
{
	struct session *s = *at;
	struct ipc_msg m;

	*at = s->next;
	w->n_sessions--;
	log_info("%s: session ended: %llu bytes in, %llu bytes out", s->name,
	    (unsigned long long)s->bytes_in, (unsigned long long)s->out.total);
	ipc_begin(&m, IPC_SESSION_END);
	ipc_put_u32(&m, s->id);
	ipc_put_u64(&m, s->bytes_in);
	ipc_put_u64(&m, s->out.total);
	(void)ipc_post(w->master, &m, -1);
	session_free(&s);
	if (w->n_sessions == 0)
		w->empty_since = time(NULL);
}

static void
worker_retire(struct worker *w)
{
	struct ipc_msg m;

	if (w->retiring)
		return;
	w->retiring = true;
	ipc_begin(&m, IPC_RETIRE);
	(void)ipc_post(w->master, &m, -1);
}

/* Everything this turn did becomes durable. */
static void
worker_flush(struct worker *w)
{
	if (w->store != NULL && store_dirty(w->store) &&
	    store_flush(w->store) != STORE_OK) {
		/* what was to be told did not happen: say nothing */
		log_error("worker: cannot make changes durable, giving up");
		_exit(1);
	}
}

/* It becomes durable, then everybody is told. */
static void
worker_turn_end(struct worker *w)
{
	worker_flush(w);
	deliver_tell(w);
	if (tasks_turn_end(w) && !w->served)
		worker_retire(w);
	if (w->touched)
		w->busy_until = time(NULL) + WORKER_BUSY;
	while (w->touched) {
		struct session **at = &w->sessions;

		w->touched = false;
		while (*at != NULL) {
			struct session *s = *at;

			if (s->touched)
				session_turn_end(s);
			if (s->ending &&
			    (output_size(&s->out) == 0 || s->last_input == 0))
				worker_remove(w, at);
			else
				at = &s->next;
		}
	}
	if (w->store != NULL)
		store_upkeep(w->store);
}

/* Sessions whose mailbox changed under them: an idling one must be looked at. */
static void
worker_touch_changed(struct worker *w)
{
	for (struct session *s = w->sessions; s != NULL; s = s->next)
		if (session_has_news(s))
			session_touch(s);
}

static void
worker_clock_set(struct worker *w, time_t now)
{
	const struct timeval wait = {
		.tv_sec = w->n_sessions == 0 || now < w->busy_until
		    ? WORKER_CLOCK_FAST
		    : WORKER_CLOCK_SLOW,
	};

	event_add(w->clock, &wait);
}

static void
worker_clock(evutil_socket_t fd, short what, void *ctx)
{
	struct worker *w = ctx;
	time_t now = time(NULL);

	(void)fd;
	(void)what;
	for (struct session *s = w->sessions; s != NULL; s = s->next) {
		if (s->ending && now - s->last_input > WORKER_ENDING_MAX) {
			s->last_input = 0; /* it will not drain */
			session_touch(s);
		} else if (!s->ending &&
		    now - s->last_input > (time_t)w->conf->idle_seconds) {
			session_end(s, "Idle for too long");
			s->last_input = now;
		}
	}
	if (w->store != NULL)
		store_idle(w->store);
	if (w->store != NULL && w->n_sessions == 0 && w->n_tasks == 0 &&
	    now - w->empty_since >= (time_t)w->conf->linger_seconds)
		worker_retire(w);
	worker_clock_set(w, now);
}

/* --- messages from master ------------------------------------------------------ */

static void
worker_ready(struct worker *w, enum ipc_status status, const char *text)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_WORKER_READY);
	ipc_put_u8(&m, (uint8_t)status);
	ipc_put_str(&m, text);
	(void)ipc_post(w->master, &m, -1);
}

/* The options of the user's store; returns their defaults, to be freed. */
static struct store_default_mailbox *
worker_store_options(const struct worker *w, struct store_options *o_r)
{
	const struct conf *conf = w->conf;
	struct store_default_mailbox *defaults =
	    xcalloc(conf->n_mailboxes + 1, sizeof(*defaults));

	*o_r = (struct store_options){
		.derive = derive_message,
		.defaults = defaults,
		.quota_bytes = conf->quota_bytes,
		.quota_messages = conf->quota_messages,
		.message_max = (uint32_t)conf->message_size,
		.relaxed = conf->durability_relaxed,
		.compress = (int)conf->compress,
	};
	for (size_t i = 0; i < conf->n_mailboxes; i++) {
		defaults[i].name = conf->mailboxes[i].name;
		defaults[i].use = special_use_bit(conf->mailboxes[i].special_use);
		defaults[i].subscribe = conf->mailboxes[i].subscribe;
	}
	return defaults;
}

static enum store_err
worker_open_store(struct worker *w)
{
	struct store_options o;
	struct store_default_mailbox *defaults = worker_store_options(w, &o);
	enum store_err err = store_open(w->home, &o, &w->store);

	free(defaults);
	return err;
}

enum store_err
worker_rebuild(struct worker *w, bool keep, const struct task_told *how)
{
	struct store_options o;
	struct store_default_mailbox *defaults = worker_store_options(w, &o);
	enum store_err err;

	o.progress = how->progress;
	o.progress_ctx = how->ctx;
	worker_flush(w);
	err = store_rebuild(&w->store, &o, keep, how->loss, how->ctx);
	free(defaults);
	if (w->store == NULL) {
		log_error("worker: cannot open store: %s: %s", w->home,
		    store_err_text(err));
		w->quit = true;
	}
	return err;
}

/* Is there a store already? Only looked at, by whoever we still are. */
static bool
worker_has_mail(const char *home)
{
	char *path = xasprintf("%s/VERSION", home);
	struct stat st;
	bool has = lstat(path, &st) == 0 || errno != ENOENT;

	free(path);
	return has;
}

static bool
worker_become_handler(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct worker *w = ctx;
	const char *user = ipc_get_str(m), *error = "";
	uint32_t uid = ipc_get_u32(m), gid = ipc_get_u32(m);
	const char *home = ipc_get_str(m);
	bool make = ipc_get_u8(m) != 0;
	enum store_err err;

	ipc_set_phase(c, IPC_P_OWNED);
	w->user = xstrdup(user);
	w->home = xstrdup(home);
	log_set_context(user);
	proc_title("imap-worker: %s", user);
	if (!make && !worker_has_mail(home)) {
		worker_ready(w, IPC_NO_HOME, "");
		w->quit = true;
		return true;
	}
	if (!proc_become_user(user, (uid_t)uid, (gid_t)gid, home, &error)) {
		log_error("worker: cannot become user: %s: %s", home, error);
		worker_ready(w, IPC_UNAVAILABLE, error);
		w->quit = true;
		return true;
	}
	err = worker_open_store(w);
	if (err != STORE_OK) {
		log_error("worker: cannot open store: %s: %s", home,
		    store_err_text(err));
		worker_ready(w, IPC_UNAVAILABLE, store_err_text(err));
		w->quit = true;
		return true;
	}
	w->empty_since = time(NULL);
	worker_ready(w, IPC_OK, "");
	return true;
}

static bool
worker_session_handler(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct worker *w = ctx;
	uint32_t id = ipc_get_u32(m);
	const char *name = ipc_get_str(m), *addr = ipc_get_str(m);
	bool tls = ipc_get_u8(m);
	const char *tag = ipc_get_str(m);
	size_t pending_len;
	const unsigned char *pending = ipc_get_blob(m, &pending_len);
	struct session *s;
	struct ipc_msg answer;

	if (w->store == NULL)
		return false;
	s = session_new(w, id, name, addr, ipc_take_fd(m), tag, pending,
	    pending_len);
	s->next = w->sessions;
	w->sessions = s;
	w->n_sessions++;
	w->served = true;
	w->retiring = false;
	log_debug("%s: session from %s%s", name, addr, tls ? " over TLS" : "");
	ipc_begin(&answer, IPC_SESSION_STATUS);
	ipc_put_u32(&answer, id);
	ipc_put_u8(&answer, IPC_OK);
	ipc_put_str(&answer, "");
	(void)ipc_post(c, &answer, -1);
	return true;
}

static bool
worker_kick_handler(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct worker *w = ctx;
	uint32_t id = ipc_get_u32(m);
	const char *text = ipc_get_str(m);

	(void)c;
	for (struct session *s = w->sessions; s != NULL; s = s->next)
		if (id == 0 || s->id == id)
			session_end(s, text);
	return true;
}

static bool
worker_retire_handler(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct worker *w = ctx;
	bool go = ipc_get_u8(m);

	(void)c;
	if (go)
		w->quit = true;
	w->retiring = false;
	if (!go)
		w->empty_since = time(NULL);
	return true;
}

static bool
worker_stop_handler(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct worker *w = ctx;

	(void)c;
	(void)m;
	for (struct session *s = w->sessions; s != NULL; s = s->next)
		session_end(s, "Server is shutting down");
	w->quit = true;
	return true;
}

static bool
worker_log_handler(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	int fd = ipc_take_fd(m);

	(void)c;
	(void)ctx;
	if (dup2(fd, STDERR_FILENO) == -1)
		log_error("worker: cannot take the new log: %m");
	close(fd);
	return true;
}

static const struct ipc_handler worker_handlers[] = {
	{ IPC_WORKER_BECOME, worker_become_handler },
	{ IPC_SESSION_OPEN, worker_session_handler },
	{ IPC_DELIVER, deliver_handler },
	{ IPC_TASK, tasks_handler },
	{ IPC_KICK, worker_kick_handler },
	{ IPC_RETIRE_RESULT, worker_retire_handler },
	{ IPC_STOP, worker_stop_handler },
	{ IPC_LOG_REOPEN, worker_log_handler },
	{ 0, NULL },
};

static void
worker_master_gone(struct ipc_chan *c, void *ctx)
{
	struct worker *w = ctx;

	(void)c;
	if (w->store != NULL)
		log_info("worker: master is gone");
	for (struct session *s = w->sessions; s != NULL; s = s->next)
		session_end(s, "Server is shutting down");
	w->quit = true;
}

/* --- life ------------------------------------------------------------------------ */

int
worker_run(struct event_base *base, const struct conf *conf, int fd)
{
	struct worker w = { .base = base, .conf = conf };
	const struct ipc_chan_options o = {
		.self = IPC_R_WORKER,
		.peer = IPC_R_MASTER,
		.handlers = worker_handlers,
		.on_close = worker_master_gone,
		.ctx = &w,
		.name = "master",
	};

	w.master = ipc_chan_new(base, fd, &o);
	w.clock = event_new(base, -1, 0, worker_clock, &w);
	worker_clock_set(&w, time(NULL));
	while (!w.quit && event_base_loop(base, EVLOOP_ONCE) == 0) {
		worker_touch_changed(&w);
		worker_turn_end(&w);
	}
	worker_turn_end(&w);
	tasks_stop(&w);
	while (w.sessions != NULL)
		worker_remove(&w, &w.sessions);
	store_close(&w.store);
	ipc_chan_flush(w.master, 500);
	ipc_chan_free(&w.master);
	event_free(w.clock);
	free(w.user);
	free(w.home);
	return 0;
}
