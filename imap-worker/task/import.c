/* SPDX-License-Identifier: ISC
 *
 * import: mail of another server, of which posternctl sends names and bytes
 * (common/import_item.h has who says what when). Here they are understood: which
 * message has which UID, flags and keywords; in what order the files are to come;
 * into which mailbox. Kept in memory are the names of a folder, as numbers, and
 * messages up to a transaction's worth.
 *
 * A transaction of 100 messages or 1 MiB takes 10 to 40 ms, and a folder of
 * 1,000,000 names 0.2 s to be sorted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/imap/names.h"
#include "common/import_item.h"
#include "task/import_private.h"

_Static_assert(IMPORT_SEEN == STORE_SEEN && IMPORT_ANSWERED == STORE_ANSWERED &&
    IMPORT_FLAGGED == STORE_FLAGGED && IMPORT_DELETED == STORE_DELETED &&
    IMPORT_DRAFT == STORE_DRAFT && IMPORT_UID_MAX == STORE_GIVEN_MAX,
    "import/import.h says the same");

/* This process is one user's: no two of them. */
static bool import_runs;

bool
import_wrong(struct import *im)
{
	task_fail(im->t, "posternctl sent what does not belong there");
	return false;
}

/* --- begin and end ------------------------------------------------------------------ */

static void import_box_bytes(void *ctx, const unsigned char *p, size_t n);
static void import_box_message(void *ctx, const struct import_mbox_message *m);

static struct import *
import_state(struct task *t)
{
	struct import *im = t->state;

	if (im != NULL)
		return im;
	im = t->state = arena_alloc(&t->arena, sizeof(*im));
	im->t = t;
	im->prefix = "";
	im->events = (struct import_mbox_events){ import_box_bytes,
		import_box_message, im };
	arena_init(&im->arena);
	buf_init(&im->index, IMPORT_INDEX_MAX);
	import_uidlist_init(&im->list);
	import_mbox_init(&im->box, &im->events);
	import_target_init(&im->target, t);
	return im;
}

static bool
import_option(struct task *t, const struct task_pair *o)
{
	struct import *im = import_state(t);

	if (o->type != 's')
		return false;
	if (strcmp(o->name, "format") == 0) {
		im->mbox = strcmp(o->text, "mbox") == 0;
		return im->mbox || strcmp(o->text, "maildir") == 0;
	}
	if (strcmp(o->name, "mailbox") != 0)
		return false;
	im->prefix = arena_strdup(&t->arena, o->text);
	return imap_mailbox_name_check(im->prefix) == NULL;
}

static bool
import_begin(struct task *t)
{
	struct import *im = import_state(t);

	if (import_runs) {
		task_fail(t, "another import of this user is running");
		return false;
	}
	im->runs = import_runs = true;
	return true;
}

static void
import_free(struct task *t)
{
	struct import *im = t->state;

	if (im == NULL)
		return;
	if (im->runs)
		import_runs = false;
	import_target_clear(&im->target);
	import_uidlist_clear(&im->list);
	import_mbox_clear(&im->box);
	arena_clear(&im->arena);
	buf_clear(&im->index);
	free(im->entries);
	free(im->subscribed);
}

/* --- messages ------------------------------------------------------------------------ */

static uint64_t
import_keywords(struct import *im, uint32_t letters)
{
	uint64_t masks = 0;

	for (unsigned k = 0; k < IMPORT_LETTERS; k++) {
		if ((letters >> k & 1) == 0 || im->letters[k] == NULL)
			continue;
		if ((im->asked >> k & 1) == 0)
			im->masks[k] = import_target_keyword(&im->target,
			    im->letters[k]);
		im->asked |= 1u << k;
		masks |= im->masks[k];
	}
	return masks;
}

static bool
import_file(struct import *im, const struct import_item *i)
{
	const struct import_entry *e;

	if (im->mbox) {
		import_mbox_clear(&im->box);
		import_mbox_init(&im->box, &im->events);
		im->reading = READ_MBOX;
		return true;
	}
	if (im->at >= im->n || im->entries[im->at].number != i->number)
		return import_wrong(im);
	e = &im->entries[im->at++];
	im->file = (struct import_message){ .uid = e->uid, .flags = e->flags,
		.date = i->time, .recent = e->fresh };
	im->file.flags |= import_keywords(im, e->keywords);
	memcpy(im->file_name, i->text, i->len); /* at most IMPORT_NAME_MAX */
	im->file_name[i->len] = '\0';
	im->reading = READ_MESSAGE;
	return true;
}

static bool
import_message_end(struct import *im, const struct import_item *i)
{
	im->done++;
	if (i->code == IMPORT_WHOLE)
		return import_target_add(&im->target, &im->file,
		    im->file_name);
	import_target_drop(&im->target);
	im->target.failed++;
	task_problem(im->t, TASK_WARNING, "%s: %s: %s, left out", im->mailbox,
	    im->file_name, i->code == IMPORT_LARGE ?
	    "larger than message-size" : "could not be read");
	return true;
}

static void
import_box_bytes(void *ctx, const unsigned char *p, size_t n)
{
	struct import *im = ctx;

	import_target_bytes(&im->target, p, n);
}

static void
import_box_message(void *ctx, const struct import_mbox_message *m)
{
	struct import *im = ctx;
	struct import_message out = { .flags = m->flags, .date = m->date,
		.zone = m->zone, .recent = m->recent };
	char what[64];

	if (im->failed || !import_open(im, m->uidvalidity, m->uidnext == 0 ? 1
	    : m->uidnext)) {
		im->failed = true;
		return;
	}
	if (m->internal || !import_target_wants(&im->target, m->uid,
	    &out.uid)) {
		import_target_drop(&im->target);
		return;
	}
	for (size_t k = 0; m->keywords[k] != NULL; k++)
		out.flags |= import_target_keyword(&im->target,
		    m->keywords[k]);
	snprintf(what, sizeof(what), "message %llu",
	    (unsigned long long)++im->in_box);
	im->failed = !import_target_add(&im->target, &out, what);
}

