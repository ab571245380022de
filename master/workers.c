/* SPDX-License-Identifier: ISC
 *
 * Spares, tenants, and the one road from a job to the worker of its user.
 *
 * Workers are children of the nursery, not ours: we hold the channel, whose end
 * says that a worker is done for, and the pidfd, which says that it has exited
 * (and its lock of the store is free) and is what we kill it through.
 *
 * A tenant exists while it has a worker or a job. A worker that dies takes its
 * jobs with it: those sent are answered, those waiting for it to become ready
 * too, so that a user whose store kills every worker cannot keep us busy; only
 * what came while it was leaving waits for the next one.
 */
#include "master/workers.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "master/children.h"
#include "master/ipc_handlers.h"
#include "master/master.h"

#define SPAWN_SECONDS 30
#define BECOME_SECONDS 30
#define LEAVE_SECONDS 10
#define REFILL_SECONDS 1    /* between tries while spares die */

static void worker_closed(struct worker *w);
static void tenants_serve(struct master *m);

static void
worker_limit(struct worker *w, int seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	evtimer_add(w->timer, &tv);
}

const char *
workers_state(const struct worker *w)
{
	static const char *const words[] = {
		[WORKER_SPAWNING] = "spawning", [WORKER_SPARE] = "spare",
		[WORKER_BECOMING] = "becoming", [WORKER_SERVING] = "ready",
		[WORKER_LEAVING] = "leaving", [WORKER_GONE] = "gone",
	};

	return words[w->state];
}

static const char *
worker_user(const struct worker *w)
{
	return w->tenant == NULL ? "-" : w->tenant->user;
}

static bool
worker_is_spare(const struct worker *w)
{
	return w->state == WORKER_SPAWNING || w->state == WORKER_SPARE;
}

static void
worker_set_state(struct worker *w, enum worker_state state)
{
	bool was = worker_is_spare(w);

	log_debug("workers: [%d] %s: %s", (int)w->pid, worker_user(w),
	    workers_state(w));
	w->state = state;
	if (was && !worker_is_spare(w))
		w->master->workers.n_spares--;
}

static void
worker_kill(struct worker *w)
{
	if (w->pidfd != -1)
		syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0);
}

/* --- tenants -------------------------------------------------------------- */

static struct tenant_list *
tenant_bucket(struct workers *ws, const char *user)
{
	uint32_t h = ws->seed;

	for (; *user != '\0'; user++)
		h = (h ^ (unsigned char)*user) * 16777619u;
	return &ws->buckets[(h ^ h >> 16) % WORKERS_BUCKETS];
}

/* Finds or makes; an identity that has changed is taken over. */
static struct tenant *
tenant_get(struct workers *ws, const struct identity *who, bool *changed_r)
{
	struct tenant_list *bucket = tenant_bucket(ws, who->user);
	struct tenant *t;

	TAILQ_FOREACH(t, bucket, of_bucket)
		if (strcmp(t->user, who->user) == 0)
			break;
	if (t == NULL) {
		t = xmalloc(sizeof(*t));
		t->user = xstrdup(who->user);
		TAILQ_INIT(&t->waiting);
		TAILQ_INIT(&t->active);
		TAILQ_INSERT_TAIL(bucket, t, of_bucket);
	}
	*changed_r = t->home != NULL && (t->uid != who->uid ||
	    t->gid != who->gid || strcmp(t->home, who->home) != 0);
	t->uid = who->uid;
	t->gid = who->gid;
	free(t->home);
	t->home = xstrdup(who->home);
	return t;
}

static void
tenant_set_wanting(struct workers *ws, struct tenant *t, bool wanting)
{
	if (t->wanting == wanting)
		return;
	t->wanting = wanting;
	if (wanting) {
		TAILQ_INSERT_TAIL(&ws->wanting, t, of_wanting);
		ws->n_wanting++;
	} else {
		TAILQ_REMOVE(&ws->wanting, t, of_wanting);
		ws->n_wanting--;
	}
}

