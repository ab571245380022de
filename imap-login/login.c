/* SPDX-License-Identifier: ISC */
#include "imap-login/login.h"

#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "imap-login/blocks.h"
#include "common/log.h"
#include "common/master_client.h"
#include "common/xalloc.h"
#include "imap-login/conn.h"
#include "imap-login/ipc_handlers.h"
#include "imap-login/farewell.h"
#include "imap-login/relay.h"

struct login *
login_new(const struct conf *conf, SSL_CTX *tls)
{
	struct login *l = xcalloc(1, sizeof(*l));

	l->conf = conf;
	l->tls = tls;
	l->blocks = blocks_new(conf->unauth_per_block);
	return l;
}

static void
login_grace_over(evutil_socket_t fd, short what, void *arg)
{
	struct login *l = arg;

	(void)fd, (void)what;
	log_info("login: closing what is left: relays: %u", l->n_relays);
	event_base_loopbreak(l->base);
}

void
login_start(struct login *l, int master_fd)
{
	l->base = event_base_new();
	if (l->base == NULL)
		log_panic("login: no event loop");
	l->grace = event_new(l->base, -1, 0, login_grace_over, l);
	if (l->grace == NULL)
		log_panic("login: no memory for an event");
	l->listeners = listener_set_new(l->base, conn_accept, l);
	l->master = ipc_handlers_master(l, master_fd);
	master_client_ready(l->master);
}

void
login_free(struct login **l)
{
	struct login *self = *l;

	if (self == NULL)
		return;
	conn_free_all(self);
	relay_free_all(self);
	farewell_free_all(self);
	if (self->master != NULL)
		ipc_chan_flush(self->master, 200);
	ipc_chan_free(&self->auth);
	ipc_chan_free(&self->master);
	listener_set_free(&self->listeners);
	blocks_free(&self->blocks);
	SSL_CTX_free(self->tls);
	if (self->grace != NULL)
		event_free(self->grace);
	if (self->base != NULL)
		event_base_free(self->base);
	free(self);
	*l = NULL;
}

uint32_t
login_next_id(struct login *l)
{
	do {
		l->last_id++;
	} while (l->last_id == 0 || conn_by_request(l, l->last_id) != NULL);
	return l->last_id;
}

void
login_counted(struct login *l)
{
	unsigned all = l->n_conns + l->n_relays + l->n_farewells;
	bool full = all >= l->conf->connections_per_login;

	if (full != l->full && l->serving) {
		l->full = full;
		if (full)
			log_warn("login: full, not accepting: connections: %u",
			    all);
		if (full)
			listener_pause(l->listeners);
		else
			listener_resume(l->listeners);
	}
	if (l->draining && !l->quiesced && l->n_conns == 0) {
		l->quiesced = true;
		if (l->master != NULL)
			master_client_quiesced(l->master);
	}
	if ((l->draining || l->stopping) && all == 0)
		event_base_loopbreak(l->base);
}

void
login_auth_opened(struct login *l, int fd, uint32_t child)
{
	if (l->auth != NULL) {
		ipc_chan_free(&l->auth);
		login_auth_lost(l);
	}
	l->auth = ipc_handlers_auth(l, fd, child);
	if (!l->serving) {
		l->serving = true;
		listener_resume(l->listeners);
	}
}

void
login_auth_lost(struct login *l)
{
	ipc_chan_free(&l->auth);
	conn_peer_lost(l, CONN_AUTH_WAIT);
}

void
login_master_lost(struct login *l)
{
	log_error("login: master is gone: ending with the last session");
	ipc_chan_free(&l->master);
	conn_peer_lost(l, CONN_HANDOFF);
	login_drain(l);
	conn_bye_all(l, "UNAVAILABLE", "Server is shutting down");
}

void
login_drain(struct login *l)
{
	l->draining = true;
	listener_close(l->listeners);
	login_counted(l);
}

void
login_stop(struct login *l)
{
	const struct timeval grace = { LOGIN_GRACE_SECONDS, 0 };

	l->stopping = true;
	listener_close(l->listeners);
	event_add(l->grace, &grace);
	conn_bye_all(l, "UNAVAILABLE", "Server is shutting down");
	login_counted(l);
}
