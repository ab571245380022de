/* SPDX-License-Identifier: ISC
 *
 * The commands known before login.  One file each in cmd/; cmd_table.c is the
 * index.  No mailbox word is among them: a client that has not logged in talks
 * to a process that knows of none.
 */
#ifndef IMAP_LOGIN_CMD_H
#define IMAP_LOGIN_CMD_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/imap/parse.h"
#include "common/secret.h"

struct conn;

/* What parse() found, for run(). */
struct cmd_req {
	const char *mech;      /* arena; AUTHENTICATE */
	struct secret *secret; /* own; initial response; NULL: none came */
	const char *client;    /* arena; ID: what it says of itself, or NULL */
};

struct cmd {
	const char *name;
	/* Pure: arguments to req, from the space after the name on. False with
	 * p->error set. What follows its last argument is checked by the
	 * caller. */
	bool (*parse)(struct imap_parser *p, struct cmd_req *req);
	void (*run)(struct conn *c, struct cmd_req *req);
};

extern const struct cmd cmd_authenticate, cmd_capability, cmd_id, cmd_login,
    cmd_logout, cmd_noop, cmd_starttls;

/* Without case; NULL: no such command here. */
const struct cmd *cmd_table_lookup(const char *name);
/* parse() of a command without arguments. */
bool cmd_table_parse_none(struct imap_parser *p, struct cmd_req *req);

/* The words of CAPABILITY that hold for c now, with spaces between. */
void cmd_capability_list(const struct conn *c, struct buf *out);
/* The static upper-case name of a mechanism we offer, or NULL. */
const char *cmd_authenticate_mech(const char *name);
/* Appends " AUTH=..." of each mechanism. */
void cmd_authenticate_list(struct buf *out);

#endif
