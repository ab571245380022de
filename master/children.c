/* SPDX-License-Identifier: ISC
 *
 * Starting, introducing to each other, replacing and stopping the executed
 * processes. Each is fork and exec of its own program file, so that every one
 * has an address space layout of its own and nothing of the master's memory;
 * descriptor 3 is its channel to us, 2 the log, nothing else is open.
 *
 * Ends come in two parts in either order: the channel closes (child_lost(): its
 * slot is filled again at once, what hung on it is answered), and the process
 * is reaped (how it ended is logged). The struct goes when both have come.
 */
#include "master/children.h"

#include <event2/event.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "master/ipc_handlers.h"
#include "master/master.h"
#include "master/notify.h"
#include "master/proc_table.h"

#define READY_SECONDS 60
#define STOP_SECONDS 10
#define LOST_SECONDS 1
#define YOUNG_MS 5000       /* a death before this age is "at once" */
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MOST_MS 30000

static void slot_fill(struct slot *s);

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void
child_timer(struct child *c, int seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	evtimer_add(c->timer, &tv);
}

static void
child_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	(void)fd;
	(void)what;
	if (c->reaped)
		return;
	log_warn("children: killed: %s[%d]: %s", c->row->name, (int)c->pid,
	    children_state(c));
	kill(c->pid, SIGKILL);
}

const char *
children_state(const struct child *c)
{
	if (c->chan == NULL)
		return "lost";
	if (c->stopping)
		return "stopping";
	if (c->quiesced)
		return "quiesced";
	if (c->draining)
		return "draining";
	return c->ready ? "ready" : "starting";
}

static void
child_stop(struct child *c)
{
	struct ipc_msg msg;

	if (c->stopping || c->chan == NULL)
		return;
	c->stopping = true;
	ipc_begin(&msg, IPC_STOP);
	ipc_post(c->chan, &msg, -1);
	child_timer(c, STOP_SECONDS);
}

static void
child_free(struct child *c)
{
	struct master *m = c->master;

	TAILQ_REMOVE(&m->children.all, c, next);
	event_free(c->timer);
	free(c);
	master_check_stopped(m);
}

/* --- channels between children -------------------------------------------- */

static void
channel_open(struct child *to, const struct child *peer, int fd)
{
	struct ipc_msg msg;

	ipc_begin(&msg, IPC_CHANNEL_OPEN);
	ipc_put_u8(&msg, (uint8_t)peer->row->role);
	ipc_put_u32(&msg, peer->number);
	ipc_post(to->chan, &msg, fd);
}

static void
introduce(struct child *a, struct child *b)
{
	int fds[2];

	if (ipc_pair(fds) != 0) {
		log_error("children: no channel: %s, %s: %m", a->row->name,
		    b->row->name);
		return;
	}
	channel_open(a, b, fds[0]);
	channel_open(b, a, fds[1]);
	if (a->row->role == IPC_R_AUTH && b->row->role != IPC_R_HELPER)
		b->auth = a;
	if (b->row->role == IPC_R_AUTH && a->row->role != IPC_R_HELPER)
		a->auth = b;
}

/* Gives a new child channels to those of its generation it works with; a new
 * auth also to older ones whose auth has died. */
static void
introduce_all(struct child *c)
{
	struct child *o;

	TAILQ_FOREACH(o, &c->master->children.all, next) {
		if (o == c || o->chan == NULL || o->stopping ||
		    (o->row->peers & c->row->role) == 0)
			continue;
		if (o->slot != NULL || (c->row->role == IPC_R_AUTH &&
		    o->row->role != IPC_R_HELPER && o->auth == NULL))
			introduce(c, o);
	}
}

static void login_freed(struct children *cs);

/* --- an end --------------------------------------------------------------- */

static void
slot_on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	slot_fill(arg);
}

