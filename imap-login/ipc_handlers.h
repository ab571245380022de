/* SPDX-License-Identifier: ISC
 *
 * Messages from master and auth, taken apart and handed to those they are for.
 */
#ifndef IMAP_LOGIN_IPC_HANDLERS_H
#define IMAP_LOGIN_IPC_HANDLERS_H

#include <stdint.h>

struct ipc_chan;
struct login;

/* Each takes over fd. */
struct ipc_chan *ipc_handlers_master(struct login *l, int fd);
struct ipc_chan *ipc_handlers_auth(struct login *l, int fd, uint32_t child);

#endif
