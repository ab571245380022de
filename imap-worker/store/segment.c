/* SPDX-License-Identifier: ISC
 *
 * Writing segment files; see segment.h.
 */
#include "store/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/crc32c.h"
#include "store/fault.h"
#include "store/io.h"

static uint64_t segment_limit = LIMIT_SEGMENT;

void
store_segment_set_limit(uint64_t bytes)
{
	segment_limit = bytes;
}

void
store_segment_init(struct store_segments *s, const char *folder)
{
	memset(s, 0, sizeof(*s));
	s->folder = xstrdup(folder);
	s->fd = -1;
}

void
store_segment_clear(struct store_segments *s)
{
	store_segment_unmap(s);
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	free(s->folder);
	s->folder = NULL;
}

static int
segment_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int
store_segment_list(const struct store_segments *s, uint32_t **numbers_r,
    size_t *n_r)
{
	uint32_t *list = NULL;
	size_t n = 0, cap = 0;
	struct dirent *e;
	DIR *d = opendir(s->folder);

	if (d == NULL) {
		log_error("store: segment: list: %s: %m", s->folder);
		return -1;
	}
	while ((e = store_io_readdir(STORE_IO_SEGMENT_LIST, d)) != NULL) {
		char *end;
		unsigned long no = strtoul(e->d_name, &end, 10);

		if (end != e->d_name + 8 || strcmp(end, ".seg") != 0 || no == 0)
			continue;
		if (n == cap) {
			cap = cap == 0 ? 16 : cap * 2;
			list = xreallocarray(list, cap, sizeof(*list));
		}
		list[n++] = (uint32_t)no;
	}
	if (errno != 0) { /* a part of the list would look like a loss */
		log_error("store: segment: list: %s: %m", s->folder);
		closedir(d);
		free(list);
		return -1;
	}
	closedir(d);
	if (n > 0)
		qsort(list, n, sizeof(*list), segment_compare);
	*numbers_r = list;
	*n_r = n;
	return 0;
}

static int
segment_open(const struct store_segments *s, uint32_t no, enum store_io_at at,
    int flags)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/%08u.seg", s->folder,
	    (unsigned)no) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return store_io_open(at, path, flags | O_NOFOLLOW, 0600);
}

int
store_segment_fd(const struct store_segments *s, uint32_t no)
{
	return segment_open(s, no, STORE_IO_SEGMENT_OPEN, O_RDONLY);
}

static enum store_err
segment_error(const struct store_segments *s, uint32_t no, const char *what)
{
	bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

	log_error("store: segment: %s: %s/%08u.seg: %m", what, s->folder,
	    (unsigned)no);
	return full ? STORE_NO_SPACE : STORE_IO;
}

/* What the system dropped cannot be written again. */
static enum store_err
segment_sync_error(struct store_segments *s, uint32_t no)
{
	segment_error(s, no, "sync");
	s->failed = true;
	return STORE_IO;
}

enum store_err
store_segment_remove(const struct store_segments *s, uint32_t no)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%08u.seg", s->folder, (unsigned)no);
	return store_io_unlink(STORE_IO_SEGMENT_REMOVE, path) == 0
	    ? STORE_OK : segment_error(s, no, "remove");
}

static void
segment_file_head(unsigned char *head, uint32_t no, uint64_t cookie)
{
	memset(head, 0, LAYOUT_SEGMENT_HEAD);
	memcpy(head, LAYOUT_SEGMENT_MAGIC, 8);
	layout_put32(head + 8, no);
	layout_put64(head + 16, cookie);
	layout_put64(head + 24, (uint64_t)time(NULL));
	layout_put32(head + 60, store_crc32c(0, head, 60));
}

