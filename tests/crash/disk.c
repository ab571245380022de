/* SPDX-License-Identifier: ISC
 *
 * The disk that loses power: see disk.h.
 */
#include "disk_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/xalloc.h"
#include "oracle.h"


/* --- the disk ---------------------------------------------------------------- */

struct node {
	uint64_t ino; /* of a file */
	bool folder;
	unsigned char *data; /* own; as of the last sync */
	size_t size;
	const struct event **pending; /* own; since then */
	size_t n_pending;
};
struct name {
	char path[96];
	struct node *node; /* borrowed */
};
struct tree {
	struct name *names; /* own */
	size_t n;
};
/* A change of names that is not durable yet. */
struct change {
	const struct event *e;
	struct node *node; /* borrowed; of what was made */
};
struct disk {
	size_t at; /* in the trace */
	struct node **nodes; /* own */
	size_t n_nodes;
	struct tree tree; /* durable names */
	struct change *changes; /* own */
	size_t n_changes;
};

static struct node *
node_new(struct disk *d, uint64_t ino, bool folder)
{
	struct node *n = xmalloc(sizeof(*n));

	n->ino = ino;
	n->folder = folder;
	d->nodes = xreallocarray(d->nodes, d->n_nodes + 1, sizeof(*d->nodes));
	d->nodes[d->n_nodes++] = n;
	return n;
}

/* The newest of that number. */
static struct node *
node_find(struct disk *d, uint64_t ino)
{
	for (size_t i = d->n_nodes; i-- > 0;)
		if (!d->nodes[i]->folder && d->nodes[i]->ino == ino)
			return d->nodes[i];
	abort();
}

static void
node_resize(unsigned char **data, size_t *size, size_t want)
{
	if (want > *size) {
		*data = xreallocarray(*data, 1, want);
		memset(*data + *size, 0, want - *size);
	}
	*size = want;
}

static void
node_sync(struct node *n)
{
	for (size_t i = 0; i < n->n_pending; i++) {
		const struct event *e = n->pending[i];

		if (e->type == EVENT_TRUNCATE) {
			node_resize(&n->data, &n->size, e->len);
			continue;
		}
		if (e->at + e->len > n->size)
			node_resize(&n->data, &n->size, e->at + e->len);
		memcpy(n->data + e->at, e + 1, e->len);
	}
	n->n_pending = 0;
}

static void
tree_add(struct tree *t, const char *path, struct node *n)
{
	t->names = xreallocarray(t->names, t->n + 1, sizeof(*t->names));
	snprintf(t->names[t->n].path, sizeof(t->names[0].path), "%s", path);
	t->names[t->n++].node = n;
}

static void
tree_remove(struct tree *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->names[i].path, path) == 0) {
			t->names[i] = t->names[--t->n];
			return;
		}
}

static bool
tree_has(const struct tree *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->names[i].path, path) == 0)
			return true;
	return false;
}

static void
tree_rename(struct tree *t, const char *from, const char *to)
{
	size_t n = strlen(from);
	char path[192];

	if (!tree_has(t, from))
		return;
	tree_remove(t, to);
	for (size_t i = 0; i < t->n; i++) {
		char *p = t->names[i].path;

		if (strncmp(p, from, n) != 0 || (p[n] != '\0' && p[n] != '/'))
			continue;
		snprintf(path, sizeof(path), "%s%s", to, p + n);
		snprintf(p, sizeof(t->names[i].path), "%.95s", path);
	}
}

static void
tree_apply(struct tree *t, const struct change *c)
{
	switch (c->e->type) {
	case EVENT_CREATE:
	case EVENT_MKDIR:
		tree_remove(t, c->e->path);
		tree_add(t, c->e->path, c->node);
		break;
	case EVENT_RENAME:
		tree_rename(t, c->e->path, c->e->to);
		break;
	case EVENT_UNLINK:
		tree_remove(t, c->e->path);
		break;
	default:
		break;
	}
}

