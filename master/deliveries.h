/* SPDX-License-Identifier: ISC
 *
 * A message for one recipient on its way from lmtp to the recipient's worker.
 */
#ifndef MASTER_DELIVERIES_H
#define MASTER_DELIVERIES_H

#include "common/ipc.h"

/* Handlers of ipc_handlers.c; ctx: lmtp's struct child, struct worker. */
ipc_handler_fn deliveries_on_delivery;
ipc_handler_fn deliveries_on_result;

#endif
