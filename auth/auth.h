/* SPDX-License-Identifier: ISC
 *
 * What the parts of the auth process share: one struct, made once by main.c
 * and passed to whoever needs it, and the one clock. All of it belongs to the
 * event loop's only thread.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include <stdint.h>
#include <time.h>

struct cache;
struct conf;
struct event_base;
struct helpers;
struct ipc_chan;
struct passwd_file;
struct penalty;
struct prejail;
struct sasl;
struct tickets;
struct userdb;

struct auth {
	struct event_base *base;    /* own */
	struct conf *conf;          /* own */
	struct ipc_chan *master;    /* borrowed from ipc_handlers.c */
	struct passwd_file *passwd; /* own; NULL: passdb is PAM */
	struct userdb *userdb;      /* own */
	struct helpers *helpers;    /* own */
	struct tickets *tickets;    /* own */
	struct penalty *penalty;    /* own */
	struct cache *cache;        /* own; NULL: no cache wanted */
	struct sasl *sasl;          /* own */
};

/* Milliseconds of a clock that only goes forward. */
static inline uint64_t
auth_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Makes every part but conf and sasl, which are from before the jail, and opens
 * the channel to master. */
void auth_post_jail_init(struct auth *auth, const struct prejail *pre);
/* Ends all of it, in the order that the parts lean on each other. */
void auth_end(struct auth *auth, struct prejail *pre);

#endif
