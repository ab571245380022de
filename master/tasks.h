/* SPDX-License-Identifier: ISC
 *
 * A task that posternctl wants done, on its way to the user's worker.
 */
#ifndef MASTER_TASKS_H
#define MASTER_TASKS_H

#include "common/ipc.h"

struct job;

/* Its posternctl has gone. */
void tasks_conn_lost(struct job *j);

/* Handlers of ipc_handlers.c; ctx: struct control_conn, struct worker. */
ipc_handler_fn tasks_on_task;
ipc_handler_fn tasks_on_status;

#endif
