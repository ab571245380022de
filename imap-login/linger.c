/* SPDX-License-Identifier: ISC */
#include "linger.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "login.h"

#define LINGER_BYTES (1 << 20) /* thrown away at most */

struct linger {
	struct linger *prev, *next;
	struct login *login; /* borrowed */
	struct event event;
	size_t bytes;
	int fd;              /* own */
};

static void
linger_free(struct linger *g)
{
	struct login *l = g->login;

	if (g->prev != NULL)
		g->prev->next = g->next;
	else
		l->lingers = g->next;
	if (g->next != NULL)
		g->next->prev = g->prev;
	event_del(&g->event);
	close(g->fd);
	free(g);
	l->n_lingers--;
}

static void
linger_event(evutil_socket_t fd, short what, void *arg)
{
	static unsigned char sink[16384];
	struct linger *g = arg;
	struct login *l = g->login;
	ssize_t n;

	n = what & EV_TIMEOUT ? 0 : read(fd, sink, sizeof(sink));
	if (n > 0 && (g->bytes += (size_t)n) < LINGER_BYTES)
		return;
	linger_free(g);
	login_counted(l);
}

void
linger_start(struct login *l, struct io *io)
{
	const struct timeval patience = { LINGER_SECONDS, 0 };
	struct linger *g = xcalloc(1, sizeof(*g));

	io_end(io);
	g->fd = io->fd;
	io->fd = -1;
	io_close(io);
	g->login = l;
	g->next = l->lingers;
	if (g->next != NULL)
		g->next->prev = g;
	l->lingers = g;
	l->n_lingers++;
	if (event_assign(&g->event, l->base, g->fd, EV_READ | EV_PERSIST,
	    linger_event, g) != 0 || event_add(&g->event, &patience) != 0)
		log_panic("linger: no event");
}

void
linger_free_all(struct login *l)
{
	while (l->lingers != NULL)
		linger_free(l->lingers);
}