static void
slot_refill(struct slot *s, bool young)
{
	struct timeval tv;
	unsigned ms = 0;

	s->fast = young ? s->fast + 1 : 0;
	if (s->fast > 1) {
		ms = BACKOFF_FIRST_MS << (s->fast < 12 ? s->fast - 2 : 10);
		if (ms > BACKOFF_MOST_MS)
			ms = BACKOFF_MOST_MS;
		log_warn("children: %s dies at once: next try in %u ms",
		    s->row->name, ms);
	}
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	evtimer_add(s->timer, &tv);
}

static void
child_lost(struct child *c)
{
	struct children *cs = &c->master->children;
	struct child *o;

	if (c->chan == NULL)
		return;
	ipc_chan_free(&c->chan);
	job_child_lost(c);
	if (c->row->role == IPC_R_NURSERY)
		workers_nursery_lost(c->master, c->number);
	TAILQ_FOREACH(o, &cs->all, next)
		if (o->auth == c)
			o->auth = NULL;
	if (c->slot != NULL) {
		c->slot->child = NULL;
		if (!c->master->stopping)
			slot_refill(c->slot,
			    now_ms() - c->started_ms < YOUNG_MS);
		c->slot = NULL;
	}
	if (c->taken && !c->master->stopping)
		login_freed(cs);
	children_retire_auth(c->master);
	if (c->reaped)
		child_free(c);
	else
		child_timer(c, c->stopping ? STOP_SECONDS : LOST_SECONDS);
}

static void
child_on_close(struct ipc_chan *chan, void *ctx)
{
	(void)chan;
	child_lost(ctx);
}

static void
log_end(const struct child *c, int status)
{
	const char *name = c->row->name;
	int pid = (int)c->pid;

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		log_error("children: killed by seccomp: %s[%d]", name, pid);
	else if (WIFSIGNALED(status))
		log_error("children: killed by signal: %s[%d]: %s%s", name, pid,
		    strsignal(WTERMSIG(status)),
		    WCOREDUMP(status) ? " (core dumped)" : "");
	else if (WEXITSTATUS(status) != 0)
		log_error("children: exited: %s[%d]: code %d", name, pid,
		    WEXITSTATUS(status));
	else if (c->stopping || c->draining || c->quiesced)
		log_debug("children: ended: %s[%d]", name, pid);
	else
		log_warn("children: exited unasked: %s[%d]", name, pid);
}

/* The process is gone; its channel may still hold its last words. */
static void
child_reaped(struct child *c, int status)
{
	struct master *m = c->master;
	bool useless = WIFEXITED(status) && !c->ready &&
	    WEXITSTATUS(status) == MASTER_EXIT_CONFIG;

	c->reaped = true;
	log_end(c, status);
	if (useless && !m->announced && !m->stopping) {
		log_error("children: cannot start with this configuration");
		master_stop(m, MASTER_EXIT_CONFIG);
	}
	evtimer_del(c->timer);
	if (c->chan == NULL)
		child_free(c);
}

void
children_reap(struct master *m)
{
	struct child *c, *next;
	int status;

	for (c = TAILQ_FIRST(&m->children.all); c != NULL; c = next) {
		next = TAILQ_NEXT(c, next);
		if (!c->reaped && waitpid(c->pid, &status, WNOHANG) == c->pid)
			child_reaped(c, status);
	}
}

/* --- a start -------------------------------------------------------------- */

/* In the new process: never returns. Only async-signal-safe calls. */
_Noreturn static void
child_exec(const char *program, char *const *argv, int chan, int null)
{
	static char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:"
		"/usr/sbin:/usr/bin:/sbin:/bin",
		"LC_ALL=C",
#ifdef WITH_SANITIZERS
		"ASAN_OPTIONS=detect_leaks=0",
#endif
		NULL,
	};
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	sigemptyset(&none);
	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (dup2(null, 0) == -1 || dup2(2, 1) == -1 ||
	    (chan == PROC_MASTER_FD ? fcntl(chan, F_SETFD, 0) :
	    dup2(chan, PROC_MASTER_FD)) == -1 ||
	    syscall(SYS_close_range, PROC_MASTER_FD + 1, ~0u, 0) != 0)
		_exit(MASTER_EXIT_OS);
	execve(program, argv, env);
	_exit(127);
}

