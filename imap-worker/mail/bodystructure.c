/* SPDX-License-Identifier: ISC
 *
 * BODY and BODYSTRUCTURE (RFC 3501 §7.4.2) of a parsed message.  The grammar
 * wants at least one part in a multipart: one without any shows a single empty
 * TEXT/PLAIN.  A text part that names no charset shows US-ASCII (RFC 2045
 * §5.2).
 */
#include "mail/mail_private.h"

#include <string.h>

static void
body_params(struct buf *out, const struct mail_param *p, bool charset)
{
	const char *gap = "(";

	if (p == NULL && !charset) {
		buf_put(out, "NIL", 3);
		return;
	}
	for (; p != NULL; p = p->next) {
		buf_puts(out, gap);
		mail_put_nstring(out, p->name);
		buf_putc(out, ' ');
		mail_put_string(out, p->value, p->value_len);
		gap = " ";
		if (strcmp(p->name, "CHARSET") == 0)
			charset = false;
	}
	if (charset) {
		buf_puts(out, gap);
		buf_puts(out, "\"CHARSET\" \"US-ASCII\"");
	}
	buf_putc(out, ')');
}

/* Disposition, language and location: the end of every extended form. */
static void
body_extension(struct buf *out, const struct mail_part *part)
{
	const char *const *tag = part->languages;

	if (part->disposition == NULL)
		buf_puts(out, " NIL ");
	else {
		buf_puts(out, " (");
		mail_put_nstring(out, part->disposition);
		buf_putc(out, ' ');
		body_params(out, part->disposition_params, false);
		buf_puts(out, ") ");
	}
	if (tag == NULL)
		buf_put(out, "NIL", 3);
	else {
		for (; *tag != NULL; tag++) {
			buf_putc(out, tag == part->languages ? '(' : ' ');
			mail_put_nstring(out, *tag);
		}
		buf_putc(out, ')');
	}
	buf_putc(out, ' ');
	mail_put_nstring(out, part->location);
}

static void
body_multipart(struct buf *out, const struct mail_part *part, bool extended)
{
	const struct mail_part *child = part->child;

	buf_putc(out, '(');
	for (; child != NULL; child = child->next)
		mail_put_bodystructure(out, child, extended);
	if (part->child == NULL) {
		buf_puts(out, "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") "
		    "NIL NIL \"7BIT\" 0 0");
		buf_puts(out, extended ? " NIL NIL NIL NIL)" : ")");
	}
	buf_putc(out, ' ');
	mail_put_nstring(out, part->subtype);
	if (extended) {
		buf_putc(out, ' ');
		body_params(out, part->params, false);
		body_extension(out, part);
	}
	buf_putc(out, ')');
}

void
mail_put_bodystructure(struct buf *out, const struct mail_part *part,
    bool extended)
{
	bool text = strcmp(part->type, "TEXT") == 0;
	const char *const fields[] = {
		part->id, part->description, part->encoding
	};

	if (strcmp(part->type, "MULTIPART") == 0) {
		body_multipart(out, part, extended);
		return;
	}
	buf_putc(out, '(');
	mail_put_nstring(out, part->type);
	buf_putc(out, ' ');
	mail_put_nstring(out, part->subtype);
	buf_putc(out, ' ');
	body_params(out, part->params, text);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		buf_putc(out, ' ');
		mail_put_nstring(out, fields[i]);
	}
	buf_putc(out, ' ');
	buf_put_u64(out, part->body_end - part->body_at);
	if (part->child != NULL) {
		buf_putc(out, ' ');
		mail_put_envelope(out, part->child->envelope);
		buf_putc(out, ' ');
		mail_put_bodystructure(out, part->child, extended);
	}
	if (text || part->child != NULL) {
		buf_putc(out, ' ');
		buf_put_u64(out, part->lines);
	}
	if (extended) {
		buf_putc(out, ' ');
		mail_put_nstring(out, part->md5);
		body_extension(out, part);
	}
	buf_putc(out, ')');
}
