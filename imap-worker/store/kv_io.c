/* SPDX-License-Identifier: ISC
 *
 * The files of the index: see kv_io.h.
 */
#include "store/kv_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "store/io.h"

static enum kv_err refused;
static bool sync_failed, recovering;
/* the last read, when it failed: libdb tries again in another way */
static int read_error, read_fd;
static off_t read_at;
static char folder[4096]; /* its names are not durable yet; "": none */

void
kv_io_reset(void)
{
	refused = KV_OK;
	sync_failed = false;
	read_error = 0;
	recovering = true;
	folder[0] = '\0';
}

void
kv_io_recovered(void)
{
	recovering = false;
}

enum kv_err
kv_io_refused(void)
{
	return refused;
}

bool
kv_io_sync_failed(void)
{
	return sync_failed;
}

static void
kv_io_note(int error)
{
	if (refused == KV_OK)
		refused = error == ENOSPC || error == EDQUOT || error == EFBIG
		    ? KV_NO_SPACE : KV_IO;
}

/* Recovery that could not read something takes it for not there, goes on, and
 * would write down the result. */
static bool
kv_io_stopped(void)
{
	if (!recovering || refused == KV_OK)
		return false;
	errno = EIO;
	return true;
}

/* What a call returned; what is no refusal passes. */
static int64_t
kv_io_result(int64_t rc)
{
	if (rc == -1 && errno != EINTR && errno != ENOENT && errno != EEXIST)
		kv_io_note(errno);
	return rc;
}

/* A name changed in the folder of path. */
static int
kv_io_named(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path);

	if (n == 0 || n >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(folder, path, n);
	folder[n] = '\0';
	return 0;
}

int
kv_io_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;
	int fd;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
		/* most are there already */
		if (!(flags & O_EXCL)) {
			fd = store_io_open(STORE_IO_DB_OPEN, path,
			    flags & ~O_CREAT, 0);
			if (fd != -1 || errno != ENOENT)
				return (int)kv_io_result(fd);
		}
		if (kv_io_named(path) != 0)
			return -1;
	}
	return (int)kv_io_result(store_io_open(STORE_IO_DB_OPEN, path, flags,
	    mode));
}

ssize_t
kv_io_pread(int fd, void *p, size_t n, off_t at)
{
	ssize_t r = (ssize_t)kv_io_result(store_io_pread(STORE_IO_DB_READ, fd,
	    p, n, at));

	read_error = r == -1 ? errno : 0;
	read_fd = fd;
	read_at = at;
	return r;
}

int
kv_io_seek(int fd, off_t at, int whence)
{
	if (read_error != 0 && fd == read_fd && at == read_at)
		return read_error;
	return lseek(fd, at, whence) == -1 ? errno : 0;
}

ssize_t
kv_io_write(int fd, const void *p, size_t n)
{
	const char *from = p;
	size_t done = 0;

	if (kv_io_stopped())
		return -1;
	while (done < n) {
		ssize_t w = store_io_write(STORE_IO_DB_WRITE, fd, from + done,
		    n - done);

		if (w == -1 && errno == EINTR)
			continue;
		if (w == -1)
			return (ssize_t)kv_io_result(-1);
		done += (size_t)w;
	}
	return (ssize_t)n;
}

int
kv_io_truncate(int fd, off_t size)
{
	if (kv_io_stopped())
		return -1;
	return (int)kv_io_result(store_io_truncate(STORE_IO_DB_CUT, fd, size));
}

enum kv_err
kv_io_read_logs(const char *path)
{
	static char buf[64 * 1024];
	enum kv_err result = KV_OK;
	DIR *d = opendir(path);
	struct dirent *e;
	char file[4096];
	ssize_t n;
	int fd;

	while (d != NULL && (e = store_io_readdir(STORE_IO_DB_LIST, d)) != NULL) {
		if (strncmp(e->d_name, "log.", 4) != 0 ||
		    snprintf(file, sizeof(file), "%s/%s", path, e->d_name) >=
		    (int)sizeof(file))
			continue;
		fd = store_io_open(STORE_IO_LOG_OPEN, file, O_RDONLY, 0);
		do
			n = fd == -1 ? -1 : store_io_read(STORE_IO_LOG_READ, fd,
			    buf, sizeof(buf));
		while (n > 0);
		if (n == -1) {
			kv_io_note(errno);
			log_error("store: index: read: %s: %m", file);
			result = KV_IO;
		}
		if (fd != -1)
			close(fd);
		errno = 0;
	}
	if (d == NULL || errno != 0) {
		kv_io_note(errno);
		log_error("store: index: list: %s: %m", path);
		result = KV_IO;
	}
	if (d != NULL)
		closedir(d);
	return result;
}

int
kv_io_sync(int fd)
{
	int rc;

	/* libdb tries EIO a hundred times; the second success means nothing */
	if (sync_failed || kv_io_stopped()) {
		errno = EIO;
		return -1;
	}
	rc = store_io_sync(STORE_IO_DB_SYNC, fd);
	if (rc == 0 && folder[0] != '\0') {
		if ((rc = store_io_sync_folder(STORE_IO_DB_FOLDER, folder)) == 0)
			folder[0] = '\0';
	}
	if (rc != 0 && errno != EINTR) {
		refused = KV_IO;
		sync_failed = true;
	}
	return rc;
}

int
kv_io_rename(const char *from, const char *to)
{
	int rc = kv_io_stopped() ? -1 : store_io_rename(STORE_IO_DB_RENAME,
	    from, to);

	return rc == 0 ? kv_io_named(to) : (int)kv_io_result(rc);
}

int
kv_io_unlink(const char *path)
{
	return kv_io_stopped() ? -1
	    : (int)kv_io_result(store_io_unlink(STORE_IO_DB_REMOVE, path));
}

static void *
kv_io_memory(void *p, size_t n)
{
	if (p == NULL && n > 0)
		log_panic("store: index: out of memory: %zu bytes", n);
	return p;
}

void *
kv_io_malloc(size_t n)
{
	return kv_io_memory(store_io_malloc(STORE_IO_DB_MEMORY, n), n);
}

void *
kv_io_realloc(void *p, size_t n)
{
	return kv_io_memory(store_io_realloc(STORE_IO_DB_MEMORY, p, n), n);
}