static pid_t
child_fork(const struct master *m, const struct proc_row *row, int chan)
{
	char *program = xasprintf("%s/%s", m->libexec, row->program);
	const char *argv[8] = { program, "--config", m->conf->path };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t n = 3;
	pid_t pid;

	for (size_t i = 0; row->args[i] != NULL; i++)
		argv[n++] = row->args[i];
	pid = null == -1 ? -1 : fork();
	if (pid == 0)
		child_exec(program, (char *const *)argv, chan, null);
	if (pid == -1)
		log_error("children: cannot start: %s: %m", program);
	else if (access(program, X_OK) != 0)
		log_error("children: not a program: %s: %m", program);
	if (null != -1)
		close(null);
	free(program);
	return pid;
}

static void
slot_fill(struct slot *s)
{
	struct children *cs = s->children;
	struct master *m = cs->master;
	struct ipc_chan_options o = { .self = IPC_R_MASTER,
		.peer = s->row->role, .handlers = ipc_handlers_of(s->row->role),
		.on_close = child_on_close };
	struct child *c;
	char name[64];
	int fds[2];
	pid_t pid;

	if (m->stopping || s->child != NULL)
		return;
	if (ipc_pair(fds) != 0) {
		log_error("children: no channel: %s: %m", s->row->name);
		slot_refill(s, true);
		return;
	}
	pid = child_fork(m, s->row, fds[1]);
	close(fds[1]);
	if (pid == -1) {
		close(fds[0]);
		slot_refill(s, true);
		return;
	}
	c = xmalloc(sizeof(*c));
	c->master = m;
	c->row = s->row;
	c->slot = s;
	s->child = c;
	c->number = ++cs->last_number;
	c->generation = cs->generation;
	c->pid = pid;
	c->started = time(NULL);
	c->started_ms = now_ms();
	TAILQ_INIT(&c->jobs);
	TAILQ_INIT(&c->asked);
	c->timer = evtimer_new(m->base, child_on_timer, c);
	if (c->timer == NULL)
		log_panic("children: no event");
	snprintf(name, sizeof(name), "%s %d", s->row->name, (int)pid);
	o.ctx = c;
	o.name = name;
	c->chan = ipc_chan_new(m->base, fds[0], &o);
	TAILQ_INSERT_TAIL(&cs->all, c, next);
	child_timer(c, READY_SECONDS);
	introduce_all(c);
	if (c->row->role == IPC_R_LOGIN || c->row->role == IPC_R_LMTP)
		listeners_send(&m->listeners, c);
	if (c->row->role == IPC_R_NURSERY)
		workers_fill(m);
}

/* --- generations ---------------------------------------------------------- */

static void
child_drain(struct child *c)
{
	struct ipc_msg msg;

	if (c->draining || c->quiesced || c->stopping || c->chan == NULL)
		return;
	c->draining = true;
	ipc_begin(&msg, IPC_DRAIN);
	ipc_post(c->chan, &msg, -1);
}

/* Old logins and lmtps stop accepting once a new one of their kind does, or no
 * new one is wanted. */
static void
drain_old(struct children *cs, unsigned role)
{
	struct child *c;

	TAILQ_FOREACH(c, &cs->all, next)
		if (c->row->role == role && c->generation < cs->generation)
			child_drain(c);
}

static bool
slots_want(const struct children *cs, unsigned role)
{
	for (size_t i = 0; i < cs->n_slots; i++)
		if (cs->slots[i]->row->role == role)
			return true;
	return false;
}

