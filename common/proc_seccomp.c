/* SPDX-License-Identifier: ISC
 *
 * Which system calls each of our programs may make: one table, call by program.
 * What is not in it does not happen: the kernel leaves the call out and raises
 * SIGSYS, whose handler writes one log line with the name of the call and ends
 * the process. The line is a courtesy, the filter is the wall: should somebody
 * who took a process over get around the handler, the call has still not been
 * made. The handler cannot be replaced (rt_sigaction on SIGSYS is not allowed),
 * and to block SIGSYS only makes the kernel kill the process at once. Calls of
 * another architecture (32 bit, x32) kill at once too. Nobody gets io_uring,
 * which would pass all of this by.
 *
 * The nursery and the PAM helper have to be able to do what nobody can list
 * (fork workers that change uid; PAM modules): they have a list of calls that
 * are forbidden instead. A worker runs under its own filter and the nursery's.
 *
 * Some calls are only good with certain arguments: rule_args below.
 *
 * A filter is compiled to BPF once and kept in memory; a worker forked from the
 * nursery, which prepared it, only loads it.
 */
#include "common/proc_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"

#define L (1u << PROC_LOGIN)
#define A (1u << PROC_AUTH)
#define H (1u << PROC_HELPER)
#define M (1u << PROC_LMTP)
#define W (1u << PROC_WORKER)
#define N (1u << PROC_NURSERY)    /* a list of what is forbidden */
#define P (1u << PROC_HELPER_PAM) /* a list of what is forbidden */
#define ALL (L | A | H | M | W)

struct rule {
	const char *call;
	unsigned who;
};

