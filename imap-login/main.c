/* SPDX-License-Identifier: ISC
 *
 * imap-login: talks to strangers until they have logged in, and keeps TLS
 * between those who have and their workers.  Started by master with the
 * channel to it as descriptor 3; runs as login-user in an empty chroot, with
 * no files, no sockets to be made but pairs, and nobody's mail.  It is believed
 * by nobody: who a client is, master asks auth.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <event2/event.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/xalloc.h"
#include "imap-login/login.h"
#include "imap-login/tls.h"

/* Everything that is read from files; who we become. */
static SSL_CTX *
pre_jail_init(const struct conf *conf, struct proc_jail *jail)
{
	SSL_CTX *tls = NULL;
	char *error;

	if (sodium_init() < 0)
		log_fatal(EX_SOFTWARE, "libsodium does not start");
	if (conf->tls_cert[0] != '\0') {
		tls = tls_context_new(conf, &error);
		if (tls == NULL)
			log_fatal(EX_CONFIG, "tls: %s", error);
	}
	if (!proc_is_root())
		return tls;
	proc_system_user("login-user", conf->login_user, &jail->uid,
	    &jail->gid);
	jail->chroot = xasprintf("%s/empty", conf->state_dir);
	return tls;
}

int
main(int argc, char **argv)
{
	struct proc_jail jail = { .id = PROC_LOGIN, .uid = (uid_t)-1,
		.gid = (gid_t)-1 };
	struct login *login;
	struct conf *conf;

	log_init("imap-login", LOG_LEVEL_INFO);
	proc_start(PROC_LOGIN, argc, argv);
	conf = conf_load_child(argc, argv, "imap-login");

	login = login_new(conf, pre_jail_init(conf, &jail));

	proc_enter(&jail);

	login_start(login, PROC_MASTER_FD);

	event_base_dispatch(login->service.base);
	login_free(&login);
	conf_free(&conf);
	return 0;
}