/* Frees a tenant that has nothing left. */
static void
tenant_check(struct workers *ws, struct tenant *t)
{
	if (!TAILQ_EMPTY(&t->waiting) || !TAILQ_EMPTY(&t->active))
		return;
	tenant_set_wanting(ws, t, false);
	if (t->worker != NULL)
		return;
	TAILQ_REMOVE(tenant_bucket(ws, t->user), t, of_bucket);
	free(t->user);
	free(t->home);
	free(t);
}

void
workers_forget(struct job *j)
{
	struct tenant *t = j->tenant;

	if (j->state == JOB_WAITING)
		TAILQ_REMOVE(&t->waiting, j, of_tenant);
	else
		TAILQ_REMOVE(&t->active, j, of_tenant);
	if (j->ops->session)
		t->sessions--;
	j->tenant = NULL;
	tenant_check(&j->master->workers, t);
}

struct job *
workers_job(struct worker *w, uint32_t id)
{
	struct job *j;

	if (w->tenant == NULL)
		return NULL;
	TAILQ_FOREACH(j, &w->tenant->active, of_tenant)
		if (j->id == id)
			return j;
	return NULL;
}

static void
tenant_send(struct tenant *t)
{
	struct job *j;

	while ((j = TAILQ_FIRST(&t->waiting)) != NULL) {
		TAILQ_REMOVE(&t->waiting, j, of_tenant);
		TAILQ_INSERT_TAIL(&t->active, j, of_tenant);
		j->state = JOB_SENT;
		evtimer_del(j->timer);
		j->ops->send(j, t->worker);
	}
}

/* Is a home made for it where there is none? */
static bool
job_makes_home(const struct job *j)
{
	return !j->ops->task || j->make;
}

/* Is there somebody for whom that is done? */
static bool
tenant_makes_home(const struct tenant *t)
{
	const struct job *j;

	TAILQ_FOREACH(j, &t->waiting, of_tenant)
		if (job_makes_home(j))
			return true;
	return false;
}

/* job_fail() takes each off its list, and the tenant may go with the last. */
static void
jobs_fail(struct job_list *list, bool homeless, enum ipc_status status,
    const char *text)
{
	struct job *j, *next;

	for (j = TAILQ_FIRST(list); j != NULL; j = next) {
		next = TAILQ_NEXT(j, of_tenant);
		if (!homeless || !job_makes_home(j))
			job_fail(j, status, text);
	}
}

/* --- a worker ------------------------------------------------------------- */

static void
worker_leave(struct worker *w)
{
	struct ipc_msg msg;

	if (w->chan == NULL || w->state == WORKER_LEAVING)
		return;
	worker_set_state(w, WORKER_LEAVING);
	ipc_begin(&msg, IPC_STOP);
	ipc_post(w->chan, &msg, -1);
	worker_limit(w, LEAVE_SECONDS);
}

static void
worker_free(struct worker *w)
{
	struct master *m = w->master;
	struct tenant *t = w->tenant;

	if (worker_is_spare(w))
		m->workers.n_spares--;
	TAILQ_REMOVE(&m->workers.all, w, next);
	ipc_chan_free(&w->chan);
	event_free(w->timer);
	if (w->exited != NULL)
		event_free(w->exited);
	if (w->pidfd != -1)
		close(w->pidfd);
	free(w);
	if (t != NULL) {
		t->worker = NULL;
		if (!TAILQ_EMPTY(&t->waiting))
			tenant_set_wanting(&m->workers, t, true);
		tenant_check(&m->workers, t);
		tenants_serve(m);
	}
	master_check_stopped(m);
}

static void
worker_on_exited(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	worker_free(arg);
}

