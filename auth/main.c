/* SPDX-License-Identifier: ISC
 *
 * auth: says who logged in, and who a recipient is. Talks to imap-login, lmtp,
 * its helpers and master over channels that master made, never to the network;
 * one event loop, nothing in it blocks (what may block is a helper's). Started
 * by master with its channel as descriptor 3; runs as auth-user, with landlock
 * letting it read the passwd-file's folder and write its own state folder.
 */
#include <event2/event.h>
#include <sodium.h>
#include <sysexits.h>

#include "auth/auth.h"
#include "auth/prejail.h"
#include "auth/sasl.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/proc.h"

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

int
main(int argc, char **argv)
{
	static struct auth auth;
	static struct prejail pre;

	log_init("auth", LOG_LEVEL_INFO);
	proc_start(PROC_AUTH, argc, argv);
	auth.conf = conf_load_child(argc, argv, "auth");
	pre_jail_init(&auth, &pre);
	proc_enter(&(struct proc_jail){ .id = PROC_AUTH, .uid = pre.uid,
	    .gid = pre.gid, .paths = pre.paths, .keep_fds = pre.keep_fds });
	auth_post_jail_init(&auth, &pre);
	event_base_dispatch(auth.base);
	auth_end(&auth, &pre);
	return 0;
}
