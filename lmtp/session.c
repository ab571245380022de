/* SPDX-License-Identifier: ISC */
#include "lmtp/session.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "lmtp/deliver.h"
#include "lmtp/lmtp.h"
#include "lmtp/verbs.h"

#define SESSION_CHUNK 32768
#define SESSION_TURNS 16          /* steps in one turn of the loop */
#define SESSION_OUT_MAX (64 * KIB)
#define SESSION_OUT_HIGH (16 * KIB)

static const char session_stopping[] = "421 4.3.2 Shutting down, try later";

/* --- making and freeing ------------------------------------------------- */

static void session_event(evutil_socket_t fd, short what, void *arg);
static void session_timeout(evutil_socket_t fd, short what, void *arg);

static struct session *
session_new(struct lmtp *l, int fd, const struct sockaddr *peer)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->lmtp = l;
	s->fd = fd;
	buf_init(&s->out, SESSION_OUT_MAX);
	buf_init(&s->in, SESSION_CHUNK);
	buf_init(&s->line, LIMIT_LMTP_LINE);
	message_init(&s->message, &l->bytes);
	client_init(&s->client, l->service.base, fd, peer, session_event,
	    session_timeout, s);
	LIST_INSERT_HEAD(&l->sessions, s, others);
	l->n_sessions++;
	return s;
}

static void
session_free(struct session *s)
{
	struct lmtp *l = s->lmtp;

	LIST_REMOVE(s, others);
	session_reset(s);
	client_clear(&s->client);
	close(s->fd);
	buf_clear(&s->out);
	buf_clear(&s->in);
	buf_clear(&s->line);
	free(s->asking);
	free(s);
	l->n_sessions--;
}

void
session_free_all(struct lmtp *l)
{
	while (!LIST_EMPTY(&l->sessions))
		session_free(LIST_FIRST(&l->sessions));
}

void
session_accept(int fd, const struct sockaddr *peer, uint8_t protocol, void *ctx)
{
	struct lmtp *l = ctx;
	struct session *s = session_new(l, fd, peer);
	char line[300];

	(void)protocol;
	snprintf(line, sizeof(line), "220 %s LMTP Postern ready", l->hostname);
	session_reply(s, line);
	log_debug("session: connected: addr=%s session=%s", s->client.addr,
	    s->client.session);
	session_run(s);
	lmtp_counted(l);
}

void
session_reset(struct session *s)
{
	for (size_t i = 0; i < s->n_recipients; i++) {
		struct recipient *r = &s->recipients[i];

		free(r->address);
		free(r->user);
		free(r->detail);
		free(r->reply);
		*r = (struct recipient){ .address = NULL };
	}
	s->n_recipients = 0;
	s->has_sender = false;
	message_clear(&s->message);
}

/* --- questions ---------------------------------------------------------- */

uint32_t
session_take_ids(struct session *s, uint32_t n)
{
	/* far fewer are under way than there are numbers */
	s->first_id = s->lmtp->last_id + 1;
	s->n_ids = n;
	s->lmtp->last_id += n;
	return s->first_id;
}

struct session *
session_by_id(struct lmtp *l, uint32_t id)
{
	struct session *s;

	LIST_FOREACH(s, &l->sessions, others)
		if (id - s->first_id < s->n_ids)
			break;
	return s;
}

/* --- input and output --------------------------------------------------- */

void
session_reply(struct session *s, const char *text)
{
	client_put_text(&s->out, text);
	buf_puts(&s->out, "\r\n");
}

