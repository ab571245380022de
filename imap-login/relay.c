/* SPDX-License-Identifier: ISC */
#include "imap-login/relay.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/client.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "imap-login/farewell.h"
#include "imap-login/login.h"
#include "imap-login/tls.h"

#define RELAY_CHUNK 65536
#define RELAY_TURNS 8 /* chunks a direction in one turn of the loop */

/* One direction. */
struct relay_way {
	struct io *from, *to;   /* borrowed: the relay's */
	unsigned char *left;    /* own; read, not written; NULL: nothing */
	size_t left_at, left_len;
	bool ended;             /* nothing more will be moved */
};

struct relay {
	LIST_ENTRY(relay) others;
	struct login *login;    /* borrowed */
	struct io client, worker;
	struct relay_way in, out; /* client to worker, worker to client */
	struct event client_read, client_write, worker_read, worker_write;
	char session[CLIENT_SESSION_SIZE];
};

enum relay_step {
	RELAY_WAIT,   /* for an event */
	RELAY_MORE,   /* there is more, but others want their turn */
	RELAY_ENDED,  /* from ended, everything has been written */
	RELAY_BROKEN,  /* from is gone */
	RELAY_REFUSED, /* to is gone */
};

static unsigned char relay_chunk[RELAY_CHUNK];

static void
relay_free(struct relay *r)
{
	struct login *l = r->login;

	LIST_REMOVE(r, others);
	event_del(&r->client_read);
	event_del(&r->client_write);
	event_del(&r->worker_read);
	event_del(&r->worker_write);
	io_close(&r->client);
	io_close(&r->worker);
	free(r->in.left);
	free(r->out.left);
	free(r);
	l->n_relays--;
}

/* Writes what is left from before. */
static enum io_status
relay_flush(struct relay_way *w)
{
	enum io_status status;
	size_t n;

	if (w->left == NULL)
		return IO_OK;
	status = io_write(w->to, w->left + w->left_at, w->left_len, &n);
	w->left_at += n;
	w->left_len -= n;
	if (w->left_len == 0) {
		free(w->left);
		w->left = NULL;
	}
	return status;
}

/* Moves one chunk, up to what both sides give and take now. */
static enum relay_step
relay_move(struct relay_way *w)
{
	enum io_status status = relay_flush(w);
	size_t n, written;

	if (status == IO_AGAIN)
		return RELAY_WAIT;
	if (status != IO_OK)
		return RELAY_REFUSED;
	status = io_read(w->from, relay_chunk, RELAY_CHUNK, &n);
	if (status == IO_AGAIN)
		return RELAY_WAIT;
	if (status != IO_OK)
		return status == IO_EOF ? RELAY_ENDED : RELAY_BROKEN;
	status = io_write(w->to, relay_chunk, n, &written);
	if (status == IO_OK)
		return RELAY_MORE;
	if (status != IO_AGAIN)
		return RELAY_REFUSED;
	w->left = xmemdup(relay_chunk + written, n - written);
	w->left_at = 0;
	w->left_len = n - written;
	return RELAY_WAIT;
}

static enum relay_step
relay_way_run(struct relay_way *w)
{
	enum relay_step step = RELAY_MORE;

	if (w->ended)
		return RELAY_WAIT;
	for (int i = 0; step == RELAY_MORE && i < RELAY_TURNS; i++)
		step = relay_move(w);
	return step;
}

static void
relay_way_end(struct relay_way *w)
{
	w->ended = true;
	free(w->left);
	w->left = NULL;
}

/* Reads a side only while its bytes can be passed on. */
static void
relay_wants(struct relay *r)
{
	bool in = !r->in.ended && r->in.left == NULL;
	bool out = !r->out.ended && r->out.left == NULL;

	client_want(&r->client_read, (in && !r->client.read_wants_write) ||
	    (r->out.left != NULL && r->client.write_wants_read));
	client_want(&r->client_write,
	    (r->out.left != NULL && !r->client.write_wants_read) ||
	    (in && r->client.read_wants_write));
	client_want(&r->worker_read, out);
	client_want(&r->worker_write, r->in.left != NULL);
}

static void
relay_run(struct relay *r)
{
	struct login *l = r->login;
	enum relay_step out = relay_way_run(&r->out);
	enum relay_step in = relay_way_run(&r->in);

	if (out == RELAY_ENDED || out == RELAY_BROKEN) { /* the session's end */
		farewell_start(l, &r->client);
		relay_free(r);
		login_counted(l);
		return;
	}
	if (in == RELAY_BROKEN || out == RELAY_REFUSED) { /* no client */
		log_debug("relay: client is gone: session=%s", r->session);
		relay_free(r);
		login_counted(l);
		return;
	}
	if (in == RELAY_ENDED)
		shutdown(r->worker.fd, SHUT_WR);
	/* a worker that takes no more may have written its last words */
	if (in == RELAY_ENDED || in == RELAY_REFUSED)
		relay_way_end(&r->in);
	relay_wants(r);
	if (in == RELAY_MORE)
		event_active(&r->client_read, EV_READ, 0);
	if (out == RELAY_MORE)
		event_active(&r->worker_read, EV_READ, 0);
}

static void
relay_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	relay_run(arg);
}

void
relay_start(struct login *l, struct io *client, int worker,
    const char *session)
{
	struct relay *r = xcalloc(1, sizeof(*r));
	struct event_base *base = l->service.base;

	r->login = l;
	r->client = *client;
	*client = (struct io){ .fd = -1 };
	r->worker.fd = worker;
	r->in = (struct relay_way){ .from = &r->client, .to = &r->worker };
	r->out = (struct relay_way){ .from = &r->worker, .to = &r->client };
	memcpy(r->session, session, sizeof(r->session));
	tls_relaxed(r->client.ssl);
	LIST_INSERT_HEAD(&l->relays, r, others);
	l->n_relays++;
	if (event_assign(&r->client_read, base, r->client.fd,
	    EV_READ | EV_PERSIST, relay_event, r) != 0 ||
	    event_assign(&r->client_write, base, r->client.fd,
	    EV_WRITE | EV_PERSIST, relay_event, r) != 0 ||
	    event_assign(&r->worker_read, base, worker, EV_READ | EV_PERSIST,
	    relay_event, r) != 0 ||
	    event_assign(&r->worker_write, base, worker,
	    EV_WRITE | EV_PERSIST, relay_event, r) != 0)
		log_panic("relay: no event");
	/* not at once: the caller still holds the client's other half; what
	 * OpenSSL has decrypted already raises no event of its own */
	event_add(&r->client_read, NULL);
	event_add(&r->worker_read, NULL);
	event_active(&r->client_read, EV_READ, 0);
}

void
relay_free_all(struct login *l)
{
	while (!LIST_EMPTY(&l->relays))
		relay_free(LIST_FIRST(&l->relays));
}
