/* SPDX-License-Identifier: ISC */
#include "lmtp/lmtp.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/log.h"
#include "common/master_client.h"
#include "common/xalloc.h"
#include "lmtp/ipc_handlers.h"
#include "lmtp/session.h"

struct lmtp *
lmtp_new(const struct conf *conf)
{
	struct lmtp *l = xcalloc(1, sizeof(*l));

	l->conf = conf;
	if (gethostname(l->hostname, sizeof(l->hostname) - 1) != 0 ||
	    l->hostname[0] == '\0')
		snprintf(l->hostname, sizeof(l->hostname), "localhost");
	return l;
}

static void
lmtp_grace_over(evutil_socket_t fd, short what, void *arg)
{
	struct lmtp *l = arg;

	(void)fd, (void)what;
	log_warn("lmtp: ending with deliveries under way: sessions: %u",
	    l->n_sessions);
	event_base_loopbreak(l->base);
}

void
lmtp_start(struct lmtp *l, int master_fd)
{
	l->base = event_base_new();
	if (l->base == NULL)
		log_panic("lmtp: no event loop");
	l->grace = event_new(l->base, -1, 0, lmtp_grace_over, l);
	if (l->grace == NULL)
		log_panic("lmtp: no memory for an event");
	l->listeners = listener_set_new(l->base, session_accept, l);
	l->master = ipc_handlers_master(l, master_fd);
	master_client_ready(l->master);
}

void
lmtp_free(struct lmtp **l)
{
	struct lmtp *self = *l;

	if (self == NULL)
		return;
	session_free_all(self);
	if (self->master != NULL)
		ipc_chan_flush(self->master, 200);
	ipc_chan_free(&self->auth);
	ipc_chan_free(&self->master);
	listener_set_free(&self->listeners);
	if (self->grace != NULL)
		event_free(self->grace);
	if (self->base != NULL)
		event_base_free(self->base);
	free(self);
	*l = NULL;
}

void
lmtp_counted(struct lmtp *l)
{
	bool full = l->n_sessions >= LIMIT_LMTP_CONNECTIONS;

	if (full != l->full && l->serving) {
		l->full = full;
		if (full)
			listener_pause(l->listeners);
		else
			listener_resume(l->listeners);
	}
	if (l->n_sessions > 0 || (!l->draining && !l->stopping))
		return;
	if (l->draining && !l->quiesced && l->master != NULL) {
		l->quiesced = true;
		master_client_quiesced(l->master);
	}
	event_base_loopbreak(l->base);
}

void
lmtp_auth_opened(struct lmtp *l, int fd, uint32_t child)
{
	if (l->auth != NULL)
		lmtp_auth_lost(l);
	l->auth = ipc_handlers_auth(l, fd, child);
	if (!l->serving) {
		l->serving = true;
		listener_resume(l->listeners);
	}
}

void
lmtp_auth_lost(struct lmtp *l)
{
	ipc_chan_free(&l->auth);
	session_auth_lost(l);
}

void
lmtp_master_lost(struct lmtp *l)
{
	log_error("lmtp: master is gone: ending");
	ipc_chan_free(&l->master);
	session_master_lost(l);
	lmtp_stop(l);
}

void
lmtp_drain(struct lmtp *l)
{
	l->draining = true;
	listener_close(l->listeners);
	session_drain_all(l);
	lmtp_counted(l);
}

void
lmtp_stop(struct lmtp *l)
{
	const struct timeval grace = { LMTP_GRACE_SECONDS, 0 };

	l->stopping = true;
	listener_close(l->listeners);
	event_add(l->grace, &grace);
	session_stop_all(l);
	lmtp_counted(l);
}
