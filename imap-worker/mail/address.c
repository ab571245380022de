/* SPDX-License-Identifier: ISC
 *
 * Address lists (RFC 5322 §3.4 and the obsolete forms of §4.4) into the
 * structure of RFC 3501's ENVELOPE: name, route, mailbox, host; a group is its
 * start (host absent), its members and its end (both absent).
 *
 * An absent host or mailbox would read as a group, so what the text does not
 * say becomes MISSING_DOMAIN or MISSING_MAILBOX.  A comment after an address
 * without a phrase is taken as its name.
 */
#include "mail/mail_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/xalloc.h"

#define NO_AT SIZE_MAX

struct address {
	struct mail_lex lx;
	struct arena *a;
	struct mail_addr **tail;
	unsigned count;
	bool in_group;
	bool cut;           /* the value was longer than we read */

	/* the address being read; buffers as long as the value */
	char *phrase, *spec, *comment;
	size_t phrase_len, spec_len, comment_len;
	size_t spec_at;     /* of the '@' in spec */
	size_t name_len;    /* of phrase before the last word */
	unsigned words;
	bool gap;           /* white space since the last word */
	bool angle;         /* <...> was read: name, adl and spec are final */
	const char *name, *adl;
};

static void
address_start(struct address *p)
{
	p->phrase_len = p->spec_len = p->comment_len = p->name_len = 0;
	p->spec_at = NO_AT;
	p->words = 0;
	p->gap = p->angle = false;
	p->name = p->adl = NULL;
}

static void
address_add(struct address *p, const char *name, const char *adl,
    const char *mailbox, const char *host)
{
	struct mail_addr *addr = arena_alloc(p->a, sizeof(*addr));

	addr->name = name;
	addr->adl = adl;
	addr->mailbox = mailbox;
	addr->host = host;
	*p->tail = addr;
	p->tail = &addr->next;
	p->count++;
}

static const char *
address_text(struct address *p, const char *s, size_t len, const char *missing)
{
	return len == 0 ? missing : arena_strndup(p->a, s, len);
}

/* Adds the address read so far, if any, and starts the next. */
static void
address_flush(struct address *p)
{
	const char *name = p->name, *mailbox, *host = "MISSING_DOMAIN";

	if (!p->angle && p->spec_at == NO_AT && p->words == 0) {
		address_start(p);
		return;
	}
	if (!p->angle && p->spec_at == NO_AT && p->words > 1) {
		name = address_text(p, p->phrase, p->phrase_len, NULL);
		mailbox = "MISSING_MAILBOX";
	} else if (p->spec_at == NO_AT)
		mailbox = address_text(p, p->spec, p->spec_len,
		    "MISSING_MAILBOX");
	else {
		mailbox = address_text(p, p->spec, p->spec_at,
		    "MISSING_MAILBOX");
		host = address_text(p, p->spec + p->spec_at + 1,
		    p->spec_len - p->spec_at - 1, host);
		if (!p->angle)
			name = address_text(p, p->phrase, p->name_len, NULL);
	}
	if (name == NULL)
		name = address_text(p, p->comment, p->comment_len, NULL);
	address_add(p, name, p->adl, mailbox, host);
	address_start(p);
}

/* Takes a word of n bytes, unquoted. It belongs to the phrase, and to the
 * addr-spec unless white space stands where an addr-spec has none. */
static void
address_word(struct address *p, const char *s, size_t n)
{
	char last = p->spec_len > 0 ? p->spec[p->spec_len - 1] : '.';
	bool joined = !p->gap || last == '.' || last == '@' ||
	    (n > 0 && *s == '.');

	if (p->words == 0 || p->gap) {
		if (p->spec_at == NO_AT && !joined)
			p->name_len = p->phrase_len;
		if (p->words > 0)
			p->phrase[p->phrase_len++] = ' ';
		p->words++;
	}
	memcpy(p->phrase + p->phrase_len, s, n);
	p->phrase_len += n;
	p->gap = false;
	if (!joined && p->spec_at != NO_AT)
		return;
	if (!joined)
		p->spec_len = 0;
	memcpy(p->spec + p->spec_len, s, n);
	p->spec_len += n;
}

static bool
address_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* Length of the run of ordinary bytes here. */
static size_t
address_atom(const struct address *p)
{
	const char *s = p->lx.at;

	while (s < p->lx.end && !address_is_space(*s) &&
	    strchr("()<>[]:;@,\"", *s) == NULL)
		s++;
	return (size_t)(s - p->lx.at);
}

/* "@a,@b:" at the start of an angle address, if that is what it is. */
static void
address_route(struct address *p)
{
	const char *s = p->lx.at;

	while (s < p->lx.end && strchr(":<>\"(;", *s) == NULL)
		s++;
	if (s == p->lx.end || *s != ':')
		return;
	p->adl = mail_unfold(p->lx.at, (size_t)(s - p->lx.at), p->a);
	p->lx.at = s + 1;
}