/* Allowed. A name this architecture does not have is passed over. */
static const struct rule rules_allow[] = {
	/* memory; mmap and mprotect: see rule_args */
	{ "brk", ALL }, { "madvise", ALL }, { "mlock", ALL },
	{ "mremap", ALL }, { "munlock", ALL }, { "munmap", ALL },
	/* time, waiting, the process itself */
	{ "clock_getres", ALL }, { "clock_getres_time64", ALL },
	{ "clock_gettime", ALL }, { "clock_gettime64", ALL },
	{ "clock_nanosleep", ALL }, { "clock_nanosleep_time64", ALL },
	{ "exit", ALL }, { "exit_group", ALL }, { "futex", ALL },
	{ "futex_time64", ALL }, { "getegid", ALL }, { "geteuid", ALL },
	{ "getgid", ALL }, { "getpid", ALL }, { "getppid", ALL },
	{ "getrandom", ALL }, { "getresgid", ALL }, { "getresuid", ALL },
	{ "getrlimit", ALL }, { "getrusage", ALL }, { "gettid", ALL },
	{ "gettimeofday", ALL }, { "getuid", ALL }, { "nanosleep", ALL },
	{ "restart_syscall", ALL }, { "rseq", ALL }, { "rt_sigpending", ALL },
	{ "rt_sigprocmask", ALL }, { "rt_sigreturn", ALL },
	{ "sched_getaffinity", ALL }, { "sched_yield", ALL },
	{ "set_robust_list", ALL }, { "sigaltstack", ALL },
	{ "sigreturn", ALL }, { "sysinfo", ALL }, { "time", ALL },
	{ "times", ALL }, { "uname", ALL }, { "ugetrlimit", ALL },
	/* descriptors */
	{ "_llseek", ALL }, { "close", ALL }, { "close_range", ALL },
	{ "dup", ALL }, { "dup2", ALL }, { "dup3", ALL },
	{ "epoll_create", ALL }, { "epoll_create1", ALL },
	{ "epoll_ctl", ALL }, { "epoll_pwait", ALL }, { "epoll_pwait2", ALL },
	{ "epoll_wait", ALL }, { "eventfd2", ALL }, { "fcntl", ALL },
	{ "fcntl64", ALL }, { "fstat", ALL }, { "fstat64", ALL },
	{ "lseek", ALL }, { "newfstatat", ALL }, { "fstatat64", ALL },
	{ "pipe2", ALL }, { "poll", ALL }, { "ppoll", ALL },
	{ "ppoll_time64", ALL }, { "pselect6", ALL },
	{ "pselect6_time64", ALL }, { "read", ALL }, { "readv", ALL },
	{ "select", ALL }, { "signalfd4", ALL }, { "statx", ALL },
	{ "timerfd_create", ALL }, { "timerfd_settime", ALL },
	{ "write", ALL }, { "writev", ALL },
	/* sockets somebody handed us */
	{ "getpeername", ALL }, { "getsockname", ALL },
	{ "getsockopt", ALL }, { "recvfrom", ALL }, { "recvmsg", ALL },
	{ "sendmsg", ALL }, { "sendto", ALL }, { "setsockopt", ALL },
	{ "shutdown", ALL },
	{ "accept", L | M }, { "accept4", L | M }, { "listen", L | M },
	/* the relay between TLS and a worker: a pair, connected to itself */
	{ "socketpair", L },
	/* a message in memory */
	{ "ftruncate", A | M | W }, { "ftruncate64", A | M | W },
	{ "memfd_create", M | W }, { "pread64", A | H | M | W },
	{ "pwrite64", A | M | W }, { "pwritev", M | W }, { "sendfile", W },
	{ "sendfile64", W },
	/* looking at files */
	{ "access", A | H | W }, { "faccessat", A | H | W },
	{ "faccessat2", A | H | W }, { "flock", A | W },
	{ "fstatfs", A | H | W }, { "fstatfs64", A | H | W },
	{ "getcwd", A | H | W }, { "getdents64", A | H | W },
	{ "lstat", A | H | W }, { "lstat64", A | H | W },
	{ "open", A | H | W }, { "openat", A | H | W }, { "openat2", W },
	{ "preadv", A | W }, { "readlink", A | H | W },
	{ "readlinkat", A | H | W }, { "stat", A | H | W },
	{ "stat64", A | H | W }, { "statfs", A | H | W },
	{ "statfs64", A | H | W },
	/* changing files */
	{ "fdatasync", A | W }, { "fsync", A | W }, { "fchmod", A | W },
	{ "mkdir", A | W }, { "mkdirat", A | W }, { "rename", A | W },
	{ "renameat", A | W }, { "renameat2", A | W }, { "unlink", A | W },
	{ "unlinkat", A | W }, { "umask", A | W },
	{ "chdir", W }, { "chmod", W }, { "copy_file_range", W },
	{ "fadvise64", W }, { "fadvise64_64", W }, { "fallocate", W },
	{ "fchdir", W }, { "fchmodat", W }, { "link", W }, { "linkat", W },
	{ "msync", W }, { "readahead", W }, { "rmdir", W },
	{ "sync_file_range", W }, { "truncate", W }, { "truncate64", W },
	{ "utimensat", W },
	/* name service: a local daemon behind a unix socket; see rule_args */
	{ "connect", H },
	/* a question that takes too long ends its helper */
	{ "alarm", H }, { "setitimer", H }, { "capget", H },
#ifdef WITH_SANITIZERS
	/* what the runtime of ASan and UBSan does when it reports */
	{ "open", ALL }, { "openat", ALL }, { "readlink", ALL },
	{ "readlinkat", ALL }, { "mmap", ALL }, { "mprotect", ALL },
	{ "prctl", ALL }, { "stat", ALL }, { "pipe", ALL },
	{ "getcwd", ALL }, { "access", ALL }, { "tgkill", ALL },
#endif
};

/* Forbidden. */
static const struct rule rules_deny[] = {
	{ "_sysctl", N | P }, { "acct", N | P }, { "add_key", N },
	{ "adjtimex", N | P }, { "bpf", N | P }, { "clock_adjtime", N | P },
	{ "clock_settime", N | P }, { "create_module", N | P },
	{ "delete_module", N | P }, { "finit_module", N | P },
	{ "fsconfig", N | P }, { "fsmount", N | P }, { "fsopen", N | P },
	{ "fspick", N | P }, { "init_module", N | P },
	{ "io_uring_enter", N | P }, { "io_uring_register", N | P },
	{ "io_uring_setup", N | P }, { "ioperm", N | P }, { "iopl", N | P },
	{ "kcmp", N }, { "kexec_file_load", N | P },
	{ "kexec_load", N | P }, { "keyctl", N }, { "lookup_dcookie", N | P },
	{ "mknod", N | P }, { "mknodat", N | P }, { "modify_ldt", N | P },
	{ "mount", N | P }, { "mount_setattr", N | P },
	{ "move_mount", N | P }, { "move_pages", N | P },
	{ "name_to_handle_at", N }, { "nfsservctl", N | P },
	{ "open_by_handle_at", N | P }, { "open_tree", N | P },
	{ "perf_event_open", N | P }, { "personality", N | P },
	{ "pidfd_getfd", N | P }, { "pivot_root", N | P },
	{ "process_vm_readv", N | P }, { "process_vm_writev", N | P },
	{ "ptrace", N | P }, { "query_module", N | P }, { "quotactl", N | P },
	{ "quotactl_fd", N | P }, { "reboot", N | P },
	{ "request_key", N }, { "setdomainname", N | P },
	{ "sethostname", N | P }, { "setns", N | P },
	{ "settimeofday", N | P }, { "stime", N | P }, { "swapoff", N | P },
	{ "swapon", N | P }, { "sysfs", N | P }, { "syslog", N | P },
	{ "umount", N | P }, { "umount2", N | P }, { "unshare", N | P },
	{ "uselib", N | P }, { "userfaultfd", N | P }, { "vhangup", N | P },
	{ "vm86", N | P }, { "vm86old", N | P },
	/* the nursery forks and nothing else */
	{ "accept", N }, { "accept4", N }, { "bind", N }, { "connect", N },
	{ "execve", N }, { "execveat", N }, { "listen", N },
	{ "symlink", N }, { "symlinkat", N },
};

