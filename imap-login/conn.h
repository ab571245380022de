/* SPDX-License-Identifier: ISC
 *
 * One connection from accept to login.  Everything a stranger can send is
 * handled here, in cmd/ and in exchange.c; nothing of it is believed.
 *
 * States; conn_set_state() is the only place that changes them, conn_run() the
 * only one that acts on them and frees:
 *
 *   HANDSHAKE  TLS is being set up. Reached at once on an imaps listener, from
 *              STARTTLS on the others. What is read goes to OpenSSL only.
 *              -> COMMAND (imaps: after the greeting)
 *   COMMAND    commands are read, cut (common/imap/framer) and run one by one.
 *              -> AUTH_WAIT (LOGIN, AUTHENTICATE), STARTTLS, CLOSING (LOGOUT)
 *   AUTH_WAIT  auth has been asked; nothing is read until it answers.
 *              -> SASL (challenge), HANDOFF (ticket), COMMAND (refused)
 *   SASL       the next line is the client's SASL message.
 *              -> AUTH_WAIT, COMMAND (cancelled)
 *   HANDOFF    master has ticket and socket; nothing is read or written, the
 *              worker may be the socket's owner by now.
 *              -> DEAD (taken over), COMMAND (refused)
 *   STARTTLS   its OK is being sent; the client's bytes that came before the
 *              handshake are forgotten: they were not protected.
 *              -> HANDSHAKE
 *   CLOSING    the last words are being sent. -> DEAD (farewell.c takes over)
 *   DEAD       to be freed.
 *
 * In every state but DEAD the login timer may bring CLOSING, a dead peer DEAD.
 */
#ifndef IMAP_LOGIN_CONN_H
#define IMAP_LOGIN_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/client.h"
#include "common/imap/framer.h"
#include "imap-login/io.h"

#define CONN_MAX_FAILURES 10   /* refused logins, then BYE */
#define CONN_MAX_ERRORS 20     /* bad commands, then BYE */

struct login;
struct sockaddr;

enum conn_state {
	CONN_HANDSHAKE,
	CONN_COMMAND,
	CONN_AUTH_WAIT,
	CONN_SASL,
	CONN_HANDOFF,
	CONN_STARTTLS,
	CONN_CLOSING,
	CONN_DEAD,
};

struct conn {
	LIST_ENTRY(conn) others;
	struct conn *next_asking;  /* chain of login->asking */
	struct login *login;       /* borrowed */
	struct io io;
	struct client client;
	enum conn_state state;
	bool greeted, loopback, eof;
	uint64_t block;            /* counted in login->blocks */
	unsigned failures, errors;
	struct buf out;            /* to be sent */
	struct buf in;             /* read, and to be used later */
	struct imap_framer framer;
	struct arena arena;        /* of the command under way */
	const char *tag;           /* arena; of the command under way */
	/* of the exchange under way (exchange.c, handoff.c) */
	uint32_t request;          /* question under way; 0: none */
	const char *mech;          /* static */
	bool from_login;           /* LOGIN command: no challenges */
	struct buf sasl;           /* the line so far; wiped */
	char *user;                /* own; whom auth named */
	int relay_fd;              /* own; our end towards the worker, or -1 */
};

/* listener_accept_fn; ctx is the struct login. */
void conn_accept(int fd, const struct sockaddr *peer, uint8_t protocol,
    void *ctx);
void conn_free_all(struct login *l);

/* --- for commands, exchange.c and handoff.c ----------------------------- */

/* Only states; what follows from them happens in conn_run(). */
void conn_set_state(struct conn *c, enum conn_state state);
/* Goes on after an answer came from outside. May free c. */
void conn_run(struct conn *c);
/* "tag STATUS [code] text"; code may be "" or NULL. Control bytes in code and
 * text become "?". */
void conn_reply(struct conn *c, const char *status, const char *code,
    const char *text);
/* One whole untagged or continuation line, without its CRLF. */
void conn_line(struct conn *c, const char *line);
/* Says BYE and closes. */
void conn_bye(struct conn *c, const char *code, const char *text);
/* May this client send a password? Under TLS, from this host, or allowed. */
bool conn_may_login(const struct conn *c);

/* Notes that c waits for an answer with this id, or (0) for none. */
void conn_set_request(struct conn *c, uint32_t id);
/* Who waits for it; NULL: nobody (any more). */
struct conn *conn_by_request(struct login *l, uint32_t id);

/* The one who would answer is gone: whoever waits in `state` gets
 * NO [UNAVAILABLE]. */
void conn_peer_lost(struct login *l, enum conn_state state);
/* BYE to every connection. */
void conn_bye_all(struct login *l, const char *code, const char *text);

#endif
