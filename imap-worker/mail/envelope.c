/* SPDX-License-Identifier: ISC
 *
 * ENVELOPE (RFC 3501 §7.4.2): from header fields to the structure, and from
 * there to the text a client gets.  Of a text field that comes twice the first
 * one counts; lists of addresses that come twice are joined, so that no second
 * From hides behind the first.
 */
#include "mail/mail_private.h"

#include <string.h>

static void
envelope_text(const char **to, const struct mail_field *f, struct arena *a)
{
	if (*to == NULL)
		*to = mail_unfold(f->value, f->value_len, a);
}

static void
envelope_date(struct mail_envelope *e, const struct mail_field *f,
    struct arena *a)
{
	if (e->date != NULL)
		return;
	e->date = mail_unfold(f->value, f->value_len, a);
	if (!mail_parse_date(f->value, f->value_len, &e->sent, &e->sent_zone)) {
		e->sent = INT64_MIN;
		e->sent_zone = 0;
	}
}

/* The list of addresses a field belongs to, or NULL. */
static struct mail_addr **
envelope_list(struct mail_envelope *e, const struct mail_field *f)
{
	switch (f->name_len) {
	case 2:
		return mail_same(f->name, "to", 2) ? &e->to :
		    mail_same(f->name, "cc", 2) ? &e->cc : NULL;
	case 3:
		return mail_same(f->name, "bcc", 3) ? &e->bcc : NULL;
	case 4:
		return mail_same(f->name, "from", 4) ? &e->from : NULL;
	case 6:
		return mail_same(f->name, "sender", 6) ? &e->sender : NULL;
	case 8:
		return mail_same(f->name, "reply-to", 8) ? &e->reply_to : NULL;
	}
	return NULL;
}

void
mail_envelope_field(struct mail_envelope *e, const struct mail_field *f,
    struct arena *a)
{
	struct mail_addr **list = envelope_list(e, f);

	if (list != NULL)
		mail_address_parse(f->value, f->value_len, a, list);
	else if (mail_field_is(f, "date"))
		envelope_date(e, f, a);
	else if (mail_field_is(f, "subject"))
		envelope_text(&e->subject, f, a);
	else if (mail_field_is(f, "in-reply-to"))
		envelope_text(&e->in_reply_to, f, a);
	else if (mail_field_is(f, "message-id"))
		envelope_text(&e->message_id, f, a);
	else if (mail_field_is(f, "references"))
		envelope_text(&e->references, f, a);
}

void
mail_put_string(struct buf *out, const char *s, size_t len)
{
	bool escape = false;
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 0x80 || c == '\r' || c == '\n' || c == '\0') {
			buf_putc(out, '{');
			buf_put_u64(out, len);
			buf_puts(out, "}\r\n");
			buf_put(out, s, len);
			return;
		}
		if (c == '"' || c == '\\')
			escape = true;
	}
	buf_putc(out, '"');
	for (size_t i = 0; escape && i < len; i++) {
		if (s[i] != '"' && s[i] != '\\')
			continue;
		buf_put(out, s + from, i - from);
		buf_putc(out, '\\');
		from = i;
	}
	buf_put(out, s + from, len - from);
	buf_putc(out, '"');
}

void
mail_put_nstring(struct buf *out, const char *s)
{
	if (s == NULL)
		buf_put(out, "NIL", 3);
	else
		mail_put_string(out, s, strlen(s));
}

static void
envelope_put_list(struct buf *out, const struct mail_addr *list)
{
	buf_putc(out, ' ');
	if (list == NULL) {
		buf_put(out, "NIL", 3);
		return;
	}
	buf_putc(out, '(');
	for (; list != NULL; list = list->next) {
		buf_putc(out, '(');
		mail_put_nstring(out, list->name);
		buf_putc(out, ' ');
		mail_put_nstring(out, list->adl);
		buf_putc(out, ' ');
		mail_put_nstring(out, list->mailbox);
		buf_putc(out, ' ');
		mail_put_nstring(out, list->host);
		buf_putc(out, ')');
	}
	buf_putc(out, ')');
}

void
mail_put_envelope(struct buf *out, const struct mail_envelope *e)
{
	buf_putc(out, '(');
	mail_put_nstring(out, e->date);
	buf_putc(out, ' ');
	mail_put_nstring(out, e->subject);
	envelope_put_list(out, e->from);
	envelope_put_list(out, e->sender != NULL ? e->sender : e->from);
	envelope_put_list(out, e->reply_to != NULL ? e->reply_to : e->from);
	envelope_put_list(out, e->to);
	envelope_put_list(out, e->cc);
	envelope_put_list(out, e->bcc);
	buf_putc(out, ' ');
	mail_put_nstring(out, e->in_reply_to);
	buf_putc(out, ' ');
	mail_put_nstring(out, e->message_id);
	buf_putc(out, ')');
}
