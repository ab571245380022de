/* SPDX-License-Identifier: ISC */
#include "imap-login/handoff.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/master_client.h"
#include "imap-login/conn.h"
#include "imap-login/exchange.h"
#include "imap-login/login.h"
#include "imap-login/relay.h"
#include "imap-login/tls.h"

/* The descriptor master gets, or -1. */
static int
handoff_socket(struct conn *c)
{
	int pair[2];

	if (c->io.ssl == NULL)
		return fcntl(c->io.fd, F_DUPFD_CLOEXEC, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    pair) != 0)
		return -1;
	c->relay_fd = pair[0];
	return pair[1];
}

void
handoff_start(struct conn *c, const unsigned char *ticket)
{
	struct login *l = c->login;
	struct master_client_handoff h = {
		.session = c->client.session,
		.addr = c->client.addr,
		.tag = c->tag,
		.tls = c->io.ssl != NULL,
		.ticket = ticket,
		.pending = c->in.data,
		.pending_len = c->in.len,
	};
	int fd;

	if (l->service.master == NULL) {
		exchange_unavailable(c);
		return;
	}
	if (c->out.len > 0) {
		/* the worker's OK would overtake our replies, which this client
		 * does not read */
		conn_set_state(c, CONN_DEAD);
		return;
	}
	fd = handoff_socket(c);
	if (fd < 0) {
		log_error("handoff: no socket: session=%s: %m",
		    c->client.session);
		exchange_unavailable(c);
		return;
	}
	h.id = login_next_id(l);
	conn_set_request(c, h.id);
	conn_set_state(c, CONN_HANDOFF);
	master_client_handoff(l->service.master, &h, fd);
}

static void
handoff_done(struct conn *c)
{
	char tls[80];

	tls_describe(c->io.ssl, tls, sizeof(tls));
	log_info("login: user=<%s> addr=%s mech=%s tls=%s session=%s",
	    c->user, c->client.addr, c->mech, tls, c->client.session);
	if (c->io.ssl != NULL) {
		relay_start(c->login, &c->io, c->relay_fd, c->client.session);
		c->relay_fd = -1;
	}
	conn_set_state(c, CONN_DEAD);
}

void
handoff_result(struct conn *c, enum ipc_status status, const char *code,
    const char *text)
{
	if (status == IPC_OK) {
		handoff_done(c);
	} else {
		log_info("login refused: user=<%s> addr=%s code=%s session=%s",
		    c->user, c->client.addr, code, c->client.session);
		exchange_no(c, code, text);
	}
	conn_run(c);
}
