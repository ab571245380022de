/* SPDX-License-Identifier: ISC
 *
 * The files of a home beside the index and the segments.
 *
 *   lock      flock held from before anything is opened until the end. Its
 *             text is in deaths.c.
 *   VERSION   "format=1" and the store's id; written once.
 *   reserve   4 MiB to give up when the disk is full, for expunge and recovery.
 *             While it is missing nothing is appended, so that what it freed is
 *             not filled up with more messages.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/fault.h"
#include "store/io.h"
#include "store/store_private.h"

#define HOME_RESERVE_HEADROOM (4 * MIB) /* free behind a restored reserve */

char *
store_home_path(const struct store *st, const char *name)
{
	return xasprintf("%s/%s", st->home, name);
}

static enum store_err
home_error(const char *what, const char *path)
{
	enum store_err e = errno == ENOSPC || errno == EDQUOT ? STORE_NO_SPACE
	                                                      : STORE_IO;

	log_error("store: %s: %s: %m", what, path);
	return e;
}

enum store_err
store_home_lock(struct store *st)
{
	char *path = store_home_path(st, "lock");
	enum store_err e = STORE_OK;

	st->lock_fd = store_io_open(STORE_IO_LOCK_OPEN, path,
	    O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (st->lock_fd == -1)
		e = home_error("lock", path);
	else if (flock(st->lock_fd, LOCK_EX | LOCK_NB) != 0)
		e = errno == EWOULDBLOCK ? STORE_BUSY : home_error("lock", path);
	free(path);
	return e;
}

/* All of a short text. */
static int
home_write(enum store_io_at at, int fd, const char *text, int len)
{
	ssize_t n;

	for (; len > 0; len -= (int)n, text += n)
		if ((n = store_io_write(at, fd, text, (size_t)len)) <= 0)
			return -1;
	return 0;
}

static enum store_err
home_write_version(struct store *st, const char *path)
{
	char *tmp = store_home_path(st, "VERSION.new"), text[128];
	unsigned char id[16];
	enum store_err e = STORE_OK;
	int fd = -1, n;

	if (getrandom(id, sizeof(id), 0) != sizeof(id)) {
		e = home_error("random", path);
		goto out;
	}
	n = snprintf(text, sizeof(text), "format=%d\nid=", LAYOUT_FORMAT);
	for (size_t i = 0; i < sizeof(id); i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%02x", id[i]);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "\n");
	fd = store_io_open(STORE_IO_VERSION_CREATE, tmp,
	    O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd == -1 || home_write(STORE_IO_VERSION_WRITE, fd, text, n) != 0 ||
	    store_io_sync(STORE_IO_VERSION_SYNC, fd) != 0 ||
	    store_io_rename(STORE_IO_VERSION_RENAME, tmp, path) != 0 ||
	    store_io_sync_folder(STORE_IO_VERSION_FOLDER, st->home) != 0)
		e = home_error("write", path);
	if (fd != -1)
		close(fd);
	store_fault(STORE_FAULT_OPEN_VERSION);
out:
	free(tmp);
	return e;
}

static enum store_err
home_check_version(struct store *st)
{
	char *path = store_home_path(st, "VERSION"), text[128], *end;
	enum store_err e = STORE_OK;
	ssize_t n = 0;
	unsigned long format;
	int fd = store_io_open(STORE_IO_VERSION_OPEN, path,
	    O_RDONLY | O_NOFOLLOW, 0);

	if (fd == -1) {
		e = errno == ENOENT ? home_write_version(st, path)
		                    : home_error("open", path);
		goto out;
	}
	n = store_io_read(STORE_IO_VERSION_READ, fd, text, sizeof(text) - 1);
	if (n < 0) {
		e = home_error("read", path);
		goto out;
	}
	text[n] = '\0';
	format = strncmp(text, "format=", 7) == 0 ? strtoul(text + 7, &end, 10)
	                                          : 0;
	if (format == 0 || *end != '\n') {
		log_error("store: not a version file: %s", path);
		e = STORE_CORRUPT;
	} else if (format < LAYOUT_FORMAT) {
		log_error("store: written by a version before the first "
		    "release: %s: format %lu", path, format);
		e = STORE_CORRUPT;
	} else if (format > LAYOUT_FORMAT) {
		log_error("store: written by a newer version: %s: format %lu, "
		    "this program knows %d", path, format, LAYOUT_FORMAT);
		e = STORE_NEWER;
	}
out:
	if (fd != -1)
		close(fd);
	free(path);
	return e;
}

static enum store_err
home_make_folder(struct store *st, const char *name)
{
	char *path = store_home_path(st, name);
	enum store_err e = STORE_OK;

	if (store_io_mkdir(STORE_IO_FOLDER_MAKE, path, 0700) == 0) {
		if (store_io_sync_folder(STORE_IO_FOLDER_SYNC, st->home) != 0)
			e = home_error("sync", st->home);
	} else if (errno != EEXIST) {
		e = home_error("make", path);
	}
	free(path);
	return e;
}

enum store_err
store_home_prepare(struct store *st)
{
	char *config;
	enum store_err e;

	if ((e = home_check_version(st)) != STORE_OK ||
	    (e = home_make_folder(st, "db")) != STORE_OK ||
	    (e = home_make_folder(st, "seg")) != STORE_OK ||
	    (e = home_make_folder(st, "snap")) != STORE_OK)
		return e;
	config = store_home_path(st, "db/DB_CONFIG");
	if (access(config, F_OK) == 0) {
		log_error("store: refused, it would override our settings: %s",
		    config);
		e = STORE_CORRUPT;
	}
	free(config);
	store_home_reserve_make(st);
	return e;
}

/* --- the index, set aside ------------------------------------------------- */

/* Renames db/ out of the way and makes an empty one. */
enum store_err
store_home_set_aside(struct store *st)
{
	char *from = store_home_path(st, "db"), *to = NULL;
	long long now = (long long)time(NULL);
	enum store_err e = STORE_OK;
	struct stat sb;

	do {
		free(to);
		to = xasprintf("%s/db.bad.%lld", st->home, now++);
	} while (lstat(to, &sb) == 0);
	if (store_io_rename(STORE_IO_INDEX_ASIDE, from, to) != 0)
		e = home_error("set aside", from);
	else
		log_error("store: the index is %s, kept as %s, rebuilding "
		    "from the segments", st->o.rebuild ? "not wanted any more"
		    : "damaged", to);
	free(from);
	free(to);
	return e != STORE_OK ? e : home_make_folder(st, "db");
}

/* --- the reserve --------------------------------------------------------- */

void
store_home_reserve_make(struct store *st)
{
	char *path = store_home_path(st, "reserve");
	struct statvfs v;
	struct stat sb;
	int fd = -1;

	st->has_reserve = stat(path, &sb) == 0 &&
	    sb.st_size >= STORE_RESERVE_BYTES;
	if (st->has_reserve || statvfs(st->home, &v) != 0 ||
	    (uint64_t)v.f_bavail * v.f_frsize <
	    STORE_RESERVE_BYTES + HOME_RESERVE_HEADROOM)
		goto out;
	fd = store_io_open(STORE_IO_RESERVE_OPEN, path,
	    O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
	if (fd != -1 && store_io_allocate(STORE_IO_RESERVE_ALLOCATE, fd,
	    STORE_RESERVE_BYTES) == 0) {
		st->has_reserve = true;
	} else {
		/* a file system that cannot does without */
		st->has_reserve = fd != -1 && errno == EOPNOTSUPP;
		log_warn("store: reserve: %s: %m", path);
		store_io_unlink(STORE_IO_RESERVE_REMOVE, path);
	}
out:
	if (fd != -1)
		close(fd);
	free(path);
}

bool
store_home_reserve_release(struct store *st)
{
	char *path = store_home_path(st, "reserve");
	bool was = store_io_unlink(STORE_IO_RESERVE_REMOVE, path) == 0;

	st->has_reserve = false;
	if (was)
		log_warn("store: disk full, reserve given up: %s", path);
	free(path);
	return was;
}
