/* SPDX-License-Identifier: ISC
 *
 * The way to a user's mail folder, walked by a worker that is still root, in a
 * tree parts of which other users can change while it walks. Hence one
 * component at a time, by descriptor, never through a symbolic link; and root
 * makes or gives away nothing below a folder that anybody but root could write
 * to. What is to be made below the user's own folder is made when root is gone.
 */
#include "common/proc_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOME_OPEN (O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC)

/* The next component of *rest into name, and *rest behind it. False: the end,
 * or *error_r is set. */
static bool
home_next(const char **rest, char name[NAME_MAX + 1], const char **error_r)
{
	for (;;) {
		size_t n;

		*rest += strspn(*rest, "/");
		n = strcspn(*rest, "/");
		if (n == 0)
			return false;
		if (n > NAME_MAX) {
			*error_r = "home: a name in the path is too long";
			return false;
		}
		memcpy(name, *rest, n);
		name[n] = '\0';
		*rest += n;
		if (strcmp(name, "..") == 0) {
			*error_r = "home: the path has \"..\" in it";
			return false;
		}
		if (strcmp(name, ".") != 0)
			return true;
	}
}

static bool
home_is_last(const char *rest)
{
	return rest[strspn(rest, "/")] == '\0';
}

static bool
home_only_root_changes(const struct stat *st)
{
	return st->st_uid == 0 && (st->st_mode & 022) == 0;
}

static bool
home_is_empty(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *e;
	bool empty = d != NULL;

	while (empty && (e = readdir(d)) != NULL)
		empty = strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0;
	if (d != NULL)
		closedir(d);
	else if (copy >= 0)
		close(copy);
	return empty;
}

static const char *
home_why(void)
{
	switch (errno) {
	case ENOTDIR:
	case ELOOP:
		return "home: something in the path is not a folder, or a "
		       "symbolic link";
	case EACCES:
	case EPERM:
		return "home: no permission";
	case ENOSPC:
	case EDQUOT:
		return "home: no space to make it";
	case EROFS:
		return "home: read-only file system";
	default:
		return "home: cannot be opened or made";
	}
}

/* Missing component `name` of the folder h->fd. */
static bool
home_make_as_root(const struct proc_home *h, const char *name, bool last,
    const char **error_r)
{
	mode_t mode = last ? 0700 : 0755;
	struct stat st;

	if (fstat(h->fd, &st) != 0) {
		*error_r = home_why();
		return false;
	}
	if (!home_only_root_changes(&st)) {
		*error_r = "home: is missing, and others than root may write "
			   "where it should be";
		return false;
	}
	if ((mkdirat(h->fd, name, mode) != 0 && errno != EEXIST) ||
	    fchmodat(h->fd, name, mode, 0) != 0) {
		*error_r = home_why();
		return false;
	}
	return true;
}

/* A home just made, here or by somebody killed half-way: give it to the
 * user. */
static bool
home_give(int parent, const char *name, int fd, uid_t uid, gid_t gid,
    const char **error_r)
{
	struct stat above, st;

	if (fstat(parent, &above) != 0 || fstat(fd, &st) != 0) {
		*error_r = home_why();
		return false;
	}
	if (st.st_uid != 0 || uid == 0 || !home_only_root_changes(&above) ||
	    !home_is_empty(fd))
		return true; /* whose it is, proc_home_finish() looks at */
	if (fchmodat(parent, name, 0700, 0) != 0 ||
	    fchownat(fd, "", uid, gid, AT_EMPTY_PATH) != 0) {
		*error_r = home_why();
		return false;
	}
	return true;
}

static bool
home_is_users(int fd, uid_t uid)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == uid;
}

bool
proc_home_walk(struct proc_home *h, const char *home, uid_t uid, gid_t gid,
    const char **error_r)
{
	char name[NAME_MAX + 1];

	*error_r = NULL;
	*h = (struct proc_home){ .fd = -1, .rest = home };
	if (*home != '/') {
		*error_r = "home: not an absolute path";
		return false;
	}
	h->fd = open("/", HOME_OPEN);
	while (h->fd >= 0) {
		const char *rest = h->rest;
		int next;

		if (!home_next(&rest, name, error_r))
			return *error_r == NULL;
		next = openat(h->fd, name, HOME_OPEN);
		if (next < 0 && errno == ENOENT) {
			if (!proc_is_root() || home_is_users(h->fd, uid))
				return true; /* made as the user */
			if (!home_make_as_root(h, name, home_is_last(rest),
				error_r))
				return false;
			next = openat(h->fd, name, HOME_OPEN);
		}
		if (next < 0)
			break;
		if (proc_is_root() && home_is_last(rest) &&
		    !home_give(h->fd, name, next, uid, gid, error_r)) {
			close(next);
			return false;
		}
		close(h->fd);
		h->fd = next;
		h->rest = rest;
	}
	*error_r = home_why();
	return false;
}

bool
proc_home_finish(struct proc_home *h, const char *home, uid_t uid,
    const char **error_r)
{
	char name[NAME_MAX + 1];
	struct stat st, by_path;

	while (home_next(&h->rest, name, error_r)) {
		int next;

		if (mkdirat(h->fd, name, 0700) != 0 && errno != EEXIST) {
			*error_r = home_why();
			return false;
		}
		next = openat(h->fd, name, HOME_OPEN);
		if (next < 0) {
			*error_r = home_why();
			return false;
		}
		close(h->fd);
		h->fd = next;
	}
	if (*error_r != NULL)
		return false;
	if (fstat(h->fd, &st) != 0 || stat(home, &by_path) != 0) {
		*error_r = home_why();
		return false;
	}
	if (st.st_uid != uid)
		*error_r = "home: belongs to somebody else";
	else if ((st.st_mode & 022) != 0)
		*error_r = "home: others may write to it";
	else if (st.st_dev != by_path.st_dev || st.st_ino != by_path.st_ino)
		*error_r = "home: the path changed under us";
	return *error_r == NULL;
}

void
proc_home_clear(struct proc_home *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}
