/* SPDX-License-Identifier: ISC */
#include "common/client.h"

#include <sodium.h>

#include "common/log.h"

void
client_init(struct client *c, struct event_base *base, int fd,
    const struct sockaddr *peer, event_callback_fn ready,
    event_callback_fn timeout, void *arg)
{
	unsigned char name[(CLIENT_SESSION_SIZE - 1) / 2];

	addr_text(peer, c->addr);
	randombytes_buf(name, sizeof(name));
	sodium_bin2hex(c->session, sizeof(c->session), name, sizeof(name));
	if (event_assign(&c->read, base, fd, EV_READ | EV_PERSIST, ready,
	    arg) != 0 || event_assign(&c->write, base, fd,
	    EV_WRITE | EV_PERSIST, ready, arg) != 0 ||
	    event_assign(&c->timer, base, -1, 0, timeout, arg) != 0)
		log_panic("client: no event");
}

void
client_clear(struct client *c)
{
	event_del(&c->read);
	event_del(&c->write);
	event_del(&c->timer);
}

void
client_want(struct event *e, bool wanted)
{
	bool is = event_pending(e, EV_READ | EV_WRITE, NULL) != 0;

	if (wanted && !is)
		event_add(e, NULL);
	else if (!wanted && is)
		event_del(e);
}

void
client_put_text(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		buf_putc(out, (unsigned char)*text < 0x20 || *text == 0x7f ?
		    '?' : (unsigned char)*text);
}
