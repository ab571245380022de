/* SPDX-License-Identifier: ISC
 *
 * Reading messages of one mailbox.  Two scans, one over the places of the
 * mailbox and one over the blobs, read ahead while messages are asked for in
 * ascending order.  What they hold never goes stale: the place of a UID and the
 * text of a blob do not change; whether the UID exists is asked of the rows.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/store_private.h"

struct store_reader {
	struct store_mbox *m;  /* referenced */
	size_t next;           /* row behind the last one, a guess */
	struct kv_scan loc_scan, blob_scan;
	uint64_t generation;   /* of the mailbox when locs was read */
	size_t start, n;       /* the rows of the chunk in locs */
	struct layout_loc locs[LAYOUT_CHUNK_ROWS];
	char *text;            /* own; a text put together from parts */
	size_t text_size;
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
	store_mbox_unref(&r->m);
	free(r->text);
	free(r);
}

static enum store_err
reader_damaged(const struct store_reader *r, const char *what)
{
	log_error("store: index: %s: %s: mailbox %u", what, r->m->st->home,
	    (unsigned)r->m->info.id);
	store_home_suspect(r->m->st);
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

/* The text that follows the head of a blob, in one piece. */
static enum store_err
reader_text(struct store_reader *r, uint64_t id, const struct layout_blob *b,
    struct kv_item *v)
{
	size_t total = (size_t)b->envelope_len + b->structure_len;
	size_t have = v->len - LAYOUT_BLOB;
	struct kv_item k;

	if (total > r->text_size) {
		free(r->text);
		r->text = xreallocarray(NULL, 1, total);
		r->text_size = total;
	}
	memcpy(r->text, v->data + LAYOUT_BLOB, have);
	for (unsigned part = 1; part <= b->parts; part++) {
		enum kv_err e = kv_scan_next(&r->blob_scan, &k, v);

		if (e != KV_OK && e != KV_NOT_FOUND)
			return store_txn_error(r->m->st, e);
		if (e == KV_NOT_FOUND || k.len != LAYOUT_KEY_BLOB_PART ||
		    layout_get64be(k.data) != id ||
		    layout_get16be(k.data + 8) != part ||
		    v->len > total - have)
			return reader_damaged(r, "blob parts");
		memcpy(r->text + have, v->data, v->len);
		have += v->len;
	}
	return have == total ? STORE_OK : reader_damaged(r, "blob parts");
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
	msg->header_len = b.header_len;
	msg->segment = b.segment;
	msg->segment_at = b.at;
	msg->envelope_len = b.envelope_len;
	msg->structure_len = b.structure_len;
	msg->envelope = (const char *)v.data + LAYOUT_BLOB;
	if (b.parts > 0) {
		if ((e = reader_text(r, msg->blob_id, &b, &v)) != STORE_OK)
			return e;
		msg->envelope = r->text;
	}
	msg->structure = msg->envelope + b.envelope_len;
	return STORE_OK;
}

enum store_err
store_reader_get(struct store_reader *r, uint32_t uid, unsigned want,
    struct store_message *msg)
{
	const struct store_mbox *m = r->m;
	const struct layout_loc *l;
	enum store_err e;
	size_t i = r->next;

	if ((e = store_txn_usable(m->st)) != STORE_OK)
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
	return want & STORE_WANT_BLOB ? reader_blob(r, msg) : STORE_OK;
}

enum store_err
store_reader_bytes(struct store_reader *r, const struct store_message *msg,
    const unsigned char **data_r)
{
	return store_segment_data(&r->m->st->seg, msg->segment,
	    msg->segment_at, msg->size, data_r);
}

enum store_err
store_reader_file(struct store_reader *r, const struct store_message *msg,
    int *fd_r, uint64_t *at_r)
{
	*fd_r = store_segment_fd(&r->m->st->seg, msg->segment);
	if (*fd_r == -1) {
		log_error("store: segment: open: %s: %u: %m", r->m->st->home,
		    (unsigned)msg->segment);
		return errno == ENOENT ? STORE_CORRUPT : STORE_IO;
	}
	*at_r = msg->segment_at;
	return STORE_OK;
}
