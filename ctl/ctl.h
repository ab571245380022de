/* SPDX-License-Identifier: ISC
 *
 * posternctl: what main.c and the verbs share. A verb is a row of the table in
 * main.c; one file for each group of them.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct conf;
struct ipc_chan;

/* Exit codes; those that sysexits.h has, have its numbers. */
#define CTL_FAILED 1       /* fsck and the like: there are problems */
#define CTL_USAGE 64       /* EX_USAGE */
#define CTL_NO_USER 67     /* EX_NOUSER */
#define CTL_NOT_RUNNING 69 /* EX_UNAVAILABLE */
#define CTL_NOT_DONE 70    /* EX_SOFTWARE: a task could not be done */
#define CTL_LATER 75       /* EX_TEMPFAIL */
#define CTL_BAD_CONFIG 78  /* EX_CONFIG */

struct ctl {
	const char *config; /* --config; NULL: the default */
	const char *socket; /* --socket; NULL: as the config says */
	const char *home;   /* --home; NULL: none */
	bool json;          /* --json */
	bool from_stdin;    /* --stdin */
	bool all;           /* --all */
	const char *mailbox; /* --mailbox; NULL: none */
	bool dry_run;       /* --dry-run */
};

/* args: what follows the verb, n of them; n is within the row's limits. The
 * result is the exit code. */
typedef int ctl_verb_fn(const struct ctl *ctl, size_t n, char **args);

/* runtime.c: asked of the running server */
ctl_verb_fn ctl_status, ctl_who, ctl_kick, ctl_reload, ctl_stop;
/* task.c: done by the worker of each user */
ctl_verb_fn ctl_du, ctl_fsck, ctl_rebuild, ctl_stats;
/* export.c */
ctl_verb_fn ctl_export;
/* import.c */
ctl_verb_fn ctl_import;
/* config.c */
ctl_verb_fn ctl_config_check, ctl_config_dump;
/* users.c: the passwd-file */
ctl_verb_fn ctl_passwd, ctl_user_add, ctl_user_del, ctl_user_list;

/* The configuration, or NULL when what is wrong with it has been printed. */
struct conf *ctl_load_config(const struct ctl *ctl);

/* --- connect.c --- */

/* A connection to the control socket, or -1 with the exit code; what is wrong
 * has been said. */
int ctl_connect(const struct ctl *ctl, int *exit_code_r);
/* Says that no answer came over this channel. */
void ctl_no_answer(const struct ipc_chan *chan);

/* --- all_users.c --- */

/* Adds the names of all users the server knows, each with a NUL. 0, or the exit
 * code; what is wrong has been said. */
int ctl_all_users(const struct ctl *ctl, struct buf *names);

/* --- print.c --- */

/* "posternctl: text" on standard error. */
void ctl_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A string as JSON, with its quotes. */
void ctl_print_json(const char *s);
/* At least width columns; bytes a terminal could take for commands become
 * \xNN. */
void ctl_print_column(const char *s, int width);
/* Seconds since 1970 as 2026-11-23T10:15:02Z, quoted for JSON where wanted. */
void ctl_print_time(unsigned long long t, bool json);

#endif