void
children_retire_auth(struct master *m)
{
	struct child *auth, *c;

	TAILQ_FOREACH(auth, &m->children.all, next) {
		if (auth->row->role != IPC_R_AUTH || auth->slot != NULL ||
		    auth->chan == NULL || auth->n_asked > 0)
			continue;
		TAILQ_FOREACH(c, &m->children.all, next)
			if (c->auth == auth && c->chan != NULL && !c->quiesced)
				break;
		if (c == NULL)
			child_stop(auth);
	}
	/* helpers of a generation go with its auth */
	TAILQ_FOREACH(c, &m->children.all, next) {
		if (c->row->role != IPC_R_HELPER || c->slot != NULL)
			continue;
		TAILQ_FOREACH(auth, &m->children.all, next)
			if (auth->row->role == IPC_R_AUTH && !auth->stopping &&
			    auth->chan != NULL &&
			    auth->generation == c->generation)
				break;
		if (auth == NULL)
			child_stop(c);
	}
}

static void
slots_clear(struct children *cs)
{
	for (size_t i = 0; i < cs->n_slots; i++) {
		struct slot *s = cs->slots[i];

		if (s->child != NULL)
			s->child->slot = NULL;
		event_free(s->timer);
		free(s);
	}
	free(cs->slots);
	cs->slots = NULL;
	cs->n_slots = 0;
}

static void
slot_new(struct children *cs, const struct proc_row *row)
{
	struct slot *s = xmalloc(sizeof(*s));

	s->children = cs;
	s->row = row;
	s->timer = evtimer_new(cs->master->base, slot_on_timer, s);
	if (s->timer == NULL)
		log_panic("children: no event");
	cs->slots = xreallocarray(cs->slots, cs->n_slots + 1,
	    sizeof(*cs->slots));
	cs->slots[cs->n_slots++] = s;
}

void
children_init(struct master *m)
{
	m->children.master = m;
	TAILQ_INIT(&m->children.all);
}

void
children_start(struct master *m)
{
	struct children *cs = &m->children;
	const struct proc_row *rows;
	struct child *c;
	size_t n;

	slots_clear(cs);
	cs->generation++;
	rows = proc_table(&n);
	for (size_t i = 0; i < n; i++)
		for (unsigned k = rows[i].instances(m->conf); k > 0; k--)
			slot_new(cs, &rows[i]);
	TAILQ_FOREACH(c, &cs->all, next)
		if (c->row->role == IPC_R_NURSERY)
			child_stop(c);
	for (size_t i = 0; i < cs->n_slots; i++)
		slot_fill(cs->slots[i]);
	if (!slots_want(cs, IPC_R_LOGIN))
		drain_old(cs, IPC_R_LOGIN);
	if (!slots_want(cs, IPC_R_LMTP))
		drain_old(cs, IPC_R_LMTP);
	children_retire_auth(m);
}

void
children_stop(struct master *m)
{
	struct children *cs = &m->children;
	struct child *c;

	for (size_t i = 0; i < cs->n_slots; i++)
		evtimer_del(cs->slots[i]->timer);
	TAILQ_FOREACH(c, &cs->all, next)
		child_stop(c);
}

void
children_kill(struct master *m)
{
	struct child *c;

	TAILQ_FOREACH(c, &m->children.all, next)
		if (!c->reaped)
			kill(c->pid, SIGKILL);
}

void
children_reopen_log(struct master *m)
{
	struct ipc_msg msg;
	struct child *c;
	int fd;

	TAILQ_FOREACH(c, &m->children.all, next) {
		fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		if (fd == -1) {
			log_error("children: cannot copy the log: %m");
			return;
		}
		if (c->chan == NULL) {
			close(fd);
			continue;
		}
		ipc_begin(&msg, IPC_LOG_REOPEN);
		ipc_post(c->chan, &msg, fd);
	}
}

bool
children_none(const struct master *m)
{
	return TAILQ_EMPTY(&m->children.all);
}

struct child *
children_nursery(struct master *m)
{
	struct children *cs = &m->children;

	for (size_t i = 0; i < cs->n_slots; i++)
		if (cs->slots[i]->row->role == IPC_R_NURSERY)
			return cs->slots[i]->child;
	return NULL;
}

