/* SPDX-License-Identifier: ISC
 *
 * du: what a home takes of the disk. A row for each kind of file, with its bytes
 * and the bytes allocated for them; a row for each segment, with how much of it
 * are messages that some mailbox has (live) and such that none has any more
 * (dead); and one of totals. What is neither is records' heads, names, and
 * messages whose index was lost.
 *
 * A copy in a second mailbox takes no room: so live may be less than the sum of
 * the mailboxes' bytes (stats).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "task/task.h"

#define DU_DEPTH 4

enum du_what { DU_SEGMENTS, DU_INDEX, DU_LOG, DU_SNAPSHOTS, DU_RESERVE,
	DU_SET_ASIDE, DU_OTHER, DU_WHATS };
static const char *const du_words[DU_WHATS] = {
	"segments", "index", "log", "snapshots", "reserve", "set_aside",
	"other",
};

struct du_files {
	uint64_t files, bytes, allocated;
};

struct du_segment {
	uint32_t no;
	struct du_files size;
	uint64_t live, dead, live_messages, dead_messages;
};

struct du {
	struct du_files what[DU_WHATS];
	struct du_segment *segments; /* own; by number */
	size_t n, cap, at;
	struct store_blobs *blobs;   /* own */
	uint64_t seen;
};

static void
du_add(struct du_files *f, const struct stat *st)
{
	f->files++;
	f->bytes += (uint64_t)st->st_size;
	f->allocated += (uint64_t)st->st_blocks * 512;
}

/* What a file is, by its place below the home. */
static enum du_what
du_kind(const char *path)
{
	if (strncmp(path, "seg/", 4) == 0)
		return DU_SEGMENTS;
	if (strncmp(path, "db/log.", 7) == 0)
		return DU_LOG;
	if (strncmp(path, "db/", 3) == 0)
		return DU_INDEX;
	if (strncmp(path, "snap/", 5) == 0)
		return DU_SNAPSHOTS;
	if (strncmp(path, "db.bad.", 7) == 0)
		return DU_SET_ASIDE;
	return strcmp(path, "reserve") == 0 ? DU_RESERVE : DU_OTHER;
}

static void
du_file(struct du *d, const char *path, const struct stat *st)
{
	enum du_what what = du_kind(path);
	struct du_segment *s;
	char *end;

	du_add(&d->what[what], st);
	if (what != DU_SEGMENTS)
		return;
	if (d->n == d->cap) {
		d->cap = d->cap == 0 ? 16 : d->cap * 2;
		d->segments = xreallocarray(d->segments, d->cap,
		    sizeof(*d->segments));
	}
	s = &d->segments[d->n];
	*s = (struct du_segment){
		.no = (uint32_t)strtoul(path + 4, &end, 10) };
	if (strcmp(end, ".seg") != 0)
		return;
	du_add(&s->size, st);
	d->n++;
}

