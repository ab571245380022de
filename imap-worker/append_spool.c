/* SPDX-License-Identifier: ISC */
#include "append_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/xalloc.h"

struct append_part {
	uint64_t at, len;
};

struct append_spool {
	const char *home;
	struct buf memory;  /* all bytes while fd is -1, else the unwritten tail */
	int fd;
	uint64_t written;   /* bytes in the file */
	uint64_t begun;     /* where the running message starts */
	struct append_part *parts;
	size_t n_parts, cap_parts;
	unsigned char *map; /* the whole file */
	size_t map_len;
	bool failed;
};

struct append_spool *
append_spool_new(const char *home)
{
	struct append_spool *sp = xmalloc(sizeof(*sp));

	sp->home = home;
	sp->fd = -1;
	buf_init(&sp->memory, LIMIT_APPEND_MEMORY);
	return sp;
}

void
append_spool_free(struct append_spool **spp)
{
	struct append_spool *sp = *spp;

	if (sp == NULL)
		return;
	if (sp->map != NULL)
		munmap(sp->map, sp->map_len);
	if (sp->fd != -1)
		close(sp->fd);
	buf_clear(&sp->memory);
	free(sp->parts);
	free(sp);
	*spp = NULL;
}

static void
append_spool_fail(struct append_spool *sp, const char *what)
{
	if (!sp->failed)
		log_error("append: cannot %s spool file: %s: %m", what, sp->home);
	sp->failed = true;
}

/* Moves what is in memory to the file. */
static void
append_spool_write(struct append_spool *sp)
{
	size_t at = 0;

	if (sp->fd == -1)
		sp->fd = open(sp->home, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (sp->fd == -1)
		append_spool_fail(sp, "make");
	while (!sp->failed && at < sp->memory.len) {
		ssize_t n = pwrite(sp->fd, sp->memory.data + at,
		    sp->memory.len - at, (off_t)(sp->written + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			append_spool_fail(sp, "write");
		else
			at += (size_t)n;
	}
	sp->written += sp->memory.len;
	buf_reset(&sp->memory);
}

void
append_spool_put(struct append_spool *sp, const void *data, size_t len)
{
	const unsigned char *p = data;

	if (sp->map != NULL) {
		munmap(sp->map, sp->map_len);
		sp->map = NULL;
	}
	while (len > 0) {
		size_t room = LIMIT_APPEND_MEMORY - sp->memory.len;
		size_t n = len < room ? len : room;

		buf_put(&sp->memory, p, n);
		p += n;
		len -= n;
		if (len > 0)
			append_spool_write(sp);
	}
}

void
append_spool_end(struct append_spool *sp)
{
	uint64_t end = sp->written + sp->memory.len;

	if (sp->n_parts == sp->cap_parts) {
		sp->cap_parts = sp->cap_parts == 0 ? 4 : sp->cap_parts * 2;
		sp->parts = xreallocarray(sp->parts, sp->cap_parts,
		    sizeof(*sp->parts));
	}
	sp->parts[sp->n_parts++] =
	    (struct append_part){ .at = sp->begun, .len = end - sp->begun };
	sp->begun = end;
}

size_t
append_spool_count(const struct append_spool *sp)
{
	return sp == NULL ? 0 : sp->n_parts;
}

const unsigned char *
append_spool_get(struct append_spool *sp, size_t i, size_t *len_r)
{
	const struct append_part *part = &sp->parts[i];

	if (sp->fd == -1 && !sp->failed) {
		*len_r = part->len;
		return part->len == 0 ? (const unsigned char *)""
				      : sp->memory.data + part->at;
	}
	if (sp->map == NULL && !sp->failed) {
		append_spool_write(sp);
		sp->map_len = sp->written;
		sp->map = mmap(NULL, sp->map_len, PROT_READ, MAP_PRIVATE, sp->fd,
		    0);
		if (sp->map == MAP_FAILED) {
			sp->map = NULL;
			append_spool_fail(sp, "map");
		}
	}
	*len_r = part->len;
	return sp->failed ? NULL : sp->map + part->at;
}
