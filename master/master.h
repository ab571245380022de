/* SPDX-License-Identifier: ISC
 *
 * The state of the master, and what the program as a whole can do: start,
 * reload, stop. The master is root and stays root; it parses nothing that comes
 * from the network, links no TLS and no database, and believes its children
 * only what the table of messages lets them say.
 */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "master/children.h"
#include "master/control.h"
#include "master/listeners.h"
#include "master/workers.h"

struct conf;
struct event;
struct event_base;

/* exit codes besides 0 (sysexits.h) */
#define MASTER_EXIT_USAGE 64
#define MASTER_EXIT_OS 71
#define MASTER_EXIT_CONFIG 78

struct master {
	struct event_base *base;
	struct conf *conf;     /* own; replaced by a reload */
	const char *conf_path; /* as given, NULL for the default */
	const char *libexec;
	const char *pid_file;  /* NULL: none */
	bool check;            /* only check the configuration */
	bool root;
	bool stopping;
	bool announced;        /* all children were ready once */
	int exit_code;
	time_t started;
	uint32_t last_id;      /* of questions and jobs, in messages */
	gid_t control_gid;     /* (gid_t)-1: no control group */
	uid_t virtual_uid;     /* of conf->virtual_user; -1: there is none */
	gid_t virtual_gid;
	struct event *signals[4];
	struct event *stop_timer;
	struct children children;
	struct listeners listeners;
	struct workers workers;
	struct control control;
};

/* Loads the configuration (fatal with 78 where it is wrong) and resolves the
 * users and groups it names. */
void master_configure(struct master *m);
/* Log, state folder, pid file, listeners, control socket: fatal where one
 * cannot be had. */
void master_open(struct master *m);
/* Signal handlers and the first generation of children. */
void master_start(struct master *m);
/* Loads the configuration again and moves to a new generation of children.
 * NULL, or why the old configuration stays (malloc'ed). */
char *master_reload(struct master *m);
/* Begins to stop everything; the loop ends when all have gone, at most about
 * two seconds later. */
void master_stop(struct master *m, int exit_code);
/* Ends the loop if we are stopping and the last process has gone. */
void master_check_stopped(struct master *m);
/* Removes what lies in the file system and frees everything. */
void master_close(struct master *m);
/* A number for a question or a job: never 0, not used twice within 2^32. */
uint32_t master_next_id(struct master *m);
/* May a worker run as this uid and gid, in this home? NULL, or why not. */
const char *master_identity_wrong(const struct master *m, uid_t uid, gid_t gid,
    const char *home);

#endif
