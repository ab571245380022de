/* SPDX-License-Identifier: ISC
 *
 * What auth must get hold of while it still may: names of system users, its
 * state folder (made here where it is missing, given to auth-user where we run
 * as root), the uid table. Called by main.c only; anything missing ends the
 * process with a text that says what.
 */
#ifndef AUTH_PREJAIL_H
#define AUTH_PREJAIL_H

#include <sys/types.h>

#include "common/proc.h"

struct conf;
struct uid_table;

struct prejail {
	uid_t uid, single_uid;     /* auth-user's; virtual-user's */
	gid_t gid, single_gid;
	struct uid_table *uids;    /* own; NULL unless uid-policy = range */
	int keep_fds[2];           /* for the jail: the uid table's, -1 */
	struct proc_path paths[4]; /* for the jail; own strings */
};

void prejail_init(struct prejail *p, const struct conf *conf);

#endif
