/* SPDX-License-Identifier: ISC */
#include "common/service.h"

#include <event2/event.h>
#include <stdio.h>

#include "common/log.h"
#include "common/master_client.h"

#define SERVICE_FLUSH_MS 200

/* --- channels ----------------------------------------------------------- */

static void
service_lose_auth(struct service *s)
{
	ipc_chan_free(&s->auth);
	s->kind->auth_lost(s);
}

static void
service_auth_closed(struct ipc_chan *chan, void *ctx)
{
	(void)chan;
	service_lose_auth(ctx);
}

static void
service_master_closed(struct ipc_chan *chan, void *ctx)
{
	struct service *s = ctx;

	(void)chan;
	log_error("%s: master is gone: ending", s->kind->name);
	ipc_chan_free(&s->master);
	s->kind->master_lost(s);
}

bool
service_on_channel_open(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct service *s = ctx;
	uint8_t role = ipc_get_u8(m);
	char name[32];

	(void)chan;
	/* the table's role bits fit a byte; auth is the only one we talk to */
	if (role != IPC_R_AUTH)
		return false;
	snprintf(name, sizeof(name), "auth %u", ipc_get_u32(m));
	if (s->auth != NULL)
		service_lose_auth(s);
	s->auth = ipc_chan_new(s->base, ipc_take_fd(m),
	    &(struct ipc_chan_options){ .self = s->kind->role,
	    .peer = IPC_R_AUTH, .handlers = s->kind->from_auth,
	    .on_close = service_auth_closed, .ctx = s, .name = name });
	if (!s->serving) {
		s->serving = true;
		listener_resume(s->listeners);
	}
	return true;
}

bool
service_on_listener(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct service *s = ctx;
	uint8_t protocol = ipc_get_u8(m);
	const char *name = ipc_get_str(m);

	(void)chan;
	if (protocol > IPC_PROTOCOL_LMTP)
		return false;
	if (s->protocols & 1u << protocol)
		listener_add(s->listeners, ipc_take_fd(m), protocol, name);
	else /* imaps, and no certificate */
		log_error("listener: cannot serve it: %s", name);
	return true;
}

bool
service_on_drain(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	(void)chan, (void)m;
	service_drain(ctx);
	return true;
}

bool
service_on_stop(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	(void)chan, (void)m;
	service_stop(ctx);
	return true;
}

/* --- life --------------------------------------------------------------- */

static void
service_grace_over(evutil_socket_t fd, short what, void *arg)
{
	struct service *s = arg;

	(void)fd, (void)what;
	log_warn("%s: closing what is left", s->kind->name);
	event_base_loopbreak(s->base);
}

void
service_start(struct service *s, int master_fd)
{
	s->base = event_base_new();
	if (s->base == NULL)
		log_panic("%s: no event loop", s->kind->name);
	s->grace = event_new(s->base, -1, 0, service_grace_over, s);
	if (s->grace == NULL)
		log_panic("%s: no memory for an event", s->kind->name);
	s->listeners = listener_set_new(s->base, s->kind->accept, s);
	s->master = ipc_chan_new(s->base, master_fd,
	    &(struct ipc_chan_options){ .self = s->kind->role,
	    .peer = IPC_R_MASTER, .handlers = s->kind->from_master,
	    .on_close = service_master_closed, .ctx = s, .name = "master" });
	master_client_ready(s->master);
}

void
service_clear(struct service *s)
{
	if (s->master != NULL)
		ipc_chan_flush(s->master, SERVICE_FLUSH_MS);
	ipc_chan_free(&s->auth);
	ipc_chan_free(&s->master);
	listener_set_free(&s->listeners);
	if (s->grace != NULL)
		event_free(s->grace);
	if (s->base != NULL)
		event_base_free(s->base);
}

static void
service_quiesced(struct service *s, uint64_t block)
{
	if (!s->quiesced && s->master != NULL)
		master_client_quiesced(s->master, block);
	s->quiesced = true;
}

void
service_counted(struct service *s, unsigned clients, unsigned undecided)
{
	bool full = clients >= s->most;

	if (full != s->full && s->serving) {
		s->full = full;
		if (full) {
			log_warn("%s: full, not accepting: connections: %u",
			    s->kind->name, clients);
			listener_pause(s->listeners);
		} else {
			listener_resume(s->listeners);
		}
	}
	if (s->draining && undecided == 0)
		service_quiesced(s, 0);
	if ((s->draining || s->stopping) && clients == 0)
		event_base_loopbreak(s->base);
}

void
service_drain(struct service *s)
{
	s->draining = true;
	listener_close(s->listeners);
	s->kind->drain(s);
}

void
service_take_no_more(struct service *s, uint64_t block)
{
	service_quiesced(s, block);
	service_drain(s);
}

void
service_stop(struct service *s)
{
	const struct timeval grace = { (time_t)s->kind->grace_seconds, 0 };

	s->stopping = true;
	listener_close(s->listeners);
	event_add(s->grace, &grace);
	s->kind->stop(s);
}
