/* SPDX-License-Identifier: ISC
 *
 * The processes of Postern, a row each. Read it beside doc/IPC: this says who
 * there is, that what they may say to each other.
 */
#include "master/proc_table.h"

#include <sched.h>
#include <string.h>

#include "common/conf.h"
#include "common/ipc.h"

static bool
conf_listens(const struct conf *conf, bool lmtp)
{
	for (size_t i = 0; i < conf->n_listeners; i++)
		if ((strcmp(conf->listeners[i].protocol, "lmtp") == 0) == lmtp)
			return true;
	return false;
}

static unsigned
count_login(const struct conf *conf)
{
	cpu_set_t cpus;

	if (!conf_listens(conf, false))
		return 0;
	if (conf->login_processes > 0)
		return conf->login_processes;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&cpus);
}

static unsigned
count_lmtp(const struct conf *conf)
{
	return conf_listens(conf, true) ? 1 : 0;
}

static bool
conf_pam(const struct conf *conf)
{
	return strcmp(conf->passdb, "pam") == 0;
}

static unsigned
count_helper(const struct conf *conf)
{
	return conf_pam(conf) ? 0 : conf->auth_helpers;
}

static unsigned
count_helper_pam(const struct conf *conf)
{
	return conf_pam(conf) ? conf->auth_helpers : 0;
}

static unsigned
count_one(const struct conf *conf)
{
	(void)conf;
	return 1;
}

static unsigned
count_none(const struct conf *conf)
{
	(void)conf;
	return 0;
}

static const char *const args_none[] = { NULL };
static const char *const args_hash[] = { "--kind", "hash", NULL };
static const char *const args_pam[] = { "--kind", "pam", NULL };

/* In the order of starting: auth is there before those who ask it. */
static const struct proc_row rows[] = {
	{
		.id = PROC_MASTER,
		.name = "postern",
		.args = args_none,
		.user = PROC_USER_ROOT,
		.sandbox = "none: parses nothing from the network",
		.role = IPC_R_MASTER,
		.peers = IPC_R_LOGIN | IPC_R_AUTH | IPC_R_HELPER | IPC_R_LMTP |
		    IPC_R_NURSERY | IPC_R_WORKER | IPC_R_CTL,
		.restart = PROC_RESTART_NEVER,
		.instances = count_none,
	},
	{
		.id = PROC_AUTH,
		.name = "auth",
		.program = "auth",
		.args = args_none,
		.user = PROC_USER_AUTH,
		.sandbox = "its own databases",
		.role = IPC_R_AUTH,
		.peers = IPC_R_MASTER | IPC_R_LOGIN | IPC_R_LMTP | IPC_R_HELPER,
		.restart = PROC_RESTART_ALWAYS,
		.instances = count_one,
	},
	{
		.id = PROC_HELPER,
		.name = "auth-helper",
		.program = "auth-helper",
		.args = args_hash,
		.user = PROC_USER_AUTH,
		.sandbox = "name service files",
		.role = IPC_R_HELPER,
		.peers = IPC_R_MASTER | IPC_R_AUTH,
		.restart = PROC_RESTART_ALWAYS,
		.instances = count_helper,
	},
	{
		.id = PROC_HELPER_PAM,
		.name = "auth-helper",
		.program = "auth-helper",
		.args = args_pam,
		.user = PROC_USER_ROOT,
		.sandbox = "what PAM modules need",
		.role = IPC_R_HELPER,
		.peers = IPC_R_MASTER | IPC_R_AUTH,
		.restart = PROC_RESTART_ALWAYS,
		.instances = count_helper_pam,
	},
	{
		.id = PROC_NURSERY,
		.name = "nursery",
		.program = "imap-worker",
		.args = args_none,
		.user = PROC_USER_ROOT,
		.sandbox = "none: reads nothing but SPAWN, forks spare workers",
		.role = IPC_R_NURSERY,
		.peers = IPC_R_MASTER,
		.restart = PROC_RESTART_ALWAYS,
		.instances = count_one,
	},
	{
		.id = PROC_WORKER,
		.name = "imap-worker",
		.args = args_none,
		.user = PROC_USER_OWNER,
		.sandbox = "the home of its user; no socket, connect or exec",
		.role = IPC_R_WORKER,
		.peers = IPC_R_MASTER,
		.restart = PROC_RESTART_NEVER,
		.instances = count_none,
	},
	{
		.id = PROC_LOGIN,
		.name = "imap-login",
		.program = "imap-login",
		.args = args_none,
		.user = PROC_USER_LOGIN,
		.chroot = true,
		.sandbox = "nothing but its descriptors",
		.role = IPC_R_LOGIN,
		.peers = IPC_R_MASTER | IPC_R_AUTH,
		.restart = PROC_RESTART_ALWAYS,
		.instances = count_login,
	},
	{
		.id = PROC_LMTP,
		.name = "lmtp",
		.program = "lmtp",
		.args = args_none,
		.user = PROC_USER_LMTP,
		.chroot = true,
		.sandbox = "nothing but its descriptors",
		.role = IPC_R_LMTP,
		.peers = IPC_R_MASTER | IPC_R_AUTH,
		.restart = PROC_RESTART_ALWAYS,
		.instances = count_lmtp,
	},
};

const struct proc_row *
proc_table(size_t *n_r)
{
	*n_r = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
