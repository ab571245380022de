/* SPDX-License-Identifier: ISC
 *
 * Changing a passwd-file (auth/README has the form: user:password:uid:gid:
 * gecos:home:shell:extra). Whoever edits holds a lock (flock) on the file from
 * before reading to after replacing it; it is replaced whole, by a new file of
 * the same owner and mode, made durable and renamed over the old one. A reader
 * sees the old or the new one, never a part.
 */
#ifndef CTL_PASSWD_EDIT_H
#define CTL_PASSWD_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/user.h"

struct passwd_edit {
	char *path;                 /* own; no symbolic link */
	const char *default_domain; /* borrowed */
	int fd;                     /* locked */
	struct buf text;            /* secret: wiped */
};

/* A line, cut into fields; those that are not there are "". */
struct passwd_line {
	size_t start, len; /* in the text, len with its newline */
	char *copy;        /* own; what the fields point into */
	const char *user, *password, *home;
	char normal[USER_MAX + 1]; /* the user, normalized */
};

/* Opens, locks and reads. create: makes it where it is not there, readable by
 * group reader too, if that is not -1. False: it has been said. */
bool passwd_edit_open(struct passwd_edit *e, const char *path,
    const char *default_domain, bool create, gid_t reader);
/* Unlocks and forgets; what was not saved is lost. */
void passwd_edit_close(struct passwd_edit *e);
/* Makes the changed text the file. False: it has been said. */
bool passwd_edit_save(struct passwd_edit *e);

/* The line at *at (0 at first), and *at behind it; comments, empty lines and
 * lines that are no user's to the auth process are passed over. False: the
 * end. */
bool passwd_edit_next(const struct passwd_edit *e, size_t *at,
    struct passwd_line *l);
/* The first line of a user; the name may lack the default domain. */
bool passwd_edit_find(const struct passwd_edit *e, const char *user,
    struct passwd_line *l);
void passwd_line_clear(struct passwd_line *l);

/* What l covers becomes the line of these. NULL password: none, it goes; l
 * NULL: a new line at the end. */
void passwd_edit_replace(struct passwd_edit *e, const struct passwd_line *l,
    const char *user, const char *password, const char *rest);
/* Takes all lines of a user out: auth looks at the first only, and would come
 * to the next. */
void passwd_edit_remove(struct passwd_edit *e, const char *user);

#endif