/* False: the connection is gone. */
static bool
session_flush(struct session *s)
{
	ssize_t n;

	if (s->out.overflow)
		return false;
	while (s->out.len > 0) {
		n = send(s->fd, s->out.data, s->out.len, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		buf_consume(&s->out, (size_t)n);
	}
	return true;
}

/* Bytes of commands; those used. */
static size_t
session_feed_command(struct session *s, const unsigned char *in, size_t len)
{
	const unsigned char *lf = memchr(in, '\n', len);
	size_t n = lf == NULL ? len : (size_t)(lf - in);

	if (!s->line_too_long && !buf_put(&s->line, in, n))
		s->line_too_long = true;
	if (lf == NULL)
		return n;
	if (s->line.len > 0 && s->line.data[s->line.len - 1] == '\r')
		s->line.len--;
	if (s->line_too_long)
		verbs_error(s, "500 5.5.2 Line is too long");
	else
		verbs_run(s, (const char *)s->line.data, s->line.len);
	buf_reset(&s->line);
	s->line_too_long = false;
	return n + 1;
}

static size_t
session_feed_data(struct session *s, const unsigned char *in, size_t len)
{
	static unsigned char decoded[DATA_ROOM(SESSION_CHUNK)];
	size_t used, n;

	used = data_feed(&s->data, in, len, decoded, &n);
	message_write(&s->message, decoded, n, s->lmtp->conf->message_size);
	if (s->data == DATA_DONE)
		deliver_start(s);
	return used;
}

/* Reads, or takes what is left from before, and runs it. False: nothing more
 * to do before an event. */
static bool
session_input(struct session *s)
{
	static unsigned char chunk[SESSION_CHUNK];
	ssize_t n = (ssize_t)s->in.len;
	size_t at = 0;

	if (n > 0) {
		memcpy(chunk, s->in.data, s->in.len);
		buf_clear(&s->in);
	} else {
		n = read(s->fd, chunk, sizeof(chunk));
	}
	if (n < 0)
		return errno == EINTR;
	if (n == 0) {
		session_set_state(s, SESSION_DEAD);
		return false;
	}
	while (at < (size_t)n && s->out.len < SESSION_OUT_HIGH) {
		if (s->state == SESSION_COMMAND)
			at += session_feed_command(s, chunk + at,
			    (size_t)n - at);
		else if (s->state == SESSION_DATA)
			at += session_feed_data(s, chunk + at, (size_t)n - at);
		else
			break;
	}
	if (at < (size_t)n)
		buf_put(&s->in, chunk + at, (size_t)n - at);
	return true;
}

/* --- the state machine -------------------------------------------------- */

void
session_set_state(struct session *s, enum session_state state)
{
	static const char *const names[] = { "command", "rcpt-wait", "data",
		"deliver", "closing", "dead" };

	if (s->state == SESSION_DEAD ||
	    (s->state == SESSION_CLOSING && state != SESSION_DEAD))
		return;
	log_debug("session: session=%s: %s -> %s", s->client.session,
	    names[s->state], names[state]);
	s->state = state;
}

static void
session_go_away(struct session *s)
{
	session_reply(s, session_stopping);
	session_set_state(s, SESSION_CLOSING);
}

/* Does what can be done now; false when something must be waited for. */
static bool
session_step(struct session *s)
{
	const struct service *l = &s->lmtp->service;

	if (s->state == SESSION_DEAD)
		return false;
	if (s->state == SESSION_COMMAND && (l->stopping ||
	    (l->draining && !s->has_sender && s->in.len == 0)))
		session_go_away(s);
	if (!session_flush(s)) {
		session_set_state(s, SESSION_DEAD);
		return false;
	}
	if (s->out.len > 0)
		return false;
	if (s->state == SESSION_CLOSING) {
		session_set_state(s, SESSION_DEAD);
		return false;
	}
	if (s->state == SESSION_COMMAND || s->state == SESSION_DATA)
		return session_input(s);
	return false;
}

void
session_run(struct session *s)
{
	const struct timeval idle = { LIMIT_LMTP_IDLE_SECONDS, 0 };
	const struct timeval patience = { LIMIT_LMTP_DELIVERY_SECONDS, 0 };
	enum session_state before = s->state;
	struct lmtp *l = s->lmtp;
	bool more = true;
	int turns;

	for (turns = 0; more && turns < SESSION_TURNS; turns++)
		more = session_step(s);
	if (s->state == SESSION_DEAD) {
		session_free(s);
		lmtp_counted(l);
		return;
	}
	client_want(&s->client.read, s->out.len == 0 &&
	    (s->state == SESSION_COMMAND || s->state == SESSION_DATA));
	client_want(&s->client.write, s->out.len > 0);
	if (s->state != SESSION_DELIVER)
		event_add(&s->client.timer, &idle);
	else if (before != SESSION_DELIVER)
		event_add(&s->client.timer, &patience);
	if (more)
		event_active(&s->client.read, EV_READ, 0);
}

static void
session_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	session_run(arg);
}

static void
session_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd, (void)what;
	if (s->state == SESSION_DELIVER) {
		deliver_give_up(s, "451 4.3.0 Delivery takes too long");
	} else if (s->state == SESSION_RCPT_WAIT) {
		verbs_rcpt_result(s, IPC_UNAVAILABLE, "", "");
	} else if (s->out.len > 0) {
		session_set_state(s, SESSION_DEAD);
	} else {
		session_reply(s, "421 4.4.2 Nothing came for too long");
		session_set_state(s, SESSION_CLOSING);
	}
	session_run(s);
}

/* --- all of them -------------------------------------------------------- */

void
session_auth_lost(struct lmtp *l)
{
	struct session *s, *next;

	for (s = LIST_FIRST(&l->sessions); s != NULL; s = next) {
		next = LIST_NEXT(s, others);
		if (s->state != SESSION_RCPT_WAIT)
			continue;
		verbs_rcpt_result(s, IPC_UNAVAILABLE, "", "");
		session_run(s);
	}
}

void
session_master_lost(struct lmtp *l)
{
	struct session *s, *next;

	for (s = LIST_FIRST(&l->sessions); s != NULL; s = next) {
		next = LIST_NEXT(s, others);
		if (s->state != SESSION_DELIVER)
			continue;
		deliver_give_up(s, "451 4.3.0 Delivery was interrupted");
		session_run(s);
	}
}

void
session_drain_all(struct lmtp *l)
{
	struct session *s, *next;

	for (s = LIST_FIRST(&l->sessions); s != NULL; s = next) {
		next = LIST_NEXT(s, others);
		session_run(s);
	}
}

void
session_stop_all(struct lmtp *l)
{
	struct session *s, *next;

	for (s = LIST_FIRST(&l->sessions); s != NULL; s = next) {
		next = LIST_NEXT(s, others);
		if (s->state == SESSION_DATA || s->state == SESSION_RCPT_WAIT)
			session_go_away(s);
		session_run(s);
	}
}
