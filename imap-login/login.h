/* SPDX-License-Identifier: ISC
 *
 * The whole of one imap-login process: its channels, its counters, and when it
 * ends.  One of it exists, made by main(); everything else points to it.
 *
 * Life: common/service.h. Draining, relays live on and unauthenticated
 * connections too, of which sessions may still come; stopping, those get BYE,
 * and relays end with their workers or after LOGIN_GRACE_SECONDS.
 */
#ifndef IMAP_LOGIN_LOGIN_H
#define IMAP_LOGIN_LOGIN_H

#include <stdint.h>
#include <sys/queue.h>
#include <openssl/types.h>

#include "common/conf.h"
#include "common/service.h"

#define LOGIN_GRACE_SECONDS 5 /* for workers to end their sessions at STOP */
#define LOGIN_BUCKETS 256     /* of the table of questions under way */

struct blocks;
struct conn;
struct farewell;
struct relay;

struct login {
	struct service service;         /* first: see common/service.h */
	const struct conf *conf;        /* borrowed from main() */
	SSL_CTX *tls;                   /* own; NULL: no certificate */
	struct blocks *blocks;          /* own; unauthenticated, by network */
	LIST_HEAD(, conn) conns;         /* own; all before login */
	LIST_HEAD(, relay) relays;       /* own; all after login over TLS */
	LIST_HEAD(, farewell) farewells; /* own; not closed yet */
	struct conn *asking[LOGIN_BUCKETS]; /* borrowed; by request id */
	unsigned n_conns, n_relays, n_farewells;
	uint32_t last_id;
};

/* conf must outlive it. tls may be NULL; it becomes its own. */
struct login *login_new(const struct conf *conf, SSL_CTX *tls);
void login_free(struct login **l);
/* service_start() */
void login_start(struct login *l, int master_fd);

/* To be called whenever one of the counters has changed. */
void login_counted(struct login *l);
/* A number no question under way has. */
uint32_t login_next_id(struct login *l);

#endif
