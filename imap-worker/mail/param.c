/* SPDX-License-Identifier: ISC
 *
 * Tokens and parameters of structured MIME fields (RFC 2045 §5.1, RFC 2231).
 * Read leniently: a value without quotes may hold spaces, a quoted string may
 * miss its end.  Continuations ("name*0", "name*1*") become one parameter where
 * the first of them stood; when one piece is in the extended form, the name
 * keeps its "*" and plain pieces are percent-encoded to fit.
 */
#include "mail/mail_private.h"

#include <string.h>

#define PARAMS_MAX 256 /* per field; further ones are ignored */

/* A parameter as written, before continuations are joined. */
struct param_raw {
	char *name;      /* upper case, without "*" suffixes */
	size_t name_len;
	const char *value;
	size_t value_len;
	int section;     /* n of "name*n", or -1 */
	bool extended;   /* trailing "*" */
	bool used;
};

static bool
lex_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

static bool
lex_is_token(char c)
{
	return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

size_t
mail_lex_comment(struct mail_lex *lx, char *out)
{
	unsigned depth = 0;
	size_t len = 0;

	for (; lx->at < lx->end; lx->at++) {
		char c = *lx->at;

		if (c == '(' && depth++ == 0)
			continue;
		if (c == ')' && --depth == 0) {
			lx->at++;
			break;
		}
		if (c == '\\' && lx->at + 1 < lx->end)
			c = *++lx->at;
		if (out != NULL && c != '\r' && c != '\n' && c != '\0')
			out[len++] = c;
	}
	return len;
}

size_t
mail_lex_quoted(struct mail_lex *lx, char *out)
{
	size_t len = 0;

	for (lx->at++; lx->at < lx->end; lx->at++) {
		char c = *lx->at;

		if (c == '"') {
			lx->at++;
			break;
		}
		if (c == '\\' && lx->at + 1 < lx->end)
			c = *++lx->at;
		if (c != '\r' && c != '\n' && c != '\0')
			out[len++] = c;
	}
	return len;
}

void
mail_lex_cfws(struct mail_lex *lx)
{
	while (lx->at < lx->end) {
		if (*lx->at == '(')
			mail_lex_comment(lx, NULL);
		else if (lex_is_space(*lx->at))
			lx->at++;
		else
			break;
	}
}

static void
lex_upper(char *s)
{
	for (; *s != '\0'; s++) {
		if (*s >= 'a' && *s <= 'z')
			*s &= (char)~0x20;
	}
}

char *
mail_lex_token(struct mail_lex *lx, bool upper, struct arena *a)
{
	const char *from;
	char *token;

	mail_lex_cfws(lx);
	for (from = lx->at; lx->at < lx->end && lex_is_token(*lx->at); )
		lx->at++;
	if (lx->at == from)
		return NULL;
	token = arena_strndup(a, from, (size_t)(lx->at - from));
	if (upper)
		lex_upper(token);
	return token;
}

/* A value without quotes: a token, or all up to the next ';' when what follows
 * the token is no further parameter. */
static void
param_bare_value(struct mail_lex *lx, struct param_raw *p, struct arena *a)
{
	const char *from = lx->at, *stop;

	while (lx->at < lx->end && *lx->at != ';' && *lx->at != '(' &&
	    !lex_is_space(*lx->at))
		lx->at++;
	stop = lx->at;
	mail_lex_cfws(lx);
	if (lx->at < lx->end && *lx->at != ';') {
		const char *semi = memchr(lx->at, ';',
		    (size_t)(lx->end - lx->at));

		if (semi == NULL)
			semi = lx->end;
		if (memchr(lx->at, '=', (size_t)(semi - lx->at)) == NULL) {
			lx->at = stop = semi;
			while (stop > from && lex_is_space(stop[-1]))
				stop--;
		}
	}
	p->value = mail_unfold(from, (size_t)(stop - from), a);
	p->value_len = strlen(p->value);
}

/* Splits the "*n" and "*" suffixes off the name. */
static void
param_split_name(struct param_raw *p)
{
	size_t len = strlen(p->name), digits;
	char *star;

	p->section = -1;
	p->name_len = len;
	if (len > 1 && p->name[len - 1] == '*') {
		p->extended = true;
		p->name_len = --len;
	}
	star = memrchr(p->name, '*', len);
	if (star == NULL || star == p->name)
		return;
	digits = len - (size_t)(star + 1 - p->name);
	if (digits == 0 || digits > 3 ||
	    strspn(star + 1, "0123456789") < digits)
		return;
	p->section = 0;
	for (size_t i = 1; i <= digits; i++)
		p->section = p->section * 10 + (star[i] - '0');
	p->name_len = (size_t)(star - p->name);
}

/* Next "name=value"; false at the end of the field. */
static bool
param_next(struct mail_lex *lx, struct arena *a, struct param_raw *p)
{
	for (;;) {
		mail_lex_cfws(lx);
		while (lx->at < lx->end && *lx->at == ';') {
			lx->at++;
			mail_lex_cfws(lx);
		}
		if (lx->at == lx->end)
			return false;
		*p = (struct param_raw){ .section = -1 };
		p->name = mail_lex_token(lx, true, a);
		mail_lex_cfws(lx);
		if (p->name != NULL && lx->at < lx->end && *lx->at == '=')
			break;
		/* no parameter: on to the next ';' */
		while (lx->at < lx->end && *lx->at != ';') {
			if (*lx->at == '(')
				mail_lex_comment(lx, NULL);
			else
				lx->at++;
		}
	}
	lx->at++;
	mail_lex_cfws(lx);
	if (lx->at < lx->end && *lx->at == '"') {
		struct mail_lex probe = *lx;
		char *value;

		for (probe.at++; probe.at < probe.end && *probe.at != '"';
		    probe.at++) {
			if (*probe.at == '\\' && probe.at + 1 < probe.end)
				probe.at++;
		}
		value = arena_alloc(a, (size_t)(probe.at - lx->at) + 1);
		p->value_len = mail_lex_quoted(lx, value);
		p->value = value;
	} else
		param_bare_value(lx, p, a);
	param_split_name(p);
	return true;
}

static bool
param_same_name(const struct param_raw *a, const struct param_raw *b)
{
	return a->name_len == b->name_len &&
	    memcmp(a->name, b->name, a->name_len) == 0;
}

/* Bytes of a piece in a joined value; written to `to` unless NULL. */
static size_t
param_put_piece(const struct param_raw *p, bool extended, char *to)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	if (p->extended || !extended) {
		if (to != NULL)
			memcpy(to, p->value, p->value_len);
		return p->value_len;
	}
	for (size_t i = 0; i < p->value_len; i++) {
		unsigned char c = (unsigned char)p->value[i];

		if (c < 0x80 && c != '\'' && c != '*' &&
		    lex_is_token((char)c) && c != '%') {
			if (to != NULL)
				to[n] = (char)c;
			n++;
			continue;
		}
		if (to != NULL) {
			to[n] = '%';
			to[n + 1] = hex[c >> 4];
			to[n + 2] = hex[c & 15];
		}
		n += 3;
	}
	return n;
}

