/* SPDX-License-Identifier: ISC
 *
 * What salvage asks of the system.  Damaged files are mapped privately; pages
 * the device refuses are taken as zeros.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/layout.h"
#include "store/salvage.h"

#define SALVAGE_PROBE (256 * KIB)
#define SALVAGE_PAGE 4096

/* Puts zeros in place of what cannot be read. */
static void
salvage_probe(const struct salvage_map *m, int fd, const char *path)
{
	char *scratch = xmalloc(SALVAGE_PROBE);
	uint64_t bad = 0;

	for (size_t at = 0; at < m->len; at += SALVAGE_PROBE) {
		size_t n = m->len - at < SALVAGE_PROBE ? m->len - at
		                                       : SALVAGE_PROBE;

		if (pread(fd, scratch, n, (off_t)at) == (ssize_t)n)
			continue;
		for (size_t p = at; p < at + n; p += SALVAGE_PAGE) {
			size_t k = m->len - p < SALVAGE_PAGE ? m->len - p
			                                     : SALVAGE_PAGE;

			if (pread(fd, scratch, k, (off_t)p) == (ssize_t)k)
				continue;
			if (mmap(m->data + p, SALVAGE_PAGE, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
			    MAP_FAILED)
				log_panic("store: salvage: map: %m");
			bad += k;
		}
	}
	if (bad > 0)
		log_error("store: salvage: %s: %" PRIu64 " bytes cannot be "
		    "read", path, bad);
	free(scratch);
}

void
store_salvage_map(struct salvage_map *m, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat sb;
	void *p;

	memset(m, 0, sizeof(*m));
	if (fd == -1 || fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode) ||
	    sb.st_size == 0) {
		log_warn("store: salvage: not read: %s", path);
		if (fd != -1)
			close(fd);
		return;
	}
	p = mmap(NULL, (size_t)sb.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) {
		log_error("store: salvage: map: %s: %m", path);
	} else {
		m->data = p;
		m->len = (size_t)sb.st_size;
		salvage_probe(m, fd, path);
	}
	close(fd);
}

void
store_salvage_unmap(struct salvage_map *m)
{
	if (m->data != NULL)
		munmap(m->data, m->len);
	m->data = NULL;
}

enum store_err
store_salvage_enter(const char *from, int *lock_r)
{
	char *path = xasprintf("%s/lock", from), *version, text[32];
	enum store_err e = STORE_OK;
	ssize_t n = -1;
	int fd;

	*lock_r = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (*lock_r != -1 && flock(*lock_r, LOCK_EX | LOCK_NB) != 0 &&
	    errno == EWOULDBLOCK)
		e = STORE_BUSY;
	free(path);
	version = xasprintf("%s/VERSION", from);
	if ((fd = open(version, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) != -1) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[n < 0 ? 0 : n] = '\0';
	/* a damaged number would hardly be one above ours and end in a line */
	if (e == STORE_OK && strncmp(text, "format=", 7) == 0) {
		char *end;
		unsigned long format = strtoul(text + 7, &end, 10);

		if (*end == '\n' && strncmp(end, "\nid=", 4) == 0 &&
		    format > LAYOUT_FORMAT)
			e = STORE_NEWER;
	}
	free(version);
	return e;
}

enum store_err
store_salvage_prepare(const char *to)
{
	static const char *const names[] = { "seg", "snap" };
	enum store_err e = STORE_OK;
	struct dirent *d;
	DIR *dir = opendir(to);

	if (dir == NULL) {
		log_error("store: salvage: %s: %m", to);
		return STORE_IO;
	}
	while ((d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			e = STORE_EXISTS;
	closedir(dir);
	for (size_t i = 0; e == STORE_OK && i < 2; i++) {
		char *path = xasprintf("%s/%s", to, names[i]);

		if (mkdir(path, 0700) != 0) {
			log_error("store: salvage: make: %s: %m", path);
			e = errno == ENOSPC ? STORE_NO_SPACE : STORE_IO;
		}
		free(path);
	}
	return e;
}