static void
worker_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	log_warn("workers: killed: [%d] %s: too long %s", (int)w->pid,
	    worker_user(w), workers_state(w));
	worker_kill(w);
	if (w->chan != NULL)
		worker_closed(w);
	else if (w->pidfd != -1)
		worker_limit(w, LEAVE_SECONDS);
	else
		worker_free(w);
}

/* Its channel has ended, by the worker or by us. */
static void
worker_closed(struct worker *w)
{
	struct timeval again = { .tv_sec = REFILL_SECONDS };
	struct master *m = w->master;
	enum worker_state was = w->state;
	struct tenant *t = w->tenant;

	ipc_chan_free(&w->chan);
	if (worker_is_spare(w) && !m->stopping) {
		log_warn("workers: a spare has ended: [%d]", (int)w->pid);
		evtimer_add(m->workers.refill, &again);
	}
	worker_set_state(w, WORKER_GONE);
	if (was == WORKER_BECOMING || was == WORKER_SERVING)
		log_error("workers: ended unasked: [%d] %s", (int)w->pid,
		    t->user);
	if (t != NULL) {
		if (was == WORKER_BECOMING)
			jobs_fail(&t->waiting, false, IPC_UNAVAILABLE,
			    "try again later");
		jobs_fail(&t->active, false, IPC_UNAVAILABLE,
		    "try again later");
	}
	if (w->pidfd == -1) {
		worker_free(w);
		return;
	}
	worker_limit(w, LEAVE_SECONDS);
	event_add(w->exited, NULL);
}

static void
worker_on_close(struct ipc_chan *chan, void *ctx)
{
	(void)chan;
	worker_closed(ctx);
}

static void
worker_become(struct worker *w, struct tenant *t)
{
	struct ipc_msg msg;

	tenant_set_wanting(&w->master->workers, t, false);
	w->tenant = t;
	t->worker = w;
	w->started = time(NULL);
	worker_set_state(w, WORKER_BECOMING);
	ipc_begin(&msg, IPC_WORKER_BECOME);
	ipc_put_str(&msg, t->user);
	ipc_put_u32(&msg, (uint32_t)t->uid);
	ipc_put_u32(&msg, (uint32_t)t->gid);
	ipc_put_str(&msg, t->home);
	ipc_put_u8(&msg, tenant_makes_home(t));
	ipc_post(w->chan, &msg, -1);
	ipc_set_phase(w->chan, IPC_P_OWNED);
	worker_limit(w, BECOME_SECONDS);
}

/* Spares to those who wait for one. */
static void
tenants_serve(struct master *m)
{
	struct workers *ws = &m->workers;
	struct worker *w, *next;
	struct tenant *t;

	for (w = TAILQ_FIRST(&ws->all); w != NULL; w = next) {
		next = TAILQ_NEXT(w, next);
		t = TAILQ_FIRST(&ws->wanting);
		if (t == NULL)
			break;
		if (w->state == WORKER_SPARE && ipc_chan_is_open(w->chan))
			worker_become(w, t);
	}
	workers_fill(m);
}

/* Both have come, in whatever order: SPAWNED, and the worker's HELLO. */
static void
worker_settle(struct worker *w)
{
	if (w->state != WORKER_SPAWNING || w->pidfd == -1 ||
	    !ipc_chan_is_open(w->chan))
		return;
	evtimer_del(w->timer);
	worker_set_state(w, WORKER_SPARE);
	tenants_serve(w->master);
}

static void
worker_on_open(struct ipc_chan *chan, void *ctx)
{
	(void)chan;
	worker_settle(ctx);
}

/* --- spares --------------------------------------------------------------- */

