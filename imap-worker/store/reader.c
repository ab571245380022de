/* SPDX-License-Identifier: ISC
 *
 * Reading messages of one mailbox.  Three scans, over the places of the mailbox,
 * the blobs, and the texts, read ahead while messages are asked for in ascending
 * order.  What they hold never goes stale: the place of a UID and the
 * text of a blob do not change; whether the UID exists is asked of the rows.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/store_private.h"

#define READER_KEEP (256 * KIB) /* of a message that was packed */

struct store_reader {
	struct store_mbox *m;  /* referenced */
	size_t next;           /* row behind the last one, a guess */
	struct kv_scan loc_scan, blob_scan, text_scan;
	uint64_t generation;   /* of the mailbox when locs was read */
	size_t start, n;       /* the rows of the chunk in locs */
	struct layout_loc locs[LAYOUT_CHUNK_ROWS];
	char *text;            /* own; a text put together from parts */
	size_t text_size;
	unsigned char *plain;  /* own; a message that was packed */
	size_t plain_size;
	uint64_t plain_blob;   /* which; 0: none */
};

struct store_reader *
store_reader_new(struct store_mbox *m)
{
	struct store_reader *r = xmalloc(sizeof(*r));

	r->m = m;
	m->refs++;
	r->generation = m->generation;
	kv_scan_init(&r->loc_scan, m->st->kv, KV_LOC);
	kv_scan_init(&r->blob_scan, m->st->kv, KV_BLOB);
	kv_scan_init(&r->text_scan, m->st->kv, KV_TEXT);
	return r;
}

void
store_reader_free(struct store_reader **rp)
{
	struct store_reader *r = *rp;

	if (r == NULL)
		return;
	*rp = NULL;
	kv_scan_clear(&r->loc_scan);
	kv_scan_clear(&r->blob_scan);
	kv_scan_clear(&r->text_scan);
	store_mbox_unref(&r->m);
	free(r->text);
	free(r->plain);
	free(r);
}

static enum store_err
reader_damaged(const struct store_reader *r, const char *what)
{
	log_error("store: index: %s: %s: mailbox %u", what, r->m->st->home,
	    (unsigned)r->m->info.id);
	store_deaths_suspect(r->m->st);
	return STORE_CORRUPT;
}

static enum store_err
reader_scan_locs(struct store_reader *r, uint32_t uid)
{
	unsigned char key[LAYOUT_KEY_CHUNK];
	struct kv_item k, v;
	enum kv_err e;

	layout_key_chunk(key, r->m->info.id, uid);
	e = kv_scan_to(&r->loc_scan, key, sizeof(key), &k, &v);
	if (e != KV_OK)
		return store_txn_error(r->m->st, e);
	r->n = layout_chunk_count(v.data, v.len, LAYOUT_LOC_ROW);
	if (r->n == 0 || k.len != sizeof(key) ||
	    memcmp(k.data, key, sizeof(key)) != 0)
		return STORE_CORRUPT;
	layout_loc_unpack(v.data, r->locs, r->n);
	return STORE_OK;
}

/* Brings the chunk of row i into r->locs. The scan may have read the chunk when
 * it was shorter: then once more from the table. */
static enum store_err
reader_chunk(struct store_reader *r, size_t i)
{
	struct store_mbox *m = r->m;
	size_t c = store_rows_chunk_of(m, m->rows[i].uid), end;
	enum store_err e;

	store_rows_span(m, c, &r->start, &end);
	e = reader_scan_locs(r, m->chunks[c]);
	if (e == STORE_OK && r->n == end - r->start)
		return STORE_OK;
	if (e != STORE_OK && e != STORE_CORRUPT)
		return e;
	e = store_rows_get_locs(m, m->chunks[c], r->locs, &r->n);
	if (e == STORE_OK && r->n != end - r->start)
		e = reader_damaged(r, "places");
	return e;
}