/* A call that is allowed where one or two arguments are right. */
struct rule_args {
	const char *call;
	unsigned who, n;
	struct scmp_arg_cmp args[2];
};
#define MASK(arg, mask, value) \
	{ arg, SCMP_CMP_MASKED_EQ, mask, value }
#define IS(arg, value) \
	{ arg, SCMP_CMP_EQ, value, 0 }
#define NOT(arg, value) \
	{ arg, SCMP_CMP_NE, value, 0 }
static const struct rule_args rules_args[] = {
	/* no page that can be run; a shared object (iconv's converters in a
	 * worker, name service modules in a helper) is mapped from a file
	 * and is never writable */
	{ "mmap", ALL, 1, { MASK(2, PROT_EXEC, 0) } },
	{ "mmap2", ALL, 1, { MASK(2, PROT_EXEC, 0) } },
	{ "mmap", H | W, 2, { MASK(2, PROT_EXEC | PROT_WRITE, PROT_EXEC),
	    MASK(3, MAP_ANONYMOUS, 0) } },
	{ "mmap2", H | W, 2, { MASK(2, PROT_EXEC | PROT_WRITE, PROT_EXEC),
	    MASK(3, MAP_ANONYMOUS, 0) } },
	{ "mprotect", ALL, 1, { MASK(2, PROT_EXEC, 0) } },
	/* our own handler stays */
	{ "rt_sigaction", ALL, 1, { NOT(0, SIGSYS) } },
	/* abort() */
	{ "tgkill", ALL, 1, { IS(2, SIGABRT) } },
	/* asking, not setting */
	{ "prlimit64", ALL, 1, { IS(2, 0) } },
	{ "prctl", ALL, 1, { IS(0, PR_SET_NAME) } },
	{ "prctl", H, 1, { IS(0, PR_CAPBSET_READ) } }, /* libcap, as it loads */
	{ "ioctl", ALL, 1, { IS(1, FIONREAD) } },
	{ "ioctl", ALL, 1, { IS(1, FIONBIO) } },
	{ "ioctl", ALL, 1, { IS(1, FIOCLEX) } },
	{ "ioctl", ALL, 1, { IS(1, TCGETS) } },
	{ "socket", H, 1, { IS(0, AF_UNIX) } },
};

#define N_RULES(table) (sizeof(table) / sizeof((table)[0]))

#define SYSCALL_NAMES 512
static char *syscall_names[SYSCALL_NAMES];
static struct sock_fprog programs[PROC_WORKER + 1];
static const char *seccomp_who;

/* --- building ------------------------------------------------------------- */

static void
seccomp_fatal(const char *what, const char *call, int rc)
{
	errno = -rc;
	log_fatal(EX_OSERR, "proc: seccomp: %s: %s: %m", what, call);
}

static void
seccomp_add_table(scmp_filter_ctx ctx, enum proc_id id,
    const struct rule *rules, size_t n, uint32_t action)
{
	for (size_t i = 0; i < n; i++) {
		int nr, rc;

		if ((rules[i].who & (1u << id)) == 0)
			continue;
		nr = seccomp_syscall_resolve_name(rules[i].call);
		if (nr < 0)
			continue;
		rc = seccomp_rule_add(ctx, action, nr, 0);
		if (rc != 0 && rc != -EEXIST)
			seccomp_fatal("cannot add", rules[i].call, rc);
	}
}