static bool
worker_spawn(struct master *m, struct child *nursery)
{
	struct ipc_chan_options o = { .self = IPC_R_MASTER,
		.peer = IPC_R_WORKER, .handlers = ipc_handlers_of(IPC_R_WORKER),
		.on_close = worker_on_close, .on_open = worker_on_open };
	struct worker *w;
	struct ipc_msg msg;
	char name[32];
	int fds[2];

	if (ipc_pair(fds) != 0) {
		log_error("workers: no channel: %m");
		return false;
	}
	w = xmalloc(sizeof(*w));
	w->master = m;
	w->id = master_next_id(m);
	w->nursery = nursery->number;
	w->pidfd = -1;
	w->started = time(NULL);
	w->timer = evtimer_new(m->base, worker_on_timer, w);
	if (w->timer == NULL)
		log_panic("workers: no event");
	snprintf(name, sizeof(name), "imap-worker #%u", (unsigned)w->id);
	o.ctx = w;
	o.name = name;
	w->chan = ipc_chan_new(m->base, fds[0], &o);
	TAILQ_INSERT_TAIL(&m->workers.all, w, next);
	m->workers.n_spares++;
	worker_limit(w, SPAWN_SECONDS);
	ipc_begin(&msg, IPC_SPAWN);
	ipc_put_u32(&msg, w->id);
	ipc_post(nursery->chan, &msg, fds[1]);
	nursery->forks++;
	return true;
}

void
workers_fill(struct master *m)
{
	struct timeval again = { .tv_sec = REFILL_SECONDS };
	struct child *nursery = children_nursery(m);

	if (nursery == NULL || m->stopping ||
	    evtimer_pending(m->workers.refill, NULL))
		return;
	if (nursery->forks >= m->conf->nursery_forks ||
	    (nursery->forks > 0 && time(NULL) - nursery->started >=
	    (time_t)m->conf->nursery_seconds)) {
		children_replace(nursery); /* comes back here */
		return;
	}
	while (m->workers.n_spares <
	    m->conf->spare_workers + m->workers.n_wanting)
		if (!worker_spawn(m, nursery)) {
			evtimer_add(m->workers.refill, &again);
			return;
		}
}

static void
workers_on_refill(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	workers_fill(arg);
}

bool
workers_on_spawned(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct child *nursery = ctx;
	uint32_t id = ipc_get_u32(m), pid = ipc_get_u32(m);
	struct worker *w;

	(void)chan;
	TAILQ_FOREACH(w, &nursery->master->workers.all, next)
		if (w->id == id && w->nursery == nursery->number)
			break;
	if (w == NULL)
		return true; /* has ended meanwhile */
	if (w->pidfd != -1 || pid == 0)
		return false;
	w->pid = (pid_t)pid;
	w->pidfd = ipc_take_fd(m);
	w->exited = event_new(nursery->master->base, w->pidfd, EV_READ,
	    worker_on_exited, w);
	if (w->exited == NULL)
		log_panic("workers: no event");
	worker_settle(w);
	return true;
}

/* --- what a worker says --------------------------------------------------- */

bool
workers_on_ready(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct worker *w = ctx;
	struct tenant *t = w->tenant;
	uint8_t status = ipc_get_u8(m);
	const char *text = ipc_get_str(m);

	(void)chan;
	if (w->state != WORKER_BECOMING)
		return w->state == WORKER_LEAVING;
	if (status == IPC_OK) {
		evtimer_del(w->timer);
		worker_set_state(w, WORKER_SERVING);
		tenant_send(t);
		return true;
	}
	worker_leave(w);
	if (status == IPC_NO_HOME) {
		/* who came meanwhile gets the next one, which makes a home */
		jobs_fail(&t->waiting, true, IPC_NO_HOME, "no mail yet");
		return true;
	}
	log_error("workers: not ready: [%d] %s: %s", (int)w->pid, t->user,
	    text);
	jobs_fail(&t->waiting, false, IPC_UNAVAILABLE, text);
	return true;
}

