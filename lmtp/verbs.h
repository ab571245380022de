/* SPDX-License-Identifier: ISC
 *
 * What each LMTP command does (RFC 2033 §4), and auth's answer to RCPT.
 */
#ifndef LMTP_VERBS_H
#define LMTP_VERBS_H

#include <stddef.h>

#include "common/ipc.h"

struct session;

/* One line, without its CRLF, in state COMMAND. */
void verbs_run(struct session *s, const char *line, size_t len);
/* RCPT_RESULT, in state RCPT_WAIT. */
void verbs_rcpt_result(struct session *s, enum ipc_status status,
    const char *user, const char *detail);
/* Counts an error of the client; after too many it is told to go. */
void verbs_error(struct session *s, const char *reply);

#endif