static size_t
folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (size_t)(slash - path);
}

static bool
same_folder(const char *path, const char *folder)
{
	return folder_len(path) == strlen(folder) &&
	    strncmp(path, folder, strlen(folder)) == 0;
}

struct disk *
disk_new(const struct image *im, const char *home)
{
	struct disk *d = xmalloc(sizeof(*d));
	char path[512];
	struct stat sb;

	for (size_t i = 0; i < im->n; i++) {
		const struct image_file *f = &im->files[i];
		struct node *n;

		snprintf(path, sizeof(path), "%s/%s", home, f->path);
		if (stat(path, &sb) != 0)
			abort();
		n = node_new(d, sb.st_ino, f->folder);
		node_resize(&n->data, &n->size, f->size);
		if (f->len > 0)
			memcpy(n->data, f->data, f->len);
		tree_add(&d->tree, f->path, n);
	}
	return d;
}

void
disk_free(struct disk **dp)
{
	struct disk *d = *dp;

	for (size_t i = 0; i < d->n_nodes; i++) {
		free(d->nodes[i]->data);
		free(d->nodes[i]->pending);
		free(d->nodes[i]);
	}
	free(d->nodes);
	free(d->tree.names);
	free(d->changes);
	free(d);
	*dp = NULL;
}

static void
disk_pend(struct disk *d, const struct event *e)
{
	struct node *n = node_find(d, e->ino);

	n->pending = xreallocarray(n->pending, n->n_pending + 1,
	    sizeof(const struct event *));
	n->pending[n->n_pending++] = e;
}

/* All changes in one folder are durable now. */
static void
disk_sync_folder(struct disk *d, const char *folder)
{
	size_t out = 0;

	for (size_t i = 0; i < d->n_changes; i++)
		if (same_folder(d->changes[i].e->path, folder))
			tree_apply(&d->tree, &d->changes[i]);
		else
			d->changes[out++] = d->changes[i];
	d->n_changes = out;
}

bool
disk_step(struct disk *d, const void **note_r)
{
	const struct event *e =
	    (const struct event *)(const void *)(disk_trace->data + d->at);
	struct change c = { .e = e };

	*note_r = NULL;
	if (d->at == disk_trace->used)
		return false;
	d->at += e->size;
	switch (e->type) {
	case EVENT_NOTE:
		*note_r = e + 1;
		return true;
	case EVENT_WRITE:
	case EVENT_TRUNCATE:
		disk_pend(d, e);
		return true;
	case EVENT_SYNC:
		node_sync(node_find(d, e->ino));
		return true;
	case EVENT_SYNC_FOLDER:
		disk_sync_folder(d, e->path);
		return true;
	case EVENT_CREATE:
	case EVENT_MKDIR:
		c.node = node_new(d, e->ino, e->type == EVENT_MKDIR);
		break;
	case EVENT_RENAME:
	case EVENT_UNLINK:
		break;
	}
	d->changes = xreallocarray(d->changes, d->n_changes + 1,
	    sizeof(*d->changes));
	d->changes[d->n_changes++] = c;
	return true;
}

/* --- what a crash leaves ------------------------------------------------------ */

/* 0, n, or something between. */
static size_t
some_of(size_t n)
{
	switch (oracle_dice(4)) {
	case 0:
		return 0;
	case 1:
		return n;
	default:
		return oracle_dice((uint32_t)n + 1);
	}
}

/* The size after the first `k` events that may change it. */
static size_t
crash_size(const struct node *n, size_t k)
{
	size_t size = n->size;

	for (size_t i = 0; i < k; i++) {
		const struct event *e = n->pending[i];

		if (e->type == EVENT_TRUNCATE)
			size = e->len;
		else if (e->at + e->len > size)
			size = e->at + e->len;
	}
	return size;
}

