/* SPDX-License-Identifier: ISC
 *
 * The whole of one lmtp process: its channels, its sessions, and when it ends.
 * One of it exists, made by main(); everything else points to it.
 *
 * Life: starting (no auth channel yet: not accepting) -> serving -> draining
 * (DRAIN: no listeners; sessions end at their next command, QUIESCED and the
 * end with the last) or stopping (STOP, or master lost: sessions get 421 at
 * once, those whose message is with workers after their replies, all after
 * LMTP_GRACE_SECONDS).
 */
#ifndef LMTP_LMTP_H
#define LMTP_LMTP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/ipc.h"
#include "common/listener.h"

#define LMTP_GRACE_SECONDS 10

struct event;
struct event_base;
struct session;

struct lmtp {
	const struct conf *conf;        /* borrowed from main() */
	char hostname[256];
	struct event_base *base;        /* own */
	struct ipc_chan *master, *auth; /* own; NULL when lost */
	struct listener_set *listeners; /* own */
	struct event *grace;            /* own */
	struct session *sessions;       /* own */
	unsigned n_sessions;
	uint64_t bytes;                 /* of all messages in transit */
	uint32_t last_id;
	bool serving, full, draining, stopping, quiesced;
};

/* conf must outlive it. */
struct lmtp *lmtp_new(const struct conf *conf);
void lmtp_free(struct lmtp **l);
/* Makes the event loop and the channel on master_fd, says READY. */
void lmtp_start(struct lmtp *l, int master_fd);

/* Events from ipc_handlers.c. */
void lmtp_auth_opened(struct lmtp *l, int fd, uint32_t child);
void lmtp_auth_lost(struct lmtp *l);
void lmtp_master_lost(struct lmtp *l);
void lmtp_drain(struct lmtp *l);
void lmtp_stop(struct lmtp *l);

/* To be called whenever n_sessions has changed. */
void lmtp_counted(struct lmtp *l);

#endif
