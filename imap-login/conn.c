/* SPDX-License-Identifier: ISC */
#include "imap-login/conn.h"

#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "imap-login/blocks.h"
#include "imap-login/cmd.h"
#include "imap-login/conn_input.h"
#include "imap-login/exchange.h"
#include "imap-login/farewell.h"
#include "imap-login/login.h"
#include "imap-login/tls.h"

#define CONN_OUT_MAX (64 * KIB) /* of replies before login */
#define CONN_TURNS 16           /* steps in one turn of the loop */

static void conn_timeout(evutil_socket_t fd, short what, void *arg);
static void conn_event(evutil_socket_t fd, short what, void *arg);

/* --- making and freeing ------------------------------------------------- */

static struct conn *
conn_new(struct login *l, int fd, const struct sockaddr *peer)
{
	struct conn *c = xcalloc(1, sizeof(*c));
	const struct timeval time = { l->conf->login_seconds, 0 };

	c->login = l;
	c->io.fd = fd;
	c->relay_fd = -1;
	c->loopback = addr_is_loopback(peer);
	buf_init(&c->out, CONN_OUT_MAX);
	buf_init(&c->in, LIMIT_PENDING);
	buf_init(&c->sasl, CONN_SASL_LINE);
	imap_framer_init(&c->framer, LIMIT_LOGIN_LINE,
	    LIMIT_LOGIN_LINE + 2 * LIMIT_LOGIN_LITERAL);
	/* room for an ordinary LOGIN, so that no growing buffer leaves copies
	 * of passwords behind */
	buf_reserve(&c->framer.text, 1024);
	arena_init(&c->arena);
	client_init(&c->client, l->service.base, fd, peer, conn_event,
	    conn_timeout, c);
	event_add(&c->client.timer, &time);
	LIST_INSERT_HEAD(&l->conns, c, others);
	l->n_conns++;
	return c;
}

static void
conn_free(struct conn *c)
{
	struct login *l = c->login;

	conn_set_request(c, 0);
	LIST_REMOVE(c, others);
	client_clear(&c->client);
	io_close(&c->io);
	if (c->relay_fd >= 0)
		close(c->relay_fd);
	imap_framer_clear(&c->framer);
	buf_wipe(&c->in);
	buf_clear(&c->in);
	buf_wipe(&c->sasl);
	buf_clear(&c->sasl);
	buf_clear(&c->out);
	arena_clear(&c->arena);
	free(c->user);
	blocks_leave(l->blocks, c->block);
	free(c);
	l->n_conns--;
}

void
conn_free_all(struct login *l)
{
	while (!LIST_EMPTY(&l->conns))
		conn_free(LIST_FIRST(&l->conns));
}

void
conn_accept(int fd, const struct sockaddr *peer, uint8_t protocol, void *ctx)
{
	struct login *l = ctx;
	struct conn *c = conn_new(l, fd, peer);
	uint64_t block = addr_block(peer);

	if (l->conf->login_isolated) /* this one only: master starts another */
		service_take_no_more(&l->service, block);
	if (!blocks_enter(l->blocks, block)) {
		log_info("conn: too many unauthenticated connections: "
		    "addr=%s", c->client.addr);
		/* under TLS nobody could read it */
		if (protocol == IPC_PROTOCOL_IMAPS)
			conn_set_state(c, CONN_DEAD);
		else
			conn_bye(c, "LIMIT", "Too many connections, try later");
	} else {
		c->block = block;
		if (protocol == IPC_PROTOCOL_IMAPS)
			conn_set_state(c, CONN_HANDSHAKE);
		else
			conn_set_state(c, CONN_COMMAND);
	}
	log_debug("conn: connected: addr=%s session=%s", c->client.addr,
	    c->client.session);
	conn_run(c);
	login_counted(l);
}

/* --- output ------------------------------------------------------------- */

