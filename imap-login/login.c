/* SPDX-License-Identifier: ISC */
#include "imap-login/login.h"

#include <openssl/ssl.h>
#include <stdlib.h>

#include "common/xalloc.h"
#include "imap-login/blocks.h"
#include "imap-login/conn.h"
#include "imap-login/farewell.h"
#include "imap-login/ipc_handlers.h"
#include "imap-login/relay.h"

static void
login_auth_lost(struct service *s)
{
	conn_peer_lost((struct login *)s, CONN_AUTH_WAIT);
}

static void
login_bye_all(struct service *s)
{
	struct login *l = (struct login *)s;

	/* master ends an isolated one where its network has too many */
	conn_bye_all(l, "UNAVAILABLE", l->conf->login_isolated ?
	    "Too many connections, or the server is shutting down" :
	    "Server is shutting down");
	login_counted(l);
}

/* Ends with the last relay. */
static void
login_master_lost(struct service *s)
{
	conn_peer_lost((struct login *)s, CONN_HANDOFF);
	service_drain(s);
	login_bye_all(s);
}

static void
login_drain(struct service *s)
{
	login_counted((struct login *)s);
}

static const struct service_kind login_kind = {
	.name = "login",
	.role = IPC_R_LOGIN,
	.grace_seconds = LOGIN_GRACE_SECONDS,
	.accept = conn_accept,
	.from_master = ipc_handlers_from_master,
	.from_auth = ipc_handlers_from_auth,
	.auth_lost = login_auth_lost,
	.master_lost = login_master_lost,
	.drain = login_drain,
	.stop = login_bye_all,
};

struct login *
login_new(const struct conf *conf, SSL_CTX *tls)
{
	struct login *l = xcalloc(1, sizeof(*l));

	l->service.kind = &login_kind;
	l->service.most = conf->connections_per_login;
	l->service.protocols = 1u << IPC_PROTOCOL_IMAP |
	    (tls != NULL ? 1u << IPC_PROTOCOL_IMAPS : 0);
	l->conf = conf;
	l->tls = tls;
	l->blocks = blocks_new(conf->unauth_per_block);
	return l;
}

void
login_start(struct login *l, int master_fd)
{
	service_start(&l->service, master_fd);
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
	service_clear(&self->service);
	blocks_free(&self->blocks);
	SSL_CTX_free(self->tls);
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
	service_counted(&l->service, l->n_conns + l->n_relays + l->n_farewells,
	    l->n_conns);
}
