/* SPDX-License-Identifier: ISC */
#include "cmd/fetch_items.h"

#include <ctype.h>
#include <strings.h>

#include "cmd/fetch_section.h"
#include "cmd/object_id.h"
#include "common/imap/reply.h"
#include "session.h"
#include "sync.h"
#include "view.h"

#define FETCH_FAST (FETCH_FLAGS | FETCH_INTERNALDATE | FETCH_SIZE)
#define FETCH_ALL (FETCH_FAST | FETCH_ENVELOPE)
#define FETCH_FULL (FETCH_ALL | FETCH_BODY)

/* --- arguments -------------------------------------------------------------- */

static const struct {
	const char *name;
	unsigned bits;
	bool macro;
} fetch_names[] = {
	{ "ALL", FETCH_ALL, true },
	{ "FAST", FETCH_FAST, true },
	{ "FULL", FETCH_FULL, true },
	{ "UID", FETCH_UID, false },
	{ "FLAGS", FETCH_FLAGS, false },
	{ "MODSEQ", FETCH_MODSEQ, false },
	{ "INTERNALDATE", FETCH_INTERNALDATE, false },
	{ "RFC822.SIZE", FETCH_SIZE, false },
	{ "SAVEDATE", FETCH_SAVEDATE, false },
	{ "EMAILID", FETCH_EMAILID, false },
	{ "THREADID", FETCH_THREADID, false },
	{ "ENVELOPE", FETCH_ENVELOPE, false },
	{ "BODYSTRUCTURE", FETCH_BODYSTRUCTURE, false },
};

static bool
fetch_items_parse_one(struct imap_parser *p, struct fetch_items *items,
    bool macros)
{
	struct fetch_section *section;

	for (size_t i = 0; i < sizeof(fetch_names) / sizeof(*fetch_names); i++) {
		if (fetch_names[i].macro && !macros)
			continue;
		if (!imap_parse_word(p, fetch_names[i].name))
			continue;
		items->bits |= fetch_names[i].bits;
		return true;
	}
	section = fetch_section_parse(p);
	if (section != NULL) {
		if (++items->n_sections > FETCH_SECTIONS)
			return imap_parse_fail(p, "Too many sections");
		*items->tail = section;
		items->tail = &section->next;
		return true;
	}
	if (p->error == NULL && imap_parse_word(p, "BODY")) {
		items->bits |= FETCH_BODY;
		return true;
	}
	return imap_parse_fail(p, "Unknown FETCH item");
}

bool
fetch_items_parse(struct imap_parser *p, struct fetch_items *items_r)
{
	*items_r = (struct fetch_items){ 0 };
	items_r->tail = &items_r->sections;
	if (!imap_parse_maybe(p, '('))
		return fetch_items_parse_one(p, items_r, true);
	do {
		if (!fetch_items_parse_one(p, items_r, false))
			return false;
	} while (imap_parse_maybe(p, ' '));
	return imap_parse_char(p, ')');
}

bool
fetch_items_mark_seen(const struct fetch_items *items)
{
	for (const struct fetch_section *x = items->sections; x; x = x->next)
		if (!x->peek)
			return true;
	return false;
}

/* --- one message's answer ----------------------------------------------------- */

static void
fetch_put_numbers(struct buf *out, unsigned bits, const struct store_row *row,
    const struct store_message *m)
{
	if (bits & FETCH_UID) {
		buf_puts(out, "UID ");
		buf_put_u64(out, row->uid);
		buf_putc(out, ' ');
	}
	if (bits & FETCH_MODSEQ) {
		buf_puts(out, "MODSEQ (");
		buf_put_u64(out, store_row_modseq(row));
		buf_puts(out, ") ");
	}
	if (bits & FETCH_INTERNALDATE) {
		buf_puts(out, "INTERNALDATE ");
		imap_put_date_time(out, m->internaldate, m->zone);
		buf_putc(out, ' ');
	}
	if (bits & FETCH_SIZE) {
		buf_puts(out, "RFC822.SIZE ");
		buf_put_u64(out, m->size);
		buf_putc(out, ' ');
	}
	if (bits & FETCH_SAVEDATE) {
		buf_puts(out, "SAVEDATE ");
		imap_put_date_time(out, m->savedate, 0);
		buf_putc(out, ' ');
	}
	if (bits & FETCH_EMAILID) {
		buf_puts(out, "EMAILID (");
		object_id_put(out, 'M', m->blob_id);
		buf_puts(out, ") ");
	}
	if (bits & FETCH_THREADID) {
		buf_puts(out, "THREADID (");
		object_id_put(out, 'T', m->thread_id);
		buf_puts(out, ") ");
	}
}