/* Joins the pieces of raw[first]'s name, sections 0, 1, 2 ... as far as they
 * go. False when there is no section 0. */
static bool
param_join(struct param_raw *raw, size_t count, size_t first,
    struct mail_param *p, struct arena *a)
{
	struct param_raw *piece[PARAMS_MAX] = { NULL };
	bool extended = false;
	size_t len = 0, n;
	char *to;

	for (size_t i = first; i < count; i++) {
		struct param_raw *r = &raw[i];

		if (r->section >= 0 && r->section < PARAMS_MAX && !r->used &&
		    piece[r->section] == NULL &&
		    param_same_name(r, &raw[first]))
			piece[r->section] = r;
	}
	for (n = 0; n < PARAMS_MAX && piece[n] != NULL; n++)
		extended |= piece[n]->extended;
	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		len += param_put_piece(piece[i], extended, NULL);
	p->name = arena_printf(a, "%.*s%s", (int)raw[first].name_len,
	    raw[first].name, extended ? "*" : "");
	p->value = to = arena_alloc(a, len + 1);
	p->value_len = len;
	for (size_t i = 0; i < n; i++) {
		to += param_put_piece(piece[i], extended, to);
		piece[i]->used = true;
	}
	return true;
}

struct mail_param *
mail_lex_params(struct mail_lex *lx, struct arena *a)
{
	struct mail_param *list = NULL, **tail = &list;
	struct param_raw raw[PARAMS_MAX];
	size_t count = 0;

	while (count < PARAMS_MAX && param_next(lx, a, &raw[count]))
		count++;
	for (size_t i = 0; i < count; i++) {
		struct mail_param *p;

		if (raw[i].used)
			continue;
		p = arena_alloc(a, sizeof(*p));
		if (raw[i].section >= 0 && param_join(raw, count, i, p, a)) {
			*tail = p;
			tail = &p->next;
			if (raw[i].used)
				continue;
			p = arena_alloc(a, sizeof(*p));
		}
		p->name = raw[i].name;
		p->value = raw[i].value;
		p->value_len = raw[i].value_len;
		*tail = p;
		tail = &p->next;
	}
	return list;
}

const char *
mail_param_get(const struct mail_param *p, const char *name)
{
	for (; p != NULL; p = p->next) {
		if (strcmp(p->name, name) == 0)
			return p->value;
	}
	return NULL;
}
