/* SPDX-License-Identifier: ISC
 *
 * The files of the folder snap/.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/crc32c.h"
#include "store/fault.h"
#include "store/io.h"
#include "store/snap.h"

#define SNAP_BUFFER (64 * KIB)

struct store_snap_writer {
	char *folder, *path; /* own */
	int fd;
	uint64_t cookie;
	uint32_t number;     /* of the next block */
	size_t n;
	enum store_err err;  /* the first one */
	unsigned char buf[SNAP_BUFFER];
};

static enum store_err
snap_error(const char *what, const char *path)
{
	bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

	log_error("store: snapshot: %s: %s: %m", what, path);
	return full ? STORE_NO_SPACE : STORE_IO;
}

static char *
snap_path(const char *folder, uint32_t no, bool stale)
{
	return xasprintf("%s/%08u.%s", folder, (unsigned)no,
	    stale ? "stale" : "snap");
}

static enum store_err
snap_sync_folder(const char *folder)
{
	return store_io_sync_folder(STORE_IO_SNAP_FOLDER, folder) == 0
	    ? STORE_OK : snap_error("sync", folder);
}

/* --- which there are ----------------------------------------------------- */

static int
snap_compare_file(const void *a, const void *b)
{
	const struct store_snap_file *x = a, *y = b;

	return x->no != y->no ? (x->no < y->no) - (x->no > y->no)
	                      : x->stale - y->stale;
}

int
store_snap_list(const char *folder, struct store_snap_file **files_r,
    size_t *n_r)
{
	struct store_snap_file *files = NULL;
	DIR *d = opendir(folder);
	size_t n = 0, cap = 0;
	struct dirent *e;

	*files_r = NULL;
	*n_r = 0;
	if (d == NULL && errno == ENOENT)
		return 0;
	if (d == NULL) {
		(void)snap_error("list", folder);
		return -1;
	}
	while ((e = store_io_readdir(STORE_IO_SNAP_LIST, d)) != NULL) {
		char *end;
		unsigned long no = strtoul(e->d_name, &end, 10);
		bool stale = strcmp(end, ".stale") == 0;

		if (end != e->d_name + 8 || no == 0 ||
		    (!stale && strcmp(end, ".snap") != 0))
			continue;
		if (n == cap) {
			cap = cap == 0 ? 4 : cap * 2;
			files = xreallocarray(files, cap, sizeof(*files));
		}
		files[n++] = (struct store_snap_file){ (uint32_t)no, stale };
	}
	if (errno != 0) {
		(void)snap_error("list", folder);
		closedir(d);
		free(files);
		return -1;
	}
	closedir(d);
	if (n > 0)
		qsort(files, n, sizeof(*files), snap_compare_file);
	*files_r = files;
	*n_r = n;
	return 0;
}

bool
store_snap_vouches(const struct store_snap_file *files, size_t n)
{
	/* when a new one is there the one before the last is removed: if that
	 * is missing, there was a newer one */
	return n > 0 && !files[0].stale && (files[0].no == 1 ||
	    (n > 1 && files[1].no == files[0].no - 1));
}

bool
store_snap_belongs(const unsigned char *data, size_t len, uint64_t cookie,
    const struct store_segments *s)
{
	uint64_t at = 0, skipped, found;
	struct store_snap_block b;

	while (store_snap_next(data, len, cookie, &at, &b, &skipped))
		for (size_t i = 0; b.kind == LAYOUT_SNAP_SEGMENTS &&
		    i + LAYOUT_SNAP_SEGMENT <= b.len; i += LAYOUT_SNAP_SEGMENT)
			if (store_segment_cookie(s, layout_get32(b.data + i),
			    &found) && found != layout_get64(b.data + i + 4))
				return false;
	return true;
}

bool
store_snap_map(const char *folder, const struct store_snap_file *f,
    unsigned char **data_r, size_t *len_r)
{
	char *path = snap_path(folder, f->no, f->stale);
	int fd = store_io_open(STORE_IO_SNAP_OPEN, path, O_RDONLY | O_NOFOLLOW,
	    0);
	struct stat sb;
	void *p = NULL;
	bool good = fd != -1 && fstat(fd, &sb) == 0;

	*data_r = NULL;
	*len_r = 0;
	if (good && S_ISREG(sb.st_mode) && sb.st_size > 0) {
		p = store_io_map(STORE_IO_SNAP_MAP, fd, (size_t)sb.st_size);
		good = p != NULL;
	}
	if (!good)
		(void)snap_error("read", path);
	if (p != NULL) {
		*data_r = p;
		*len_r = (size_t)sb.st_size;
	}
	if (fd != -1)
		close(fd);
	free(path);
	return good;
}