static void
seccomp_add_args(scmp_filter_ctx ctx, enum proc_id id)
{
	for (size_t i = 0; i < N_RULES(rules_args); i++) {
		const struct rule_args *r = &rules_args[i];
		int nr, rc;

		if ((r->who & (1u << id)) == 0)
			continue;
		nr = seccomp_syscall_resolve_name(r->call);
		if (nr < 0)
			continue;
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, r->n,
		    r->args);
		if (rc != 0 && rc != -EEXIST)
			seccomp_fatal("cannot add", r->call, rc);
	}
}

/* The compiled filter, out of libseccomp's hands. */
static void
seccomp_export(scmp_filter_ctx ctx, struct sock_fprog *program)
{
	int fd = memfd_create("seccomp", MFD_CLOEXEC), rc;
	off_t size;

	if (fd < 0)
		log_fatal(EX_OSERR, "proc: seccomp: memfd: %m");
	rc = seccomp_export_bpf(ctx, fd);
	if (rc != 0)
		seccomp_fatal("cannot compile", "filter", rc);
	size = lseek(fd, 0, SEEK_END);
	program->filter = xmalloc((size_t)size);
	program->len =
	    (unsigned short)((size_t)size / sizeof(struct sock_filter));
	if (pread(fd, program->filter, (size_t)size, 0) != size)
		log_fatal(EX_OSERR, "proc: seccomp: memfd: %m");
	close(fd);
}

/* A handler must not ask libseccomp, which allocates. */
static void
seccomp_learn_names(void)
{
	if (syscall_names[0] != NULL)
		return;
	for (int nr = 0; nr < SYSCALL_NAMES; nr++)
		syscall_names[nr] =
		    seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
}

void
proc_seccomp_prepare(enum proc_id id)
{
	bool allow = ((1u << id) & ALL) != 0;
	scmp_filter_ctx ctx;

	if (programs[id].filter != NULL)
		return;
	ctx = seccomp_init(allow ? SCMP_ACT_TRAP : SCMP_ACT_ALLOW);
	if (ctx == NULL)
		log_fatal(EX_OSERR, "proc: seccomp: no memory");
	seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (allow) {
		seccomp_add_table(ctx, id, rules_allow,
		    N_RULES(rules_allow),
		    SCMP_ACT_ALLOW);
		seccomp_add_args(ctx, id);
	} else {
		seccomp_add_table(ctx, id, rules_deny,
		    N_RULES(rules_deny), SCMP_ACT_TRAP);
	}
	seccomp_export(ctx, &programs[id]);
	seccomp_release(ctx);
	seccomp_learn_names();
}

/* --- loading and running -------------------------------------------------- */

/* Synchronous: the process itself made the call, so nothing is interrupted
 * in the middle of a lock of log.c, which allocates nothing. Ends the
 * process by SIGSYS (blocked in here, hence not caught again), so that its
 * parent sees what it was. */
static void
seccomp_on_sigsys(int sig, siginfo_t *info, void *context)
{
	int nr = info->si_syscall;
	const char *name = NULL;

	(void)sig;
	(void)context;
	if (nr >= 0 && nr < SYSCALL_NAMES)
		name = syscall_names[nr];
	log_error("seccomp: %s made a call it may not make: %s (%d)",
	    seccomp_who, name == NULL ? "unknown" : name, nr);
	syscall(SYS_io_uring_setup, 0, NULL); /* allowed to nobody */
	_exit(128 + SIGSYS);
}

void
proc_seccomp_load(enum proc_id id)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO };

	proc_seccomp_prepare(id);
	seccomp_who = proc_name(id);
	sa.sa_sigaction = seccomp_on_sigsys;
	sigfillset(&sa.sa_mask);
	if (sigaction(SIGSYS, &sa, NULL) != 0)
		log_fatal(EX_OSERR, "proc: seccomp: sigaction: %m");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0,
		&programs[id]) == 0)
		return;
	if (id == PROC_HELPER_PAM && errno == EACCES) {
		/* root in a container, without CAP_SYS_ADMIN */
		log_warn("proc: seccomp: not available to PAM's helper: %m");
		return;
	}
	log_fatal(EX_OSERR, "proc: seccomp: cannot load: %m");
}
