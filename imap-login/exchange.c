/* SPDX-License-Identifier: ISC */
#include "imap-login/exchange.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/auth_client.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "imap-login/conn.h"
#include "imap-login/handoff.h"
#include "imap-login/login.h"
#include "imap-login/tls.h"

static const char exchange_down[] = "Login is not possible now, try later";

struct secret *
exchange_base64(const char *text, size_t len)
{
	struct secret *s = secret_new_empty(len);
	size_t n;

	if (sodium_base642bin(s->data, len, text, len, NULL, &n, NULL,
	    sodium_base64_VARIANT_ORIGINAL) != 0) {
		secret_free(&s);
		return NULL;
	}
	s->data[n] = '\0';
	s->len = n;
	return s;
}

/* The exchange is over; the tagged reply is the caller's. */
static void
exchange_end(struct conn *c)
{
	conn_set_request(c, 0);
	if (c->relay_fd >= 0)
		close(c->relay_fd);
	c->relay_fd = -1;
	conn_set_state(c, CONN_COMMAND);
}

void
exchange_no(struct conn *c, const char *code, const char *text)
{
	exchange_end(c);
	conn_reply(c, "NO", code, text);
}

void
exchange_unavailable(struct conn *c)
{
	exchange_no(c, "UNAVAILABLE", exchange_down);
}

void
exchange_abandon(struct conn *c)
{
	if (c->request == 0)
		return;
	if (c->login->service.auth != NULL)
		auth_client_cancel(c->login->service.auth, c->request);
	conn_set_request(c, 0);
}

void
exchange_start(struct conn *c, const char *mech, const struct secret *ir)
{
	unsigned char binding[TLS_BINDING_SIZE];
	bool bound = tls_binding(c->io.ssl, binding);
	struct auth_client_start s = {
		.mech = mech,
		.addr = c->client.addr,
		.local_name = tls_server_name(c->io.ssl),
		.secured = c->io.ssl != NULL || c->loopback,
		.cb_type = bound ? "tls-exporter" : "",
		.cb = binding,
		.cb_len = bound ? sizeof(binding) : 0,
		.ir = ir,
	};

	if (!conn_may_login(c)) {
		conn_reply(c, "NO", "PRIVACYREQUIRED",
		    "Passwords are taken under TLS only");
		return;
	}
	if (c->login->service.auth == NULL ||
	    c->login->service.master == NULL) {
		conn_reply(c, "NO", "UNAVAILABLE", exchange_down);
		return;
	}
	c->mech = mech;
	s.id = login_next_id(c->login);
	conn_set_request(c, s.id);
	conn_set_state(c, CONN_AUTH_WAIT);
	auth_client_start(c->login->service.auth, &s);
}

void
exchange_line(struct conn *c, const char *line, size_t len)
{
	struct secret *data = NULL;
	bool cancelled = len == 1 && line[0] == '*';

	if (!cancelled)
		data = exchange_base64(line, len);
	if (data == NULL) {
		exchange_abandon(c);
		exchange_end(c);
		conn_reply(c, "BAD", NULL, cancelled ?
		    "Authentication cancelled" : "Not base64");
		return;
	}
	conn_set_state(c, CONN_AUTH_WAIT);
	auth_client_continue(c->login->service.auth, c->request, data);
	secret_free(&data);
}

static void
exchange_challenge(struct conn *c, const unsigned char *data, size_t len)
{
	size_t size = sodium_base64_ENCODED_LEN(len,
	    sodium_base64_VARIANT_ORIGINAL);
	char *line;

	if (c->from_login) { /* PLAIN that was sent whole */
		log_error("exchange: auth wants more after LOGIN: session=%s",
		    c->client.session);
		exchange_abandon(c);
		exchange_unavailable(c);
		return;
	}
	line = xcalloc(1, 2 + size);
	memcpy(line, "+ ", 2);
	sodium_bin2base64(line + 2, size, data, len,
	    sodium_base64_VARIANT_ORIGINAL);
	conn_line(c, line);
	free(line);
	conn_set_state(c, CONN_SASL);
}

static void
exchange_refused(struct conn *c, const struct exchange_result *r)
{
	char tls[80];

	tls_describe(c->io.ssl, tls, sizeof(tls));
	log_info("login failed: user=<%s> addr=%s mech=%s tls=%s code=%s "
	    "session=%s", r->user, c->client.addr, c->mech, tls, r->code,
	    c->client.session);
	exchange_no(c, r->code, r->text);
	if (r->status == IPC_AUTH_FAILED && ++c->failures >= CONN_MAX_FAILURES)
		conn_bye(c, NULL, "Too many failed logins");
}

void
exchange_result(struct conn *c, const struct exchange_result *r)
{
	switch (r->status) {
	case IPC_AUTH_CHALLENGE:
		exchange_challenge(c, r->challenge, r->challenge_len);
		break;
	case IPC_AUTH_OK:
		free(c->user);
		c->user = xstrdup(r->user);
		handoff_start(c, r->ticket);
		break;
	case IPC_AUTH_FAILED:
	case IPC_AUTH_TEMPFAIL:
		exchange_refused(c, r);
		break;
	}
	conn_run(c);
}
