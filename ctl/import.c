/* SPDX-License-Identifier: ISC
 *
 * import: walks a Maildir or mboxes and streams names and bytes to the task in the
 * user's worker, which understands them (common/import_item.h). Memory: the names
 * of one folder.
 *
 *   step      what is sent                                  then
 *   TOTAL     how much there is                             FOLDER
 *   FOLDER    the next folder's name                        INDEX, FILE or LAST
 *   INDEX     its index files                               NAMES
 *   NAMES     names of its messages                         WANT
 *   WANT      nothing, until the worker has said the order  FILE
 *   FILE      files in that order; an mbox                  FOLDER
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/import_item.h"
#include "common/xalloc.h"
#include "ctl/ctl.h"
#include "ctl/import_source.h"
#include "ctl/task.h"

#define INDEX_FILE_MAX (512u * 1024 * 1024)

enum import_step {
	STEP_TOTAL, STEP_FOLDER, STEP_INDEX, STEP_NAMES, STEP_WANT, STEP_FILE,
};

struct import {
	struct source source;
	const char *mailbox;    /* borrowed; NULL: none */
	bool dry_run, opened;
	const char *text;       /* SOURCE, borrowed */
	enum import_step step;
	size_t folder, at;      /* at: of index files, names, wanted */
	uint32_t *wanted;       /* own */
	size_t n_wanted, wanted_cap;
	uint64_t largest;       /* larger files are not sent */
	int fd;                 /* own; of the file that is sent; -1: none */
	uint64_t left;          /* bytes of it */
	bool ending;            /* its FILE_END has still to go */
	uint8_t how;            /* with this code */
};

static const char *
import_folder(const struct import *im)
{
	return im->source.folders[im->folder];
}

/* False: the frame is full. */
static bool
import_put(struct buf *b, enum import_kind kind, struct import_item i,
    const char *text)
{
	i.kind = kind;
	if (text != NULL) {
		i.text = (const unsigned char *)text;
		i.len = strlen(text);
	}
	if (b->len + IMPORT_HEAD + i.len > TASK_FRAME_DATA)
		return false;
	import_item_put(b, &i);
	return true;
}

/* --- a file --------------------------------------------------------------------------- */

static void
import_file_over(struct import *im, enum import_how how)
{
	if (im->fd != -1)
		close(im->fd);
	im->fd = -1;
	im->ending = true;
	im->how = (uint8_t)how;
}

/* Begins a file with this item. False: the frame is full. */
static bool
import_file_begin(struct import *im, struct buf *b, enum import_kind kind,
    const char *path, const char *name, struct import_item item,
    uint64_t largest)
{
	struct stat st = { 0 };

	/* room for some of it, too */
	if (b->len + 4 * IMPORT_HEAD + strlen(name) > TASK_FRAME_DATA)
		return false;
	im->fd = source_file(&im->source, path, &st);
	item.size = (uint64_t)st.st_size;
	item.time = st.st_mtime;
	(void)import_put(b, kind, item, name);
	im->left = item.size;
	if (im->fd == -1)
		import_file_over(im, IMPORT_GONE);
	else if (item.size > largest)
		import_file_over(im, IMPORT_LARGE);
	return true;
}

/* Sends of the file that is open. False: the frame is full. */
static bool
import_file_bytes(struct import *im, struct buf *b)
{
	unsigned char bytes[IMPORT_TEXT_MAX];
	struct import_item item = { .text = bytes };
	ssize_t n;

	while (im->fd != -1) {
		size_t room = TASK_FRAME_DATA - b->len;

		if (im->left == 0) {
			import_file_over(im, IMPORT_WHOLE);
			break;
		}
		if (room <= 2 * IMPORT_HEAD)
			return false;
		room -= IMPORT_HEAD;
		if (room > im->left)
			room = (size_t)im->left;
		n = read(im->fd, bytes, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			import_file_over(im, IMPORT_GONE);
			break;
		}
		item.len = (size_t)n;
		im->left -= (uint64_t)n;
		(void)import_put(b, IMPORT_BYTES, item, NULL);
	}
	if (im->ending && !import_put(b, IMPORT_FILE_END,
	    (struct import_item){ .code = im->how }, NULL))
		return false;
	im->ending = false;
	return true;
}

