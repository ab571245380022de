/* SPDX-License-Identifier: ISC
 *
 * The channels of an auth-helper: to master, over which the one to auth comes,
 * and to auth. Questions are answered where they arrive, one after the other;
 * the answer may take as long as PAM, NSS or a hash takes. A question that
 * takes longer than HANDLERS_SECONDS ends the process (SIGALRM), as by then
 * auth has given up; master starts another. When either channel ends, so does
 * the process.
 */
#ifndef AUTH_HELPER_IPC_HANDLERS_H
#define AUTH_HELPER_IPC_HANDLERS_H

#include "common/ipc.h"

#define HANDLERS_SECONDS 40

struct event_base;

/* Takes over fd, the channel to master, and says READY. */
void ipc_handlers_start(struct event_base *base, int fd,
    enum ipc_verify_kind kind);
void ipc_handlers_stop(void);

#endif