static void
conn_put_status(struct conn *c, const char *tag, const char *status,
    const char *code, const char *text)
{
	buf_printf(&c->out, "%s %s ", tag, status);
	if (code != NULL && code[0] != '\0') {
		buf_putc(&c->out, '[');
		client_put_text(&c->out, code);
		buf_puts(&c->out, "] ");
	}
	client_put_text(&c->out, text[0] == '\0' ? status : text);
	buf_puts(&c->out, "\r\n");
}

void
conn_reply(struct conn *c, const char *status, const char *code,
    const char *text)
{
	conn_put_status(c, c->tag == NULL ? "*" : c->tag, status, code, text);
}

void
conn_line(struct conn *c, const char *line)
{
	buf_puts(&c->out, line);
	buf_puts(&c->out, "\r\n");
}

void
conn_bye(struct conn *c, const char *code, const char *text)
{
	conn_put_status(c, "*", "BYE", code, text);
	conn_set_state(c, CONN_CLOSING);
}

static void
conn_greet(struct conn *c)
{
	struct buf caps;

	buf_init(&caps, 1024);
	buf_puts(&caps, "CAPABILITY ");
	cmd_capability_list(c, &caps);
	conn_put_status(c, "*", "OK", buf_cstr(&caps), "Postern ready.");
	buf_clear(&caps);
	c->greeted = true;
}

/* False: the connection is gone. */
static bool
conn_flush(struct conn *c)
{
	enum io_status status;
	size_t n;

	if (c->out.overflow)
		return false;
	if (c->out.len == 0)
		return true;
	status = io_write(&c->io, c->out.data, c->out.len, &n);
	buf_consume(&c->out, n);
	return status == IO_OK || status == IO_AGAIN;
}

/* --- the state machine -------------------------------------------------- */

void
conn_set_state(struct conn *c, enum conn_state state)
{
	static const char *const names[] = { "handshake", "command",
		"auth-wait", "sasl", "handoff", "starttls", "closing", "dead" };

	if (c->state == CONN_DEAD || (c->state == CONN_CLOSING &&
	    state != CONN_DEAD))
		return;
	log_debug("conn: session=%s: %s -> %s", c->client.session,
	    names[c->state], names[state]);
	c->state = state;
}

bool
conn_may_login(const struct conn *c)
{
	return c->io.ssl != NULL || c->loopback ||
	    c->login->conf->plaintext_login;
}

/* The OK of STARTTLS has gone: what the client sent before the handshake is
 * forgotten, in every place it could be. */
static void
conn_start_tls(struct conn *c)
{
	if (c->login->tls == NULL) { /* imaps without a certificate */
		log_error("conn: no certificate for a TLS listener");
		conn_set_state(c, CONN_DEAD);
		return;
	}
	buf_wipe(&c->in);
	imap_framer_next(&c->framer);
	c->io.ssl = tls_accept(c->login->tls, c->io.fd);
	conn_set_state(c, CONN_HANDSHAKE);
}

static bool
conn_step_handshake(struct conn *c)
{
	if (c->io.ssl == NULL) {
		conn_start_tls(c);
		return true;
	}
	switch (io_handshake(&c->io)) {
	case IO_OK:
		conn_set_state(c, CONN_COMMAND);
		return true;
	case IO_AGAIN:
		return false;
	default:
		log_debug("conn: TLS handshake failed: addr=%s session=%s",
		    c->client.addr, c->client.session);
		conn_set_state(c, CONN_DEAD);
		return true;
	}
}

/* Does what can be done now; false when something must be waited for. */
static bool
conn_step(struct conn *c)
{
	if (c->state == CONN_DEAD || c->state == CONN_HANDOFF)
		return false;
	if (c->state == CONN_COMMAND && !c->greeted)
		conn_greet(c);
	if (!conn_flush(c)) {
		conn_set_state(c, CONN_DEAD);
		return false;
	}
	if (c->out.len > 0)
		return false;
	switch (c->state) {
	case CONN_HANDSHAKE:
		return conn_step_handshake(c);
	case CONN_STARTTLS:
		conn_start_tls(c);
		return true;
	case CONN_COMMAND:
	case CONN_SASL:
		return conn_input_step(c);
	case CONN_CLOSING:
		if (c->io.ssl == NULL || SSL_is_init_finished(c->io.ssl))
			farewell_start(c->login, &c->io);
		conn_set_state(c, CONN_DEAD);
		return false;
	default: /* AUTH_WAIT */
		return false;
	}
}

