/* SPDX-License-Identifier: ISC
 *
 * UIDs can be kept in a mailbox that never had a message, or has the UIDVALIDITY
 * of the source already (an import that is repeated: what is there is skipped).
 * Meanwhile the mailbox is held: nothing else may take one of the UIDs to come.
 */
#include "task/import_target.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

/* The first byte of the message that is coming in. */
static size_t
target_begin(const struct import_target *g)
{
	return g->n == 0 ? 0 : g->batch[g->n - 1].at + g->batch[g->n - 1].len;
}

void
import_target_init(struct import_target *g, struct task *t)
{
	struct store_usage u;

	*g = (struct import_target){ .t = t };
	store_usage(t->store, &u);
	arena_init(&g->arena);
	/* a message ends the batch when it passes the limit; one byte more than
	 * allowed tells a message that is too large */
	buf_init(&g->bytes, IMPORT_BATCH_BYTES + (size_t)u.message_max + 2);
	g->batch = xcalloc(IMPORT_BATCH_MESSAGES, sizeof(*g->batch));
	g->have = roaring_bitmap_create();
	g->gone = roaring_bitmap_create();
}

static void
target_leave(struct import_target *g)
{
	if (g->m != NULL)
		store_mbox_hold(g->m, false);
	store_mbox_unref(&g->m);
	g->name = NULL;
}

void
import_target_clear(struct import_target *g)
{
	target_leave(g);
	arena_clear(&g->arena);
	buf_clear(&g->bytes);
	free(g->batch);
	roaring_bitmap_free(g->have);
	roaring_bitmap_free(g->gone);
}

/* --- the mailbox ---------------------------------------------------------------- */

static bool
target_fail(struct import_target *g, enum store_err e)
{
	if (e == STORE_OVERQUOTA)
		task_fail(g->t, "%s: the user's quota is used up; what was "
		    "imported before stays", g->name);
	else if (e == STORE_BUSY)
		task_fail(g->t, "%s: a session has it open, so UIDs cannot be "
		    "kept: end it (posternctl kick) and repeat", g->name);
	else
		task_fail(g->t, "%s: %s", g->name, store_err_text(e));
	return false;
}

static void
target_new_uids(struct import_target *g, const char *why)
{
	g->keep = false;
	task_problem(g->t, TASK_WARNING, "%s: messages get new UIDs: %s",
	    g->name, why);
}

/* Which UIDs the mailbox has, and which it had. */
static enum store_err
target_look(struct import_target *g)
{
	const struct store_row *rows;
	bool complete;
	enum store_err e;
	size_t n;

	if ((e = store_mbox_load(g->m)) != STORE_OK ||
	    (e = store_vanished(g->m, 0, g->gone, &complete)) != STORE_OK)
		return e;
	rows = store_mbox_rows(g->m, &n);
	for (size_t i = 0; i < n; i++)
		roaring_bitmap_add(g->have, rows[i].uid);
	g->next = store_mbox_info(g->m)->uidnext;
	return STORE_OK;
}

/* The UIDVALIDITY of the source for the mailbox, if that can be. */
static enum store_err
target_take_over(struct import_target *g, const struct store_info *info)
{
	enum store_err e = STORE_OK;

	if (g->uidvalidity == 0)
		return STORE_OK;
	g->keep = true;
	if (info->uidvalidity != g->uidvalidity && info->uidnext != 1) {
		target_new_uids(g, "the mailbox has had others already");
		return STORE_OK;
	}
	if (!g->t->dry_run)
		e = store_set_uids(g->t->store, g->name, g->uidvalidity, 1);
	if (e == STORE_EXISTS) {
		target_new_uids(g, "another mailbox has their UIDVALIDITY");
		return STORE_OK;
	}
	if (e == STORE_OK)
		e = target_look(g);
	if (e == STORE_OK && !g->t->dry_run)
		store_mbox_hold(g->m, true);
	return e;
}

