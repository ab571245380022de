/* SPDX-License-Identifier: ISC */
#include "common/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"

#define LISTENER_BATCH 8 /* connections taken in one turn of the loop */

struct listener {
	struct listener *next;     /* own */
	struct listener_set *set;  /* borrowed */
	struct event *event;       /* own */
	char *name;                /* own */
	int fd;
	uint8_t protocol;
};

struct listener_set {
	struct listener *first;    /* own */
	struct event_base *base;   /* borrowed */
	struct event *rest;        /* own; ends a rest */
	listener_accept_fn *fn;
	void *ctx;
	bool paused, resting, closed;
};

static void
listener_apply(struct listener_set *set)
{
	for (struct listener *l = set->first; l != NULL; l = l->next)
		if (set->paused || set->resting)
			event_del(l->event);
		else
			event_add(l->event, NULL);
}

static void
listener_rested(evutil_socket_t fd, short what, void *arg)
{
	struct listener_set *set = arg;

	(void)fd, (void)what;
	set->resting = false;
	listener_apply(set);
}

/* Errors of accept(2) that are the connection's own, not ours. */
static bool
listener_error_passes(int error)
{
	return error == ECONNABORTED || error == EINTR || error == EPROTO ||
	    error == EPERM || error == ENETDOWN || error == EHOSTUNREACH ||
	    error == ENETUNREACH || error == EHOSTDOWN;
}

static void
listener_options(int fd, const struct sockaddr *peer)
{
	const int on = 1, idle = 300, interval = 60, count = 5;

	if (peer->sa_family != AF_INET && peer->sa_family != AF_INET6)
		return;
	/* without these the connection works as well, only slower or longer */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

static void
listener_readable(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval second = { 1, 0 };
	struct listener *l = arg;
	struct listener_set *set = l->set;
	const uint8_t protocol = l->protocol;

	(void)what;
	for (int i = 0; i < LISTENER_BATCH; i++) {
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);
		int client;

		/* the callback may have closed or paused the set, l with it */
		if (set->closed || set->paused)
			return;
		memset(&peer, 0, sizeof(peer));
		client = accept4(fd, (struct sockaddr *)&peer, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client >= 0) {
			listener_options(client, (struct sockaddr *)&peer);
			set->fn(client, (struct sockaddr *)&peer, protocol,
			    set->ctx);
			continue;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		if (listener_error_passes(errno))
			continue;
		log_error("listener: cannot accept, resting a second: %s: %m",
		    l->name);
		set->resting = true;
		listener_apply(set);
		event_add(set->rest, &second);
		return;
	}
}

struct listener_set *
listener_set_new(struct event_base *base, listener_accept_fn *fn, void *ctx)
{
	struct listener_set *set = xcalloc(1, sizeof(*set));

	set->base = base;
	set->fn = fn;
	set->ctx = ctx;
	set->paused = true;
	set->rest = event_new(base, -1, 0, listener_rested, set);
	if (set->rest == NULL)
		log_panic("listener: no memory for an event");
	return set;
}

void
listener_set_free(struct listener_set **set)
{
	if (*set == NULL)
		return;
	listener_close(*set);
	event_free((*set)->rest);
	free(*set);
	*set = NULL;
}

void
listener_add(struct listener_set *set, int fd, uint8_t protocol,
    const char *name)
{
	struct listener *l;

	if (set->closed) {
		close(fd);
		return;
	}
	l = xcalloc(1, sizeof(*l));
	l->set = set;
	l->fd = fd;
	l->protocol = protocol;
	l->name = xstrdup(name);
	evutil_make_socket_nonblocking(fd);
	l->event = event_new(set->base, fd, EV_READ | EV_PERSIST,
	    listener_readable, l);
	if (l->event == NULL)
		log_panic("listener: no memory for an event");
	l->next = set->first;
	set->first = l;
	listener_apply(set);
}

void
listener_pause(struct listener_set *set)
{
	set->paused = true;
	listener_apply(set);
}

void
listener_resume(struct listener_set *set)
{
	set->paused = false;
	listener_apply(set);
}

void
listener_close(struct listener_set *set)
{
	struct listener *l;

	set->closed = true;
	while ((l = set->first) != NULL) {
		set->first = l->next;
		event_free(l->event);
		close(l->fd);
		free(l->name);
		free(l);
	}
}