void
conn_run(struct conn *c)
{
	struct login *l = c->login;
	bool more = true, reading;
	int turns;

	for (turns = 0; more && turns < CONN_TURNS; turns++)
		more = conn_step(c);
	if (c->state == CONN_DEAD) {
		conn_free(c);
		login_counted(l);
		return;
	}
	reading = c->out.len == 0 && (c->state == CONN_HANDSHAKE ||
	    c->state == CONN_COMMAND || c->state == CONN_SASL);
	client_want(&c->client.read, (reading && !c->io.read_wants_write) ||
	    (c->out.len > 0 && c->io.write_wants_read));
	client_want(&c->client.write,
	    (c->out.len > 0 && !c->io.write_wants_read) ||
	    (reading && c->io.read_wants_write));
	if (more) /* the others first; what is buffered raises no event */
		event_active(&c->client.read, EV_READ, 0);
}

static void
conn_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	conn_run(arg);
}

static void
conn_timeout(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval patience = { FAREWELL_SECONDS, 0 };
	struct conn *c = arg;

	(void)fd, (void)what;
	if (c->state == CONN_HANDOFF) { /* the socket may be a worker's */
		event_add(&c->client.timer, &patience);
		return;
	}
	log_debug("conn: login timed out: addr=%s session=%s", c->client.addr,
	    c->client.session);
	exchange_abandon(c);
	/* a second look: nobody waits for a client that takes no BYE */
	if (c->state == CONN_CLOSING || c->state == CONN_HANDSHAKE) {
		conn_set_state(c, CONN_DEAD);
	} else {
		conn_bye(c, NULL, "Login timed out");
		event_add(&c->client.timer, &patience);
	}
	conn_run(c);
}

/* --- questions under way ------------------------------------------------ */

void
conn_set_request(struct conn *c, uint32_t id)
{
	struct conn **at = &c->login->asking[c->request % LOGIN_BUCKETS];

	if (c->request != 0) {
		while (*at != c)
			at = &(*at)->next_asking;
		*at = c->next_asking;
	}
	c->request = id;
	if (id == 0)
		return;
	at = &c->login->asking[id % LOGIN_BUCKETS];
	c->next_asking = *at;
	*at = c;
}

struct conn *
conn_by_request(struct login *l, uint32_t id)
{
	struct conn *c = l->asking[id % LOGIN_BUCKETS];

	while (c != NULL && c->request != id)
		c = c->next_asking;
	return c;
}

void
conn_peer_lost(struct login *l, enum conn_state state)
{
	struct conn *c, *next;

	for (c = LIST_FIRST(&l->conns); c != NULL; c = next) {
		/* conn_run() frees no other than c */
		next = LIST_NEXT(c, others);
		/* a SASL exchange has lost its other half too */
		if (c->state != state &&
		    !(state == CONN_AUTH_WAIT && c->state == CONN_SASL))
			continue;
		exchange_unavailable(c);
		conn_run(c);
	}
}

void
conn_bye_all(struct login *l, const char *code, const char *text)
{
	struct conn *c, *next;

	for (c = LIST_FIRST(&l->conns); c != NULL; c = next) {
		next = LIST_NEXT(c, others);
		if (c->state == CONN_HANDOFF)
			continue; /* master's answer ends it */
		exchange_abandon(c);
		if (c->state == CONN_HANDSHAKE)
			conn_set_state(c, CONN_DEAD);
		else
			conn_bye(c, code, text);
		conn_run(c);
	}
}
