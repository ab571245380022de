/* SPDX-License-Identifier: ISC
 *
 * imap-worker: started once by master as the nursery; each spare it forks becomes
 * the one process of one user. Runs as root until then where Postern runs as root,
 * as that user's uid afterwards.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/proc.h"
#include "nursery.h"
#include "worker.h"

int
main(int argc, char **argv)
{
	const struct proc_jail jail = { .id = PROC_NURSERY,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1 };
	struct event_base *base;
	struct conf *conf;
	int fd;

	log_init("imap-worker", LOG_LEVEL_INFO);
	proc_start(PROC_NURSERY, argc, argv);
	conf = conf_load_child(argc, argv, "imap-worker");
	proc_enter(&jail);
	base = event_base_new();
	if (base == NULL)
		log_fatal(EX_OSERR, "nursery: no event loop");
	fd = nursery_run(base, conf);
	return fd == -1 ? 0 : worker_run(base, conf, fd);
}
