/* SPDX-License-Identifier: ISC
 *
 * Which uid a virtual user got (uid-policy = range): state-dir/auth/uids, text,
 * one line "uid user" each, only ever appended to. A uid is durable (fdatasync)
 * before anybody hears of it and is never given twice: the line of a user who
 * was deleted stays, and so does the number should the name come back.
 *
 * A last line without its newline is one whose fdatasync never returned, so its
 * uid was never used: it is cut off at the next start. Any other line that
 * cannot be read stops the start, as guessing might hand out a uid twice.
 *
 * While a reload goes on there are two auth processes: each gives a uid out
 * with the file locked (flock), after it has read what the other one added.
 */
#ifndef AUTH_UID_TABLE_H
#define AUTH_UID_TABLE_H

#include <stdint.h>
#include <sys/types.h>

struct uid_table;

/* Opens or makes the file; owner: whose it becomes where we run as root, else
 * ignored. NULL: *error_r (malloc'ed) says why. */
struct uid_table *uid_table_open(const char *path, uid_t first, uid_t last,
    uid_t owner, gid_t group, char **error_r);
void uid_table_free(struct uid_table **t);
/* The descriptor, to be kept open by the jail. */
int uid_table_fd(const struct uid_table *t);
/* The user's uid, a new one for a new user. -1: none left, or it could not be
 * written (logged). */
int uid_table_get(struct uid_table *t, const char *user, uid_t *uid_r);

/* The user with number i, in the order they came; NULL: no more. Borrowed. */
const char *uid_table_user(const struct uid_table *t, uint64_t i);

#endif
