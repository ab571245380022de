/* SPDX-License-Identifier: ISC
 *
 * Tickets: proof, handed to imap-login and redeemed by master, that a login
 * succeeded. 128 random bits, usable once, for 30 seconds, and only for the
 * login process (its child number) whose channel it was issued on. A ticket
 * shown by another child is destroyed.
 *
 * The bits lie in locked memory and are wiped when used or expired; they are
 * found through a keyed hash and compared in constant time. The number of
 * tickets is bounded; all memory is taken at start.
 */
#ifndef AUTH_TICKETS_H
#define AUTH_TICKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/userdb.h"
#include "common/ipc.h"

#define TICKETS_SECONDS 30

struct tickets;

/* max: most tickets alive at once. */
struct tickets *tickets_new(size_t max);
void tickets_free(struct tickets **t);
/* Copies the identity. False: too many are alive. The caller wipes its copy
 * of the ticket. */
bool tickets_issue(struct tickets *t, uint32_t child,
    const struct identity *who, uint64_t now_ms,
    unsigned char ticket_r[IPC_TICKET_SIZE]);
/* True: the ticket was good; who_r is the caller's to identity_clear(). Good
 * or not, a ticket that was found is gone afterwards. */
bool tickets_redeem(struct tickets *t, uint32_t child,
    const unsigned char *ticket, size_t len, uint64_t now_ms,
    struct identity *who_r);
/* How many are alive. */
size_t tickets_count(const struct tickets *t);

#endif
