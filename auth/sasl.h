/* SPDX-License-Identifier: ISC
 *
 * The server side of SASL exchanges, spoken by libgsasl. Each mechanism is a
 * row of the table in sasl.c. A password mechanism (PLAIN, RFC 4616; LOGIN)
 * ends in credentials, which the caller has checked by whoever knows; that is
 * why libgsasl's own validation always says yes, and a mechanism for which that
 * is not true must never be given the SASL_PASSWORD kind.
 *
 * libgsasl is never told of any file and gets no property it could compare
 * with. The credentials in its memory are wiped before it frees them; its inner
 * scratch copies it frees itself, unwiped, in this jailed process.
 */
#ifndef AUTH_SASL_H
#define AUTH_SASL_H

#include <stdbool.h>
#include <stddef.h>

#define SASL_MESSAGE_MAX 2048 /* one client message, decoded */

struct sasl;
struct sasl_exchange;

enum sasl_kind {
	SASL_PASSWORD, /* the client sends its password as it is */
};

struct sasl_mech {
	const char *name;
	enum sasl_kind kind;
	bool server_first; /* the server speaks first (RFC 4422 §3) */
};

enum sasl_result {
	SASL_CHALLENGE,   /* *out_r goes to the client */
	SASL_CREDENTIALS, /* sasl_user() and its kin have what was sent */
	SASL_MALFORMED,   /* not this mechanism's language, or too long */
};

/* NULL: libgsasl cannot start, or lacks a mechanism of the table. */
struct sasl *sasl_new(void);
void sasl_free(struct sasl **s);
/* By its name, in any case; NULL: not offered. */
const struct sasl_mech *sasl_find(const char *name);
/* The exchange is over when sasl_step() answers other than SASL_CHALLENGE. */
struct sasl_exchange *sasl_start(struct sasl *s, const struct sasl_mech *mech);
void sasl_exchange_free(struct sasl_exchange **x);
/* in: the client's next message; NULL: it sent none with its command. *out_r
 * lives until the next step. */
enum sasl_result sasl_step(struct sasl_exchange *x, const void *in, size_t len,
    const void **out_r, size_t *out_len_r);
/* After SASL_CREDENTIALS; "" where the client left it out, but for an authzid
 * of PLAIN, which is then the user. They live as long as the exchange. */
const char *sasl_user(const struct sasl_exchange *x);
const char *sasl_authzid(const struct sasl_exchange *x);
const char *sasl_password(const struct sasl_exchange *x);

#endif
