/* SPDX-License-Identifier: ISC */
#include "auth/auth.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

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

#define AUTH_TICKETS 16384
#define AUTH_CACHE_ENTRIES 65536

void
auth_post_jail_init(struct auth *auth, const struct prejail *pre)
{
	const struct conf *conf = auth->conf;

	auth->base = event_base_new();
	if (auth->base == NULL)
		log_fatal(EX_OSERR, "cannot make an event loop");
	auth->tickets = tickets_new(AUTH_TICKETS);
	auth->penalty = penalty_new(conf->failure_delay_ms);
	if (conf->auth_cache_seconds > 0)
		auth->cache = cache_new(AUTH_CACHE_ENTRIES,
		    conf->auth_cache_seconds);
	if (strcmp(conf->passdb, "passwd-file") == 0)
		auth->passwd = passwd_file_new(conf->passwd_file,
		    conf->default_domain, auth_now_ms());
	auth->helpers = helpers_new(auth->base, HELPERS_TIMEOUT_MS);
	auth->userdb = userdb_new(conf, auth->passwd, auth->helpers, pre->uids,
	    pre->single_uid, pre->single_gid);
	ipc_handlers_start(auth, PROC_MASTER_FD);
}

void
auth_end(struct auth *auth, struct prejail *pre)
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