struct child *
children_auth(struct master *m)
{
	struct children *cs = &m->children;
	struct child *c;

	for (size_t i = 0; i < cs->n_slots; i++) {
		c = cs->slots[i]->child;
		if (cs->slots[i]->row->role == IPC_R_AUTH && c != NULL &&
		    c->ready && c->chan != NULL)
			return c;
	}
	return NULL;
}

void
children_replace(struct child *c)
{
	struct slot *s = c->slot;

	if (s == NULL)
		return;
	c->slot = NULL;
	s->child = NULL;
	child_stop(c);
	slot_fill(s);
}

static bool
slots_ready(const struct children *cs)
{
	for (size_t i = 0; i < cs->n_slots; i++)
		if (cs->slots[i]->child == NULL || !cs->slots[i]->child->ready)
			return false;
	return true;
}

bool
children_on_ready(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct child *c = ctx;
	struct children *cs = &c->master->children;

	(void)chan;
	(void)m;
	c->ready = true;
	if (!c->stopping)
		evtimer_del(c->timer);
	if (c->slot != NULL && (c->row->role == IPC_R_LOGIN ||
	    c->row->role == IPC_R_LMTP))
		drain_old(cs, c->row->role);
	if (slots_ready(cs) && c->generation == cs->generation) {
		if (!c->master->announced)
			log_info("ready: %zu processes", cs->n_slots);
		c->master->announced = true;
		notify_ready();
	}
	return true;
}

/* An isolated login has its client: another process takes its slot, unless
 * there are too many, and the client must go if its network has too many. */
static void
login_taken(struct child *c, uint64_t block)
{
	const struct conf *conf = c->master->conf;
	struct slot *s = c->slot;
	const struct child *o;
	unsigned all = 0, of_block = 0;

	c->slot = NULL;
	s->child = NULL;
	c->draining = true; /* DRAIN would tell it nothing new */
	c->taken = true;
	c->block = block;
	TAILQ_FOREACH(o, &c->master->children.all, next) {
		all += o->taken && o->chan != NULL;
		of_block += o->block == block && !o->stopping &&
		    o->chan != NULL;
	}
	if (block != 0 && of_block > conf->unauth_per_block) {
		log_info("children: too many unauthenticated connections of a "
		    "network: %s[%d]", c->row->name, (int)c->pid);
		child_stop(c);
	}
	if (all < conf->connections_per_login)
		slot_refill(s, false);
	else
		log_warn("children: full, not accepting: connections: %u", all);
}

void
children_logged_in(struct child *c)
{
	if (!c->taken)
		return;
	c->block = 0;
	c->quiesced = true;
	children_retire_auth(c->master);
}

/* One of them has ended: who waits for room gets it. */
static void
login_freed(struct children *cs)
{
	for (size_t i = 0; i < cs->n_slots; i++)
		if (cs->slots[i]->row->role == IPC_R_LOGIN &&
		    cs->slots[i]->child == NULL &&
		    !evtimer_pending(cs->slots[i]->timer, NULL))
			slot_refill(cs->slots[i], false);
}

/* An answer to DRAIN; unasked only where each connection has a login of its
 * own: it has accepted one. */
bool
children_on_quiesced(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct child *c = ctx;

	(void)chan;
	if (!c->draining && (c->row->role != IPC_R_LOGIN ||
	    !c->master->conf->login_isolated))
		return false;
	if (!c->draining && c->slot != NULL) {
		login_taken(c, ipc_get_u64(m));
		return true;
	}
	c->quiesced = true;
	if (c->row->role == IPC_R_LMTP)
		child_stop(c);
	children_retire_auth(c->master);
	return true;
}

void
children_clear(struct master *m)
{
	struct child *c;

	slots_clear(&m->children);
	while ((c = TAILQ_FIRST(&m->children.all)) != NULL) {
		ipc_chan_free(&c->chan);
		job_child_lost(c);
		child_free(c);
	}
}
