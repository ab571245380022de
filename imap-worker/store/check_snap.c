/* SPDX-License-Identifier: ISC
 *
 * Invariant 10 of doc/STORE: the newest snapshot.  The other one is only there
 * in case that is lost.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/snap.h"
#include "store/store_private.h"

struct check_snap {
	struct store *st;
	void (*report)(void *ctx, const char *text);
	void *ctx;
	uint32_t no, next, mbox, covered; /* mailbox at hand, its rows up to */
	bool ended, stale;
};

__attribute__((format(printf, 2, 3))) static void
check_snap_report(const struct check_snap *s, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n = snprintf(text, sizeof(text), "10: snapshot %u: ",
	    (unsigned)s->no);

	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	s->report(s->ctx, text);
}

static void
check_snap_mailbox(struct check_snap *s, const struct store_snap_block *b)
{
	struct layout_mailbox rec;
	const struct store_mbox *m;
	uint32_t keywords;

	if (!store_snap_mailbox(b, &keywords, &rec)) {
		check_snap_report(s, "mailbox %u not valid",
		    (unsigned)b->mbox);
		return;
	}
	m = store_names_find_id(s->st, b->mbox);
	/* one that never had a message may get another: store_set_uids() */
	if (m != NULL && !s->stale && ((rec.uidnext > 1 &&
	    rec.uidvalidity != m->info.uidvalidity) ||
	    rec.uidnext > m->info.uidnext))
		check_snap_report(s, "%s: UIDVALIDITY or UIDNEXT of another "
		    "time", m->info.name);
	s->mbox = b->mbox;
	s->covered = 1;
}

static void
check_snap_rows(struct check_snap *s, const struct store_snap_block *b)
{
	struct store_snap_rows r;

	if (store_snap_rows_init(&r, b) && b->mbox == s->mbox &&
	    r.from == s->covered) {
		while (store_snap_rows_next(&r))
			if (r.row.blob >= s->st->u.next_blob)
				check_snap_report(s, "message number not "
				    "given out");
		s->covered = r.to;
		if (!r.bad)
			return;
	}
	check_snap_report(s, "mailbox %u: rows not valid",
	    (unsigned)b->mbox);
}

static void
check_snap_block(struct check_snap *s, const struct store_snap_block *b,
    uint64_t skipped)
{
	if (skipped != 0 || b->number != s->next++ || s->ended)
		check_snap_report(s, "damaged before block %u",
		    (unsigned)b->number);
	if (b->kind != LAYOUT_SNAP_ROW && b->kind != LAYOUT_SNAP_KEYWORDS &&
	    s->mbox != 0 && s->covered != LAYOUT_SNAP_TO_END)
		check_snap_report(s, "mailbox %u: rows missing",
		    (unsigned)s->mbox);
	if (b->kind == LAYOUT_SNAP_MAILBOX)
		check_snap_mailbox(s, b);
	else if (b->kind == LAYOUT_SNAP_ROW)
		check_snap_rows(s, b);
	s->ended = b->kind == LAYOUT_SNAP_END;
}

static void
check_snap_file(struct check_snap *s, const unsigned char *data, size_t len)
{
	const struct store *st = s->st;
	struct layout_snap_head h;
	struct store_snap_block b;
	uint64_t cookie, at = 0, skipped;

	if (!store_snap_head(data, len, &cookie, &h)) {
		check_snap_report(s, "not valid");
		return;
	}
	while (store_snap_next(data, len, cookie, &at, &b, &skipped))
		check_snap_block(s, &b, skipped);
	if (!s->ended || skipped != 0)
		check_snap_report(s, "cut short");
	if (h.end_no > st->u.end_no || (h.end_no == st->u.end_no &&
	    h.end_at > st->u.end_at))
		check_snap_report(s, "of a later place");
	if (h.modseq > st->modseq || h.uids > st->u.uids)
		check_snap_report(s, "of a later time");
	if (!s->stale && !store_dirty(st) &&
	    st->u.uids - h.uids > store_snap_uid_gap())
		check_snap_report(s, "vouches for too many UIDs");
}

void
store_check_snapshot(struct store *st,
    void (*report)(void *ctx, const char *text), void *ctx)
{
	struct check_snap s = { .st = st, .report = report, .ctx = ctx };
	char *folder = store_home_path(st, "snap");
	struct store_snap_file *files;
	unsigned char *data;
	size_t n, len;

	if (store_snap_list(folder, &files, &n) != 0)
		report(ctx, NULL);
	if (n > 0) {
		s.no = files[0].no;
		s.stale = files[0].stale;
		if (store_snap_map(folder, &files[0], &data, &len))
			check_snap_file(&s, data, len);
		else
			report(ctx, NULL);
		store_snap_unmap(data, len);
	}
	free(files);
	free(folder);
}
