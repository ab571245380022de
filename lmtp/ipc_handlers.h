/* SPDX-License-Identifier: ISC
 *
 * Messages from master and auth, taken apart and handed to those they are for.
 */
#ifndef LMTP_IPC_HANDLERS_H
#define LMTP_IPC_HANDLERS_H

#include <stdint.h>

struct ipc_chan;
struct lmtp;

/* Each takes over fd. */
struct ipc_chan *ipc_handlers_master(struct lmtp *l, int fd);
struct ipc_chan *ipc_handlers_auth(struct lmtp *l, int fd, uint32_t child);

#endif
