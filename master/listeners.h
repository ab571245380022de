/* SPDX-License-Identifier: ISC
 *
 * The sockets clients connect to. The master binds and listens, and never
 * accepts: every imap-login or lmtp gets its own copy of the descriptors.
 */
#ifndef MASTER_LISTENERS_H
#define MASTER_LISTENERS_H

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "common/ipc.h"

struct child;
struct conf;

struct listener {
	TAILQ_ENTRY(listener) next;
	char *name, *address; /* own */
	unsigned port;        /* 0: a unix socket */
	enum ipc_protocol protocol;
	int fd;
	bool wanted;          /* by the configuration in force */
};

struct listeners {
	TAILQ_HEAD(, listener) all;
};

void listeners_init(struct listeners *ls);
/* Opens what the configuration names and is not open yet, and closes what it
 * names no more. False: one could not be had (logged); the others are there. */
bool listeners_open(struct listeners *ls, const struct conf *conf);
/* Sends a child its listeners. */
void listeners_send(const struct listeners *ls, struct child *to);
/* Closes all and removes the unix sockets. */
void listeners_close(struct listeners *ls);
/* A listening, non-blocking unix socket at path, with this mode and group (-1:
 * as it is); a stale one is replaced. -1: logged. Also for control.c. */
int listeners_unix(const char *path, int type, mode_t mode, gid_t group);

#endif
