/* SPDX-License-Identifier: ISC
 *
 * What the store keeps of a message besides its bytes: ENVELOPE and BODYSTRUCTURE as
 * IMAP text, the header's length, the day of Date:, and the ids that make a thread.
 * Computed once, when the message comes in.
 */
#include <string.h>

#include "mail/mail.h"
#include "worker.h"

#define DERIVE_TEXT_MAX (16 * MIB)

/* FNV-1a, 64 bits. Collisions would join two threads, nothing worse. */
static uint64_t
derive_hash(const char *s, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++) {
		h ^= (unsigned char)s[i];
		h *= UINT64_C(0x100000001b3);
	}
	return h;
}

/* Adds the hash of each "<...>" in a field's value; empty ones name nothing. */
static void
derive_ids(const char *value, struct store_derived *d)
{
	const char *open, *close;

	if (value == NULL)
		return;
	for (open = strchr(value, '<'); open != NULL; open = strchr(close, '<')) {
		close = strchr(open, '>');
		if (close == NULL || d->n_thread_ids == STORE_THREAD_IDS)
			return;
		if (open + 1 + strspn(open + 1, " \t") != close)
			d->thread_ids[d->n_thread_ids++] =
			    derive_hash(open, (size_t)(close - open));
	}
}

static const char *
derive_text(struct buf *b, struct arena *a, size_t *len_r)
{
	const char *text = arena_memdup(a, b->data, b->len);

	*len_r = b->len;
	buf_reset(b);
	return text;
}

void
derive_message(const unsigned char *msg, size_t len, struct arena *a,
    struct store_derived *d_r)
{
	const struct mail_bytes bytes = { .data = msg, .len = len };
	struct mail_part *root = mail_parse(bytes, a);
	struct buf text;

	*d_r = (struct store_derived){
		.header_len = (uint32_t)root->body_at,
		.header_fields = mail_header_bits(bytes, 0, root->body_at),
	};
	buf_init(&text, DERIVE_TEXT_MAX);
	mail_put_envelope(&text, root->envelope);
	if (text.overflow) {
		buf_reset(&text);
		buf_puts(&text, "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
	}
	d_r->envelope = derive_text(&text, a, &d_r->envelope_len);
	mail_put_bodystructure(&text, root, true);
	if (text.overflow) {
		buf_reset(&text);
		buf_printf(&text, "(\"APPLICATION\" \"OCTET-STREAM\" NIL NIL NIL "
		    "\"8BIT\" %zu NIL NIL NIL NIL)", len - root->body_at);
	}
	d_r->structure = derive_text(&text, a, &d_r->structure_len);
	buf_clear(&text);
	if (root->envelope->sent != INT64_MIN) {
		int64_t day = (root->envelope->sent +
		    (int64_t)root->envelope->sent_zone * 60) / 86400;

		if (day > 0 && day <= UINT16_MAX)
			d_r->sent_day = (uint16_t)day;
	}
	derive_ids(root->envelope->message_id, d_r);
	derive_ids(root->envelope->in_reply_to, d_r);
	derive_ids(root->envelope->references, d_r);
}