enum store_err
store_segment_mend(struct store_segments *s, uint32_t no, uint64_t cookie)
{
	unsigned char head[LAYOUT_SEGMENT_HEAD];
	int fd = segment_open(s, no, STORE_IO_SEGMENT_MEND, O_WRONLY);
	enum store_err e = STORE_OK;

	segment_file_head(head, no, cookie);
	if (fd == -1 || store_io_pwrite(STORE_IO_SEGMENT_MEND_WRITE, fd, head,
	    sizeof(head), 0) != sizeof(head) ||
	    store_io_sync(STORE_IO_SEGMENT_MEND_SYNC, fd) != 0)
		e = segment_error(s, no, "mend");
	else
		log_error("store: segment: head written anew: %s/%08u.seg",
		    s->folder, (unsigned)no);
	if (fd != -1)
		close(fd);
	return e;
}

enum store_err
store_segment_create(struct store_segments *s, uint32_t no)
{
	unsigned char head[LAYOUT_SEGMENT_HEAD];
	uint64_t cookie;
	enum store_err e;
	int fd;

	if (getrandom(&cookie, sizeof(cookie), 0) != sizeof(cookie))
		return segment_error(s, no, "random");
	segment_file_head(head, no, cookie);
	fd = segment_open(s, no, STORE_IO_SEGMENT_CREATE,
	    O_RDWR | O_CREAT | O_TRUNC);
	if (fd == -1)
		return segment_error(s, no, "create");
	if (store_io_pwrite(STORE_IO_SEGMENT_HEAD, fd, head, sizeof(head), 0) !=
	    sizeof(head) || store_io_sync(STORE_IO_SEGMENT_HEAD_SYNC, fd) != 0) {
		e = segment_error(s, no, "write");
		close(fd);
		return e;
	}
	store_fault(STORE_FAULT_SEGMENT_MADE);
	if (store_io_sync_folder(STORE_IO_SEGMENT_FOLDER, s->folder) != 0) {
		e = segment_sync_error(s, no);
		close(fd);
		return e;
	}
	if (s->fd != -1)
		close(s->fd);
	s->fd = fd;
	s->no = s->safe_no = no;
	s->cookie = cookie;
	s->end = s->sealed = s->safe_at = LAYOUT_SEGMENT_HEAD;
	s->dirty = false;
	return STORE_OK;
}

enum store_err
store_segment_resume(struct store_segments *s, uint32_t no, uint64_t end,
    bool unsure)
{
	unsigned char head[LAYOUT_SEGMENT_HEAD];
	int fd = segment_open(s, no, STORE_IO_SEGMENT_RESUME, O_RDWR);
	struct stat sb;
	uint32_t number;
	ssize_t n;

	if (fd == -1)
		return segment_error(s, no, "open");
	n = store_io_pread(STORE_IO_SEGMENT_RESUME_READ, fd, head,
	    sizeof(head), 0);
	if (n == -1) {
		enum store_err e = segment_error(s, no, "read");

		close(fd);
		return e;
	}
	if (n != sizeof(head) || !store_segment_head_check(head, sizeof(head), &number,
	    &s->cookie) || number != no) {
		log_error("store: segment: damaged head: %s/%08u.seg",
		    s->folder, (unsigned)no);
		close(fd);
		return STORE_CORRUPT;
	}
	if (fstat(fd, &sb) != 0 || ((uint64_t)sb.st_size > end &&
	    store_io_truncate(STORE_IO_SEGMENT_RESUME_CUT, fd, (off_t)end) !=
	    0) || (unsure &&
	    (store_io_sync(STORE_IO_SEGMENT_RESUME_SYNC, fd) != 0 ||
	    store_io_sync_folder(STORE_IO_SEGMENT_FOLDER, s->folder) != 0))) {
		enum store_err e = segment_error(s, no, "cut");

		close(fd);
		return e;
	}
	if (s->fd != -1)
		close(s->fd);
	s->fd = fd;
	s->no = s->safe_no = no;
	s->end = s->sealed = s->safe_at = end;
	s->dirty = false;
	return STORE_OK;
}

enum store_err
store_segment_begin(struct store_segments *s)
{
	enum store_err e;

	if (s->end != s->sealed)
		log_panic("store: segment: a group is open");
	s->last_at = 0;
	if (s->end < segment_limit)
		return STORE_OK;
	if ((e = store_segment_sync(s)) != STORE_OK)
		return e;
	return store_segment_create(s, s->no + 1);
}

