/* SPDX-License-Identifier: ISC
 *
 * lmtp: takes mail from an MTA (RFC 2033) and hands each message, as a sealed
 * piece of memory, to master once for each recipient.  Started by master with
 * the channel to it as descriptor 3; runs as lmtp-user in an empty chroot,
 * opens nothing, and looks into no message.  250 means that the user's worker
 * has it on disk.
 */
#include <sodium.h>
#include <stdlib.h>
#include <sysexits.h>
#include <event2/event.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/xalloc.h"
#include "lmtp/lmtp.h"

/* Who we become. */
static void
pre_jail_init(const struct conf *conf, struct proc_jail *jail)
{
	if (sodium_init() < 0)
		log_fatal(EX_SOFTWARE, "libsodium does not start");
	if (!proc_is_root())
		return;
	proc_system_user("lmtp-user", conf->lmtp_user, &jail->uid, &jail->gid);
	jail->chroot = xasprintf("%s/empty", conf->state_dir);
}

int
main(int argc, char **argv)
{
	struct proc_jail jail = { .id = PROC_LMTP, .uid = (uid_t)-1,
		.gid = (gid_t)-1 };
	struct lmtp *lmtp;
	struct conf *conf;

	log_init("lmtp", LOG_LEVEL_INFO);
	proc_start(PROC_LMTP, argc, argv);
	conf = conf_load_child(argc, argv, "lmtp");

	pre_jail_init(conf, &jail);
	lmtp = lmtp_new(conf);

	proc_enter(&jail);

	lmtp_start(lmtp, PROC_MASTER_FD);

	event_base_dispatch(lmtp->service.base);
	lmtp_free(&lmtp);
	conf_free(&conf);
	return 0;
}
