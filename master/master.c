/* SPDX-License-Identifier: ISC
 *
 * Start, reload, stop: what concerns all parts of the master at once. Runs as
 * root where the operator is root, and never drops it: it must start processes
 * of any user, and what it reads is the configuration, its own children's
 * messages and the control socket, nothing else.
 */
#include "master/master.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/xalloc.h"
#include "master/notify.h"

#define STOP_SECONDS 2
#define LEAST_SYSTEM_UID 1000u /* uid-policy = system: never a lower one */
#define GID_USERS 100u         /* the usual shared group of people */

uint32_t
master_next_id(struct master *m)
{
	if (++m->last_id == 0)
		m->last_id = 1;
	return m->last_id;
}

/* --- configuration -------------------------------------------------------- */

static void
need_user(const char *setting, const char *name)
{
	if (getpwnam(name) == NULL)
		log_fatal(MASTER_EXIT_CONFIG, "start: no such user: %s (%s): "
		    "etc/sysusers.d/postern.conf creates it "
		    "(systemd-sysusers)", name, setting);
}

/* The names in the configuration that must mean something on this host. */
static void
resolve_names(struct master *m)
{
	const struct conf *conf = m->conf;
	struct passwd *pw;
	struct group *gr;

	m->control_gid = (gid_t)-1;
	m->virtual_uid = (uid_t)-1;
	m->virtual_gid = (gid_t)-1;
	if (!m->root)
		return;
	gr = getgrnam(conf->control_group);
	if (gr != NULL)
		m->control_gid = gr->gr_gid;
	else if (conf->control_group[0] != '\0')
		log_warn("start: no such group: %s (control-group): only root "
		    "may use the control socket", conf->control_group);
	if (conf->uid_policy == CONF_UID_SYSTEM)
		return;
	pw = getpwnam(conf->virtual_user);
	if (pw != NULL) {
		m->virtual_uid = pw->pw_uid;
		m->virtual_gid = pw->pw_gid;
	}
}

static void
set_log_level(const struct conf *conf)
{
	static const char *const words[] = { "error", "warning", "info",
		"debug" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(conf->log_level, words[i]) == 0)
			log_set_level((enum log_level)i);
}

void
master_configure(struct master *m)
{
	char *error;

	m->root = proc_is_root();
	m->conf = conf_load(m->conf_path, &error);
	if (m->conf == NULL)
		log_fatal(MASTER_EXIT_CONFIG, "start: %s", error);
	set_log_level(m->conf);
	if (m->root) {
		need_user("login-user", m->conf->login_user);
		need_user("auth-user", m->conf->auth_user);
		need_user("lmtp-user", m->conf->lmtp_user);
		if (m->conf->uid_policy == CONF_UID_SINGLE)
			need_user("virtual-user", m->conf->virtual_user);
	}
	resolve_names(m);
}

static bool
home_is_sound(const char *home)
{
	size_t n = strlen(home);

	return home[0] == '/' && n > 1 && n < 4096 &&
	    strstr(home, "/../") == NULL &&
	    (n < 3 || strcmp(home + n - 3, "/..") != 0);
}

const char *
master_identity_wrong(const struct master *m, uid_t uid, gid_t gid,
    const char *home)
{
	const struct conf *conf = m->conf;
	uid_t least = conf->first_uid < LEAST_SYSTEM_UID ? conf->first_uid :
	    LEAST_SYSTEM_UID;

	if (!home_is_sound(home))
		return "home is no absolute path";
	if (!m->root)
		return uid == geteuid() && gid == getegid() ? NULL :
		    "not our own uid and gid";
	if (uid == 0 || gid == 0)
		return "root is nobody's mail user";
	switch (conf->uid_policy) {
	case CONF_UID_SINGLE:
		return uid == m->virtual_uid && gid == m->virtual_gid ? NULL :
		    "not virtual-user";
	case CONF_UID_RANGE:
		if (uid < conf->first_uid || uid > conf->last_uid)
			return "uid outside first-uid .. last-uid";
		return gid == m->virtual_gid ||
		    (gid >= conf->first_uid && gid <= conf->last_uid) ? NULL :
		    "gid outside first-uid .. last-uid";
	case CONF_UID_SYSTEM:
		if (uid < least)
			return "uid of a system account";
		return gid >= least || gid == GID_USERS ? NULL :
		    "gid of a system group";
	}
	return "unknown uid-policy";
}

/* --- what lies in the file system ----------------------------------------- */

static bool
log_open(const struct conf *conf)
{
	int fd;

	if (strcmp(conf->log, "stderr") == 0)
		return true;
	fd = open(conf->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW | O_NOCTTY, 0600);
	if (fd == -1) {
		log_error("log: cannot open: %s: %m", conf->log);
		return false;
	}
	if (fd != STDERR_FILENO) {
		dup2(fd, STDERR_FILENO);
		close(fd);
	}
	return true;
}

/* Makes one folder, its parents too, where it is missing. */
static void
folder_make(const char *path, mode_t mode)
{
	char *parent = xstrdup(path), *slash = strrchr(parent, '/');

	if (slash != NULL && slash != parent) {
		*slash = '\0';
		if (access(parent, F_OK) != 0)
			folder_make(parent, 0755);
	}
	free(parent);
	if (mkdir(path, mode) == 0)
		chmod(path, mode);
	else if (errno != EEXIST)
		log_fatal(MASTER_EXIT_OS, "start: cannot make: %s: %m", path);
}

