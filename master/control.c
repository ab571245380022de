/* SPDX-License-Identifier: ISC
 *
 * Requests of posternctl. Admitted are root, the uid the master runs as, and
 * members of control-group, main or supplementary, as the kernel noted them
 * when the peer connected.
 *
 * STATUS, WHO and USERS can be long: they go on in parts, and pause while the
 * peer has not read what it was sent. The tenants are walked bucket by bucket;
 * a session that begins or ends meanwhile is listed or not.
 */
#include "master/control.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "master/ipc_handlers.h"
#include "master/master.h"
#include "master/proc_table.h"
#include "master/sessions.h"
#include "master/tasks.h"
#include "master/user_list.h"

#define CONNS_MAX 16
#define GROUPS_MAX 256
#define QUEUE_MAX (256 * KIB) /* waiting for the peer: the walk pauses */
#define PAUSE_MS 20
#define FIELD_MAX 512         /* of a name in a row */

static void
conn_free(struct control_conn *c)
{
	struct control *ctl = &c->master->control;

	if (c->job != NULL)
		tasks_conn_lost(c->job);
	TAILQ_REMOVE(&ctl->conns, c, next);
	ctl->n_conns--;
	ipc_chan_free(&c->chan);
	event_free(c->timer);
	free(c->name);
	free(c->arg);
	free(c);
}

static void
conn_on_close(struct ipc_chan *chan, void *ctx)
{
	(void)chan;
	conn_free(ctx);
}

static void
put_cut(struct ipc_msg *msg, const char *s)
{
	char cut[FIELD_MAX];

	snprintf(cut, sizeof(cut), "%s", s);
	ipc_put_str(msg, cut);
}

void
control_end(struct control_conn *c, enum ipc_status status,
    const char *text)
{
	struct ipc_msg msg;

	ipc_begin(&msg, IPC_CTL_END);
	ipc_put_u8(&msg, (uint8_t)status);
	ipc_put_u32(&msg, c->count);
	put_cut(&msg, text);
	ipc_post(c->chan, &msg, -1);
}

/* --- STATUS, WHO, KICK ---------------------------------------------------- */

static void
put_process(struct control_conn *c, const char *role, pid_t pid,
    const char *user, time_t started, unsigned sessions, const char *state)
{
	struct ipc_msg msg;

	ipc_begin(&msg, IPC_CTL_PROCESS);
	ipc_put_str(&msg, role);
	ipc_put_u32(&msg, (uint32_t)pid);
	put_cut(&msg, user);
	ipc_put_u64(&msg, (uint64_t)started);
	ipc_put_u32(&msg, sessions);
	ipc_put_str(&msg, state);
	ipc_post(c->chan, &msg, -1);
	c->count++;
}

/* Everyone who is not a tenant's worker. */
static void
status_begin(struct control_conn *c)
{
	struct master *m = c->master;
	const struct child *child;
	const struct worker *w;

	put_process(c, "master", getpid(), "", m->started, 0,
	    m->stopping ? "stopping" : m->announced ? "ready" : "starting");
	TAILQ_FOREACH(child, &m->children.all, next)
		put_process(c, child->row->name, child->pid, "", child->started,
		    child->n_jobs, children_state(child));
	TAILQ_FOREACH(w, &m->workers.all, next)
		if (w->tenant == NULL)
			put_process(c, "imap-worker", w->pid, "", w->started, 0,
			    workers_state(w));
}

static void
who_session(struct control_conn *c, const struct tenant *t, const struct job *j)
{
	struct ipc_msg msg;

	ipc_begin(&msg, IPC_CTL_SESSION);
	put_cut(&msg, t->user);
	put_cut(&msg, j->session);
	put_cut(&msg, j->addr);
	ipc_put_u8(&msg, j->tls);
	ipc_put_u32(&msg, (uint32_t)t->worker->pid);
	ipc_put_u64(&msg, (uint64_t)j->started);
	ipc_post(c->chan, &msg, -1);
	c->count++;
}

/* Does the argument, "user" or "user/session", name this session? */
static bool
arg_matches(const char *arg, const struct tenant *t, const struct job *j)
{
	size_t n = strlen(t->user);

	if (strncmp(arg, t->user, n) != 0)
		return false;
	return arg[n] == '\0' ||
	    (arg[n] == '/' && strcmp(arg + n + 1, j->session) == 0);
}

static void
walk_tenant(struct control_conn *c, const struct tenant *t)
{
	const struct job *j;

	if (t->worker == NULL)
		return;
	if (c->verb == IPC_VERB_STATUS) {
		put_process(c, "imap-worker", t->worker->pid, t->user,
		    t->worker->started, t->sessions, workers_state(t->worker));
		return;
	}
	TAILQ_FOREACH(j, &t->active, of_tenant) {
		if (!sessions_is_live(j))
			continue;
		if (c->verb == IPC_VERB_WHO) {
			if (c->arg[0] == '\0' || strcmp(c->arg, t->user) == 0)
				who_session(c, t, j);
		} else if (arg_matches(c->arg, t, j)) {
			sessions_kick(j, t->worker,
			    "disconnected by the administrator");
			c->count++;
		}
	}
}

