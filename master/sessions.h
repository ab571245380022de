/* SPDX-License-Identifier: ISC
 *
 * A logged-in client on its way from imap-login to its worker.
 */
#ifndef MASTER_SESSIONS_H
#define MASTER_SESSIONS_H

#include <stdbool.h>

#include "common/ipc.h"

struct job;
struct worker;

/* Is this job a session that a worker has taken? */
bool sessions_is_live(const struct job *j);
/* Asks the worker to end it; text is for the client. */
void sessions_kick(const struct job *j, struct worker *w, const char *text);

/* Handlers of ipc_handlers.c; ctx: login's struct child, struct worker. */
ipc_handler_fn sessions_on_handoff;
ipc_handler_fn sessions_on_status;
ipc_handler_fn sessions_on_end;

#endif
