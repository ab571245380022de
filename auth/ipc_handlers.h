/* SPDX-License-Identifier: ISC
 *
 * The channels of auth: the one to master, over which the others come
 * (CHANNEL_OPEN), those of imap-login and lmtp processes, and, passed on to
 * helpers.c, those of auth-helpers. Each message is checked against the IPC
 * table before a handler here sees it; what a handler finds to make no sense
 * ends that one channel. When the channel to master ends, so does auth.
 */
#ifndef AUTH_IPC_HANDLERS_H
#define AUTH_IPC_HANDLERS_H

struct auth;

/* Takes over fd, the channel to master, and says READY. */
void ipc_handlers_start(struct auth *auth, int fd);
/* Closes every channel but those of the helpers. */
void ipc_handlers_stop(struct auth *auth);

#endif