static void
segment_pack_head(unsigned char *head, const struct layout_record *r)
{
	layout_record_pack(head, r);
	layout_put32(head + LAYOUT_RECORD_HEAD - 4,
	    store_crc32c(0, head, LAYOUT_RECORD_HEAD - 4));
}

/* pwritev() until all is written. */
static int
segment_write(enum store_io_at point, int fd, struct iovec *iov, int n,
    uint64_t at)
{
	while (n > 0) {
		ssize_t w = store_io_pwritev(point, fd, iov, n, (off_t)at);

		if (w == -1 && errno == EINTR)
			continue;
		if (w == -1)
			return -1;
		at += (uint64_t)w;
		while (n > 0 && (size_t)w >= iov->iov_len) {
			w -= (ssize_t)iov->iov_len;
			iov++;
			n--;
		}
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + w;
			iov->iov_len -= (size_t)w;
		}
	}
	return 0;
}

enum store_err
store_segment_add(struct store_segments *s, const struct layout_record *r,
    const void *extra, const void *body, uint64_t *at_r)
{
	unsigned char head[LAYOUT_RECORD_HEAD];
	struct layout_record h = *r;
	struct iovec iov[3];
	uint64_t size;
	enum store_err e;

	h.group = s->end == s->sealed ? LAYOUT_GROUP_FIRST : 0;
	h.cookie = s->cookie;
	h.content_crc = store_crc32c(store_crc32c(0, extra, h.extra_len), body,
	    h.body_len);
	segment_pack_head(head, &h);
	iov[0] = (struct iovec){ head, sizeof(head) };
	iov[1] = (struct iovec){ (void *)(uintptr_t)extra, h.extra_len };
	iov[2] = (struct iovec){ (void *)(uintptr_t)body, h.body_len };
	size = sizeof(head) + (uint64_t)h.extra_len + h.body_len;
	if (segment_write(STORE_IO_SEGMENT_APPEND, s->fd, iov, 3, s->end) != 0) {
		e = segment_error(s, s->no, "write");
		if (store_io_truncate(STORE_IO_SEGMENT_APPEND_CUT, s->fd,
		    (off_t)s->end) != 0) {
			segment_error(s, s->no, "cut");
			return STORE_IO;
		}
		return e;
	}
	*at_r = s->end + sizeof(head) + h.extra_len;
	s->last_at = s->end;
	s->last = h;
	s->end += size;
	return STORE_OK;
}

enum store_err
store_segment_seal(struct store_segments *s)
{
	unsigned char head[LAYOUT_RECORD_HEAD];
	struct iovec iov = { head, sizeof(head) };

	s->last.group |= LAYOUT_GROUP_LAST;
	segment_pack_head(head, &s->last);
	if (segment_write(STORE_IO_SEGMENT_SEAL, s->fd, &iov, 1, s->last_at) !=
	    0)
		return segment_error(s, s->no, "seal");
	s->sealed = s->end;
	s->dirty = true;
	return STORE_OK;
}

enum store_err
store_segment_cancel(struct store_segments *s, uint64_t sealed)
{
	if (s->end == sealed)
		return STORE_OK;
	if (store_io_truncate(STORE_IO_SEGMENT_CANCEL, s->fd, (off_t)sealed) !=
	    0) {
		segment_error(s, s->no, "cut");
		return STORE_IO;
	}
	/* a group that was whole must not come back after a power cut */
	if (s->sealed != sealed &&
	    store_io_sync(STORE_IO_SEGMENT_CANCEL_SYNC, s->fd) != 0)
		return segment_sync_error(s, s->no);
	s->end = s->sealed = sealed;
	if (s->safe_at > sealed)
		s->safe_at = sealed;
	return STORE_OK;
}

enum store_err
store_segment_sync(struct store_segments *s)
{
	if (s->failed)
		return STORE_IO;
	if (s->dirty && store_io_sync(STORE_IO_SEGMENT_SYNC, s->fd) != 0)
		return segment_sync_error(s, s->no);
	s->dirty = false;
	s->safe_no = s->no;
	s->safe_at = s->sealed;
	return STORE_OK;
}