/* The place of row i. After an expunge rows are elsewhere in their chunks, and
 * what was read ahead is of no use. */
static enum store_err
reader_locate(struct store_reader *r, size_t i, const struct layout_loc **l_r)
{
	enum store_err e;

	if (r->generation != r->m->generation) {
		kv_scan_clear(&r->loc_scan);
		r->n = 0;
		r->generation = r->m->generation;
	}
	if (i < r->start || i - r->start >= r->n)
		if ((e = reader_chunk(r, i)) != STORE_OK) {
			r->n = 0;
			return e;
		}
	*l_r = &r->locs[i - r->start];
	return STORE_OK;
}

/* Puts the parts of a text together in r->text; *v is part 0. */
static enum store_err
reader_join(struct store_reader *r, uint64_t id, const struct layout_text *t,
    struct kv_item *v)
{
	size_t total = (size_t)t->envelope_len + t->structure_len;
	size_t have = v->len - LAYOUT_TEXT_HEAD;
	struct kv_item k;

	if (total > r->text_size) {
		free(r->text);
		r->text = xreallocarray(NULL, 1, total);
		r->text_size = total;
	}
	memcpy(r->text, v->data + LAYOUT_TEXT_HEAD, have);
	for (unsigned part = 1; have < total; part++) {
		enum kv_err e = kv_scan_next(&r->text_scan, &k, v);

		if (e != KV_OK && e != KV_NOT_FOUND)
			return store_txn_error(r->m->st, e);
		if (e == KV_NOT_FOUND || k.len != LAYOUT_KEY_TEXT ||
		    layout_get64be(k.data) != id ||
		    layout_get16be(k.data + 8) != part || v->len == 0 ||
		    v->len > total - have)
			return reader_damaged(r, "text parts");
		memcpy(r->text + have, v->data, v->len);
		have += v->len;
	}
	return STORE_OK;
}

static enum store_err
reader_text(struct store_reader *r, struct store_message *msg)
{
	unsigned char key[LAYOUT_KEY_TEXT];
	struct layout_text t;
	struct kv_item k, v;
	enum store_err e;

	layout_key_text(key, msg->blob_id, 0);
	e = store_txn_error(r->m->st,
	    kv_scan_to(&r->text_scan, key, sizeof(key), &k, &v));
	if (e != STORE_OK)
		return e;
	if (k.len != sizeof(key) || memcmp(k.data, key, sizeof(key)) != 0 ||
	    !layout_text_unpack(v.data, v.len, &t))
		return reader_damaged(r, "text");
	msg->envelope_len = t.envelope_len;
	msg->structure_len = t.structure_len;
	msg->envelope = (const char *)v.data + LAYOUT_TEXT_HEAD;
	if (layout_text_parts(&t) > 1) {
		if ((e = reader_join(r, msg->blob_id, &t, &v)) != STORE_OK)
			return e;
		msg->envelope = r->text;
	}
	msg->structure = msg->envelope + t.envelope_len;
	return STORE_OK;
}

static enum store_err
reader_blob(struct store_reader *r, struct store_message *msg)
{
	unsigned char key[LAYOUT_KEY_BLOB];
	struct layout_blob b;
	struct kv_item k, v;
	enum store_err e;

	layout_key_blob(key, msg->blob_id);
	e = store_txn_error(r->m->st,
	    kv_scan_to(&r->blob_scan, key, sizeof(key), &k, &v));
	if (e != STORE_OK)
		return e;
	if (k.len != sizeof(key) || memcmp(k.data, key, sizeof(key)) != 0 ||
	    !layout_blob_unpack(v.data, v.len, &b))
		return reader_damaged(r, "blob");
	msg->internaldate = b.internaldate;
	msg->thread_id = b.thread;
	msg->header_fields = b.fields;
	msg->header_len = b.header_len;
	msg->segment = b.segment;
	msg->segment_at = b.at;
	msg->coded = b.coded;
	return STORE_OK;
}

