/* SPDX-License-Identifier: ISC
 *
 * One connection of an MTA: many transactions, one after the other.
 *
 * States; session_set_state() is the only place that changes them,
 * session_run() the only one that acts on them and frees:
 *
 *   COMMAND  lines are read and run one by one (verbs.c); pipelined ones wait
 *            in `in`. -> RCPT_WAIT, DATA, CLOSING (QUIT)
 *   RCPT_WAIT auth has been asked about a recipient; nothing is read.
 *            -> COMMAND
 *   DATA     the message is read into memory (data.c, message.c).
 *            -> DELIVER, or COMMAND where it cannot be kept
 *   DELIVER  master has it, once for each recipient (deliver.c); nothing is
 *            read. Replies go out in the order of RCPT, each as soon as those
 *            before it are known. -> COMMAND
 *   CLOSING  the last reply is being sent. -> DEAD
 *   DEAD     to be freed.
 */
#ifndef LMTP_SESSION_H
#define LMTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/buf.h"
#include "common/client.h"
#include "common/limits.h"
#include "lmtp/command.h"
#include "lmtp/data.h"
#include "lmtp/message.h"

#define SESSION_MAX_ERRORS 20

struct lmtp;
struct sockaddr;

enum session_state {
	SESSION_COMMAND,
	SESSION_RCPT_WAIT,
	SESSION_DATA,
	SESSION_DELIVER,
	SESSION_CLOSING,
	SESSION_DEAD,
};

struct recipient {
	char *address, *user, *detail; /* own */
	char *reply;                   /* own; NULL: not known yet */
};

struct session {
	LIST_ENTRY(session) others;
	struct lmtp *lmtp;             /* borrowed */
	int fd;                        /* own */
	struct client client;
	enum session_state state;
	unsigned errors;
	struct buf out;
	struct buf in;                 /* read, and to be used later */
	struct buf line;               /* a command so far */
	bool line_too_long;
	/* the transaction */
	bool lhlo, has_sender;
	char sender[COMMAND_PATH_SIZE];
	struct recipient recipients[LIMIT_LMTP_RECIPIENTS];
	size_t n_recipients;
	size_t n_replied;              /* in DELIVER */
	enum data_state data;
	struct message message;
	/* questions under way: ids first_id .. first_id + n_ids - 1 */
	uint32_t first_id, n_ids;
	char *asking;                  /* own; the address in RCPT_WAIT */
};

/* listener_accept_fn; ctx is the struct lmtp. */
void session_accept(int fd, const struct sockaddr *peer, uint8_t protocol,
    void *ctx);
void session_free_all(struct lmtp *l);

/* For verbs.c and deliver.c. */
void session_set_state(struct session *s, enum session_state state);
/* One reply line, without CRLF; control bytes become "?". */
void session_reply(struct session *s, const char *text);
/* Forgets sender, recipients, message. */
void session_reset(struct session *s);
/* Takes n consecutive ids for questions; the first. */
uint32_t session_take_ids(struct session *s, uint32_t n);
/* Who asks with this id; NULL: nobody (any more). */
struct session *session_by_id(struct lmtp *l, uint32_t id);
/* Goes on after an answer came from outside. May free it. */
void session_run(struct session *s);

/* What waits for auth or master gets 451. */
void session_auth_lost(struct lmtp *l);
void session_master_lost(struct lmtp *l);
/* Those between two transactions are told to go. */
void session_drain_all(struct lmtp *l);
/* All but those in DELIVER are told to go. */
void session_stop_all(struct lmtp *l);

#endif
