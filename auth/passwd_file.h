/* SPDX-License-Identifier: ISC
 *
 * The passwd-file: one user a line, fields in Dovecot's order,
 *
 *   user:password:uid:gid:gecos:home:shell:extra
 *
 * of which user and password are used; the others may be missing. Whose uid
 * and which home a user gets is the configuration's business, not this file's.
 * Empty lines and lines starting with '#' are nothing; a line that cannot be
 * right is logged by its number and left out, and so is the second line of one
 * user.
 *
 * A password that is empty or starts with '!' or '*' lets nobody in. Nor do the
 * extra fields nologin, nopassword and allow_nets: they restrict a login in
 * ways this program does not offer, so ignoring them would let in too many.
 * Other extra fields are ignored.
 *
 * The whole file lies in guarded memory (sodium_malloc), read-only once parsed,
 * wiped when it is replaced. A lookup looks at most once a second whether the
 * file's times, size or inode changed, and reads it anew then (twice where it
 * changed just now, as its times cannot be trusted yet). A file that is gone or
 * cannot be read leaves the last good content in force, and is logged.
 */
#ifndef AUTH_PASSWD_FILE_H
#define AUTH_PASSWD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define PASSWD_FILE_MAX (256u * 1024 * 1024)

struct passwd_file;

/* Strings are borrowed from the file, until the next passwd_file_find(). */
struct passwd_entry {
	const char *user;     /* normalized */
	const char *verifier; /* NULL: may not log in */
};

/* Reads the file; one that cannot be read is logged and counts as empty. */
struct passwd_file *passwd_file_new(const char *path,
    const char *default_domain, uint64_t now_ms);
void passwd_file_free(struct passwd_file **f);
/* user: normalized. NULL: not there. */
const struct passwd_entry *passwd_file_find(struct passwd_file *f,
    const char *user, uint64_t now_ms);
/* A verifier to waste the same time on for a user that cannot log in: that of
 * some other user, always the same for one name. NULL: the file has none. */
const char *passwd_file_decoy(const struct passwd_file *f, const char *user);
size_t passwd_file_count(const struct passwd_file *f);
/* Adds names of users, each with a NUL, to a buffer until it is full, from user
 * number *from (0: the first) on; *from becomes that of the next, 0: no more.
 * Numbers hold for one reading of the file: False where it is not the one of
 * *generation any more (0: any; it becomes the current one). */
bool passwd_file_list(struct passwd_file *f, uint64_t *generation,
    uint64_t *from, struct buf *names, uint64_t now_ms);

#endif
