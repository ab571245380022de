/* SPDX-License-Identifier: ISC
 *
 * What every connection of a client has, whatever it speaks: its events, its
 * address, and a name of its own for the log. Part of imap-login's struct conn
 * and of lmtp's struct session.
 */
#ifndef COMMON_CLIENT_H
#define COMMON_CLIENT_H

#include <stdbool.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/addr.h"
#include "common/buf.h"

#define CLIENT_SESSION_SIZE 17 /* with its NUL */

struct event_base;
struct sockaddr;

struct client {
	struct event read, write, timer; /* none is added yet */
	char addr[ADDR_TEXT_SIZE];
	char session[CLIENT_SESSION_SIZE]; /* random hex digits */
};

/* ready is called when fd can be read or written, timeout when the timer ends,
 * both with arg. fd stays the caller's. */
void client_init(struct client *c, struct event_base *base, int fd,
    const struct sockaddr *peer, event_callback_fn ready,
    event_callback_fn timeout, void *arg);
/* Takes the events away; before fd is closed. */
void client_clear(struct client *c);
/* Adds the event, or takes it away, where it is not so already. */
void client_want(struct event *e, bool wanted);
/* Adds text to what a client reads: control bytes become "?". */
void client_put_text(struct buf *out, const char *text);

#endif
