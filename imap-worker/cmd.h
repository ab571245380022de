/* SPDX-License-Identifier: ISC
 *
 * A command of the authenticated or selected state. Each file in cmd/ declares
 * one entry (a few closely related ones share a file); cmd_table.c is the index.
 *
 * parse reads the arguments into a request in the command's arena: pure, no store
 * call. run does it; it may return CMD_AGAIN after a slice of work or when enough
 * output is queued, and is called again with its state in req. free (may be NULL)
 * gives back what req holds outside the arena; it is called exactly once, also
 * when the session ends in the middle.
 */
#ifndef WORKER_CMD_H
#define WORKER_CMD_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/imap/parse.h"

struct session;
struct cmd;

enum cmd_result {
	CMD_DONE,  /* the tagged reply was written */
	CMD_AGAIN, /* call run again, when output has drained */
	CMD_WAIT,  /* nothing to do until something happens (IDLE) */
};

#define CMD_ANY 0x01       /* in every state */
#define CMD_SELECTED 0x02  /* needs a selected mailbox */
#define CMD_WRITES 0x04    /* not in a mailbox opened by EXAMINE */
#define CMD_NO_EXPUNGE 0x08 /* no EXPUNGE with it, unless as UID command
                               (RFC 3501 §7.4.1) */
#define CMD_UID 0x10       /* there is a UID form */
#define CMD_ROWS 0x20      /* asks for messages: the rows are read before */

struct imap_cmd {
	const char *name;
	unsigned flags;
	/* False: BAD with p->error, or a tagged reply was already written. */
	bool (*parse)(struct session *s, struct cmd *c, struct imap_parser *p);
	enum cmd_result (*run)(struct session *s, struct cmd *c);
	void (*free)(struct cmd *c);
};

struct cmd {
	const struct imap_cmd *def; /* NULL: no command is running */
	const char *tag;            /* arena */
	bool uid;                   /* came as UID ... */
	bool replied;               /* the tagged reply was written */
	bool waiting;               /* CMD_WAIT */
	struct arena arena;         /* reset after the reply */
	void *req;                  /* the command's own, in the arena */
};

/* NULL for an unknown name. Without case. */
const struct imap_cmd *cmd_table_lookup(const char *name, bool uid);

#endif