enum store_err
store_reader_get(struct store_reader *r, uint32_t uid, unsigned want,
    struct store_message *msg)
{
	struct store_mbox *m = r->m;
	const struct layout_loc *l;
	enum store_err e;
	size_t i = r->next;

	if ((e = store_mbox_load(r->m)) != STORE_OK)
		return e;
	if (i >= m->n || m->rows[i].uid != uid)
		i = store_mbox_lower(m, uid);
	if (i >= m->n || m->rows[i].uid != uid)
		return STORE_GONE;
	r->next = i + 1;
	if ((e = reader_locate(r, i, &l)) != STORE_OK)
		return e;
	memset(msg, 0, sizeof(*msg));
	msg->uid = uid;
	msg->blob_id = l->blob;
	msg->size = l->size;
	msg->savedate = l->savedate;
	msg->internaldate = l->internaldate;
	msg->zone = l->zone;
	msg->sent_day = l->sent_day;
	/* a date that was clamped is whole in the blob */
	if (l->internaldate == 0 || l->internaldate == UINT32_MAX)
		want |= STORE_WANT_BLOB;
	if (want & STORE_WANT_TEXT)
		e = reader_text(r, msg);
	if (e == STORE_OK && want & STORE_WANT_BLOB)
		e = reader_blob(r, msg);
	return e;
}

enum store_err
store_reader_header(struct store_reader *r, const struct store_message *msg,
    const unsigned char **data_r)
{
	return store_segment_data(&r->m->st->seg, msg->segment,
	    msg->segment_at, msg->header_len, data_r);
}

static enum store_err
reader_unpack(struct store_reader *r, const struct store_message *msg,
    const unsigned char *stored)
{
	struct store *st = r->m->st;

	if (msg->size > r->plain_size || r->plain_size > READER_KEEP) {
		free(r->plain);
		r->plain = xreallocarray(NULL, 1, msg->size);
		r->plain_size = msg->size;
	}
	r->plain_blob = 0;
	if (!store_coding_unpack(&st->coder, &msg->coded, stored, r->plain)) {
		log_error("store: segment: message cannot be unpacked: %s: "
		    "%u:%llu", st->home, (unsigned)msg->segment,
		    (unsigned long long)msg->segment_at);
		return STORE_CORRUPT;
	}
	r->plain_blob = msg->blob_id;
	return STORE_OK;
}

enum store_err
store_reader_bytes(struct store_reader *r, const struct store_message *msg,
    const unsigned char **data_r)
{
	enum store_err e = STORE_OK;

	if (msg->coded.coding == STORE_CODING_PLAIN || r->plain_blob == 0 ||
	    r->plain_blob != msg->blob_id)
		e = store_segment_data(&r->m->st->seg, msg->segment,
		    msg->segment_at, msg->coded.stored, data_r);
	if (e != STORE_OK || msg->coded.coding == STORE_CODING_PLAIN)
		return e;
	if (msg->coded.len != msg->size)
		return reader_damaged(r, "sizes");
	if (r->plain_blob != msg->blob_id)
		e = reader_unpack(r, msg, *data_r);
	*data_r = r->plain;
	return e;
}

enum store_err
store_reader_file(struct store_reader *r, const struct store_message *msg,
    uint32_t upto, int *fd_r, uint64_t *at_r)
{
	if (msg->coded.coding != STORE_CODING_PLAIN && upto > msg->coded.head)
		return STORE_NOT_FOUND;
	*fd_r = store_segment_fd(&r->m->st->seg, msg->segment);
	if (*fd_r == -1) {
		log_error("store: segment: open: %s: %u: %m", r->m->st->home,
		    (unsigned)msg->segment);
		return errno == ENOENT ? STORE_CORRUPT : STORE_IO;
	}
	*at_r = msg->segment_at;
	return STORE_OK;
}
