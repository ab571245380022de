/* SPDX-License-Identifier: ISC
 *
 * Between proc.c (who and when), proc_home.c (the way to a user's folder),
 * proc_landlock.c (which files) and proc_seccomp.c (which system calls).
 */
#ifndef COMMON_PROC_PRIVATE_H
#define COMMON_PROC_PRIVATE_H

#include "common/proc.h"

/* --- proc_landlock.c --- */

/* ABI of this kernel; 0: none. Asked once. */
int proc_landlock_abi(void);

/* An opened ruleset: folders are looked up when it is made, which may be
 * before a chroot, and it holds from proc_landlock_enter() on. -1: no
 * landlock here. */
int proc_landlock_new(void);
/* Allows reading, or reading and writing, beneath the folder `fd`. For a file:
 * that file only. */
void proc_landlock_allow_fd(int ruleset, int fd, bool write);
/* The same by path; one that is not there is left out. */
void proc_landlock_allow_path(int ruleset, const char *path, bool write);
/* Needs no_new_privs. Closes ruleset; -1 does nothing. */
void proc_landlock_enter(int ruleset);

/* --- proc_seccomp.c --- */

/* Builds the filter for id, so that loading it later costs one call. */
void proc_seccomp_prepare(enum proc_id id);
/* Loads it, building it where that was not done. Needs no_new_privs, or
 * root. */
void proc_seccomp_load(enum proc_id id);

/* --- proc_home.c --- */

struct proc_home {
	int fd;           /* the last folder that is there, O_PATH */
	const char *rest; /* what is still to be made below it; "" nothing */
};
/* The part done as root: follows the path from / without symbolic links, makes
 * what is missing below folders that are root's alone. False: *error_r. */
bool proc_home_walk(struct proc_home *h, const char *home, uid_t uid, gid_t gid,
    const char **error_r);
/* The part done as the user: makes the rest, checks owner and mode, and leaves
 * in h->fd the home itself. */
bool proc_home_finish(struct proc_home *h, const char *home, uid_t uid,
    const char **error_r);
void proc_home_clear(struct proc_home *h);

/* --- proc.c --- */

const char *proc_name(enum proc_id id);

#endif
