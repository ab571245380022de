/* SPDX-License-Identifier: ISC
 *
 * What a process may do: one row for each of our programs, and the one function
 * that makes it so. proc_enter() is the only caller of the code that drops root
 * for the daemons; proc_become_user() the same for a worker that takes its
 * user's uid. master never drops (and says so in its head).
 *
 * As root: chroot (where the row says so), setgroups, setresgid, setresuid, no
 * capabilities, a check that root cannot be had again (panics if it can),
 * no_new_privs, no core dumps and not dumpable, landlock (the best ABI this
 * kernel has), seccomp (an allow-list: what is not in it does not happen, the
 * name of the call is logged, and the process dies of SIGSYS).
 * As an ordinary user: the same without chroot and uid change.
 * Every descriptor not named by the caller is closed.
 */
#ifndef COMMON_PROC_H
#define COMMON_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum proc_id {
	PROC_MASTER,
	PROC_LOGIN,
	PROC_AUTH,
	PROC_HELPER,     /* hashes: runs as auth's user */
	PROC_HELPER_PAM, /* stays root where it started as root */
	PROC_LMTP,
	PROC_NURSERY,
	PROC_WORKER,
};

/* Paths a process may still open after the jail is shut; ends with NULL path. A
 * folder stands for all below it, a file for itself only: for one that may be
 * made later, or replaced by rename, name its folder. What is not there is left
 * out. */
struct proc_path {
	const char *path;
	bool write;
};

struct proc_jail {
	enum proc_id id;
	/* names from the config; uid/gid < 0: not root, keep */
	uid_t uid;
	gid_t gid;
	const char *chroot;              /* empty, root's; NULL: none */
	const struct proc_path *paths;   /* landlock; NULL: nothing at all;
	                                    no use to NURSERY, HELPER_PAM */
	const int *keep_fds;             /* besides 0-3; ends with -1 */
};

/* Descriptor of the channel to master in every child. */
#define PROC_MASTER_FD 3

/* First thing in main(): opens /dev/null for missing 0-2, sets umask 077,
 * ignores SIGPIPE, notes whether we run as root, title, RLIMIT_CORE 0. Makes
 * argv's strings copies, as proc_title() writes where they were. */
void proc_start(enum proc_id id, int argc, char **argv);
bool proc_is_root(void);
/* The ids of a system user; setting: its name in the configuration. Exits with
 * a log line where there is no such user, or where it is root. */
void proc_system_user(const char *setting, const char *name, uid_t *uid_r,
    gid_t *gid_r);
/* Shuts the jail; logs and exits where any step that must hold does not. */
void proc_enter(const struct proc_jail *jail);
/* For a spare worker (forked from the nursery, still root when we run as root):
 * prepares `home`, drops to uid:gid, then landlock on home only (and, reading,
 * the C library's character set converters, so that iconv works), and seccomp
 * without socket, connect or exec.
 *
 * home is followed from / without symbolic links. What is missing is made, as
 * root (0755, the last one uid:gid 0700) below folders that only root can
 * change, or as the user (0700) below the user's own. The home must be the
 * user's and not writable by others.
 *
 * False with a static text when the home cannot be had: the process may no
 * longer be root then, and has nothing left to do but say so and exit.
 * Anything else that fails ends it. As an ordinary user uid must be our own. */
bool proc_become_user(const char *user, uid_t uid, gid_t gid, const char *home,
    const char **error_r);
/* Sets what ps shows, all of it: "imap-worker: alice". */
void proc_title(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
