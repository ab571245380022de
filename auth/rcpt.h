/* SPDX-License-Identifier: ISC
 *
 * Whose mailbox an LMTP recipient is. "user+detail@domain" is tried in this
 * order, the first user that exists wins:
 *
 *   1 the whole local part, as it is and in small letters (RFC 5321 §2.4
 *     leaves the case to us, and a user may have the delimiter in its name)
 *   2 the part before the first delimiter, the same way; the rest is the detail
 *   3 with no default domain configured, where users are plain names: 1 and 2
 *     without the domain (which domains come here at all is the MTA's business)
 *
 * The address may have a quoted local part (RFC 5321 §4.1.2).
 */
#ifndef AUTH_RCPT_H
#define AUTH_RCPT_H

#include <stddef.h>

#include "auth/userdb.h"
#include "common/user.h"

#define RCPT_TRIES 8

struct rcpt_op;

struct rcpt_try {
	char user[USER_MAX + 1]; /* normalized */
	char detail[USER_MAX + 1];
};

/* Fills tries in order, without repeats, and answers how many; 0: not an
 * address. delimiter: '\0' for none. */
size_t rcpt_parse(const char *address, char delimiter,
    const char *default_domain, struct rcpt_try tries[RCPT_TRIES]);

/* status: IPC_OK, IPC_NO_SUCH_USER, IPC_UNAVAILABLE; user and detail only with
 * IPC_OK, else "". */
typedef void rcpt_fn(void *ctx, enum ipc_status status, const char *user,
    const char *detail);

/* Calls fn exactly once: before returning, and then the answer is NULL, or
 * later, unless cancelled first. */
struct rcpt_op *rcpt_check(struct userdb *db, const char *address,
    char delimiter, const char *default_domain, rcpt_fn *fn, void *ctx);
/* Sets *op NULL; accepts NULL. */
void rcpt_cancel(struct rcpt_op **op);

#endif
