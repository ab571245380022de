/* SPDX-License-Identifier: ISC
 *
 * Recording what a store does to its files: see disk.h.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_private.h"
#include "store/io.h"

struct trace *disk_trace;

static size_t home_len;
static bool existed;

bool
disk_init(size_t bytes)
{
	disk_trace = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (disk_trace == MAP_FAILED)
		return false;
	disk_trace->size = bytes - sizeof(*disk_trace);
	return true;
}

void
disk_clear(void)
{
	disk_trace->used = disk_trace->events = 0;
	disk_trace->full = false;
}

size_t
disk_events(bool *whole_r)
{
	*whole_r = !disk_trace->full;
	return disk_trace->events;
}

static struct event *
record(enum event_type type, size_t data_len)
{
	size_t size = (sizeof(struct event) + data_len + 7) & ~(size_t)7;
	struct event *e = (struct event *)(void *)(disk_trace->data + disk_trace->used);

	if (size > disk_trace->size - disk_trace->used) {
		disk_trace->full = true;
		_exit(6);
	}
	memset(e, 0, sizeof(*e));
	e->type = type;
	e->size = size;
	disk_trace->used += size;
	disk_trace->events++;
	return e;
}

static void
record_path(enum event_type type, const char *path, const char *to, int fd)
{
	struct event *e = record(type, 0);
	struct stat sb;

	if (fd != -1 && fstat(fd, &sb) == 0)
		e->ino = sb.st_ino;
	snprintf(e->path, sizeof(e->path), "%s",
	    strlen(path) > home_len ? path + home_len + 1 : "");
	if (to != NULL)
		snprintf(e->to, sizeof(e->to), "%s", to + home_len + 1);
}

static uint64_t
inode_of(int fd)
{
	struct stat sb;

	if (fstat(fd, &sb) != 0)
		abort();
	return sb.st_ino;
}

static void
record_write(const struct store_io_call *c, size_t len)
{
	struct event *e = record(EVENT_WRITE, len);
	unsigned char *p = (unsigned char *)(e + 1);

	e->ino = inode_of(c->fd);
	e->len = len;
	e->at = c->offset >= 0 ? (uint64_t)c->offset
	    : (uint64_t)lseek(c->fd, 0, SEEK_CUR) - len;
	for (int i = 0; i < c->n_iov && len > 0; i++) {
		size_t n = c->iov[i].iov_len < len ? c->iov[i].iov_len : len;

		if (n > 0)
			memcpy(p, c->iov[i].iov_base, n);
		p += n;
		len -= n;
	}
}

static void
record_size(int fd, uint64_t size)
{
	struct event *e = record(EVENT_TRUNCATE, 0);

	e->ino = inode_of(fd);
	e->len = size;
}

static int
disk_before(struct store_io_call *c)
{
	if (c->op == STORE_IO_OP_OPEN)
		existed = access(c->path, F_OK) == 0;
	return 0;
}

static void
disk_after(const struct store_io_call *c, int64_t result)
{
	if (result < 0)
		return;
	switch (c->op) {
	case STORE_IO_OP_OPEN:
		if (!existed)
			record_path(EVENT_CREATE, c->path, NULL, c->fd);
		else if (c->flags & O_TRUNC)
			record_size(c->fd, 0);
		break;
	case STORE_IO_OP_WRITE:
		record_write(c, (size_t)result);
		break;
	case STORE_IO_OP_SYNC:
		if (c->path != NULL)
			record_path(EVENT_SYNC_FOLDER, c->path, NULL, -1);
		else
			record(EVENT_SYNC, 0)->ino = inode_of(c->fd);
		break;
	case STORE_IO_OP_TRUNCATE:
	case STORE_IO_OP_ALLOCATE:
		record_size(c->fd, c->len);
		break;
	case STORE_IO_OP_RENAME:
		record_path(EVENT_RENAME, c->path, c->to, -1);
		break;
	case STORE_IO_OP_UNLINK:
		record_path(EVENT_UNLINK, c->path, NULL, -1);
		break;
	case STORE_IO_OP_MKDIR:
		record_path(EVENT_MKDIR, c->path, NULL, -1);
		break;
	case STORE_IO_OP_READ:
	case STORE_IO_OP_LIST:
	case STORE_IO_OP_MAP:
	case STORE_IO_OP_MEMORY:
		break;
	}
}

void
disk_record(const char *home)
{
	static const struct store_io_hook hook = { disk_before, disk_after };

	home_len = strlen(home);
	store_io_set_hook(&hook);
}

void
disk_note(const void *data, size_t len)
{
	memcpy(record(EVENT_NOTE, len) + 1, data, len);
}