/* A folder below the home; path "" is the home. False: task_fail(). */
static bool
du_folder(struct task *t, int parent, const char *name, const char *path,
    unsigned depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	char below[512];
	struct dirent *e;
	struct stat st;
	bool good = true;

	if (dir == NULL) {
		if (fd != -1)
			close(fd);
		else if (errno == ENOENT)
			return true; /* it has gone meanwhile */
		task_fail(t, "%s: %s", path, strerror(errno));
		return false;
	}
	while (good && (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		snprintf(below, sizeof(below), "%s%s%s", path,
		    path[0] == '\0' ? "" : "/", e->d_name);
		if (!S_ISDIR(st.st_mode))
			du_file(t->state, below, &st);
		else if (depth < DU_DEPTH)
			good = du_folder(t, fd, e->d_name, below, depth + 1);
	}
	closedir(dir);
	return good;
}

static int
du_compare(const void *a, const void *b)
{
	const struct du_segment *x = a, *y = b;

	return (x->no > y->no) - (x->no < y->no);
}

static bool
du_begin(struct task *t)
{
	struct du *d = arena_alloc(&t->arena, sizeof(*d));

	t->state = d;
	if (!du_folder(t, AT_FDCWD, t->home, "", 0))
		return false;
	if (d->n > 1)
		qsort(d->segments, d->n, sizeof(*d->segments), du_compare);
	d->blobs = store_blobs_new(t->store);
	return true;
}

static void
du_blob(struct du *d, const struct store_blob_info *b)
{
	struct du_segment key = { .no = b->segment }, *s;

	d->seen++;
	s = d->n == 0 ? NULL : bsearch(&key, d->segments, d->n,
	    sizeof(*d->segments), du_compare);
	if (s == NULL)
		return; /* begun after we looked */
	if (b->refs > 0) {
		s->live += b->len;
		s->live_messages++;
	} else {
		s->dead += b->len;
		s->dead_messages++;
	}
}

static void
du_put_files(struct task_pairs *w, const struct du_files *f)
{
	task_pairs_number(w, "files", f->files);
	task_pairs_number(w, "bytes", f->bytes);
	task_pairs_number(w, "allocated", f->allocated);
}

static void
du_put_segment(struct task *t, const struct du_segment *s)
{
	struct task_pairs w;

	task_row(t, &w, "segment");
	task_pairs_number(&w, "segment", s->no);
	task_pairs_number(&w, "bytes", s->size.bytes);
	task_pairs_number(&w, "allocated", s->size.allocated);
	task_pairs_number(&w, "live", s->live);
	task_pairs_number(&w, "dead", s->dead);
	task_pairs_number(&w, "live_messages", s->live_messages);
	task_pairs_number(&w, "dead_messages", s->dead_messages);
	task_pairs_end(&w);
}

static void
du_put_total(struct task *t, const struct du *d)
{
	struct du_files all = { 0 };
	struct task_pairs w;
	uint64_t live = 0, dead = 0;

	for (int i = 0; i < DU_WHATS; i++) {
		task_row(t, &w, "files");
		task_pairs_text(&w, "what", du_words[i]);
		du_put_files(&w, &d->what[i]);
		task_pairs_end(&w);
		all.files += d->what[i].files;
		all.bytes += d->what[i].bytes;
		all.allocated += d->what[i].allocated;
	}
	for (size_t i = 0; i < d->n; i++) {
		live += d->segments[i].live;
		dead += d->segments[i].dead;
	}
	task_row(t, &w, "total");
	du_put_files(&w, &all);
	task_pairs_number(&w, "live", live);
	task_pairs_number(&w, "dead", dead);
	task_pairs_end(&w);
}

static enum task_step
du_step(struct task *t)
{
	struct du *d = t->state;
	struct store_blob_info b;
	enum store_err e = STORE_OK;

	while (d->blobs != NULL) {
		if (task_slice_over(t)) {
			task_progress(t, d->seen, 0, "messages");
			return TASK_STEP_MORE;
		}
		e = store_blobs_next(d->blobs, &b);
		if (e == STORE_OK)
			du_blob(d, &b);
		else
			store_blobs_free(&d->blobs);
	}
	if (e != STORE_OK && e != STORE_NOT_FOUND) {
		task_fail(t, "index: %s", store_err_text(e));
		return TASK_STEP_DONE;
	}
	for (; d->at < d->n; d->at++) {
		if (task_slice_over(t))
			return TASK_STEP_MORE;
		du_put_segment(t, &d->segments[d->at]);
	}
	du_put_total(t, d);
	return TASK_STEP_DONE;
}

static void
du_free(struct task *t)
{
	struct du *d = t->state;

	if (d == NULL)
		return;
	store_blobs_free(&d->blobs);
	free(d->segments);
}

const struct task_def task_du = {
	.name = "du",
	.begin = du_begin,
	.step = du_step,
	.free = du_free,
};
