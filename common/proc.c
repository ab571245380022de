/* SPDX-License-Identifier: ISC
 *
 * From root with everything to one of our programs with what it needs: the
 * steps and their order. The files and the system calls are in proc_landlock.c
 * and proc_seccomp.c, the way to a user's home in proc_home.c.
 *
 * priv_drop() is the only place where uids change. Whatever of it does not hold
 * afterwards is a reason to die, not to log.
 */
#include "common/proc_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <glob.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"

#define NO_UID ((uid_t)-1)
#define NO_GID ((gid_t)-1)

/* What differs between our programs, besides paths and calls. */
static const struct {
	const char *name;
	rlim_t files;   /* descriptors; less where the hard limit is lower */
	bool keep_root; /* where it starts as root */
	bool confined;  /* landlock and no_new_privs */
} proc_kinds[] = {
	[PROC_MASTER] = { "postern", 8192, true, false },
	[PROC_LOGIN] = { "imap-login", 65536, false, true },
	[PROC_AUTH] = { "auth", 4096, false, true },
	[PROC_HELPER] = { "auth-helper", 64, false, true },
	[PROC_HELPER_PAM] = { "auth-helper", 1024, true, false },
	[PROC_LMTP] = { "lmtp", 4096, false, true },
	[PROC_NURSERY] = { "nursery", 4096, true, false },
	[PROC_WORKER] = { "imap-worker", 4096, false, true },
};

static struct {
	const char *name;
	bool root;
	bool shut;   /* the jail is */
	char *title; /* where ps reads */
	size_t title_size;
} proc;

#ifdef WITH_SANITIZERS
/* Looking for leaks at exit takes ptrace and threads, which no jail allows. */
int __lsan_is_turned_off(void);
int
__lsan_is_turned_off(void)
{
	return proc.shut;
}
#endif

const char *
proc_name(enum proc_id id)
{
	return proc_kinds[id].name;
}

bool
proc_is_root(void)
{
	return proc.root;
}

void
proc_system_user(const char *setting, const char *name, uid_t *uid_r,
    gid_t *gid_r)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL)
		log_fatal(EX_CONFIG, "proc: no such system user: %s = %s",
		    setting, name);
	if (pw->pw_uid == 0)
		log_fatal(EX_CONFIG, "proc: must not be root: %s = %s",
		    setting, name);
	*uid_r = pw->pw_uid;
	*gid_r = pw->pw_gid;
}

/* --- title ---------------------------------------------------------------- */

extern char **environ;

/* The kernel shows the memory argv's and the environment's strings lie in, one
 * behind the other. They move away, and it is ours. */
static void
proc_take_title(int argc, char **argv)
{
	char *end = NULL, **copy;
	size_t n = 0;

	if (argc < 1)
		return;
	proc.title = argv[0];
	for (int i = 0; i < argc; i++)
		if (end == NULL || argv[i] == end)
			end = argv[i] + strlen(argv[i]) + 1;
	for (int i = 0; i < argc; i++)
		argv[i] = xstrdup(argv[i]);
	while (environ != NULL && environ[n] != NULL)
		n++;
	copy = xcalloc(n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++) {
		if (environ[i] == end)
			end = environ[i] + strlen(environ[i]) + 1;
		copy[i] = xstrdup(environ[i]);
	}
	environ = copy;
	program_invocation_name = argv[0];
	proc.title_size = (size_t)(end - proc.title);
}

