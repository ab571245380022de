/* SPDX-License-Identifier: ISC
 *
 * A whole message to each of its recipients: one DELIVERY each, all at once,
 * each with a descriptor of the same sealed memory; one reply each, in the
 * order of RCPT (RFC 2033 §4.2).  Two recipients of one user are two
 * deliveries.
 */
#ifndef LMTP_DELIVER_H
#define LMTP_DELIVER_H

#include <stdint.h>

struct session;

/* The message is complete; in state DATA. */
void deliver_start(struct session *s);
/* DELIVERY_RESULT with this id, in state DELIVER. */
void deliver_result(struct session *s, uint32_t id, uint32_t code,
    const char *text);
/* Every recipient without a result gets this reply. */
void deliver_give_up(struct session *s, const char *reply);

#endif
