/* SPDX-License-Identifier: ISC
 *
 * A process that serves the network: imap-login and lmtp. Its channels to
 * master and auth, its listening sockets, and when it ends; what is said to
 * clients is the program's. One of it exists, as the first member of the
 * program's own struct: the `ctx` of handlers and callbacks points to both.
 *
 * Life:
 *   starting   no auth channel yet: listeners are held but not accepted on
 *   serving    accepting, unless full
 *   draining   (DRAIN, or master lost) listeners closed; QUIESCED is sent when
 *              nothing new can come of the clients left, the process ends with
 *              the last of them
 *   stopping   (STOP) the same, and the clients are told to go; the end comes
 *              after grace_seconds at the latest
 */
#ifndef COMMON_SERVICE_H
#define COMMON_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/ipc.h"
#include "common/listener.h"

struct event;
struct event_base;
struct service;

/* What a program does its own way; all of it is static. */
struct service_kind {
	const char *name;              /* for log lines */
	unsigned role;                 /* its bit of enum ipc_role_bits */
	unsigned grace_seconds;
	listener_accept_fn *accept;    /* ctx: the struct service */
	const struct ipc_handler *from_master; /* has SERVICE_HANDLERS */
	const struct ipc_handler *from_auth;
	/* the channel is gone (s->auth, s->master NULL): questions fail */
	void (*auth_lost)(struct service *s);
	void (*master_lost)(struct service *s);
	/* the listeners are closed; both end in service_counted() */
	void (*drain)(struct service *s);
	void (*stop)(struct service *s);
};

struct service {
	const struct service_kind *kind; /* static */
	struct event_base *base;         /* own */
	struct ipc_chan *master, *auth;  /* own; NULL when lost */
	struct listener_set *listeners;  /* own */
	struct event *grace;             /* own; ends a STOP that takes long */
	unsigned protocols;              /* 1 << ipc_protocol: served */
	unsigned most;                   /* clients at a time */
	bool serving;                    /* there has been an auth channel */
	bool full, draining, stopping, quiesced;
};

/* The handlers every kind's from_master has. */
#define SERVICE_HANDLERS \
	{ IPC_CHANNEL_OPEN, service_on_channel_open }, \
	{ IPC_LISTENER, service_on_listener }, \
	{ IPC_LOG_REOPEN, master_client_on_log_reopen }, \
	{ IPC_DRAIN, service_on_drain }, \
	{ IPC_STOP, service_on_stop }

ipc_handler_fn service_on_channel_open, service_on_listener, service_on_drain,
    service_on_stop;

/* With kind, protocols and most set: makes the event loop and the channel on
 * master_fd, says READY. */
void service_start(struct service *s, int master_fd);
/* To be called when no client is left. */
void service_clear(struct service *s);
/* To be called whenever these have changed: accepts again or no more, says
 * QUIESCED, ends the loop. undecided: those of the clients that something new
 * may come of. */
void service_counted(struct service *s, unsigned clients, unsigned undecided);
/* As if master had said so. */
void service_drain(struct service *s);
/* The same, of its own will, and at once QUIESCED for master, which starts
 * another process: for one that takes one client, of this addr_block(). */
void service_take_no_more(struct service *s, uint64_t block);
void service_stop(struct service *s);

#endif
