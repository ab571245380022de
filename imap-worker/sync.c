/* SPDX-License-Identifier: ISC */
#include "sync.h"

#include <string.h>

#include "common/buf.h"
#include "session.h"
#include "view.h"

static const char *const sync_system_flags[] = {
	"\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft",
};

static void
sync_put_keywords(struct session *s, struct buf *out, uint64_t keywords,
    const char *sep)
{
	const char *const *names;
	unsigned n;

	names = store_mbox_keywords(s->view->mbox, &n);
	for (unsigned i = 0; i < n && keywords >> i != 0; i++) {
		if (!(keywords >> i & 1) || names[i] == NULL)
			continue;
		buf_puts(out, sep);
		buf_puts(out, names[i]);
		sep = " ";
	}
}

static void
sync_put_flags_text(struct session *s, struct buf *out, uint64_t flags,
    bool recent)
{
	const char *sep = "";

	buf_puts(out, "FLAGS (");
	for (unsigned i = 0; i < 5; i++) {
		if (!(flags & UINT64_C(1) << i))
			continue;
		buf_puts(out, sep);
		buf_puts(out, sync_system_flags[i]);
		sep = " ";
	}
	if (recent) {
		buf_puts(out, sep);
		buf_puts(out, "\\Recent");
		sep = " ";
	}
	if (flags >> STORE_KEYWORD_SHIFT != 0)
		sync_put_keywords(s, out, flags >> STORE_KEYWORD_SHIFT, sep);
	buf_putc(out, ')');
}

void
sync_put_flags(struct session *s, struct buf *out, const struct store_row *row)
{
	struct view *v = s->view;
	struct view_flags_text *t = &v->flags_text;
	uint64_t flags = store_row_flags(row);
	bool recent = !roaring_bitmap_is_empty(v->recent) &&
	    roaring_bitmap_contains(v->recent, row->uid);
	size_t before = out->len;

	if (t->len > 0 && t->flags == flags && t->recent == recent) {
		buf_put(out, t->text, t->len);
		return;
	}
	sync_put_flags_text(s, out, flags, recent);
	t->len = out->len - before;
	if (out->overflow || t->len > sizeof(t->text)) {
		t->len = 0;
		return;
	}
	memcpy(t->text, out->data + before, t->len);
	t->flags = flags;
	t->recent = recent;
}

void
sync_put_fetch_flags(struct session *s, const struct store_row *row)
{
	struct buf *out = session_out(s);

	buf_puts(out, "* ");
	buf_put_u64(out, view_msn(s->view, row->uid));
	buf_puts(out, " FETCH (");
	if (s->cmd.uid || s->condstore) {
		buf_puts(out, "UID ");
		buf_put_u64(out, row->uid);
		buf_putc(out, ' ');
	}
	if (s->condstore) {
		buf_puts(out, "MODSEQ (");
		buf_put_u64(out, store_row_modseq(row));
		buf_puts(out, ") ");
	}
	sync_put_flags(s, out, row);
	buf_puts(out, ")\r\n");
	roaring_bitmap_remove(s->view->dirty, row->uid);
}

void
sync_put_flag_names(struct session *s)
{
	struct buf *out = session_out(s);
	const char *const *names;
	unsigned n, used = 0;

	names = store_mbox_keywords(s->view->mbox, &n);
	for (int permanent = 0; permanent < 2; permanent++) {
		buf_puts(out, permanent ? "* OK [PERMANENTFLAGS (" : "* FLAGS (");
		if (permanent && s->view->readonly) {
			buf_puts(out, ")] Read-only mailbox\r\n");
			break;
		}
		for (unsigned i = 0; i < 5; i++)
			buf_printf(out, "%s%s", i ? " " : "",
			    sync_system_flags[i]);
		used = 0;
		for (unsigned i = 0; i < n; i++) {
			if (names[i] == NULL)
				continue;
			buf_printf(out, " %s", names[i]);
			used++;
		}
		if (permanent && used < LIMIT_KEYWORDS)
			buf_puts(out, " \\*");
		buf_puts(out, permanent ? ")] Flags permitted\r\n" : ")\r\n");
	}
	s->view->told_keywords = used;
	s->view->flags_text.len = 0;
}

static void
sync_send_expunges(struct session *s)
{
	struct view *v = s->view;
	struct buf *out = session_out(s);
	roaring_uint32_iterator_t it;

	if (roaring_bitmap_is_empty(v->ghosts))
		return;
	roaring_init_iterator(v->ghosts, &it);
	/* in ascending order, each one told no longer counts for the next */
	for (; it.has_value; roaring_advance_uint32_iterator(&it)) {
		buf_puts(out, "* ");
		buf_put_u64(out,
		    store_mbox_lower(v->mbox, it.current_value) + 1);
		buf_puts(out, " EXPUNGE\r\n");
	}
	roaring_bitmap_clear(v->ghosts);
}

static void
sync_send_new(struct session *s)
{
	struct view *v = s->view;
	struct buf *out = session_out(s);
	uint32_t before = view_exists(v);

	if (!view_extend(v) || view_exists(v) == before)
		return;
	buf_printf(out, "* %u EXISTS\r\n* %u RECENT\r\n", view_exists(v),
	    (unsigned)roaring_bitmap_get_cardinality(v->recent));
}

/* As many as fit the queue; the rest stays dirty for the next time. */
static void
sync_send_flags(struct session *s)
{
	struct view *v = s->view;
	roaring_bitmap_t *dirty = v->dirty;
	roaring_uint32_iterator_t it;

	if (roaring_bitmap_is_empty(dirty))
		return;
	v->dirty = roaring_bitmap_create();
	roaring_init_iterator(dirty, &it);
	for (; it.has_value; roaring_advance_uint32_iterator(&it)) {
		const struct store_row *row = view_row(v, it.current_value);

		if (output_size(&s->out) > OUTPUT_HIGH)
			roaring_bitmap_add(v->dirty, it.current_value);
		else if (row != NULL)
			sync_put_fetch_flags(s, row);
	}
	roaring_bitmap_free(dirty);
}

void
sync_keywords(struct session *s)
{
	const char *const *names;
	unsigned n, used = 0;

	names = store_mbox_keywords(s->view->mbox, &n);
	for (unsigned i = 0; i < n; i++)
		used += names[i] != NULL;
	if (used != s->view->told_keywords)
		sync_put_flag_names(s);
}

void
sync_send(struct session *s)
{
	const struct imap_cmd *def = s->cmd.def;
	bool hold;

	if (!s->view->changed)
		return;
	hold = def != NULL && (def->flags & CMD_NO_EXPUNGE) && !s->cmd.uid;
	if (!hold)
		sync_send_expunges(s);
	sync_keywords(s);
	sync_send_flags(s);
	sync_send_new(s);
	s->view->changed = !roaring_bitmap_is_empty(s->view->ghosts) ||
	    !roaring_bitmap_is_empty(s->view->dirty);
}