bool
control_pause(struct control_conn *c)
{
	static const struct timeval pause = { .tv_usec = PAUSE_MS * 1000 };

	if (ipc_chan_queued(c->chan) <= QUEUE_MAX)
		return false;
	evtimer_add(c->timer, &pause);
	return true;
}

void
control_set_job(struct control_conn *c, struct job *j)
{
	c->job = j;
}

static void
walk(struct control_conn *c)
{
	const struct tenant *t;

	for (; c->bucket < WORKERS_BUCKETS; c->bucket++) {
		if (control_pause(c))
			return;
		TAILQ_FOREACH(t, &c->master->workers.buckets[c->bucket],
		    of_bucket)
			walk_tenant(c, t);
	}
	if (c->verb == IPC_VERB_KICK && c->count == 0)
		control_end(c, IPC_NO_SUCH_USER, "no such session");
	else
		control_end(c, IPC_OK, "");
}

static void
conn_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct control_conn *c = arg;

	(void)fd;
	(void)what;
	if (!ipc_chan_is_open(c->chan))
		return;
	if (c->verb == IPC_VERB_USERS)
		user_list_next(c);
	else
		walk(c);
}

bool
control_on_request(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct control_conn *c = ctx;
	uint8_t verb = ipc_get_u8(m);
	char *error;

	c->arg = xstrdup(ipc_get_str(m));
	if (verb > IPC_VERB_USERS || c->busy)
		return false;
	c->busy = true;
	c->verb = (enum ipc_verb)verb;
	switch (c->verb) {
	case IPC_VERB_STATUS:
		status_begin(c);
		walk(c);
		break;
	case IPC_VERB_WHO:
	case IPC_VERB_KICK:
		walk(c);
		break;
	case IPC_VERB_RELOAD:
		error = master_reload(c->master);
		control_end(c, error == NULL ? IPC_OK : IPC_REFUSED,
		    error == NULL ? "" : error);
		free(error);
		break;
	case IPC_VERB_STOP:
		control_end(c, IPC_OK, "");
		ipc_chan_flush(chan, 100);
		master_stop(c->master, 0);
		break;
	case IPC_VERB_USERS:
		user_list_next(c);
		break;
	}
	return true;
}

/* --- connections ---------------------------------------------------------- */

static bool
peer_admitted(const struct master *m, int fd, struct ucred *who)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(*who), n = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, who, &len) != 0)
		return false;
	if (who->uid == 0 || who->uid == geteuid())
		return true;
	if (m->control_gid == (gid_t)-1)
		return false;
	if (who->gid == m->control_gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) != 0)
		return false;
	for (size_t i = 0; i < n / sizeof(gid_t); i++)
		if (groups[i] == m->control_gid)
			return true;
	return false;
}

static void
control_on_readable(evutil_socket_t listener, short what, void *arg)
{
	struct master *m = arg;
	struct ipc_chan_options o = { .self = IPC_R_MASTER, .peer = IPC_R_CTL,
		.handlers = ipc_handlers_of(IPC_R_CTL),
		.on_close = conn_on_close };
	struct ucred who = { .uid = (uid_t)-1 };
	struct control_conn *c;
	char name[64];
	int fd;

	(void)what;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd == -1) {
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			log_error("control: cannot accept: %m");
		return;
	}
	if (!peer_admitted(m, fd, &who) || m->control.n_conns >= CONNS_MAX) {
		log_warn("control: refused: uid %u pid %d", (unsigned)who.uid,
		    (int)who.pid);
		close(fd);
		return;
	}
	c = xmalloc(sizeof(*c));
	c->master = m;
	c->timer = evtimer_new(m->base, conn_on_timer, c);
	if (c->timer == NULL)
		log_panic("control: no event");
	snprintf(name, sizeof(name), "posternctl %d uid %u", (int)who.pid,
	    (unsigned)who.uid);
	c->name = xstrdup(name);
	c->owner = who.uid == 0 || who.uid == geteuid();
	o.ctx = c;
	o.name = name;
	TAILQ_INSERT_TAIL(&m->control.conns, c, next);
	m->control.n_conns++;
	c->chan = ipc_chan_new(m->base, fd, &o);
}

bool
control_open(struct master *m)
{
	struct control *ctl = &m->control;
	mode_t mode = m->control_gid == (gid_t)-1 ? 0600 : 0660;

	TAILQ_INIT(&ctl->conns);
	ctl->master = m;
	ctl->path = xstrdup(m->conf->control_socket);
	ctl->fd = listeners_unix(ctl->path, SOCK_SEQPACKET, mode,
	    m->control_gid);
	return ctl->fd != -1;
}

void
control_start(struct master *m)
{
	struct control *ctl = &m->control;

	ctl->readable = event_new(m->base, ctl->fd, EV_READ | EV_PERSIST,
	    control_on_readable, m);
	if (ctl->readable == NULL || event_add(ctl->readable, NULL) != 0)
		log_panic("control: no event");
}

void
control_close(struct master *m)
{
	struct control *ctl = &m->control;
	struct control_conn *c;

	while ((c = TAILQ_FIRST(&ctl->conns)) != NULL)
		conn_free(c);
	event_free(ctl->readable);
	close(ctl->fd);
	unlink(ctl->path);
	free(ctl->path);
}
