/* SPDX-License-Identifier: ISC */
#include "cmd/fetch_section.h"

#include <ctype.h>
#include <string.h>

#include "common/imap/reply.h"
#include "session.h"

/* From this size on a part is sent from its file instead of being copied. */
#define FETCH_SENDFILE (256 * KIB)
#define FETCH_FIELDS 1000 /* header names in one section */

/* --- arguments -------------------------------------------------------------- */

static const struct {
	const char *word;
	enum mail_section_kind kind;
} fetch_kinds[] = {
	{ "HEADER.FIELDS.NOT", MAIL_SECTION_FIELDS_NOT },
	{ "HEADER.FIELDS", MAIL_SECTION_FIELDS },
	{ "HEADER", MAIL_SECTION_HEADER },
	{ "TEXT", MAIL_SECTION_TEXT },
	{ "MIME", MAIL_SECTION_MIME },
};

/* SP "(" astring *(SP astring) ")": upper-cased. */
static bool
fetch_parse_fields(struct imap_parser *p, struct fetch_section *x)
{
	const char **names =
	    arena_calloc(p->arena, FETCH_FIELDS + 1, sizeof(*names));
	size_t n = 0;

	if (!imap_parse_sp(p) || !imap_parse_char(p, '('))
		return false;
	do {
		struct imap_str name;
		char *upper;

		if (n == FETCH_FIELDS)
			return imap_parse_fail(p, "Too many header names");
		if (!imap_parse_astring(p, &name))
			return false;
		upper = arena_strndup(p->arena, name.data, name.len);
		for (char *c = upper; *c != '\0'; c++)
			*c = (char)toupper((unsigned char)*c);
		names[n++] = upper;
	} while (imap_parse_maybe(p, ' '));
	x->what.fields = names;
	return imap_parse_char(p, ')');
}

/* [part *("." part)] ["." word]; p is behind the "[". */
static bool
fetch_parse_spec(struct imap_parser *p, struct fetch_section *x)
{
	const unsigned max = sizeof(x->what.path) / sizeof(*x->what.path);
	bool dot = true;

	x->what.kind = MAIL_SECTION_ALL;
	while (dot && isdigit(imap_parse_peek(p))) {
		if (x->what.depth == max)
			return imap_parse_fail(p, "Too many part numbers");
		if (!imap_parse_nz_number(p, &x->what.path[x->what.depth]))
			return false;
		x->what.depth++;
		dot = imap_parse_maybe(p, '.');
	}
	if (imap_parse_peek(p) == ']' && (!dot || x->what.depth == 0))
		return true;
	for (size_t i = 0; dot && i < sizeof(fetch_kinds) / sizeof(*fetch_kinds);
	     i++) {
		if (!imap_parse_word(p, fetch_kinds[i].word))
			continue;
		x->what.kind = fetch_kinds[i].kind;
		if (x->what.kind == MAIL_SECTION_MIME && x->what.depth == 0)
			break;
		return (x->what.kind != MAIL_SECTION_FIELDS &&
			   x->what.kind != MAIL_SECTION_FIELDS_NOT) ||
		    fetch_parse_fields(p, x);
	}
	return imap_parse_fail(p, "Unknown section");
}

/* The section's name in the form it is answered. */
static const char *
fetch_label(struct arena *a, const struct fetch_section *x)
{
	const char *label;
	struct buf b;

	buf_init(&b, LIMIT_COMMAND_TOTAL);
	buf_puts(&b, "BODY[");
	for (unsigned i = 0; i < x->what.depth; i++)
		buf_printf(&b, "%s%u", i > 0 ? "." : "", x->what.path[i]);
	for (size_t i = 0; i < sizeof(fetch_kinds) / sizeof(*fetch_kinds); i++)
		if (fetch_kinds[i].kind == x->what.kind)
			buf_printf(&b, "%s%s", x->what.depth > 0 ? "." : "",
			    fetch_kinds[i].word);
	if (x->what.fields != NULL) {
		for (size_t i = 0; x->what.fields[i] != NULL; i++) {
			buf_puts(&b, i == 0 ? " (" : " ");
			imap_put_astring(&b, x->what.fields[i],
			    strlen(x->what.fields[i]));
		}
		buf_putc(&b, ')');
	}
	buf_putc(&b, ']');
	if (x->partial)
		buf_printf(&b, "<%u>", x->offset);
	label = arena_strdup(a, buf_cstr(&b));
	buf_clear(&b);
	return label;
}