/* How many events reached each block: none, all, or some. */
static size_t *
crash_blocks(const struct node *n, size_t blocks)
{
	static const unsigned percent[] = { 0, 10, 50, 90, 100 };
	unsigned p = percent[oracle_dice(5)];
	size_t *upto = xcalloc(blocks + 1, sizeof(*upto));

	for (size_t b = 0; b < blocks; b++)
		if (oracle_dice(100) < p)
			upto[b] = p == 100 || oracle_dice(3) > 0 ? n->n_pending
			    : oracle_dice((uint32_t)n->n_pending + 1);
	return upto;
}

static void
crash_file(const struct node *n, unsigned unit, const char *path,
    struct image *im)
{
	size_t sized = some_of(n->n_pending), size = crash_size(n, sized);
	size_t most = n->size, *upto;
	unsigned char *data;

	for (size_t i = 0; i <= n->n_pending; i++)
		if (crash_size(n, i) > most)
			most = crash_size(n, i);
	upto = crash_blocks(n, most / unit + 1);
	data = xcalloc(most + 1, 1);
	if (n->size > 0)
		memcpy(data, n->data, n->size);
	for (size_t i = 0; i < n->n_pending; i++) {
		const struct event *e = n->pending[i];
		size_t at = e->at, end = e->at + e->len;

		if (e->type == EVENT_TRUNCATE) {
			if (i < sized && e->len < most)
				memset(data + e->len, 0, most - e->len);
			continue;
		}
		for (size_t next; at < end; at = next) {
			next = at / unit * unit + unit;
			if (next > end)
				next = end;
			if (i < upto[at / unit])
				memcpy(data + at, (const unsigned char *)
				    (e + 1) + (at - e->at), next - at);
		}
	}
	image_add(im, path, false, data, size);
	free(upto);
	free(data);
}

/* Names: in each folder up to some point; or in all of them up to one. */
static void
crash_names(const struct disk *d, struct tree *t)
{
	bool one = oracle_dice(2) == 0;
	size_t upto = some_of(d->n_changes);
	bool *out = xcalloc(d->n_changes + 1, sizeof(*out));

	t->names = xreallocarray(NULL, d->tree.n + 1, sizeof(*t->names));
	if (d->tree.n > 0)
		memcpy(t->names, d->tree.names,
		    d->tree.n * sizeof(*t->names));
	t->n = d->tree.n;
	for (size_t i = 0; i < d->n_changes; i++) {
		const struct event *e = d->changes[i].e, *b;

		out[i] = one ? i >= upto : oracle_dice(4) == 0;
		for (size_t j = 0; !out[i] && j < i; j++) {
			size_t n = strlen((b = d->changes[j].e)->path);

			/* behind the end of its folder's, or of what it is in */
			out[i] = out[j] && (folder_len(b->path) ==
			    folder_len(e->path) ? strncmp(b->path, e->path,
			    folder_len(e->path)) == 0 : strncmp(b->path,
			    e->path, n) == 0 && e->path[n] == '/');
		}
		if (!out[i])
			tree_apply(t, &d->changes[i]);
	}
	free(out);
}

void
disk_crash(const struct disk *d, unsigned unit, struct image *im_r)
{
	struct tree t;
	char folder[96];

	memset(im_r, 0, sizeof(*im_r));
	crash_names(d, &t);
	for (size_t i = 0; i < t.n; i++)
		if (t.names[i].node->folder)
			image_add(im_r, t.names[i].path, true, NULL, 0);
	for (size_t i = 0; i < t.n; i++) {
		size_t n = folder_len(t.names[i].path);

		snprintf(folder, sizeof(folder), "%.*s", (int)n,
		    t.names[i].path);
		if (!t.names[i].node->folder &&
		    (n == 0 || image_find(im_r, folder) != NULL))
			crash_file(t.names[i].node, unit, t.names[i].path, im_r);
	}
	free(t.names);
}