static bool
import_box_end(struct import *im, const struct import_item *i)
{
	import_mbox_end(&im->box);
	if (im->failed)
		return false;
	if (im->box.not_mbox || i->code != IMPORT_WHOLE)
		task_problem(im->t, TASK_WARNING, "%s: %s", im->folder,
		    im->box.not_mbox ? "not an mbox, left out" :
		    "could not be read to its end");
	return im->box.not_mbox || import_open(im, 0, 1);
}

/* --- items --------------------------------------------------------------------------- */

static bool
import_bytes(struct import *im, const struct import_item *i)
{
	switch (im->reading) {
	case READ_NOTHING:
		return import_wrong(im);
	case READ_UIDLIST:
		import_uidlist_feed(&im->list, i->text, i->len);
		return true;
	case READ_WHOLE:
		buf_put(&im->index, i->text, i->len);
		return true;
	case READ_IGNORED:
		return true;
	case READ_MESSAGE:
		import_target_bytes(&im->target, i->text, i->len);
		return true;
	case READ_MBOX:
		im->done += i->len;
		import_mbox_feed(&im->box, i->text, i->len);
		return !im->failed;
	}
	return false;
}

static bool
import_file_end(struct import *im, const struct import_item *i)
{
	enum import_reading was = im->reading;
	bool good = true;

	if (was == READ_NOTHING)
		return import_wrong(im);
	if (was == READ_MESSAGE)
		good = import_message_end(im, i);
	else if (was == READ_MBOX)
		good = import_box_end(im, i);
	else
		import_index_end(im, i);
	im->reading = READ_NOTHING;
	return good;
}

static bool
import_item(struct import *im, const struct import_item *i)
{
	bool between = im->reading == READ_NOTHING;

	if (i->kind == IMPORT_BYTES)
		return import_bytes(im, i);
	if (i->kind == IMPORT_FILE_END)
		return import_file_end(im, i);
	if (i->kind == IMPORT_TOTAL && im->phase == IMPORT_OUTSIDE)
		im->total = i->size;
	else if (i->kind == IMPORT_FOLDER && im->phase == IMPORT_OUTSIDE)
		return import_folder(im, i);
	else if (i->kind == IMPORT_INDEX && im->phase == IMPORT_INDEXES &&
	    between && im->names == 0)
		return import_index(im, i);
	else if (i->kind == IMPORT_NAME && im->phase == IMPORT_INDEXES &&
	    between)
		return import_name(im, i);
	else if (i->kind == IMPORT_NAMES_END && im->phase == IMPORT_INDEXES &&
	    between)
		return import_names_end(im);
	else if (i->kind == IMPORT_FILE && im->phase == IMPORT_FILES && between)
		return import_file(im, i);
	else if (i->kind == IMPORT_FOLDER_END && im->phase == IMPORT_FILES)
		return import_folder_end(im);
	else
		return import_wrong(im);
	return true;
}

static bool
import_data(struct task *t, const unsigned char *p, size_t n)
{
	struct import *im = t->state;
	struct import_item item;
	size_t at = 0;
	bool bad;

	if (n == 0) {
		if (im->phase != IMPORT_OUTSIDE)
			return import_wrong(im);
		im->phase = IMPORT_ENDS;
		return true;
	}
	while (import_item_next(p, n, &at, IMPORT_FROM_CTL, &item, &bad))
		if (!import_item(im, &item))
			return false;
	return bad ? import_wrong(im) : true;
}

/* --- steps --------------------------------------------------------------------------- */

static void
import_total(struct import *im)
{
	struct task_pairs w;

	task_row(im->t, &w, "total");
	task_pairs_number(&w, "mailboxes", im->mailboxes);
	task_pairs_number(&w, "imported", im->messages);
	task_pairs_number(&w, "present", im->present);
	task_pairs_number(&w, "left_out", im->left_out);
	task_pairs_number(&w, "bytes", im->bytes);
	task_pairs_number(&w, "subscribed", im->n_subscribed);
	task_pairs_end(&w);
}

static enum task_step
import_finish(struct import *im)
{
	enum store_err e = STORE_OK;

	while (im->subscribed_at < im->n_subscribed && !im->t->dry_run) {
		if (task_slice_over(im->t))
			return TASK_STEP_MORE;
		e = store_subscribe(im->t->store,
		    im->subscribed[im->subscribed_at++], true);
		if (e != STORE_OK) {
			task_fail(im->t, "subscriptions: %s",
			    store_err_text(e));
			return TASK_STEP_DONE;
		}
	}
	import_total(im);
	if (im->t->dry_run)
		task_conclude(im->t, "a dry run: nothing was changed");
	return TASK_STEP_DONE;
}

static enum task_step
import_step(struct task *t)
{
	struct import *im = t->state;

	if (im->phase == IMPORT_ENDS)
		return import_finish(im);
	if (im->phase == IMPORT_ORDERS) {
		import_order(im);
		if (im->phase == IMPORT_ORDERS)
			return TASK_STEP_MORE;
	}
	task_progress(t, im->done, im->total,
	    im->mbox ? "bytes" : "messages");
	return TASK_STEP_WAIT;
}

const struct task_def task_import = {
	.name = "import",
	.flags = TASK_CHANGES,
	.option = import_option,
	.begin = import_begin,
	.step = import_step,
	.data = import_data,
	.free = import_free,
};
