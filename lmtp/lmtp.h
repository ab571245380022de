/* SPDX-License-Identifier: ISC
 *
 * The whole of one lmtp process: its channels, its sessions, and when it ends.
 * One of it exists, made by main(); everything else points to it.
 *
 * Life: common/service.h. Draining, sessions end at their next command;
 * stopping (also when master is lost), they get 421 at once, those whose
 * message is with workers after their replies, all after LMTP_GRACE_SECONDS.
 */
#ifndef LMTP_LMTP_H
#define LMTP_LMTP_H

#include <stdint.h>
#include <sys/queue.h>

#include "common/conf.h"
#include "common/service.h"

#define LMTP_GRACE_SECONDS 10

struct session;

struct lmtp {
	struct service service;         /* first: see common/service.h */
	const struct conf *conf;        /* borrowed from main() */
	char hostname[256];
	LIST_HEAD(, session) sessions;  /* own */
	unsigned n_sessions;
	uint64_t bytes;                 /* of all messages in transit */
	uint32_t last_id;
};

/* conf must outlive it. */
struct lmtp *lmtp_new(const struct conf *conf);
void lmtp_free(struct lmtp **l);
/* service_start() */
void lmtp_start(struct lmtp *l, int master_fd);

/* To be called whenever n_sessions has changed. */
void lmtp_counted(struct lmtp *l);

#endif
