/* SPDX-License-Identifier: ISC
 *
 * auth-helper: answers one blocking question of auth at a time. --kind hash
 * compares passwords with hashes and runs as auth-user; --kind pam asks PAM and
 * stays root where it was started as root, as most PAM modules need. Both look
 * system users up (NSS). Started by master with its channel as descriptor 3;
 * takes nothing from anybody but auth, and nothing from the network.
 */
#include <event2/event.h>
#include <getopt.h>
#include <pwd.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "auth-helper/ipc_handlers.h"
#include "auth-helper/verify_hash.h"
#include "common/conf.h"
#include "common/ipc.h"
#include "common/log.h"
#include "common/proc.h"

#define MAIN_USAGE "usage: auth-helper [--config FILE] --kind hash|pam"

/* Folders NSS and PAM read their configuration, databases and modules from. A
 * jail that names a path which is not there leaves it out. */
static const struct proc_path main_hash_paths[] = {
	{ "/etc", false }, { "/lib", false }, { "/lib64", false },
	{ "/usr", false }, { "/run", false }, { "/var/lib", false },
	{ NULL, false },
};
static const struct proc_path main_pam_paths[] = {
	{ "/", true }, { NULL, false },
};

static enum ipc_verify_kind
main_options(int argc, char **argv, const char **config_r)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "kind", required_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};
	const char *kind = "";
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (c == 'c')
			*config_r = optarg;
		else if (c == 'k')
			kind = optarg;
		else
			log_fatal(EX_USAGE, MAIN_USAGE);
	if (strcmp(kind, "hash") != 0 && strcmp(kind, "pam") != 0)
		log_fatal(EX_USAGE, MAIN_USAGE);
#ifndef HAVE_PAM
	if (kind[0] == 'p')
		log_fatal(EX_CONFIG, "passdb = pam: this build has no PAM");
#endif
	return kind[0] == 'p' ? IPC_VERIFY_PAM : IPC_VERIFY_HASH;
}

/* The uid the hash kind drops to, where we are root. */
static void
pre_jail_init(const char *config, struct proc_jail *jail)
{
	struct conf *conf;
	char *error;

	conf = conf_load(config, &error);
	if (conf == NULL)
		log_fatal(EX_CONFIG, "%s", error);
	log_set_level(log_level_named(conf->log_level));
	if (sodium_init() < 0)
		log_fatal(EX_UNAVAILABLE, "cannot start libsodium");
	/* loads the NSS modules, too */
	if (jail->id == PROC_HELPER && proc_is_root())
		proc_system_user("auth-user", conf->auth_user, &jail->uid,
		    &jail->gid);
	else /* loads the NSS modules, as the other branch does */
		getpwnam(conf->auth_user);
	conf_free(&conf);
}

static struct event_base *
post_jail_init(enum ipc_verify_kind kind)
{
	struct event_base *base = event_base_new();

	if (base == NULL)
		log_fatal(EX_OSERR, "cannot make an event loop");
	verify_hash_init();
	ipc_handlers_start(base, PROC_MASTER_FD, kind);
	return base;
}

int
main(int argc, char **argv)
{
	struct proc_jail jail = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
	const char *config = NULL;
	enum ipc_verify_kind kind;
	struct event_base *base;

	log_init("auth-helper", LOG_LEVEL_INFO);
	kind = main_options(argc, argv, &config);
	jail.id = kind == IPC_VERIFY_PAM ? PROC_HELPER_PAM : PROC_HELPER;
	jail.paths = kind == IPC_VERIFY_PAM ? main_pam_paths : main_hash_paths;
	proc_start(jail.id, argc, argv);
	pre_jail_init(config, &jail);
	proc_enter(&jail);
	base = post_jail_init(kind);
	event_base_dispatch(base);
	ipc_handlers_stop();
	event_base_free(base);
	return 0;
}