void
proc_title(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (proc.title == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	memset(proc.title, 0, proc.title_size);
	snprintf(proc.title, proc.title_size, "%s", text);
}

/* --- steps ---------------------------------------------------------------- */

static void
proc_limit(int what, rlim_t most)
{
	struct rlimit now, want = { most, most };

	if (getrlimit(what, &now) == 0 && now.rlim_max < most)
		want.rlim_cur = want.rlim_max = now.rlim_max;
	if (setrlimit(what, &want) != 0)
		log_fatal(EX_OSERR, "proc: cannot set a resource limit: %m");
}

static int
proc_compare_fds(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static void
proc_close_range(int first, int last)
{
	if (first > last || syscall(SYS_close_range, (unsigned)first,
				(unsigned)last, 0) == 0)
		return;
	if (last > 65536)
		last = 65536;
	for (int fd = first; fd <= last; fd++)
		close(fd);
}

static void
proc_close_all_but(const int *keep)
{
	int sorted[64], first = PROC_MASTER_FD + 1;
	size_t n = 0;

	for (; keep != NULL && keep[n] >= 0; n++) {
		if (n == sizeof(sorted) / sizeof(sorted[0]))
			log_panic("proc: too many descriptors to keep");
		sorted[n] = keep[n];
	}
	qsort(sorted, n, sizeof(sorted[0]), proc_compare_fds);
	for (size_t i = 0; i < n; i++) {
		if (sorted[i] < first)
			continue;
		proc_close_range(first, sorted[i] - 1);
		first = sorted[i] + 1;
	}
	proc_close_range(first, INT32_MAX);
}

/* The folder must be root's alone and empty. */
static void
proc_chroot(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct dirent *e;
	struct stat st;
	DIR *d;

	if (fd < 0 || fstat(fd, &st) != 0)
		log_fatal(EX_OSFILE, "proc: chroot: %s: %m", path);
	if (st.st_uid != 0 || (st.st_mode & 022) != 0)
		log_fatal(EX_CONFIG,
		    "proc: chroot: %s: others than root may write there", path);
	if (fchdir(fd) != 0 || chroot(".") != 0 || chdir("/") != 0)
		log_fatal(EX_OSERR, "proc: chroot: %s: %m", path);
	d = fdopendir(fd);
	if (d == NULL)
		log_fatal(EX_OSERR, "proc: chroot: %s: %m", path);
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			log_fatal(EX_CONFIG, "proc: chroot: %s: is not empty",
			    path);
	closedir(d);
}

/* No capability of any kind; there may be some without being root. */
static void
priv_drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &head, data) != 0 ||
	    syscall(SYS_capget, &head, data) != 0)
		log_fatal(EX_OSERR, "proc: cannot drop capabilities: %m");
	if (data[0].effective != 0 || data[0].permitted != 0 ||
	    data[0].inheritable != 0 || data[1].effective != 0 ||
	    data[1].permitted != 0 || data[1].inheritable != 0)
		log_panic("proc: capabilities are left");
}

/* Root to uid:gid for good. */
static void
priv_drop(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (uid == 0 || gid == 0 || uid == NO_UID || gid == NO_GID)
		log_panic("proc: asked to drop root to root");
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		log_fatal(EX_OSERR, "proc: cannot become uid %u: %m",
		    (unsigned)uid);
	if (getresuid(&r, &e, &s) != 0 || r != uid || e != uid || s != uid ||
	    getresgid(&rg, &eg, &sg) != 0 || rg != gid || eg != gid ||
	    sg != gid || getgroups(0, NULL) != 0)
		log_panic("proc: uid or gid is not what it should be");
	if (setuid(0) == 0 || seteuid(0) == 0 || setresuid(0, 0, 0) == 0 ||
	    setgid(0) == 0 || setegid(0) == 0 || setgroups(0, NULL) == 0)
		log_panic("proc: could get root back");
}

static void
proc_no_new_privs(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		log_fatal(EX_OSERR, "proc: no_new_privs: %m");
}

static void
proc_not_dumpable(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		log_fatal(EX_OSERR, "proc: cannot forbid dumps: %m");
}

/* --- the whole ------------------------------------------------------------ */

void
proc_start(enum proc_id id, int argc, char **argv)
{
	struct rlimit none = { 0, 0 };
	int fd;

	proc.name = proc_kinds[id].name;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		log_fatal(EX_OSFILE, "proc: /dev/null: %m");
	close(fd);
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	/* A jail allows no look at these files later; with a name, the C
	 * library takes none unless the name changes. */
	setenv("TZ", ":/etc/localtime", 0);
	tzset();
	setrlimit(RLIMIT_CORE, &none);
	if (getuid() != geteuid() || getgid() != getegid())
		log_fatal(EX_USAGE, "proc: must not be installed set-user-ID");
	proc.root = geteuid() == 0;
	proc_take_title(argc, argv);
	prctl(PR_SET_NAME, proc.name, 0, 0, 0);
}