/* The folder of a path, or of the fixed part of a template. */
static void
folder_of(const char *path, mode_t mode)
{
	char *folder = xstrndup(path, strcspn(path, "%"));
	char *slash = strrchr(folder, '/');

	if (folder[0] == '/' && slash != folder) {
		*slash = '\0';
		folder_make(folder, mode);
	}
	free(folder);
}

static void
folders_make(const struct master *m)
{
	char *empty = xasprintf("%s/empty", m->conf->state_dir);

	folder_make(m->conf->state_dir, 0755);
	if (m->root)
		folder_make(empty, 0555);
	free(empty);
	folder_of(m->conf->control_socket, 0755);
	folder_of(m->conf->home, 0711);
	for (size_t i = 0; i < m->conf->n_listeners; i++)
		folder_of(m->conf->listeners[i].address, 0755);
}

static void
pid_file_write(const struct master *m)
{
	char text[32];
	int fd, n;

	if (m->pid_file == NULL)
		return;
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	fd = open(m->pid_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
	    O_NOFOLLOW, 0644);
	if (fd == -1 || write(fd, text, (size_t)n) != n ||
	    fchmod(fd, 0644) != 0)
		log_fatal(MASTER_EXIT_OS, "start: cannot write: %s: %m",
		    m->pid_file);
	close(fd);
}

void
master_open(struct master *m)
{
	struct rlimit files;

	if (!log_open(m->conf))
		exit(MASTER_EXIT_OS);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	folders_make(m);
	m->base = event_base_new();
	if (m->base == NULL)
		log_panic("start: no event loop");
	listeners_init(&m->listeners);
	if (!control_open(m)) /* also: no second master here */
		exit(MASTER_EXIT_OS);
	if (!listeners_open(&m->listeners, m->conf)) {
		listeners_close(&m->listeners);
		unlink(m->conf->control_socket);
		exit(MASTER_EXIT_OS);
	}
	pid_file_write(m);
}

/* --- signals -------------------------------------------------------------- */

static void
on_terminate(evutil_socket_t sig, short what, void *arg)
{
	(void)what;
	log_info("signal: %s", strsignal(sig));
	master_stop(arg, 0);
}

static void
on_hangup(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	free(master_reload(arg));
}

static void
on_child(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	children_reap(arg);
}

void
master_start(struct master *m)
{
	static const struct {
		int sig;
		event_callback_fn fn;
	} on[4] = {
		{ SIGTERM, on_terminate },
		{ SIGINT, on_terminate },
		{ SIGHUP, on_hangup },
		{ SIGCHLD, on_child },
	};

	m->started = time(NULL);
	for (size_t i = 0; i < 4; i++) {
		m->signals[i] = evsignal_new(m->base, on[i].sig, on[i].fn, m);
		if (m->signals[i] == NULL ||
		    event_add(m->signals[i], NULL) != 0)
			log_panic("start: no signal handler");
	}
	if (!m->root)
		log_warn("start: not root: everything runs as uid %u; separate "
		    "uids and chroot are left out", (unsigned)geteuid());
	children_init(m);
	workers_init(m);
	control_start(m);
	children_start(m);
}

char *
master_reload(struct master *m)
{
	struct conf *conf;
	char *error;

	if (m->stopping)
		return xstrdup("stopping");
	conf = conf_load(m->conf_path, &error);
	if (conf == NULL) {
		log_error("reload: %s: the configuration before stays", error);
		return error;
	}
	notify_reloading();
	conf_free(&m->conf);
	m->conf = conf;
	resolve_names(m);
	set_log_level(conf);
	log_open(conf);
	folders_make(m);
	listeners_open(&m->listeners, conf);
	children_reopen_log(m);
	workers_reopen_log(m);
	children_start(m);
	workers_renew(m);
	log_info("reload: done: generation %u", m->children.generation);
	return NULL;
}

/* --- the end -------------------------------------------------------------- */

static void
on_stop_timer(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval limit = { .tv_sec = STOP_SECONDS };
	struct master *m = arg;

	(void)fd;
	(void)what;
	children_kill(m);
	workers_kill(m);
	event_free(m->stop_timer);
	m->stop_timer = NULL;
	event_base_loopexit(m->base, &limit);
}

void
master_stop(struct master *m, int exit_code)
{
	static const struct timeval limit = { .tv_sec = STOP_SECONDS };

	if (m->stopping)
		return;
	m->stopping = true;
	m->exit_code = exit_code;
	notify_stopping();
	m->stop_timer = evtimer_new(m->base, on_stop_timer, m);
	if (m->stop_timer == NULL || evtimer_add(m->stop_timer, &limit) != 0)
		log_panic("stop: no event");
	workers_stop(m);
	children_stop(m);
	master_check_stopped(m);
}

void
master_check_stopped(struct master *m)
{
	if (m->stopping && children_none(m) && workers_none(m))
		event_base_loopbreak(m->base);
}

void
master_close(struct master *m)
{
	for (size_t i = 0; i < 4; i++)
		event_free(m->signals[i]);
	if (m->stop_timer != NULL)
		event_free(m->stop_timer);
	control_close(m);
	listeners_close(&m->listeners);
	if (m->pid_file != NULL)
		unlink(m->pid_file);
	children_clear(m);
	workers_clear(m);
	conf_free(&m->conf);
	event_base_free(m->base);
	log_info("stopped");
}