/* --- steps: each false when the frame is full ----------------------------------------- */

static bool
import_step_folder(struct import *im, struct buf *b)
{
	if (!import_put(b, IMPORT_FOLDER, (struct import_item){ 0 },
	    import_folder(im)))
		return false;
	im->at = im->n_wanted = 0;
	im->step = im->source.mbox ? STEP_FILE : STEP_INDEX;
	return true;
}

static bool
import_step_index(struct import *im, struct buf *b)
{
	static const char *const names[] = { "dovecot-uidlist",
		"courierimapuiddb", "dovecot-keywords", "subscriptions",
		"courierimapsubscribed" };
	const char *folder = import_folder(im);

	for (; im->at < sizeof(names) / sizeof(names[0]); im->at++) {
		char *path = xasprintf("%s%s%s", folder,
		    *folder == '\0' ? "" : "/", names[im->at]);
		struct stat st;
		int fd = source_file(&im->source, path, &st);
		bool there = fd != -1, room = true;

		if (there)
			close(fd);
		if (there && (im->at < 3 || *folder == '\0'))
			room = import_file_begin(im, b, IMPORT_INDEX, path,
			    names[im->at], (struct import_item){ 0 },
			    INDEX_FILE_MAX);
		free(path);
		if (!room)
			return false;
		if (im->fd != -1 || im->ending) {
			im->at++;
			return true; /* its bytes go first */
		}
	}
	if (!source_list(&im->source, folder))
		ctl_error("import: %s: cur or new cannot be read",
		    *folder == '\0' ? "." : folder);
	im->at = 0;
	im->step = STEP_NAMES;
	return true;
}

static bool
import_step_names(struct import *im, struct buf *b)
{
	const struct source *s = &im->source;

	for (; im->at < s->n_names; im->at++)
		if (!import_put(b, IMPORT_NAME, (struct import_item){
		    .code = s->names[im->at].place }, s->names[im->at].name))
			return false;
	if (!import_put(b, IMPORT_NAMES_END, (struct import_item){ 0 }, NULL))
		return false;
	im->at = 0;
	im->step = STEP_WANT;
	return true;
}

static bool
import_step_file(struct import *im, struct buf *b)
{
	const struct source *s = &im->source;
	const char *folder = import_folder(im);
	const struct source_name *name;
	bool room;
	char *path;

	if (im->at < (s->mbox ? 1 : im->n_wanted)) {
		if (s->mbox) {
			const char *slash = strrchr(folder, '/');

			room = import_file_begin(im, b, IMPORT_FILE, folder,
			    *folder == '\0' ? "mbox" :
			    slash == NULL ? folder : slash + 1,
			    (struct import_item){ 0 }, UINT64_MAX);
		} else {
			name = &s->names[im->wanted[im->at]];
			path = xasprintf("%s%s%s/%s", folder,
			    *folder == '\0' ? "" : "/",
			    name->place == IMPORT_CUR ? "cur" : "new",
			    name->name);
			room = import_file_begin(im, b, IMPORT_FILE, path,
			    name->name, (struct import_item){
			    .number = im->wanted[im->at] }, im->largest);
			free(path);
		}
		im->at += room;
		return room;
	}
	if (!import_put(b, IMPORT_FOLDER_END, (struct import_item){ 0 }, NULL))
		return false;
	im->folder++;
	im->step = STEP_FOLDER;
	return true;
}

/* --- the task ------------------------------------------------------------------------- */

/* Only now, connected to the server, may root become somebody else. */
static bool
import_open(struct import *im)
{
	im->opened = true;
	return source_open(&im->source, im->text) == 0 &&
	    source_scan(&im->source);
}