bool
import_target_open(struct import_target *g, const char *name,
    const char *source, uint32_t uidvalidity, uint32_t uidnext)
{
	struct store *st = g->t->store;
	struct store_info info;
	enum store_err e;

	arena_reset(&g->arena);
	roaring_bitmap_clear(g->have);
	roaring_bitmap_clear(g->gone);
	g->name = arena_strdup(&g->arena, name);
	g->source = arena_strdup(&g->arena, source);
	g->uidvalidity = uidvalidity;
	g->uidnext = uidnext;
	g->keep = g->over = g->full = false;
	g->next = 1;
	g->messages = g->skipped = g->failed = g->size = 0;
	e = store_stat(st, name, &g->arena, &info);
	if (e == STORE_NOT_FOUND && g->t->dry_run) {
		g->keep = uidvalidity != 0;
		return true;
	}
	if (e == STORE_NOT_FOUND && (e = store_create(st, name, 0)) == STORE_OK)
		e = store_stat(st, name, &g->arena, &info);
	if (e == STORE_OK)
		e = store_mbox_open(st, name, &g->m);
	if (e == STORE_OK)
		e = target_take_over(g, &info);
	return e == STORE_OK || target_fail(g, e);
}

/* It comes too late to keep its UID. */
static void
target_over(struct import_target *g, uint32_t *uid)
{
	*uid = 0;
	if (!g->over)
		task_problem(g->t, TASK_WARNING, "%s: some messages get new "
		    "UIDs: theirs are not above those before", g->name);
	g->over = true;
}

bool
import_target_wants(struct import_target *g, uint32_t uid, uint32_t *uid_r)
{
	*uid_r = 0;
	if (!g->keep || uid == 0)
		return true;
	if (roaring_bitmap_contains(g->have, uid) ||
	    roaring_bitmap_contains(g->gone, uid)) {
		g->skipped++;
		return false;
	}
	*uid_r = uid;
	if (uid < g->next)
		target_over(g, uid_r);
	return true;
}

uint64_t
import_target_keyword(struct import_target *g, const char *name)
{
	uint64_t mask = 0;
	enum store_err e;

	if (g->t->dry_run)
		return 0;
	e = store_mbox_keyword_add(g->m, name, &mask);
	if (e == STORE_OK)
		return mask;
	if (!g->full)
		task_problem(g->t, TASK_WARNING, "%s: keyword %s is left out: "
		    "%s", g->name, name, store_err_text(e));
	g->full = true;
	return 0;
}

/* --- messages ------------------------------------------------------------------- */

/* Lines end in CRLF, and there is no NUL: what IMAP can send. A CR that was alone
 * stays so. */
void
import_target_bytes(struct import_target *g, const unsigned char *p, size_t n)
{
	size_t begin = target_begin(g);

	while (n > 0) {
		const unsigned char *nl = memchr(p, '\n', n);
		size_t len = nl == NULL ? n : (size_t)(nl - p), end;

		buf_put(&g->bytes, p, len);
		end = g->bytes.len;
		if (nl != NULL) {
			if (end == begin || g->bytes.data[end - 1] != '\r')
				buf_putc(&g->bytes, '\r');
			buf_putc(&g->bytes, '\n');
			len++;
		}
		if (g->bytes.overflow)
			return;
		for (size_t i = end - (nl != NULL ? len - 1 : len); i < end;
		    i++)
			if (g->bytes.data[i] == '\0')
				g->bytes.data[i] = 0x80; /* as Dovecot does */
		p += len;
		n -= len;
	}
}

void
import_target_drop(struct import_target *g)
{
	g->bytes.len = target_begin(g);
	g->bytes.overflow = false;
}

bool
import_target_add(struct import_target *g, const struct import_message *m,
    const char *what)
{
	size_t at = target_begin(g);
	struct store_usage u;

	store_usage(g->t->store, &u);
	if (g->bytes.overflow || g->bytes.len - at > u.message_max) {
		g->failed++;
		task_problem(g->t, TASK_WARNING, "%s: %s: larger than "
		    "message-size, left out", g->name, what);
		import_target_drop(g);
		return true;
	}
	g->batch[g->n] = *m;
	g->batch[g->n].at = at;
	g->batch[g->n].len = g->bytes.len - at;
	if (g->keep) {
		if (m->uid != 0 && m->uid < g->next)
			target_over(g, &g->batch[g->n].uid);
		else if (m->uid != 0)
			g->next = m->uid;
		g->next++;
	}
	g->n++;
	return !import_target_due(g) || import_target_commit(g);
}

