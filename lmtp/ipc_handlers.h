/* SPDX-License-Identifier: ISC
 *
 * Messages from master and auth, taken apart and handed to those they are for.
 */
#ifndef LMTP_IPC_HANDLERS_H
#define LMTP_IPC_HANDLERS_H

#include "common/ipc.h"

/* For struct service_kind. */
extern const struct ipc_handler ipc_handlers_from_master[];
extern const struct ipc_handler ipc_handlers_from_auth[];

#endif
