/* SPDX-License-Identifier: ISC
 *
 * Who a user is: whether it exists, its uid, gid and home. The passdb says who
 * exists (the passwd-file, or with PAM the system's user database), the uid
 * policy whose uid it is:
 *
 *   system   the system user's own uid, gid and home, from a helper (getpwnam)
 *   single   those of virtual-user, resolved before the jail was shut
 *   range    a number of its own from the uid table, the gid being the same
 *
 * Uid 0 is nobody's: such a user does not exist here. What the system answered
 * is remembered for a minute in a table of fixed size.
 */
#ifndef AUTH_USERDB_H
#define AUTH_USERDB_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/ipc.h"

struct buf;
struct conf;
struct helpers;
struct passwd_file;
struct uid_table;
struct userdb;
struct userdb_op;

struct identity {
	char *user; /* own */
	uid_t uid;
	gid_t gid;
	char *home; /* own */
};

void identity_copy(struct identity *to_r, const struct identity *from);
void identity_clear(struct identity *i);

/* status: IPC_OK, IPC_NO_SUCH_USER or IPC_UNAVAILABLE; who only with IPC_OK
 * and where the identity was wanted, borrowed until the function returns. */
typedef void userdb_fn(void *ctx, enum ipc_status status,
    const struct identity *who);

enum userdb_want {
	USERDB_EXISTS,   /* does it exist? No uid is given out for that */
	USERDB_IDENTITY, /* who is it? */
	USERDB_PROVEN,   /* the same, and its login proved that it exists */
};

/* passwd: NULL with PAM. uids: with range only. single_*: with single only.
 * Everything is borrowed. */
struct userdb *userdb_new(const struct conf *conf, struct passwd_file *passwd,
    struct helpers *helpers, struct uid_table *uids, uid_t single_uid,
    gid_t single_gid);
void userdb_free(struct userdb **u);
/* user: normalized. Calls fn exactly once: before returning, and then the
 * answer is NULL, or later, unless the operation is cancelled first. */
struct userdb_op *userdb_resolve(struct userdb *u, const char *user,
    enum userdb_want want, userdb_fn *fn, void *ctx);
/* Sets *op NULL; accepts NULL. */
void userdb_cancel(struct userdb_op **op);

/* Adds names of users to a buffer until it is full, each with a NUL: *from and
 * *generation as in passwd_file_list(). With range those who have a uid, since
 * nobody else can have mail; else all of the passwd-file. IPC_UNAVAILABLE: the
 * users have changed since *generation; IPC_REFUSED: only the system knows
 * them. */
enum ipc_status userdb_list(struct userdb *u, uint64_t *generation,
    uint64_t *from, struct buf *names);

#endif