bool
import_target_due(const struct import_target *g)
{
	return g->n == IMPORT_BATCH_MESSAGES ||
	    target_begin(g) >= IMPORT_BATCH_BYTES;
}

/* The names of these bits, NULL at the end. */
static void
target_keywords(const struct store_mbox *m, uint64_t flags,
    const char *names_r[LIMIT_KEYWORDS + 1])
{
	const char *const *all;
	unsigned n, out = 0;

	all = store_mbox_keywords(m, &n);
	for (unsigned i = 0; i < n; i++)
		if (flags >> (STORE_KEYWORD_SHIFT + i) & 1)
			names_r[out++] = all[i];
	names_r[out] = NULL;
}

/* Adds what waits; on OVERQUOTA as much as there is room for. */
static enum store_err
target_append(struct import_target *g, size_t *done_r)
{
	const char *keywords[LIMIT_KEYWORDS + 1];
	uint32_t uidvalidity, first;
	struct store_append *ap = NULL;
	enum store_err e, added = STORE_OK;
	size_t i;

	e = store_append_begin(g->t->store, store_mbox_info(g->m)->name, &ap);
	if (e != STORE_OK)
		return e;
	for (i = 0; i < g->n && added == STORE_OK; i++) {
		const struct import_message *b = &g->batch[i];
		struct store_new_message msg = {
			.data = g->bytes.data + b->at,
			.len = b->len,
			.system_flags = b->flags & STORE_SYSTEM_FLAGS,
			.keywords = keywords,
			.internaldate = b->date,
			.zone = b->zone,
			.uid = b->uid,
		};

		target_keywords(g->m, b->flags, keywords);
		added = store_append_add(ap, &msg);
	}
	*done_r = added == STORE_OK ? i : i - 1;
	if (added != STORE_OK && added != STORE_OVERQUOTA) {
		store_append_abort(&ap);
		*done_r = 0;
		return added;
	}
	e = store_append_commit(&ap, &uidvalidity, &first);
	if (e != STORE_OK)
		*done_r = 0;
	return e != STORE_OK ? e : added;
}

static enum store_err
target_write(struct import_target *g, size_t *done_r)
{
	enum store_err e;

	*done_r = 0;
	if (store_mbox_deleted(g->m))
		return STORE_NOT_FOUND;
	store_mbox_hold(g->m, false);
	e = target_append(g, done_r);
	store_mbox_hold(g->m, g->keep);
	/* of cur/: a client has seen it */
	if (g->keep && *done_r > 0 && !g->batch[*done_r - 1].recent)
		(void)store_mbox_claim_recent(g->m);
	return e;
}

bool
import_target_commit(struct import_target *g)
{
	enum store_err e = STORE_OK;
	size_t done = g->n;

	if (g->n == 0)
		return true;
	if (!g->t->dry_run)
		e = target_write(g, &done);
	for (size_t i = 0; i < done; i++)
		g->size += g->batch[i].len;
	g->messages += done;
	g->n = 0;
	buf_reset(&g->bytes);
	return e == STORE_OK || target_fail(g, e);
}

bool
import_target_close(struct import_target *g)
{
	enum store_err e = STORE_OK;
	struct task_pairs w;

	if (!import_target_commit(g))
		return false;
	if (g->keep && !g->t->dry_run)
		e = store_set_uids(g->t->store, store_mbox_info(g->m)->name,
		    g->uidvalidity, g->uidnext);
	if (e != STORE_OK)
		return target_fail(g, e);
	task_row(g->t, &w, "mailbox");
	task_pairs_text(&w, "mailbox", g->name);
	task_pairs_text(&w, "source", g->source);
	task_pairs_number(&w, "imported", g->messages);
	task_pairs_number(&w, "present", g->skipped);
	task_pairs_number(&w, "left_out", g->failed);
	task_pairs_number(&w, "bytes", g->size);
	task_pairs_bool(&w, "uids_kept", g->keep && !g->over);
	task_pairs_end(&w);
	target_leave(g);
	return true;
}
