/* SPDX-License-Identifier: ISC
 *
 * A folder of an import: its mailbox, its index files, the names of its messages,
 * and the order in which they are wanted.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"
#include "task/import_private.h"

/* --- begin and end ----------------------------------------------------------------------- */

bool
import_folder(struct import *im, const struct import_item *i)
{
	bool good = true;

	arena_reset(&im->arena);
	im->folder = arena_strndup(&im->arena, (const char *)i->text, i->len);
	if (i->len == 0)
		im->mailbox = *im->prefix == '\0' ? "INBOX" : im->prefix;
	else
		good = import_maildir_mailbox(i->text, i->len,
		    im->mbox ? '/' : '.', im->prefix, &im->arena,
		    &im->mailbox);
	if (!good)
		task_problem(im->t, TASK_WARNING, "folder %s: not a name for a "
		    "mailbox, it becomes %s", im->folder, im->mailbox);
	import_uidlist_clear(&im->list);
	import_uidlist_init(&im->list);
	memset(im->letters, 0, sizeof(im->letters));
	im->asked = im->names = 0;
	im->n = im->at = 0;
	im->in_box = 0;
	im->phase = im->mbox ? IMPORT_FILES : IMPORT_INDEXES;
	im->reading = READ_NOTHING;
	return true;
}

bool
import_open(struct import *im, uint32_t uidvalidity, uint32_t uidnext)
{
	return im->target.name != NULL || import_target_open(&im->target,
	    im->mailbox, im->folder, uidvalidity, uidnext);
}

bool
import_folder_end(struct import *im)
{
	struct import_target *g = &im->target;

	if (im->reading != READ_NOTHING || im->at < im->n)
		return import_wrong(im);
	im->phase = IMPORT_OUTSIDE;
	if (g->name == NULL) /* not an mbox */
		return true;
	if (!import_target_close(g))
		return false;
	im->mailboxes++;
	im->messages += g->messages;
	im->present += g->skipped;
	im->left_out += g->failed;
	im->bytes += g->size;
	return true;
}

/* --- index files -------------------------------------------------------------------- */

bool
import_index(struct import *im, const struct import_item *i)
{
	im->index_name = arena_strndup(&im->arena, (const char *)i->text,
	    i->len);
	buf_reset(&im->index);
	if (strcmp(im->index_name, "dovecot-uidlist") == 0 ||
	    strcmp(im->index_name, "courierimapuiddb") == 0)
		im->reading = im->list.head ? READ_IGNORED : READ_UIDLIST;
	else
		im->reading = READ_WHOLE;
	return true;
}

static void
import_subscriptions(struct import *im)
{
	const char *levels, *name;
	size_t at = 0, len;

	while (im->n_subscribed < IMPORT_SUBSCRIPTIONS_MAX &&
	    import_maildir_subscription(im->index.data, im->index.len, &at,
	    &im->arena, &levels, &len)) {
		import_maildir_mailbox((const unsigned char *)levels, len, '.',
		    im->prefix, &im->t->arena, &name);
		if (*im->prefix != '\0' && len == 5 &&
		    strncasecmp(levels, "INBOX", 5) == 0)
			name = im->prefix;
		if (im->subscribed == NULL)
			im->subscribed = xcalloc(IMPORT_SUBSCRIPTIONS_MAX,
			    sizeof(*im->subscribed));
		im->subscribed[im->n_subscribed++] = name;
	}
}

void
import_index_end(struct import *im, const struct import_item *i)
{
	if (i->code != IMPORT_WHOLE || im->index.overflow)
		task_problem(im->t, TASK_WARNING, "%s: %s: could not be read",
		    im->folder, im->index_name);
	if (im->reading == READ_UIDLIST) {
		import_uidlist_end(&im->list);
		if (!im->list.valid)
			task_problem(im->t, TASK_WARNING, "%s: %s is damaged: "
			    "messages get new UIDs", im->mailbox,
			    im->index_name);
		else if (im->list.bad > 0)
			task_problem(im->t, TASK_WARNING, "%s: %s: %llu lines "
			    "make no sense, their messages get new UIDs",
			    im->mailbox, im->index_name,
			    (unsigned long long)im->list.bad);
	} else if (im->index.overflow) {
		buf_reset(&im->index);
	} else if (strcmp(im->index_name, "dovecot-keywords") == 0) {
		import_maildir_keywords(im->index.data, im->index.len,
		    &im->arena, im->letters);
	} else if (im->reading == READ_WHOLE) {
		import_subscriptions(im);
	}
}

/* --- names --------------------------------------------------------------------------- */

static bool
import_list_open(struct import *im)
{
	return im->list.valid
	    ? import_open(im, im->list.uidvalidity, im->list.uidnext)
	    : import_open(im, 0, 1);
}

bool
import_name(struct import *im, const struct import_item *i)
{
	struct import_maildir_name name;
	uint32_t uid;

	if (im->names >= IMPORT_ENTRIES_MAX) {
		task_fail(im->t, "%s: more than %d messages", im->mailbox,
		    IMPORT_ENTRIES_MAX);
		return false;
	}
	if (!import_list_open(im))
		return false;
	im->names++;
	if (!import_target_wants(&im->target,
	    import_uidlist_find(&im->list, i->text, i->len), &uid)) {
		im->done++;
		return true;
	}
	if (im->n == im->cap) {
		im->cap = im->cap == 0 ? 256 : im->cap * 2;
		im->entries = xreallocarray(im->entries, im->cap,
		    sizeof(*im->entries));
	}
	import_maildir_name(i->text, i->len, &name);
	im->entries[im->n++] = (struct import_entry){ .uid = uid,
		.number = im->names - 1, .keywords = name.keywords,
		.flags = name.flags, .fresh = i->code == IMPORT_NEW };
	return true;
}

/* By UID; those that get new ones behind, in the order they came. */
static int
import_compare(const void *a, const void *b)
{
	const struct import_entry *x = a, *y = b;
	uint32_t u = x->uid - 1, v = y->uid - 1;

	if (u != v)
		return u < v ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

bool
import_names_end(struct import *im)
{
	if (!import_list_open(im))
		return false;
	if (im->n > 0)
		qsort(im->entries, im->n, sizeof(*im->entries), import_compare);
	if (im->t->dry_run) {
		im->target.messages += im->n;
		im->done += im->n;
		im->n = 0;
	}
	import_uidlist_clear(&im->list);
	im->phase = IMPORT_ORDERS;
	return true;
}

static void
import_say(struct import *im, const struct import_item *item)
{
	struct buf b;

	buf_init(&b, TASK_FRAME_DATA);
	import_item_put(&b, item);
	task_data(im->t, b.data, b.len);
	buf_clear(&b);
}

void
import_order(struct import *im)
{
	unsigned char numbers[4 * 1000];
	struct import_item item = { .kind = IMPORT_WANT, .text = numbers };
	struct store_usage u;

	while (im->at < im->n && !task_slice_over(im->t)) {
		for (item.len = 0; im->at < im->n &&
		    item.len < sizeof(numbers); im->at++, item.len += 4) {
			uint32_t v = im->entries[im->at].number;

			for (int k = 0; k < 4; k++)
				numbers[item.len + (size_t)k] =
				    (unsigned char)(v >> 8 * k);
		}
		import_say(im, &item);
	}
	if (im->at < im->n)
		return;
	store_usage(im->t->store, &u);
	import_say(im, &(struct import_item){ .kind = IMPORT_WANT_END,
		.size = u.message_max });
	im->at = 0;
	im->phase = IMPORT_FILES;
}
