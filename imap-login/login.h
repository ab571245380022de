/* SPDX-License-Identifier: ISC
 *
 * The whole of one imap-login process: its channels, its counters, and when it
 * ends.  One of it exists, made by main(); everything else points to it.
 *
 * Life:
 *   starting   no auth channel yet: listeners are held but not accepted on
 *   serving    accepting
 *   draining   (DRAIN, or master lost) listeners closed; unauthenticated
 *              connections and relays live on; QUIESCED is sent when the last
 *              unauthenticated one is gone, the process ends with the last
 *              relay
 *   stopping   (STOP) unauthenticated ones get BYE; relays end with their
 *              workers, or after LOGIN_GRACE_SECONDS
 */
#ifndef IMAP_LOGIN_LOGIN_H
#define IMAP_LOGIN_LOGIN_H

#include <stdbool.h>
#include <stdint.h>
#include <openssl/types.h>

#include "common/conf.h"
#include "common/ipc.h"
#include "common/listener.h"

#define LOGIN_GRACE_SECONDS 5 /* for workers to end their sessions at STOP */
#define LOGIN_BUCKETS 256     /* of the table of questions under way */

struct blocks;
struct conn;
struct event;
struct event_base;
struct farewell;
struct relay;

struct login {
	const struct conf *conf;        /* borrowed from main() */
	struct event_base *base;        /* own */
	struct ipc_chan *master;        /* own; NULL when lost */
	struct ipc_chan *auth;          /* own; NULL when lost */
	SSL_CTX *tls;                   /* own; NULL: no certificate */
	struct listener_set *listeners; /* own */
	struct blocks *blocks;          /* own; unauthenticated, by network */
	struct event *grace;            /* own; ends a STOP that takes long */
	struct conn *conns;             /* own; all before login */
	struct relay *relays;           /* own; all after login over TLS */
	struct farewell *farewells;     /* own; not closed yet */
	struct conn *asking[LOGIN_BUCKETS]; /* borrowed; by request id */
	unsigned n_conns, n_relays, n_farewells;
	uint32_t last_id;
	bool serving;                   /* there has been an auth channel */
	bool full;                      /* connections_per_login reached */
	bool draining, stopping, quiesced;
};

/* conf must outlive it. tls may be NULL; it becomes its own. */
struct login *login_new(const struct conf *conf, SSL_CTX *tls);
void login_free(struct login **l);
/* Makes the event loop and the channel on master_fd, says READY. */
void login_start(struct login *l, int master_fd);

/* Events from ipc_handlers.c. */
void login_auth_opened(struct login *l, int fd, uint32_t child);
void login_auth_lost(struct login *l);
void login_master_lost(struct login *l);
void login_drain(struct login *l);
void login_stop(struct login *l);

/* To be called whenever one of the counters has changed: accepts again or no
 * more, says QUIESCED, ends the loop. */
void login_counted(struct login *l);
/* A number no question under way has. */
uint32_t login_next_id(struct login *l);

#endif