bool
workers_on_retire(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct worker *w = ctx;
	struct tenant *t = w->tenant;
	struct ipc_msg msg;
	bool go;

	(void)m;
	if (w->state == WORKER_LEAVING)
		return true; /* STOP is on its way */
	if (w->state != WORKER_SERVING)
		return false;
	go = TAILQ_EMPTY(&t->waiting) && TAILQ_EMPTY(&t->active);
	ipc_begin(&msg, IPC_RETIRE_RESULT);
	ipc_put_u8(&msg, go);
	ipc_post(chan, &msg, -1);
	if (go) {
		worker_set_state(w, WORKER_LEAVING);
		worker_limit(w, LEAVE_SECONDS);
	}
	return true;
}

void
workers_submit(struct master *m, const struct identity *who, struct job *j)
{
	struct workers *ws = &m->workers;
	struct timeval limit = { .tv_sec = BECOME_SECONDS };
	struct tenant *t;
	bool changed;

	t = tenant_get(ws, who, &changed);
	if (j->ops->session && t->sessions >= m->conf->sessions_per_user) {
		log_info("workers: too many sessions: %s", t->user);
		job_fail(j, IPC_LIMIT, "too many sessions of this user");
		tenant_check(ws, t);
		return;
	}
	j->state = JOB_WAITING;
	j->tenant = t;
	TAILQ_INSERT_TAIL(&t->waiting, j, of_tenant);
	if (j->ops->session)
		t->sessions++;
	evtimer_add(j->timer, &limit);
	if (t->worker == NULL) {
		tenant_set_wanting(ws, t, true);
		tenants_serve(m);
	} else if (changed) {
		log_info("workers: identity has changed: %s", t->user);
		worker_leave(t->worker);
	} else if (t->worker->state == WORKER_SERVING) {
		tenant_send(t);
	}
}

/* --- all of them ---------------------------------------------------------- */

void
workers_init(struct master *m)
{
	struct workers *ws = &m->workers;

	TAILQ_INIT(&ws->all);
	TAILQ_INIT(&ws->wanting);
	for (size_t i = 0; i < WORKERS_BUCKETS; i++)
		TAILQ_INIT(&ws->buckets[i]);
	if (getrandom(&ws->seed, sizeof(ws->seed), 0) != sizeof(ws->seed))
		log_panic("workers: no random bytes: %m");
	ws->refill = evtimer_new(m->base, workers_on_refill, m);
	if (ws->refill == NULL)
		log_panic("workers: no event");
}

void
workers_nursery_lost(struct master *m, unsigned nursery)
{
	struct worker *w;

	TAILQ_FOREACH(w, &m->workers.all, next)
		if (w->nursery == nursery && w->pidfd == -1)
			worker_leave(w);
}

void
workers_renew(struct master *m)
{
	struct worker *w;

	TAILQ_FOREACH(w, &m->workers.all, next)
		if (worker_is_spare(w))
			worker_leave(w);
	tenants_serve(m);
}

void
workers_stop(struct master *m)
{
	struct worker *w;

	evtimer_del(m->workers.refill);
	TAILQ_FOREACH(w, &m->workers.all, next)
		worker_leave(w);
}

void
workers_kill(struct master *m)
{
	struct worker *w;

	TAILQ_FOREACH(w, &m->workers.all, next)
		worker_kill(w);
}

void
workers_reopen_log(struct master *m)
{
	struct ipc_msg msg;
	struct worker *w;
	int fd;

	TAILQ_FOREACH(w, &m->workers.all, next) {
		if (w->chan == NULL)
			continue;
		fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		if (fd == -1) {
			log_error("workers: cannot copy the log: %m");
			return;
		}
		ipc_begin(&msg, IPC_LOG_REOPEN);
		ipc_post(w->chan, &msg, fd);
	}
}

bool
workers_none(const struct master *m)
{
	return TAILQ_EMPTY(&m->workers.all);
}

void
workers_clear(struct master *m)
{
	struct worker *w;

	while ((w = TAILQ_FIRST(&m->workers.all)) != NULL) {
		ipc_chan_free(&w->chan);
		worker_free(w);
	}
	event_free(m->workers.refill);
}