void
store_snap_unmap(unsigned char *data, size_t len)
{
	if (data != NULL)
		munmap(data, len);
}

/* --- writing ------------------------------------------------------------- */

struct store_snap_writer *
store_snap_create(const char *folder)
{
	struct store_snap_writer *w = xmalloc(sizeof(*w));

	w->folder = xstrdup(folder);
	w->path = xasprintf("%s/new", folder);
	if (getrandom(&w->cookie, sizeof(w->cookie), 0) != sizeof(w->cookie))
		log_panic("store: no random numbers");
	if (w->cookie == 0)
		w->cookie = 1;
	w->fd = store_io_open(STORE_IO_SNAP_CREATE, w->path,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	if (w->fd == -1)
		w->err = snap_error("create", w->path);
	return w;
}

static void
snap_write_out(struct store_snap_writer *w)
{
	size_t done = 0;

	while (w->err == STORE_OK && done < w->n) {
		ssize_t n = store_io_write(STORE_IO_SNAP_WRITE, w->fd,
		    w->buf + done, w->n - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			w->err = snap_error("write", w->path);
	}
	w->n = 0;
}

void
store_snap_put(struct store_snap_writer *w, enum layout_snap_kind kind,
    uint32_t mbox, const void *content, size_t len)
{
	const struct layout_snap_block b = {
		.kind = (uint8_t)kind,
		.len = (uint16_t)len,
		.mbox = mbox,
		.number = w->number++,
		.cookie = w->cookie,
		.crc = store_crc32c(0, content, len),
	};
	unsigned char *p;

	if (len > LAYOUT_SNAP_CONTENT)
		log_panic("store: snapshot: block of %zu bytes", len);
	if (w->n + LAYOUT_SNAP_BLOCK > sizeof(w->buf))
		snap_write_out(w);
	p = w->buf + w->n;
	layout_snap_block_pack(p, &b);
	layout_put32(p + 28, store_crc32c(0, p, 28));
	memcpy(p + LAYOUT_SNAP_HEAD, content, len);
	w->n += LAYOUT_SNAP_HEAD + len;
}

enum store_err
store_snap_finish(struct store_snap_writer **wp, uint32_t no)
{
	struct store_snap_writer *w = *wp;
	char *path = snap_path(w->folder, no, false);
	enum store_err e;

	snap_write_out(w);
	store_fault(STORE_FAULT_SNAP_WRITTEN);
	if (w->err == STORE_OK &&
	    store_io_sync(STORE_IO_SNAP_SYNC, w->fd) != 0)
		w->err = snap_error("sync", w->path);
	if (w->err == STORE_OK &&
	    store_io_rename(STORE_IO_SNAP_RENAME, w->path, path) != 0)
		w->err = snap_error("rename", w->path);
	store_fault(STORE_FAULT_SNAP_RENAMED);
	if (w->err == STORE_OK)
		w->err = snap_sync_folder(w->folder);
	e = w->err;
	store_snap_discard(wp);
	free(path);
	return e;
}

void
store_snap_discard(struct store_snap_writer **wp)
{
	struct store_snap_writer *w = *wp;

	if (w == NULL)
		return;
	*wp = NULL;
	if (w->fd != -1) {
		close(w->fd);
		/* no longer there when it was finished */
		(void)store_io_unlink(STORE_IO_SNAP_REMOVE, w->path);
	}
	free(w->folder);
	free(w->path);
	free(w);
}

enum store_err
store_snap_remove(const char *folder, const struct store_snap_file *f)
{
	char *path = snap_path(folder, f->no, f->stale);
	enum store_err e = STORE_OK;

	if (store_io_unlink(STORE_IO_SNAP_REMOVE, path) != 0)
		e = snap_error("remove", path);
	free(path);
	return e == STORE_OK ? snap_sync_folder(folder) : e;
}

enum store_err
store_snap_make_stale(const char *folder, uint32_t no)
{
	char *from = snap_path(folder, no, false);
	char *to = snap_path(folder, no, true);
	enum store_err e = STORE_OK;

	if (store_io_rename(STORE_IO_SNAP_STALE, from, to) != 0)
		e = snap_error("rename", from);
	free(from);
	free(to);
	return e == STORE_OK ? snap_sync_folder(folder) : e;
}
