/* SPDX-License-Identifier: ISC
 *
 * Which function takes which message, by the role of who sends it.
 */
#ifndef MASTER_IPC_HANDLERS_H
#define MASTER_IPC_HANDLERS_H

#include "common/ipc.h"

/* The table for a peer of this role; ends with fn NULL. */
const struct ipc_handler *ipc_handlers_of(unsigned role);

#endif
