/* SPDX-License-Identifier: ISC
 *
 * System calls on files: see io.h.
 */
#include "store/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define IO_IOV 8

static const struct store_io_hook *io_hook;

void
store_io_set_hook(const struct store_io_hook *hook)
{
	io_hook = hook;
}

const char *
store_io_name(enum store_io_at at)
{
	static const char *const names[] = {
#define X(id, name, op, where) name,
		STORE_IO_POINTS(X)
#undef X
	};

	return names[at];
}

enum store_io_op
store_io_op(enum store_io_at at)
{
	static const enum store_io_op ops[] = {
#define X(id, name, op, where) STORE_IO_OP_##op,
		STORE_IO_POINTS(X)
#undef X
	};

	return ops[at];
}

/* False: the hook refuses, errno is set. */
static bool
io_before(struct store_io_call *c)
{
	int e;

	if (__builtin_expect(io_hook == NULL, 1))
		return true;
	c->op = store_io_op(c->at);
	if ((e = io_hook->before(c)) == 0)
		return true;
	errno = e;
	return false;
}

static int64_t
io_after(const struct store_io_call *c, int64_t result)
{
	if (__builtin_expect(io_hook != NULL, 0)) {
		int e = errno;

		io_hook->after(c, result);
		errno = e;
	}
	return result;
}

int
store_io_open(enum store_io_at at, const char *path, int flags, mode_t mode)
{
	struct store_io_call c = { .at = at, .fd = -1, .flags = flags,
		.path = path };

	if (!io_before(&c))
		return -1;
	c.fd = open(path, flags | O_CLOEXEC, mode);
	return (int)io_after(&c, c.fd);
}

ssize_t
store_io_read(enum store_io_at at, int fd, void *p, size_t n)
{
	struct store_io_call c = { .at = at, .fd = fd, .offset = -1, .len = n };

	return io_before(&c) ? io_after(&c, read(fd, p, n)) : -1;
}

ssize_t
store_io_pread(enum store_io_at at, int fd, void *p, size_t n, off_t offset)
{
	struct store_io_call c = { .at = at, .fd = fd, .offset = offset,
		.len = n };

	return io_before(&c) ? io_after(&c, pread(fd, p, n, offset)) : -1;
}

static ssize_t
io_write(struct store_io_call *c)
{
	struct iovec iov[IO_IOV];
	uint64_t left;
	int n = 0;

	if (c->n_iov > IO_IOV) {
		errno = EINVAL;
		return -1;
	}
	for (int i = 0; i < c->n_iov; i++)
		c->len += c->iov[i].iov_len;
	if (!io_before(c))
		return -1;
	for (left = c->len; n < c->n_iov; n++) {
		iov[n] = c->iov[n];
		if (iov[n].iov_len > left)
			iov[n].iov_len = (size_t)left;
		left -= iov[n].iov_len;
	}
	return io_after(c, c->offset == -1 ? writev(c->fd, iov, n)
	                                   : pwritev(c->fd, iov, n, c->offset));
}

ssize_t
store_io_write(enum store_io_at at, int fd, const void *p, size_t n)
{
	return store_io_pwrite(at, fd, p, n, -1);
}

ssize_t
store_io_pwrite(enum store_io_at at, int fd, const void *p, size_t n,
    off_t offset)
{
	struct iovec iov = { (void *)(uintptr_t)p, n };

	return store_io_pwritev(at, fd, &iov, 1, offset);
}

ssize_t
store_io_pwritev(enum store_io_at at, int fd, const struct iovec *iov, int n,
    off_t offset)
{
	struct store_io_call c = { .at = at, .fd = fd, .iov = iov, .n_iov = n,
		.offset = offset };

	return io_write(&c);
}

int
store_io_sync(enum store_io_at at, int fd)
{
	struct store_io_call c = { .at = at, .fd = fd };

	return io_before(&c) ? (int)io_after(&c, fdatasync(fd)) : -1;
}

int
store_io_sync_folder(enum store_io_at at, const char *path)
{
	struct store_io_call c = { .at = at, .fd = -1, .path = path };
	int rc;

	if (!io_before(&c) ||
	    (c.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	rc = (int)io_after(&c, fsync(c.fd));
	close(c.fd);
	return rc;
}

int
store_io_truncate(enum store_io_at at, int fd, off_t size)
{
	struct store_io_call c = { .at = at, .fd = fd, .len = (uint64_t)size };

	return io_before(&c) ? (int)io_after(&c, ftruncate(fd, size)) : -1;
}

int
store_io_allocate(enum store_io_at at, int fd, off_t size)
{
	struct store_io_call c = { .at = at, .fd = fd, .len = (uint64_t)size };

	return io_before(&c) ? (int)io_after(&c, fallocate(fd, 0, 0, size)) : -1;
}

int
store_io_rename(enum store_io_at at, const char *from, const char *to)
{
	struct store_io_call c = { .at = at, .fd = -1, .path = from, .to = to };

	return io_before(&c) ? (int)io_after(&c, rename(from, to)) : -1;
}

int
store_io_unlink(enum store_io_at at, const char *path)
{
	struct store_io_call c = { .at = at, .fd = -1, .path = path };

	return io_before(&c) ? (int)io_after(&c, unlink(path)) : -1;
}

int
store_io_mkdir(enum store_io_at at, const char *path, mode_t mode)
{
	struct store_io_call c = { .at = at, .fd = -1, .path = path };

	return io_before(&c) ? (int)io_after(&c, mkdir(path, mode)) : -1;
}

struct dirent *
store_io_readdir(enum store_io_at at, DIR *d)
{
	struct store_io_call c = { .at = at, .fd = -1 };

	errno = 0;
	return io_before(&c) ? readdir(d) : NULL;
}

void *
store_io_map(enum store_io_at at, int fd, size_t len)
{
	struct store_io_call c = { .at = at, .fd = fd, .len = len };
	void *p;

	if (!io_before(&c))
		return NULL;
	p = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

void *
store_io_malloc(enum store_io_at at, size_t n)
{
	struct store_io_call c = { .at = at, .fd = -1, .len = n };

	return io_before(&c) ? malloc(n) : NULL;
}

void *
store_io_realloc(enum store_io_at at, void *p, size_t n)
{
	struct store_io_call c = { .at = at, .fd = -1, .len = n };

	return io_before(&c) ? realloc(p, n) : NULL;
}