static enum task_fill
import_fill(void *ctx, struct buf *b)
{
	struct import *im = ctx;
	bool room = true;

	if (!im->opened && !import_open(im))
		return TASK_FILL_FAIL;
	while (room) {
		if (im->fd != -1 || im->ending) {
			room = import_file_bytes(im, b);
			continue;
		}
		switch (im->step) {
		case STEP_TOTAL:
			room = import_put(b, IMPORT_TOTAL, (struct import_item){
			    .size = im->source.total }, NULL);
			im->step = STEP_FOLDER;
			break;
		case STEP_FOLDER:
			if (im->folder == im->source.n_folders)
				return b->len > 0 ? TASK_FILL_SEND
				                  : TASK_FILL_LAST;
			room = import_step_folder(im, b);
			break;
		case STEP_INDEX:
			room = import_step_index(im, b);
			break;
		case STEP_NAMES:
			room = import_step_names(im, b);
			break;
		case STEP_WANT:
			return b->len > 0 ? TASK_FILL_SEND : TASK_FILL_WAIT;
		case STEP_FILE:
			room = import_step_file(im, b);
			break;
		}
	}
	return TASK_FILL_SEND;
}

static bool
import_want(struct import *im, const struct import_item *i)
{
	for (size_t k = 0; k < i->len / 4; k++) {
		if (im->n_wanted == im->source.n_names ||
		    import_item_wanted(i, k) >= im->source.n_names)
			return false;
		if (im->n_wanted == im->wanted_cap) {
			im->wanted_cap = im->wanted_cap == 0 ? 256
			    : im->wanted_cap * 2;
			im->wanted = xreallocarray(im->wanted, im->wanted_cap,
			    sizeof(*im->wanted));
		}
		im->wanted[im->n_wanted++] = import_item_wanted(i, k);
	}
	return true;
}

static bool
import_data(void *ctx, const unsigned char *p, size_t n)
{
	struct import *im = ctx;
	struct import_item item;
	size_t at = 0;
	bool bad;

	while (import_item_next(p, n, &at, IMPORT_FROM_WORKER, &item, &bad)) {
		if (im->step != STEP_WANT)
			return false;
		if (item.kind == IMPORT_WANT) {
			if (!import_want(im, &item))
				return false;
			continue;
		}
		im->largest = item.size;
		im->step = STEP_FILE;
	}
	return !bad;
}

static const char *
import_frame(void *ctx, const struct task_frame *f, bool *print)
{
	if (f == NULL || f->kind != TASK_DATA)
		return NULL;
	*print = false;
	return import_data(ctx, f->body, f->len)
	    ? NULL : "the user's worker makes no sense";
}

static void
import_request(void *ctx, struct task_pairs *w)
{
	const struct import *im = ctx;

	task_pairs_text(w, "format",
	    strncmp(im->text, "mbox:", 5) == 0 ? "mbox" : "maildir");
	if (im->mailbox != NULL)
		task_pairs_text(w, "mailbox", im->mailbox);
	if (im->dry_run)
		task_pairs_bool(w, "dry_run", true);
}

int
ctl_import(const struct ctl *ctl, size_t n, char **args)
{
	struct import im = { .text = args[1], .mailbox = ctl->mailbox,
		.dry_run = ctl->dry_run, .fd = -1, .source = { .fd = -1 } };
	const struct task_more more = { .make = !ctl->dry_run, .ctx = &im,
		.request = import_request, .fill = import_fill,
		.frame = import_frame };
	int exit_code;

	(void)n;
	if (strncmp(im.text, "mbox:", 5) != 0 &&
	    strncmp(im.text, "maildir:", 8) != 0) {
		ctl_error("import: \"%s\" is neither maildir:PATH nor "
		    "mbox:PATH", im.text);
		return CTL_USAGE;
	}
	exit_code = task_users(ctl, "import", 1, args, &more);
	if (im.fd != -1)
		close(im.fd);
	free(im.wanted);
	source_close(&im.source);
	return exit_code;
}