static void
proc_say_landlock(void)
{
	int abi = proc_landlock_abi();

	if (abi == 0)
		log_warn("proc: this kernel has no landlock: files are kept "
			 "apart by permissions and seccomp only");
	else if (abi < 6)
		log_info("proc: landlock ABI %d of this kernel does not "
			 "restrict %s", abi,
		    abi < 4 ? "sockets and signals" : "signals");
}

void
proc_enter(const struct proc_jail *jail)
{
	bool confined = proc_kinds[jail->id].confined;
	bool keep_root = proc_kinds[jail->id].keep_root;
	int ruleset = -1;

	if (jail->id == PROC_MASTER || jail->id == PROC_WORKER)
		log_panic("proc: %s does not enter a jail this way",
		    proc_name(jail->id));
	if (proc.root && !keep_root &&
	    (jail->uid == NO_UID || jail->gid == NO_GID))
		log_fatal(EX_CONFIG, "proc: %s must not run as root",
		    proc_name(jail->id));
	proc_close_all_but(jail->keep_fds);
	proc_seccomp_prepare(jail->id);
	if (jail->id == PROC_NURSERY)
		proc_seccomp_prepare(PROC_WORKER);
	if (jail->id == PROC_NURSERY || confined)
		proc_say_landlock();
	if (confined) {
		ruleset = proc_landlock_new();
		for (const struct proc_path *p = jail->paths;
		     p != NULL && p->path != NULL; p++)
			proc_landlock_allow_path(ruleset, p->path, p->write);
	}
	proc_limit(RLIMIT_CORE, 0);
	proc_limit(RLIMIT_NOFILE, proc_kinds[jail->id].files);
	if (proc.root && jail->chroot != NULL)
		proc_chroot(jail->chroot);
	if (proc.root && !keep_root)
		priv_drop(jail->uid, jail->gid);
	if (!keep_root)
		priv_drop_capabilities();
	if (confined || jail->id == PROC_NURSERY)
		proc_no_new_privs();
	proc_not_dumpable();
	proc_landlock_enter(ruleset);
	proc.shut = true;
	if (jail->id == PROC_HELPER_PAM && !proc.root)
		return; /* a filter would take no_new_privs: no unix_chkpwd */
	proc_seccomp_load(jail->id);
}

/* The folders of iconv's converters: shared objects that are loaded when first
 * used. They are read and mapped; being executed is not asked of them. */
static void
proc_allow_gconv(int ruleset)
{
	static const char *const patterns[] = { "/usr/lib/*/gconv",
		"/usr/lib64/gconv", "/usr/lib/gconv" };
	glob_t found;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (glob(patterns[i], GLOB_NOSORT, NULL, &found) == 0)
			for (size_t k = 0; k < found.gl_pathc; k++)
				proc_landlock_allow_path(ruleset,
				    found.gl_pathv[k], false);
		globfree(&found);
	}
}

bool
proc_become_user(const char *user, uid_t uid, gid_t gid, const char *home,
    const char **error_r)
{
	struct proc_home h;
	int ruleset;

	proc.name = proc_kinds[PROC_WORKER].name;
	if (!proc.root && uid != getuid()) {
		*error_r = "this server runs as an ordinary user, and can be "
			   "nobody else";
		return false;
	}
	if (proc.root && (uid == 0 || gid == 0)) {
		*error_r = "root has no mail here";
		return false;
	}
	if (!proc_home_walk(&h, home, uid, gid, error_r)) {
		proc_home_clear(&h);
		return false;
	}
	if (proc.root)
		priv_drop(uid, gid);
	priv_drop_capabilities();
	proc_no_new_privs();
	proc_not_dumpable();
	proc_limit(RLIMIT_CORE, 0);
	proc_limit(RLIMIT_NOFILE, proc_kinds[PROC_WORKER].files);
	if (!proc_home_finish(&h, home, uid, error_r)) {
		proc_home_clear(&h);
		return false;
	}
	if (fchdir(h.fd) != 0)
		log_fatal(EX_OSERR, "proc: %s: cannot enter home: %m", user);
	ruleset = proc_landlock_new();
	proc_landlock_allow_fd(ruleset, h.fd, true);
	proc_allow_gconv(ruleset);
	proc_home_clear(&h);
	proc_landlock_enter(ruleset);
	proc.shut = true;
	proc_seccomp_load(PROC_WORKER);
	return true;
}
