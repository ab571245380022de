/* SPDX-License-Identifier: ISC
 *
 * What a process may do: one row for each of our programs, and the one function
 * that makes it so. proc_enter() is the only caller of the code that drops root
 * for the daemons; proc_become_user() the same for a worker that takes its
 * user's uid. master never drops (and says so in its head).
 *
 * As root: chroot (where the row says so), setgroups, setresgid, setresuid, a
 * check that root cannot be had again (panics if it can), no_new_privs, no core
 * dumps and not dumpable, landlock (the best ABI this kernel has), seccomp (an
 * allow-list; a miss kills the process, and a SIGSYS handler cannot be used for
 * it, so the kernel's audit line or the parent's log line names the syscall).
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

/* Paths a process may still open after the jail is shut; ends with NULL path. */
struct proc_path {
	const char *path;
	bool write;
};

struct proc_jail {
	enum proc_id id;
	/* names from the config; uid/gid < 0: not root, keep */
	uid_t uid;
	gid_t gid;
	const char *chroot;              /* an empty root-owned folder; NULL: none */
	const struct proc_path *paths;   /* landlock; NULL: nothing at all */
	const int *keep_fds;             /* besides 0-3; ends with -1; NULL: none */
};

/* Descriptor of the channel to master in every child. */
#define PROC_MASTER_FD 3

/* First thing in main(): opens /dev/null for missing 0-2, sets umask 077, ignores
 * SIGPIPE, notes whether we run as root, title, RLIMIT_CORE 0. */
void proc_start(enum proc_id id, int argc, char **argv);
bool proc_is_root(void);
/* Shuts the jail; logs and exits where any step that must hold does not. */
void proc_enter(const struct proc_jail *jail);
/* For a spare worker (forked from the nursery, still root when we run as root):
 * prepares `home` (made if its parent is root's, owner uid:gid, mode 0700),
 * drops to uid:gid, then landlock on home only, and seccomp without socket,
 * connect or exec. False with a text when the home cannot be had; anything else
 * that fails ends the process. */
bool proc_become_user(const char *user, uid_t uid, gid_t gid, const char *home,
    const char **error_r);
/* Sets what ps shows: "imap-worker: alice". */
void proc_title(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