static void
fetch_put_texts(struct buf *out, unsigned bits, const struct store_message *m)
{
	if (bits & FETCH_ENVELOPE) {
		buf_puts(out, "ENVELOPE ");
		buf_put(out, m->envelope, m->envelope_len);
		buf_putc(out, ' ');
	}
	if (bits & FETCH_BODYSTRUCTURE) {
		buf_puts(out, "BODYSTRUCTURE ");
		buf_put(out, m->structure, m->structure_len);
		buf_putc(out, ' ');
	}
}

/* Do the items need no more than the bytes of the header? */
static bool
fetch_header_only(const struct fetch_items *items)
{
	if (items->bits & FETCH_BODY)
		return false;
	for (const struct fetch_section *x = items->sections; x; x = x->next)
		if (x->what.depth > 0 || x->what.kind == MAIL_SECTION_ALL ||
		    x->what.kind == MAIL_SECTION_TEXT)
			return false;
	return true;
}

/* What has to be read for these items. */
static enum store_err
fetch_read(const struct fetch_items *items, struct store_reader *reader,
    uint32_t uid, struct store_message *m_r, const unsigned char **bytes_r)
{
	const unsigned record = FETCH_INTERNALDATE | FETCH_SIZE |
	    FETCH_SAVEDATE | FETCH_EMAILID;
	const unsigned text = FETCH_ENVELOPE | FETCH_BODYSTRUCTURE;
	bool bytes = items->sections != NULL || (items->bits & FETCH_BODY);
	enum store_err err = STORE_OK;
	unsigned want = 0;

	*bytes_r = NULL;
	if (bytes || (items->bits & FETCH_THREADID))
		want |= STORE_WANT_BLOB;
	if (items->bits & text)
		want |= STORE_WANT_TEXT;
	if (want != 0 || (items->bits & record))
		err = store_reader_get(reader, uid, want, m_r);
	if (err != STORE_OK || !bytes)
		return err;
	return fetch_header_only(items)
	    ? store_reader_header(reader, m_r, bytes_r)
	    : store_reader_bytes(reader, m_r, bytes_r);
}

enum store_err
fetch_items_put(struct session *s, const struct fetch_items *items,
    struct store_reader *reader, const struct store_row *row, uint32_t msn,
    bool flags)
{
	struct buf *out = session_out(s);
	struct store_message m;
	struct fetch_message message = { .session = s, .reader = reader };
	enum store_err err;

	err = fetch_read(items, reader, row->uid, &m, &message.bytes.data);
	if (err != STORE_OK)
		return err;
	message.facts = &m;
	buf_puts(out, "* ");
	buf_put_u64(out, msn);
	buf_puts(out, " FETCH (");
	if (flags || (items->bits & FETCH_FLAGS)) {
		sync_put_flags(s, out, row);
		buf_putc(out, ' ');
		roaring_bitmap_remove(s->view->dirty, row->uid);
	}
	fetch_put_numbers(out,
	    items->bits | (flags && s->condstore ? FETCH_MODSEQ : 0), row, &m);
	fetch_put_texts(out, items->bits, &m);
	if (message.bytes.data != NULL) {
		message.bytes.len =
		    fetch_header_only(items) ? m.header_len : m.size;
		arena_init(&message.arena);
		if (items->bits & FETCH_BODY)
			fetch_section_put_body(out, &message);
		for (const struct fetch_section *x = items->sections; x != NULL;
		     x = x->next)
			fetch_section_put(&message, x);
		arena_clear(&message.arena);
	}
	/* every item left a space behind */
	out = session_out(s);
	out->data[out->len - 1] = ')';
	buf_puts(out, "\r\n");
	return STORE_OK;
}
