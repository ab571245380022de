/* SPDX-License-Identifier: ISC
 *
 * The jails, from inside: each case forks a child that enters one and tries
 * something. The child's exit code says how it went; a forbidden system call
 * ends it by SIGSYS, with a line in the log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/log.h"
#include "common/proc.h"

#define UID 64123
#define GID 64124

static char folder[] = "/tmp/test_proc.XXXXXX";
static char empty[64], data[64], home[64];

static int log_pipe[2];

/* Runs fn in a child; its wait status, and in said what it logged. */
static int
in_child(int (*fn)(void), char said[4096])
{
	size_t len = 0;
	ssize_t n;
	int status;
	pid_t pid;

	assert_int_equal(pipe(log_pipe), 0);
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(log_pipe[1], STDERR_FILENO);
		close(log_pipe[0]);
		close(log_pipe[1]);
		_exit(fn());
	}
	close(log_pipe[1]);
	while (len < 4095 &&
	    (n = read(log_pipe[0], said + len, 4095 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	close(log_pipe[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* --- jails ---------------------------------------------------------------- */

static void
enter(enum proc_id id)
{
	const struct proc_path paths[] = { { data, false }, { NULL, false } };
	struct proc_jail jail = {
		.id = id,
		.uid = proc_is_root() ? UID : (uid_t)-1,
		.gid = proc_is_root() ? GID : (gid_t)-1,
		.paths = id == PROC_AUTH || id == PROC_HELPER ? paths : NULL,
		.chroot = id == PROC_LOGIN || id == PROC_LMTP ? empty : NULL,
	};

	if (id == PROC_WORKER) {
		const char *error;

		if (!proc_become_user("alice", proc_is_root() ? UID : getuid(),
			proc_is_root() ? GID : getgid(), home, &error)) {
			log_error("%s", error);
			_exit(70);
		}
		return;
	}
	proc_enter(&jail);
}

static enum proc_id jail_id;
static const enum proc_id jails[] = { PROC_LOGIN, PROC_AUTH, PROC_HELPER,
	PROC_LMTP, PROC_WORKER };
#define JAILS (sizeof(jails) / sizeof(jails[0]))

/* --- attacks: each returns 0 when it was refused by errno ----------------- */

static int
attack_root(void)
{
	enter(jail_id);
	return setuid(0) == 0 || setresuid(0, 0, 0) == 0;
}

static int
attack_exec(void)
{
	enter(jail_id);
	execl("/bin/true", "true", (char *)NULL);
	return 1;
}

static int
attack_fork(void)
{
	enter(jail_id);
	return fork() >= 0;
}

static int
attack_tcp(void)
{
	enter(jail_id);
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static int
attack_ptrace(void)
{
	enter(jail_id);
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static int
attack_io_uring(void)
{
	enter(jail_id);
	return syscall(SYS_io_uring_setup, 1, NULL) >= 0;
}

static int
attack_code(void)
{
	enter(jail_id);
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int
attack_make_code(void)
{
	void *p;

	enter(jail_id);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static int
attack_handler(void)
{
	enter(jail_id);
	return signal(SIGSYS, SIG_IGN) != SIG_ERR;
}

static int
attack_blocked_signal(void)
{
	sigset_t all;

	enter(jail_id);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static int
attack_kill(void)
{
	enter(jail_id);
	return kill(getppid(), 0) == 0;
}

static int
attack_mount(void)
{
	enter(jail_id);
	return chroot("/") == 0;
}

static int
attack_read(void)
{
	enter(jail_id);
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static int
attack_write(void)
{
	enter(jail_id);
	return open("/tmp/test_proc.left", O_WRONLY | O_CREAT, 0600) >= 0 ||
	    errno == 0;
}

static const struct {
	const char *what;
	int (*fn)(void);
	const char *call; /* named in the log; NULL: an errno will do, too */
	bool sanitizers;  /* still refused in a build with them */
} attacks[] = {
	{ "root", attack_root, "setuid", true },
	{ "exec", attack_exec, "execve", true },
	{ "fork", attack_fork, "clone", true },
	{ "tcp", attack_tcp, "socket", true },
	{ "ptrace", attack_ptrace, "ptrace", true },
	{ "io_uring", attack_io_uring, "io_uring_setup", true },
	{ "code", attack_code, "mmap", false },
	{ "make code", attack_make_code, "mprotect", false },
	{ "handler", attack_handler, "rt_sigaction", true },
	{ "blocked signal", attack_blocked_signal, NULL, true },
	{ "kill", attack_kill, "kill", true },
	{ "chroot", attack_mount, "chroot", true },
	{ "read", attack_read, NULL, true },
	{ "write", attack_write, NULL, true },
};

static void
test_attacks(void **state)
{
	char said[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
#ifdef WITH_SANITIZERS
		if (!attacks[i].sanitizers)
			continue;
#endif
		for (size_t j = 0; j < JAILS; j++) {
			int status;

			jail_id = jails[j];
			status = in_child(attacks[i].fn, said);
			if (attacks[i].call == NULL && WIFEXITED(status) &&
			    WEXITSTATUS(status) == 0)
				continue;
			if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
				fail_msg("%s in jail %d: status %#x: %s",
				    attacks[i].what, (int)jail_id,
				    (unsigned)status, said);
			if (attacks[i].call != NULL &&
			    strstr(said, attacks[i].call) == NULL)
				fail_msg("%s in jail %d: logged: %s",
				    attacks[i].what, (int)jail_id, said);
		}
	}
}

/* --- what must work ------------------------------------------------------- */

static int
use_worker(void)
{
	char buf[64] = "", in[] = "\xa4\x40", out[16], *ip = in, *op = out;
	size_t il = 2, ol = sizeof(out);
	char path[PATH_MAX];
	struct stat st;
	iconv_t cd;
	int fd, fds[2];

	if (pipe(fds) != 0)
		return 1;
	enter(PROC_WORKER);
	snprintf(path, sizeof(path), "%s/db", home);
	if (mkdir(path, 0700) != 0 || rmdir(path) != 0)
		return 2;
	snprintf(path, sizeof(path), "%s/a", home);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || pwrite(fd, "text", 4, 0) != 4 || fdatasync(fd) != 0 ||
	    fallocate(fd, 0, 0, 8192) != 0 || ftruncate(fd, 4) != 0 ||
	    pread(fd, buf, 4, 0) != 4)
		return 3;
	if (rename("a", "b") != 0 || stat("b", &st) != 0 || unlink("b") != 0)
		return 4;
	cd = iconv_open("UTF-8", "BIG5"); /* in a shared object of its own */
	if (cd == (iconv_t)-1 || iconv(cd, &ip, &il, &op, &ol) == (size_t)-1)
		return 5;
	/* beneath the home only */
	if (open("..", O_RDONLY) >= 0 || open("/etc/passwd", O_RDONLY) >= 0 ||
	    mkdir("/tmp/test_proc.d", 0700) == 0)
		return 6;
	if (link("/etc/passwd", "hard") == 0)
		return 7;
	if (symlink("/", "out") == 0)
		return 8;
	return 0;
}

static void
test_worker_uses_its_home(void **state)
{
	char said[4096];
	struct stat st;
	int status = in_child(use_worker, said);

	(void)state;
	/* the symbolic link is the one thing that is not even allowed as a
	 * call */
	if (!WIFSIGNALED(status) || strstr(said, "symlink") == NULL)
		fail_msg("status %#x: %s", (unsigned)status, said);
	assert_int_equal(stat(home, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	if (getuid() == 0) {
		assert_int_equal(st.st_uid, UID);
		assert_int_equal(st.st_gid, GID);
	}
}

static int
use_nursery(void)
{
	struct proc_jail jail = { .id = PROC_NURSERY, .uid = (uid_t)-1,
		.gid = (gid_t)-1 };
	int status;
	pid_t pid;

	proc_enter(&jail);
	pid = fork();
	if (pid == 0)
		_exit(use_worker());
	if (pid < 0 || waitpid(pid, &status, 0) != pid ||
	    !WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
		return 1;
	execl("/bin/true", "true", (char *)NULL);
	return 2;
}

static void
test_nursery(void **state)
{
	char said[4096];
	int status = in_child(use_nursery, said);

	(void)state;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS ||
	    strstr(said, "execve") == NULL)
		fail_msg("status %#x: %s", (unsigned)status, said);
}

static int
use_auth(void)
{
	char path[PATH_MAX], buf[8];
	int fd;

	enter(PROC_AUTH);
	snprintf(path, sizeof(path), "%s/users", data);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, buf, 4) != 4)
		return 1;
	if (open(path, O_WRONLY) >= 0)
		return 2;
	snprintf(path, sizeof(path), "%s/../other", data);
	if (open(path, O_RDONLY) >= 0)
		return 3;
	return 0;
}

/* Lookups of users, a hash, and a clock that goes off. */
static int
use_helper(void)
{
	static const struct proc_path paths[] = { { "/etc", false },
		{ "/lib", false }, { "/usr", false }, { "/nonexistent", false },
		{ NULL, false } };
	struct proc_jail jail = { .id = PROC_HELPER,
		.uid = proc_is_root() ? UID : (uid_t)-1,
		.gid = proc_is_root() ? GID : (gid_t)-1, .paths = paths };
	char hash[crypto_pwhash_STRBYTES];

	proc_enter(&jail);
	alarm(60);
	if (getpwnam("root") == NULL || getpwnam("no-such-user") != NULL)
		return 1;
	if (sodium_init() < 0 ||
	    crypto_pwhash_str(hash, "x", 1, crypto_pwhash_OPSLIMIT_MIN,
		crypto_pwhash_MEMLIMIT_MIN) != 0)
		return 2;
	if (open("/etc/passwd", O_RDONLY) < 0 ||
	    open("/proc/self/status", O_RDONLY) >= 0)
		return 3;
	return 0;
}

/* A relay as imap-login makes it, and secrets in guarded memory. */
static int
use_login(void)
{
	time_t now = time(NULL);
	struct tm tm;
	int pair[2];
	void *p;

	enter(PROC_LOGIN);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
	    write(pair[0], "x", 1) != 1)
		return 1;
	p = sodium_init() < 0 ? NULL : sodium_malloc(100);
	if (p == NULL)
		return 2;
	sodium_free(p);
	if (localtime_r(&now, &tm) == NULL)
		return 3;
	return 0;
}

static int
use_fds(void)
{
	int kept = fcntl(STDIN_FILENO, F_DUPFD, 40);
	int lost = fcntl(STDIN_FILENO, F_DUPFD, 50), low, pair[2];
	const int keep[] = { kept, -1 };
	struct proc_jail jail = { .id = PROC_LMTP,
		.uid = proc_is_root() ? UID : (uid_t)-1,
		.gid = proc_is_root() ? GID : (gid_t)-1, .keep_fds = keep };
	struct rlimit core;

	low = fcntl(STDIN_FILENO, F_DUPFD, 4);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0 ||
	    dup2(pair[0], PROC_MASTER_FD) != PROC_MASTER_FD)
		return 1;
	proc_enter(&jail);
	if (fcntl(kept, F_GETFD) < 0 || fcntl(PROC_MASTER_FD, F_GETFD) < 0)
		return 2;
	if (fcntl(lost, F_GETFD) >= 0 || fcntl(low, F_GETFD) >= 0 ||
	    fcntl(pair[1], F_GETFD) >= 0)
		return 3;
	if (memfd_create("m", MFD_ALLOW_SEALING) < 0)
		return 4;
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0)
		return 5;
	return 0;
}

static int
use_title(void)
{
	char buf[256] = "", *argv[] = { strdup("dummy"), NULL };
	int fd;

	(void)argv;
	proc_title("imap-worker: %s", "alice");
	fd = open("/proc/self/cmdline", O_RDONLY);
	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) <= 0)
		return 1;
	if (strcmp(buf, "imap-worker: alice") != 0) {
		log_error("%s", buf);
		return 2;
	}
	return 0;
}

static int
use_abort(void)
{
	enter(PROC_LOGIN);
	abort();
}

static void
test_uses(void **state)
{
	static const struct {
		const char *what;
		int (*fn)(void);
	} uses[] = { { "auth", use_auth }, { "fds", use_fds },
		{ "helper", use_helper }, { "login", use_login },
		{ "title", use_title } };
	char said[4096];
	int status;

	(void)state;
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		status = in_child(uses[i].fn, said);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("%s: status %#x: %s", uses[i].what,
			    (unsigned)status, said);
	}
	status = in_child(use_abort, said);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* --- homes ---------------------------------------------------------------- */

static const char *home_error;
static char home_tried[PATH_MAX];

static int
try_home(void)
{
	const char *error = "";

	if (proc_become_user("bob", proc_is_root() ? UID : getuid(),
		proc_is_root() ? GID : getgid(), home_tried, &error))
		return 0;
	log_error("%s", error);
	return 1;
}

static void
expect_home(const char *name, const char *error)
{
	char said[4096];
	int status;

	home_error = error;
	snprintf(home_tried, sizeof(home_tried), "%s/%s", folder, name);
	status = in_child(try_home, said);
	if (error == NULL &&
	    (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		fail_msg("%s: status %#x: %s", name, (unsigned)status, said);
	if (error != NULL &&
	    (!WIFEXITED(status) || WEXITSTATUS(status) != 1 ||
		strstr(said, error) == NULL))
		fail_msg("%s: status %#x: %s", name, (unsigned)status, said);
}

static void
make(const char *name, mode_t mode, uid_t uid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(mkdir(path, mode), 0);
	assert_int_equal(chmod(path, mode), 0);
	if (getuid() == 0)
		assert_int_equal(chown(path, uid, (gid_t)-1), 0);
}

static void
test_homes(void **state)
{
	char path[PATH_MAX], to[PATH_MAX];
	struct stat st;

	(void)state;
	expect_home("new/deep/alice", NULL);
	expect_home("new/deep/alice", NULL);
	snprintf(path, sizeof(path), "%s/new/deep/alice", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	expect_home("new//./bob/", NULL);
	expect_home("new/../carol", "\"..\"");
	snprintf(path, sizeof(path), "%s/link", folder);
	snprintf(to, sizeof(to), "%s/new", folder);
	assert_int_equal(symlink(to, path), 0);
	expect_home("link/dave", "symbolic link");
	expect_home("link", "symbolic link");
	make("loose", 0777, UID);
	expect_home("loose", "others may write");
	snprintf(path, sizeof(path), "%s/file", folder);
	assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	expect_home("file/erin", "not a folder");
	if (getuid() != 0)
		return;
	make("other", 0700, UID + 1);
	expect_home("other", "somebody else");
	expect_home("other/frank", "others than root may write");
	make("shared", 01777, 0);
	expect_home("shared/grace", "others than root may write");
	make("half", 0700, 0); /* made, and then somebody pulled the plug */
	expect_home("half", NULL);
	make("used", 0755, 0);
	make("used/mail", 0755, 0);
	expect_home("used", "somebody else");
	make("own", 0755, UID); /* as a system user's home */
	expect_home("own/mail/postern", NULL);
	snprintf(path, sizeof(path), "%s/own/mail", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, UID);
	assert_int_equal(st.st_mode & 07777, 0700);
	make("closed", 0700, 0); /* the user could not follow */
	expect_home("closed/heidi", "no permission");
}

static int
enter_root(void)
{
	struct proc_jail jail = { .id = PROC_LOGIN, .uid = (uid_t)-1,
		.gid = (gid_t)-1 };

	proc_enter(&jail);
	return 0;
}

static int
enter_used_chroot(void)
{
	struct proc_jail jail = { .id = PROC_LOGIN, .uid = UID, .gid = GID,
		.chroot = data };

	proc_enter(&jail);
	return 0;
}

static int
become_root(void)
{
	const char *error;

	return proc_become_user("root", 0, 0, home, &error) ? 0 : 1;
}

static void
test_root_is_refused(void **state)
{
	char said[4096];
	int status;

	(void)state;
	if (getuid() != 0)
		skip();
	status = in_child(enter_root, said);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
	assert_non_null(strstr(said, "must not run as root"));
	status = in_child(enter_used_chroot, said);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
	assert_non_null(strstr(said, "is not empty"));
	status = in_child(become_root, said);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static int
set_up(void **state)
{
	char path[128];
	FILE *f;

	(void)state;
	if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0)
		return -1;
	snprintf(empty, sizeof(empty), "%s/empty", folder);
	snprintf(data, sizeof(data), "%s/data", folder);
	snprintf(home, sizeof(home), "%s/homes/alice", folder);
	if (mkdir(empty, 0755) != 0 || mkdir(data, 0755) != 0 ||
	    chmod(empty, 0755) != 0 || chmod(data, 0755) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/users", data);
	f = fopen(path, "w");
	if (f == NULL)
		return -1;
	fputs("text", f);
	fclose(f);
	return chmod(path, 0644);
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command) == 0 ? 0 : -1;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attacks),
		cmocka_unit_test(test_worker_uses_its_home),
		cmocka_unit_test(test_nursery),
		cmocka_unit_test(test_uses),
		cmocka_unit_test(test_homes),
		cmocka_unit_test(test_root_is_refused),
	};

	log_init("test_proc", LOG_LEVEL_INFO);
	proc_start(PROC_WORKER, argc, argv);
	return cmocka_run_group_tests_name("proc", tests, set_up, tear_down);
}