static bool
fetch_parse_body(struct imap_parser *p, struct fetch_section *x)
{
	if (!fetch_parse_spec(p, x) || !imap_parse_char(p, ']'))
		return false;
	if (imap_parse_maybe(p, '<')) {
		x->partial = true;
		if (!imap_parse_number(p, &x->offset) ||
		    !imap_parse_char(p, '.') ||
		    !imap_parse_nz_number(p, &x->count) ||
		    !imap_parse_char(p, '>'))
			return false;
	}
	x->label = fetch_label(p->arena, x);
	return true;
}

struct fetch_section *
fetch_section_parse(struct imap_parser *p)
{
	struct fetch_section *x = arena_alloc(p->arena, sizeof(*x));

	if (imap_parse_word(p, "BODY[")) {
		return fetch_parse_body(p, x) ? x : NULL;
	} else if (imap_parse_word(p, "BODY.PEEK[")) {
		x->peek = true;
		return fetch_parse_body(p, x) ? x : NULL;
	} else if (imap_parse_word(p, "RFC822.HEADER")) {
		x->label = "RFC822.HEADER";
		x->what.kind = MAIL_SECTION_HEADER;
		x->peek = true;
	} else if (imap_parse_word(p, "RFC822.TEXT")) {
		x->label = "RFC822.TEXT";
		x->what.kind = MAIL_SECTION_TEXT;
	} else if (imap_parse_word(p, "RFC822")) {
		x->label = "RFC822";
		x->what.kind = MAIL_SECTION_ALL;
	} else {
		return NULL;
	}
	return x;
}

/* --- the answer ---------------------------------------------------------------- */

static struct mail_part *
fetch_root(struct fetch_message *m)
{
	if (m->root == NULL)
		m->root = mail_parse(m->bytes, &m->arena);
	return m->root;
}

/* Where the section lies. Those of the whole message need no structure. */
static bool
fetch_find(struct fetch_message *m, const struct fetch_section *x, size_t *at_r,
    size_t *end_r)
{
	if (x->what.depth > 0)
		return mail_section_find(fetch_root(m), &x->what, at_r, end_r);
	*at_r = x->what.kind == MAIL_SECTION_TEXT ? m->facts->header_len : 0;
	*end_r = x->what.kind == MAIL_SECTION_ALL ||
		x->what.kind == MAIL_SECTION_TEXT
	    ? m->bytes.len
	    : m->facts->header_len;
	return true;
}

static void
fetch_cut(const struct fetch_section *x, size_t *at, size_t *end)
{
	if (!x->partial)
		return;
	*at = x->offset < *end - *at ? *at + x->offset : *end;
	if (x->count < *end - *at)
		*end = *at + x->count;
}

static void
fetch_put_fields(struct fetch_message *m, const struct fetch_section *x,
    size_t at, size_t end)
{
	struct buf *out = session_out(m->session);
	struct buf fields;
	size_t from = 0, to;

	buf_init(&fields, LIMIT_HEADER + KIB);
	mail_header_fields(m->bytes, at, end, x->what.fields,
	    x->what.kind == MAIL_SECTION_FIELDS_NOT, &fields);
	to = fields.len;
	fetch_cut(x, &from, &to);
	buf_printf(out, " {%zu}\r\n", to - from);
	buf_put(out, fields.data + from, to - from);
	buf_clear(&fields);
}

static void
fetch_put_bytes(struct fetch_message *m, size_t at, size_t end)
{
	struct buf *out = session_out(m->session);
	size_t len = end - at;
	uint64_t place;
	int fd;

	buf_puts(out, " {");
	buf_put_u64(out, len);
	buf_puts(out, "}\r\n");
	if (len >= FETCH_SENDFILE &&
	    store_reader_file(m->reader, m->facts, (uint32_t)end, &fd,
		&place) == STORE_OK)
		output_file(&m->session->out, fd, place + at, len);
	else
		buf_put(out, m->bytes.data + at, len);
}

void
fetch_section_put(struct fetch_message *m, const struct fetch_section *x)
{
	struct buf *out = session_out(m->session);
	size_t at, end;

	buf_puts(out, x->label);
	if (!fetch_find(m, x, &at, &end)) {
		buf_puts(out, " NIL");
	} else if (x->what.kind == MAIL_SECTION_FIELDS ||
	    x->what.kind == MAIL_SECTION_FIELDS_NOT) {
		fetch_put_fields(m, x, at, end);
	} else {
		fetch_cut(x, &at, &end);
		fetch_put_bytes(m, at, end);
	}
	buf_putc(session_out(m->session), ' ');
}

void
fetch_section_put_body(struct buf *out, struct fetch_message *m)
{
	buf_puts(out, "BODY ");
	mail_put_bodystructure(out, fetch_root(m), false);
	buf_putc(out, ' ');
}
