/* SPDX-License-Identifier: ISC
 *
 * auth: says who logged in, and who a recipient is. Talks to imap-login, lmtp,
 * its helpers and master over channels that master made, never to the network;
 * one event loop, nothing in it blocks (what may block is a helper's). Started
 * by master with its channel as descriptor 3; runs as auth-user, with landlock
 * letting it read the passwd-file's folder and write its own state folder.
 */
#include <event2/event.h>
#include <getopt.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "auth/auth.h"
#include "auth/cache.h"
#include "auth/helpers.h"
#include "auth/ipc_handlers.h"
#include "auth/passwd_file.h"
#include "auth/penalty.h"
#include "auth/prejail.h"
#include "auth/sasl.h"
#include "auth/tickets.h"
#include "auth/uid_table.h"
#include "auth/userdb.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/proc.h"

#define MAIN_TICKETS 16384
#define MAIN_CACHE_ENTRIES 65536

static enum log_level
main_log_level(const char *word)
{
	static const char words[] = "ewid"; /* error, warning, info, debug */

	return (enum log_level)(strchr(words, word[0]) - words);
}

static struct conf *
main_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = NULL;
	struct conf *conf;
	char *error;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'c')
			log_fatal(EX_USAGE, "usage: auth [--config FILE]");
		path = optarg;
	}
	conf = conf_load(path, &error);
	if (conf == NULL)
		log_fatal(EX_CONFIG, "%s", error);
	log_set_level(main_log_level(conf->log_level));
	return conf;
}

static void
pre_jail_init(struct auth *auth, struct prejail *pre)
{
	if (sodium_init() < 0)
		log_fatal(EX_UNAVAILABLE, "cannot start libsodium");
	auth->sasl = sasl_new();
	if (auth->sasl == NULL)
		log_fatal(EX_UNAVAILABLE, "cannot do SASL");
	prejail_init(pre, auth->conf);
}

static void
post_jail_init(struct auth *auth, const struct prejail *pre)
{
	const struct conf *conf = auth->conf;

	auth->base = event_base_new();
	if (auth->base == NULL)
		log_fatal(EX_OSERR, "cannot make an event loop");
	auth->tickets = tickets_new(MAIN_TICKETS);
	auth->penalty = penalty_new(conf->failure_delay_ms);
	if (conf->auth_cache_seconds > 0)
		auth->cache = cache_new(MAIN_CACHE_ENTRIES,
		    conf->auth_cache_seconds);
	if (strcmp(conf->passdb, "passwd-file") == 0)
		auth->passwd = passwd_file_new(conf->passwd_file,
		    conf->default_domain, auth_now_ms());
	auth->helpers = helpers_new(auth->base, HELPERS_TIMEOUT_MS);
	auth->userdb = userdb_new(conf, auth->passwd, auth->helpers, pre->uids,
	    pre->single_uid, pre->single_gid);
	ipc_handlers_start(auth, PROC_MASTER_FD);
}

static void
main_end(struct auth *auth, struct prejail *pre)
{
	ipc_handlers_stop(auth);
	helpers_free(&auth->helpers);
	userdb_free(&auth->userdb);
	passwd_file_free(&auth->passwd);
	cache_free(&auth->cache);
	penalty_free(&auth->penalty);
	tickets_free(&auth->tickets);
	sasl_free(&auth->sasl);
	uid_table_free(&pre->uids);
	event_base_free(auth->base);
	for (size_t i = 0; pre->paths[i].path != NULL; i++)
		free((char *)pre->paths[i].path);
	conf_free(&auth->conf);
}

int
main(int argc, char **argv)
{
	static struct auth auth;
	static struct prejail pre;

	log_init("auth", LOG_LEVEL_INFO);
	proc_start(PROC_AUTH, argc, argv);
	auth.conf = main_options(argc, argv);
	pre_jail_init(&auth, &pre);
	proc_enter(&(struct proc_jail){ .id = PROC_AUTH, .uid = pre.uid,
	    .gid = pre.gid, .paths = pre.paths, .keep_fds = pre.keep_fds });
	post_jail_init(&auth, &pre);
	event_base_dispatch(auth.base);
	main_end(&auth, &pre);
	return 0;
}
