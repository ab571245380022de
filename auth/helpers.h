/* SPDX-License-Identifier: ISC
 *
 * The pool of auth-helper processes: they answer what may block or takes long
 * (hashes, PAM, NSS). Each gets one question at a time; the others wait in a
 * bounded queue. A question not answered in 30 seconds is answered
 * "unavailable" here, and the helper that sits on it loses its channel (it
 * exits, master starts another). A helper that dies has its question asked once
 * more elsewhere.
 *
 * All helpers of one installation are of the kind the configured passdb needs;
 * NSS questions may go to either kind.
 */
#ifndef AUTH_HELPERS_H
#define AUTH_HELPERS_H

#include <stddef.h>
#include <stdint.h>

#include "common/ipc.h"

#define HELPERS_TIMEOUT_MS 30000
#define HELPERS_QUEUE_MAX 1024
#define HELPERS_PASSWORD_MAX 1024

struct event_base;
struct helpers;
struct helpers_question;

struct helpers_answer {
	/* IPC_OK, IPC_REFUSED, IPC_NO_SUCH_USER, IPC_UNAVAILABLE */
	enum ipc_status status;
	const char *user; /* as the system calls it; "" for no news */
	const char *text; /* a reason, for the log */
	uint32_t uid, gid;
	const char *home;
};

/* Called once, never from within the function that asked; strings live until
 * it returns. */
typedef void helpers_fn(void *ctx, const struct helpers_answer *a);

struct helpers *helpers_new(struct event_base *base, unsigned timeout_ms);
/* Frees the questions without an answer. */
void helpers_free(struct helpers **h);
/* Takes over fd, the channel to a new helper. */
void helpers_add(struct helpers *h, int fd, uint32_t child);
/* Asks whether this password is right (password and verifier are copied into
 * locked memory). NULL: the queue is full. */
struct helpers_question *helpers_verify(struct helpers *h,
    enum ipc_verify_kind kind, const char *service, const char *user,
    const char *addr, const char *password, const char *verifier,
    helpers_fn *fn, void *ctx);
/* Asks the system's user database. NULL: the queue is full. */
struct helpers_question *helpers_lookup(struct helpers *h, const char *user,
    helpers_fn *fn, void *ctx);
/* The asker no longer wants to know. Sets *q NULL; accepts NULL. */
void helpers_cancel(struct helpers_question **q);

#endif
