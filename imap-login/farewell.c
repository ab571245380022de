/* SPDX-License-Identifier: ISC */
#include "imap-login/farewell.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "imap-login/login.h"

#define FAREWELL_BYTES (1 << 20) /* thrown away at most */

struct farewell {
	LIST_ENTRY(farewell) others;
	struct login *login; /* borrowed */
	struct event event;
	size_t bytes;
	int fd;              /* own */
};

static void
farewell_free(struct farewell *g)
{
	struct login *l = g->login;

	LIST_REMOVE(g, others);
	event_del(&g->event);
	close(g->fd);
	free(g);
	l->n_farewells--;
}

static void
farewell_event(evutil_socket_t fd, short what, void *arg)
{
	static unsigned char sink[16384];
	struct farewell *g = arg;
	struct login *l = g->login;
	ssize_t n;

	n = what & EV_TIMEOUT ? 0 : read(fd, sink, sizeof(sink));
	if (n > 0 && (g->bytes += (size_t)n) < FAREWELL_BYTES)
		return;
	farewell_free(g);
	login_counted(l);
}

void
farewell_start(struct login *l, struct io *io)
{
	const struct timeval patience = { FAREWELL_SECONDS, 0 };
	struct farewell *g = xcalloc(1, sizeof(*g));

	io_end(io);
	g->fd = io->fd;
	io->fd = -1;
	io_close(io);
	g->login = l;
	LIST_INSERT_HEAD(&l->farewells, g, others);
	l->n_farewells++;
	if (event_assign(&g->event, l->service.base, g->fd,
	    EV_READ | EV_PERSIST, farewell_event, g) != 0 ||
	    event_add(&g->event, &patience) != 0)
		log_panic("farewell: no event");
}

void
farewell_free_all(struct login *l)
{
	while (!LIST_EMPTY(&l->farewells))
		farewell_free(LIST_FIRST(&l->farewells));
}