/* Domain literal, brackets included, into out. */
static size_t
address_literal(struct address *p, char *out)
{
	size_t len = 0;

	while (p->lx.at < p->lx.end) {
		char c = *p->lx.at++;

		if (!address_is_space(c))
			out[len++] = c;
		if (c == ']' || c == ',' || c == '>')
			break;
	}
	return len;
}

/* What stands in <...>, up to '>' or what cannot stand there. */
static void
address_angle(struct address *p)
{
	size_t n;

	p->name = address_text(p, p->phrase, p->phrase_len, NULL);
	p->angle = true;
	p->spec_len = 0;
	p->spec_at = NO_AT;
	p->lx.at++;
	mail_lex_cfws(&p->lx);
	if (p->lx.at < p->lx.end && *p->lx.at == '@')
		address_route(p);
	for (;;) {
		mail_lex_cfws(&p->lx);
		if (p->lx.at == p->lx.end)
			return;
		switch (*p->lx.at) {
		case '>':
			p->lx.at++;
			return;
		case ',':
		case ';':
		case '<':
			return;
		case '"':
			p->spec_len += mail_lex_quoted(&p->lx,
			    p->spec + p->spec_len);
			break;
		case '[':
			p->spec_len += address_literal(p,
			    p->spec + p->spec_len);
			break;
		case '@':
			p->spec_at = p->spec_len;
			/* FALLTHROUGH */
		default:
			n = address_atom(p);
			if (n == 0)
				n = 1;
			memcpy(p->spec + p->spec_len, p->lx.at, n);
			p->spec_len += n;
			p->lx.at += n;
			break;
		}
	}
}

static void
address_group_end(struct address *p)
{
	address_flush(p);
	if (p->in_group)
		address_add(p, NULL, NULL, NULL, NULL);
	p->in_group = false;
}

static void
address_colon(struct address *p)
{
	if (p->in_group || p->angle || p->spec_at != NO_AT) {
		address_word(p, ":", 1);
	} else {
		address_add(p, NULL, NULL,
		    address_text(p, p->phrase, p->phrase_len, ""), NULL);
		address_start(p);
		p->in_group = true;
	}
	p->lx.at++;
}

static void
address_at(struct address *p)
{
	if (p->words == 0)
		address_word(p, "", 0);
	p->gap = false;
	p->phrase[p->phrase_len++] = '@';
	p->spec_at = p->spec_len;
	p->spec[p->spec_len++] = '@';
	p->lx.at++;
}

/* Reads what comes next: one token. */
static void
address_token(struct address *p, char *scratch)
{
	size_t n;

	switch (*p->lx.at) {
	case '(':
		n = mail_lex_comment(&p->lx, scratch);
		if (n > 0) {
			memcpy(p->comment, scratch, n);
			p->comment_len = n;
		}
		p->gap = true;
		break;
	case ',':
		address_flush(p);
		p->lx.at++;
		break;
	case ';':
		address_group_end(p);
		p->lx.at++;
		break;
	case '<':
		if (p->angle) /* the comma between two is missing */
			address_flush(p);
		address_angle(p);
		break;
	case '"':
		n = mail_lex_quoted(&p->lx, scratch);
		if (!p->angle)
			address_word(p, scratch, n);
		break;
	case ':':
		address_colon(p);
		break;
	case '[':
		n = address_literal(p, scratch);
		if (!p->angle)
			address_word(p, scratch, n);
		break;
	case '@':
		if (!p->angle) {
			address_at(p);
			break;
		}
		/* FALLTHROUGH */
	default:
		n = address_atom(p);
		if (n == 0)
			n = 1; /* ')', '>' or ']' out of place */
		else if (!p->angle)
			address_word(p, p->lx.at, n);
		p->lx.at += n;
		break;
	}
}

void
mail_address_parse(const char *s, size_t len, struct arena *a,
    struct mail_addr **list)
{
	struct address p = { .a = a };
	char few[4 * 256], *room = few;

	if (len > LIMIT_ENVELOPE_TEXT) {
		len = LIMIT_ENVELOPE_TEXT;
		p.cut = true;
	}
	p.lx = (struct mail_lex){ s, s + len };
	for (p.tail = list; *p.tail != NULL; p.tail = &(*p.tail)->next)
		p.count++;
	if (len >= sizeof(few) / 4)
		room = xreallocarray(NULL, 4, len + 1);
	p.phrase = room;
	p.spec = room + (len + 1);
	p.comment = room + 2 * (len + 1);
	address_start(&p);
	while (p.lx.at < p.lx.end && p.count < LIMIT_ADDRESSES) {
		if (address_is_space(*p.lx.at)) {
			p.gap = true;
			p.lx.at++;
			continue;
		}
		address_token(&p, room + 3 * (len + 1));
	}
	if (p.cut || p.count >= LIMIT_ADDRESSES)
		address_start(&p);
	address_group_end(&p);
	if (room != few)
		free(room);
}
