/* SPDX-License-Identifier: ISC
 *
 * One row for each kind of process: what it is called, what is executed, as
 * whom it ends up running, which roles it may ever have a channel to, how many
 * there are and what happens when one ends. children.c starts processes from
 * these rows; a unit test holds `peers` against the table of messages.
 */
#ifndef MASTER_PROC_TABLE_H
#define MASTER_PROC_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/proc.h"

struct conf;

enum proc_user {
	PROC_USER_ROOT,  /* root where the master is root */
	PROC_USER_LOGIN, /* login-user, auth-user, lmtp-user of the config */
	PROC_USER_AUTH,
	PROC_USER_LMTP,
	PROC_USER_OWNER, /* the owner of the mail */
};

enum proc_restart {
	PROC_RESTART_NEVER,  /* the master itself; workers */
	PROC_RESTART_ALWAYS, /* at once; with back-off when it dies young */
};

struct proc_row {
	enum proc_id id;
	const char *name;        /* in the log and in posternctl */
	const char *program;     /* in LIBEXECDIR; NULL: we do not execute it */
	const char *const *args; /* after --config FILE; ends with NULL */
	enum proc_user user;
	bool chroot;             /* into an empty folder, when root */
	const char *sandbox;     /* what the jail leaves it, in words */
	unsigned role;           /* IPC_R_* */
	unsigned peers;          /* roles it has channels to */
	enum proc_restart restart;
	/* how many there are under this config */
	unsigned (*instances)(const struct conf *conf);
};

/* All rows; *n_r is their number. */
const struct proc_row *proc_table(size_t *n_r);

#endif
