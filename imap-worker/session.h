/* SPDX-License-Identifier: ISC
 *
 * One IMAP connection of this worker's user: input is cut into commands, which
 * run one after the other; output waits until the worker has made durable what it
 * tells of.
 *
 * states      AUTHENTICATED --SELECT--> SELECTED --CLOSE etc.--> AUTHENTICATED
 *             any --LOGOUT, BYE, client gone--> ENDING (freed at the turn's end)
 * transitions SELECTED is `view != NULL`, set only by session_select();
 *             ENDING is `ending`, set only by session_end().
 */
#ifndef WORKER_SESSION_H
#define WORKER_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "cmd.h"
#include "common/buf.h"
#include "common/imap/framer.h"
#include "output.h"
#include "store/store.h"

struct worker;
struct view;
struct append_spool;

struct session {
	struct worker *worker;      /* borrowed */
	struct session *next;
	uint32_t id;                /* master's number for it */
	char *name;                 /* own; the session id in log lines */
	char *addr;                 /* own */
	int fd;
	struct event *readable;     /* own */
	struct event *writable;     /* own; made when first needed */
	struct imap_framer framer;
	struct buf input;           /* bytes read but not yet framed */
	struct output out;
	struct view *view;          /* own; the selected mailbox */
	struct append_spool *spool; /* own; literals of the running APPEND */
	size_t append_at;           /* its last message, in the framer's text */
	struct cmd cmd;
	time_t last_input;
	uint64_t bytes_in;
	unsigned bad_commands;      /* in a row */
	bool condstore;             /* enabled (RFC 7162 §3.1) */
	bool eof;                   /* the client closed its side */
	bool ending;
	bool touched;               /* look at it at the end of the turn */
	bool refused;               /* the reply to a refused literal was written */
};

/* Takes over fd. tag: of the LOGIN or AUTHENTICATE that led here; pending: bytes
 * the client sent behind it. */
struct session *session_new(struct worker *w, uint32_t id, const char *name,
    const char *addr, int fd, const char *tag, const unsigned char *pending,
    size_t pending_len);
/* Sets *s to NULL. Only the worker's turn end calls this. */
void session_free(struct session **s);
/* Says no more and goes, once what is queued has been sent. bye: text of an
 * untagged BYE, or NULL. */
void session_end(struct session *s, const char *bye);
/* The turn is over and durable: tells news to an idling client, sends, and goes on
 * with commands that waited for output to drain. */
void session_turn_end(struct session *s);
/* Is there something to tell a client that idles? */
bool session_has_news(const struct session *s);
/* Marks the session to be looked at at the end of this turn. */
void session_touch(struct session *s);
/* Leaves the selected mailbox, enters another (view may be NULL). */
void session_select(struct session *s, struct view *view);

/* The literal just announced, by the running command's text so far (cmd/append.c). */
enum append_literal {
	APPEND_LITERAL_KEEP,    /* not a message: an ordinary argument */
	APPEND_LITERAL_SPOOL,   /* a message: goes to s->spool, which is ready */
	APPEND_LITERAL_REFUSED, /* the tagged reply was written */
};
enum append_literal append_literal(struct session *s);

/* --- replies (reply.c) ------------------------------------------------------- */

/* Untagged data: append to this buffer, "* " and CRLF included. */
struct buf *session_out(struct session *s);
/* The tagged reply; what the client must hear first (sync.c) is written before
 * it. code: "APPENDUID 1 2" without brackets, or NULL. */
enum cmd_result reply_ok(struct session *s, const char *code, const char *text);
enum cmd_result reply_no(struct session *s, const char *code, const char *text);
enum cmd_result reply_bad(struct session *s, const char *text);
/* Maps a store error to NO and its response code (RFC 5530); STORE_OK is a bug.
 * trycreate: a missing mailbox is answered with TRYCREATE. */
enum cmd_result reply_store_error(struct session *s, enum store_err e,
    bool trycreate);

#endif
