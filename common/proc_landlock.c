/* SPDX-License-Identifier: ISC
 *
 * Landlock (Linux 5.13 and later): from a point on, this process may open only
 * what lies beneath the folders named here, may neither bind nor connect TCP
 * sockets, nor reach abstract unix sockets or send signals outside. Everything
 * this kernel knows to restrict is restricted; what it does not know is left
 * out. It adds to the file permissions and to chroot, and works without root.
 *
 * By raw system calls, as the C library has no wrappers; rights newer than the
 * installed header are spelled out below.
 */
#include "common/proc_private.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/log.h"

/* linux/landlock.h as of ABI 7; sizes and values are fixed by the kernel. */
#define FS_EXECUTE     (1ull << 0)
#define FS_WRITE_FILE  (1ull << 1)
#define FS_READ_FILE   (1ull << 2)
#define FS_READ_DIR    (1ull << 3)
#define FS_REMOVE_DIR  (1ull << 4)
#define FS_REMOVE_FILE (1ull << 5)
#define FS_MAKE_DIR    (1ull << 7)
#define FS_MAKE_REG    (1ull << 8)
#define FS_REFER       (1ull << 13) /* ABI 2 */
#define FS_TRUNCATE    (1ull << 14) /* ABI 3 */
#define FS_IOCTL_DEV   (1ull << 15) /* ABI 5 */
#define NET_BIND_TCP    (1ull << 0) /* ABI 4 */
#define NET_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ull << 0) /* ABI 6 */
#define SCOPE_SIGNAL               (1ull << 1)

#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH      1

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* ABI 4 */
	uint64_t scoped;             /* ABI 6 */
};
struct path_beneath_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

int
proc_landlock_abi(void)
{
	static int abi = -1;

	if (abi < 0) {
		abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
		    CREATE_RULESET_VERSION);
		if (abi < 0)
			abi = 0;
	}
	return abi;
}

/* Every right on files this kernel can take away. */
static uint64_t
landlock_fs_all(void)
{
	int abi = proc_landlock_abi();

	if (abi >= 5)
		return (FS_IOCTL_DEV << 1) - 1;
	if (abi >= 3)
		return (FS_TRUNCATE << 1) - 1;
	if (abi == 2)
		return (FS_REFER << 1) - 1;
	return FS_REFER - 1;
}

int
proc_landlock_new(void)
{
	struct ruleset_attr attr = { .handled_access_fs = landlock_fs_all() };
	size_t size = sizeof(attr.handled_access_fs);
	int abi = proc_landlock_abi(), fd;

	if (abi == 0)
		return -1;
	if (abi >= 4) {
		attr.handled_access_net = NET_BIND_TCP | NET_CONNECT_TCP;
		size = offsetof(struct ruleset_attr, scoped);
	}
	if (abi >= 6) {
		attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
		size = sizeof(attr);
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0)
		log_fatal(EX_OSERR, "proc: landlock: no ruleset: %m");
	return fd;
}

void
proc_landlock_allow_fd(int ruleset, int fd, bool write)
{
	struct path_beneath_attr rule = { .parent_fd = fd };
	uint64_t files = FS_READ_FILE, folders = FS_READ_DIR;
	struct stat st;

	if (ruleset < 0)
		return;
	if (write) {
		files |= FS_WRITE_FILE | FS_TRUNCATE;
		folders |= FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR |
		    FS_MAKE_REG | FS_REFER;
	}
	if (fstat(fd, &st) != 0)
		log_fatal(EX_OSERR, "proc: landlock: cannot stat: %m");
	rule.allowed_access = (S_ISDIR(st.st_mode) ? files | folders : files) &
	    landlock_fs_all();
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule,
	    0) != 0)
		log_fatal(EX_OSERR, "proc: landlock: cannot add a rule: %m");
}

void
proc_landlock_allow_path(int ruleset, const char *path, bool write)
{
	int fd;

	if (ruleset < 0)
		return;
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0) {
		log_debug("proc: landlock: left out: %s: %m", path);
		return;
	}
	proc_landlock_allow_fd(ruleset, fd, write);
	close(fd);
}

void
proc_landlock_enter(int ruleset)
{
	if (ruleset < 0)
		return;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		log_fatal(EX_OSERR, "proc: landlock: cannot restrict: %m");
	close(ruleset);
}
