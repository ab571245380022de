/* SPDX-License-Identifier: ISC */
#include "common/imap/parse.h"

#include <string.h>
#include <strings.h>

#include "common/imap/names.h"
#include "common/imap/reply.h"
#include "common/limits.h"

void
imap_parse_init(struct imap_parser *p, const void *text, size_t len,
    struct arena *arena)
{
	/* An empty buffer has no memory; the walk needs some address. */
	const unsigned char *at = text == NULL ? (const void *)"" : text;

	*p = (struct imap_parser){ .at = at, .end = at + len, .arena = arena };
}

bool
imap_parse_fail(struct imap_parser *p, const char *error)
{
	if (p->error == NULL)
		p->error = error;
	return false;
}

bool
imap_parse_enter(struct imap_parser *p)
{
	if (p->depth++ < LIMIT_NESTING)
		return true;
	return imap_parse_fail(p, "Nested too deeply");
}

void
imap_parse_leave(struct imap_parser *p)
{
	p->depth--;
}

/* --- characters ---------------------------------------------------------- */

bool
imap_parse_is_astring_char(unsigned char c)
{
	return c > 0x20 && c < 0x7f && strchr("(){%*\"\\", c) == NULL;
}

static bool
parse_is_atom_char(unsigned char c)
{
	return c != ']' && imap_parse_is_astring_char(c);
}

static bool
parse_is_tag_char(unsigned char c)
{
	return c != '+' && imap_parse_is_astring_char(c);
}

static bool
parse_is_list_char(unsigned char c)
{
	return c == '%' || c == '*' || imap_parse_is_astring_char(c);
}

static bool
parse_is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes from the current place on that are in a class. */
static size_t
parse_span(const struct imap_parser *p, bool (*class)(unsigned char))
{
	const unsigned char *at = p->at;

	while (at < p->end && class(*at))
		at++;
	return (size_t)(at - p->at);
}

bool
imap_parse_at_end(const struct imap_parser *p)
{
	return p->at == p->end;
}

bool
imap_parse_end(struct imap_parser *p)
{
	if (p->at == p->end)
		return true;
	return imap_parse_fail(p, "Unexpected text at the end");
}

int
imap_parse_peek(const struct imap_parser *p)
{
	return p->at == p->end ? -1 : *p->at;
}

bool
imap_parse_maybe(struct imap_parser *p, char c)
{
	if (p->at == p->end || *p->at != (unsigned char)c)
		return false;
	p->at++;
	return true;
}

bool
imap_parse_char(struct imap_parser *p, char c)
{
	char *error;

	if (imap_parse_maybe(p, c))
		return true;
	if (p->error == NULL) {
		error = arena_strdup(p->arena, "Missing \"?\"");
		error[strlen("Missing \"")] = c;
		p->error = error;
	}
	return false;
}

bool
imap_parse_sp(struct imap_parser *p)
{
	if (imap_parse_maybe(p, ' '))
		return true;
	return imap_parse_fail(p, p->at == p->end ? "Missing argument" :
	    "Missing space between arguments");
}

bool
imap_parse_word(struct imap_parser *p, const char *word)
{
	size_t len = strlen(word);
	const unsigned char *after;

	if ((size_t)(p->end - p->at) < len ||
	    strncasecmp((const char *)p->at, word, len) != 0)
		return false;
	after = p->at + len;
	if (len > 0 && word[len - 1] != '[' && after < p->end &&
	    parse_is_atom_char(*after))
		return false;
	p->at = after;
	return true;
}

/* --- atoms and numbers --------------------------------------------------- */

static char *
parse_copy(struct imap_parser *p, size_t len)
{
	char *s = arena_strndup(p->arena, (const char *)p->at, len);

	p->at += len;
	return s;
}

bool
imap_parse_tag(struct imap_parser *p, const char **tag_r)
{
	size_t len = parse_span(p, parse_is_tag_char);

	if (len == 0)
		return imap_parse_fail(p, "Missing tag");
	if (len > LIMIT_TAG)
		return imap_parse_fail(p, "Tag too long");
	*tag_r = parse_copy(p, len);
	return true;
}

bool
imap_parse_atom(struct imap_parser *p, const char **atom_r)
{
	size_t len = parse_span(p, parse_is_atom_char);

	if (len == 0)
		return imap_parse_fail(p, "Missing atom");
	*atom_r = parse_copy(p, len);
	return true;
}

static bool
parse_number_upto(struct imap_parser *p, uint64_t max, uint64_t *n_r)
{
	const unsigned char *at = p->at;
	uint64_t n = 0, digit;

	for (; at < p->end && parse_is_digit(*at); at++) {
		digit = (uint64_t)(*at - '0');
		if (n > (max - digit) / 10)
			return imap_parse_fail(p, "Number too large");
		n = n * 10 + digit;
	}
	if (at == p->at)
		return imap_parse_fail(p, "Missing number");
	p->at = at;
	*n_r = n;
	return true;
}

bool
imap_parse_number(struct imap_parser *p, uint32_t *n_r)
{
	uint64_t n;

	if (!parse_number_upto(p, UINT32_MAX, &n))
		return false;
	*n_r = (uint32_t)n;
	return true;
}

bool
imap_parse_nz_number(struct imap_parser *p, uint32_t *n_r)
{
	if (imap_parse_peek(p) == '0')
		return imap_parse_fail(p, "Number must not begin with 0");
	return imap_parse_number(p, n_r);
}

bool
imap_parse_number64(struct imap_parser *p, uint64_t *n_r)
{
	return parse_number_upto(p, INT64_MAX, n_r);
}

/* --- strings ------------------------------------------------------------- */

static bool
parse_quoted(struct imap_parser *p, struct imap_str *s_r)
{
	const unsigned char *at = p->at + 1, *stop;
	size_t len = 0;
	char *data;

	for (stop = at; stop < p->end && *stop != '"'; stop++) {
		if (*stop == '\\' && (++stop == p->end ||
		    (*stop != '"' && *stop != '\\')))
			return imap_parse_fail(p,
			    "Bad escape in quoted string");
		if (*stop == '\0' || *stop == '\r' || *stop == '\n')
			return imap_parse_fail(p,
			    "Bad character in quoted string");
	}
	if (stop == p->end)
		return imap_parse_fail(p, "Missing end of quoted string");
	data = arena_alloc(p->arena, (size_t)(stop - at) + 1);
	for (; at < stop; at++) {
		if (*at == '\\')
			at++;
		data[len++] = (char)*at;
	}
	if (p->utf8 && imap_utf8_check(data, len) == IMAP_UTF8_BAD)
		return imap_parse_fail(p, "Quoted string is not UTF-8");
	p->at = stop + 1;
	*s_r = (struct imap_str){ .data = data, .len = len };
	return true;
}

/* "{n}" CRLF bytes, or "{n}" NUL, "~" before it already eaten. */
static bool
parse_literal(struct imap_parser *p, bool binary, struct imap_str *s_r)
{
	uint64_t n;

	*s_r = (struct imap_str){ .literal = true, .binary = binary };
	p->at++;
	if (!imap_parse_number64(p, &n) || !imap_parse_char(p, '}'))
		return false;
	s_r->len = n;
	if (imap_parse_maybe(p, '\0')) {
		s_r->external = true;
		return true;
	}
	if (!imap_parse_maybe(p, '\r') || !imap_parse_maybe(p, '\n') ||
	    n > (uint64_t)(p->end - p->at))
		return imap_parse_fail(p, "Bad literal");
	if (!binary && memchr(p->at, '\0', (size_t)n) != NULL)
		return imap_parse_fail(p, "NUL in literal");
	s_r->data = parse_copy(p, (size_t)n);
	return true;
}

bool
imap_parse_string(struct imap_parser *p, struct imap_str *s_r)
{
	if (imap_parse_peek(p) == '"')
		return parse_quoted(p, s_r);
	if (imap_parse_peek(p) == '{')
		return parse_literal(p, false, s_r);
	if (p->end - p->at >= 2 && p->at[0] == '~' && p->at[1] == '{') {
		p->at++;
		return parse_literal(p, true, s_r);
	}
	return imap_parse_fail(p, "Missing string");
}

/* A bare word of a class, or a string that is here and is text. */
static bool
parse_word_or_string(struct imap_parser *p, bool (*class)(unsigned char),
    struct imap_str *s_r)
{
	size_t len = parse_span(p, class);

	/* "~" is an atom character, but "~{" begins a literal8. */
	if (len > 0 && !(len == 1 && p->at[0] == '~' && p->end - p->at > 1 &&
	    p->at[1] == '{')) {
		*s_r = (struct imap_str){ .len = len,
		    .data = parse_copy(p, len) };
		return true;
	}
	if (!imap_parse_string(p, s_r))
		return false;
	if (s_r->external || s_r->binary)
		return imap_parse_fail(p, "Literal not possible here");
	return true;
}

bool
imap_parse_astring(struct imap_parser *p, struct imap_str *s_r)
{
	return parse_word_or_string(p, imap_parse_is_astring_char, s_r);
}

bool
imap_parse_nstring(struct imap_parser *p, struct imap_str *s_r)
{
	if (imap_parse_word(p, "NIL")) {
		*s_r = (struct imap_str){ 0 };
		return true;
	}
	return imap_parse_string(p, s_r);
}

/* --- mailboxes ----------------------------------------------------------- */

/* From the wire to UTF-8, in the arena. */
static bool
parse_decode_name(struct imap_parser *p, const struct imap_str *wire,
    char **name_r)
{
	const char *data = wire->data;
	size_t len = (size_t)wire->len;
	struct buf name;
	bool ok;

	if (len > IMAP_PATTERN_MAX)
		return imap_parse_fail(p, "Mailbox name too long");
	/* Three bytes of UTF-8 come of 2 2/3 of base64. */
	buf_init(&name, IMAP_PATTERN_MAX * 2);
	if (p->utf8)
		ok = buf_put(&name, data, len);
	else
		ok = imap_mutf7_decode(data, len, &name);
	if (ok)
		*name_r = arena_strndup(p->arena, buf_cstr(&name), name.len);
	len = name.len;
	buf_clear(&name);
	if (!ok)
		return imap_parse_fail(p, "Mailbox name is not modified UTF-7");
	switch (imap_utf8_check(*name_r, len)) {
	case IMAP_UTF8_BAD:
		return imap_parse_fail(p, "Mailbox name is not UTF-8");
	case IMAP_UTF8_CONTROL:
		return imap_parse_fail(p,
		    "Mailbox name has control characters");
	case IMAP_UTF8_OK:
		break;
	}
	return true;
}

bool
imap_parse_mailbox(struct imap_parser *p, const char **name_r)
{
	struct imap_str wire;
	char *name;

	if (!imap_parse_astring(p, &wire) ||
	    !parse_decode_name(p, &wire, &name))
		return false;
	if (strncasecmp(name, "INBOX", 5) == 0 &&
	    (name[5] == '\0' || name[5] == '/'))
		memcpy(name, "INBOX", 5);
	*name_r = name;
	return true;
}

bool
imap_parse_list_mailbox(struct imap_parser *p, const char **pattern_r)
{
	struct imap_str wire;
	char *pattern;

	if (!parse_word_or_string(p, parse_is_list_char, &wire) ||
	    !parse_decode_name(p, &wire, &pattern))
		return false;
	*pattern_r = pattern;
	return true;
}

/* --- sequence sets ------------------------------------------------------- */

static bool
parse_seq_number(struct imap_parser *p, uint32_t *n_r)
{
	if (imap_parse_maybe(p, '*')) {
		*n_r = IMAP_STAR;
		return true;
	}
	if (imap_parse_peek(p) == -1 || !parse_is_digit(*p->at))
		return imap_parse_fail(p, "Bad message set");
	return imap_parse_nz_number(p, n_r);
}

bool
imap_parse_seqset(struct imap_parser *p, struct imap_seqset *set_r)
{
	uint32_t lo, hi;

	*set_r = (struct imap_seqset){ 0 };
	if (imap_parse_maybe(p, '$')) {
		set_r->saved = true;
		return true;
	}
	do {
		if (!parse_seq_number(p, &lo))
			return false;
		hi = lo;
		if (imap_parse_maybe(p, ':') && !parse_seq_number(p, &hi))
			return false;
		if (!imap_seqset_add(set_r, p->arena, lo, hi))
			return imap_parse_fail(p,
			    "Too many ranges in message set");
	} while (imap_parse_maybe(p, ','));
	return true;
}

/* --- dates --------------------------------------------------------------- */

/* Exactly n digits. */
static bool
parse_digits(struct imap_parser *p, size_t n, unsigned *value_r)
{
	*value_r = 0;
	if ((size_t)(p->end - p->at) < n)
		return false;
	for (; n > 0; n--, p->at++) {
		if (!parse_is_digit(*p->at))
			return false;
		*value_r = *value_r * 10 + (unsigned)(*p->at - '0');
	}
	return true;
}

static bool
parse_month(struct imap_parser *p, unsigned *month_r)
{
	if (p->end - p->at < 3)
		return false;
	for (unsigned i = 0; i < 12; i++) {
		if (strncasecmp((const char *)p->at, imap_months[i], 3) == 0) {
			p->at += 3;
			*month_r = i + 1;
			return true;
		}
	}
	return false;
}

/* "1-Feb-1994" with a day of one or two digits; must exist in the calendar. */
static bool
parse_date_text(struct imap_parser *p, int32_t *day_r)
{
	unsigned day, month, year, n, back_month, back_day;
	int back_year;

	n = p->end - p->at >= 2 && parse_is_digit(p->at[1]) ? 2 : 1;
	if (!parse_digits(p, n, &day) || !imap_parse_maybe(p, '-') ||
	    !parse_month(p, &month) || !imap_parse_maybe(p, '-') ||
	    !parse_digits(p, 4, &year))
		return imap_parse_fail(p, "Bad date");
	*day_r = imap_days_from_civil((int)year, month, day);
	imap_civil_from_days(*day_r, &back_year, &back_month, &back_day);
	if (back_day != day || back_month != month)
		return imap_parse_fail(p, "No such day");
	return true;
}

bool
imap_parse_date(struct imap_parser *p, int32_t *day_r)
{
	bool quoted = imap_parse_maybe(p, '"');

	return parse_date_text(p, day_r) &&
	    (!quoted || imap_parse_char(p, '"'));
}

bool
imap_parse_date_time(struct imap_parser *p, int64_t *t_r, int16_t *zone_r)
{
	unsigned hour, minute, second, zone_hour, zone_minute;
	bool west = false;
	int32_t day;
	int zone;

	if (!imap_parse_char(p, '"'))
		return false;
	imap_parse_maybe(p, ' ');
	if (!parse_date_text(p, &day))
		return false;
	if (!imap_parse_maybe(p, ' ') || !parse_digits(p, 2, &hour) ||
	    !imap_parse_maybe(p, ':') || !parse_digits(p, 2, &minute) ||
	    !imap_parse_maybe(p, ':') || !parse_digits(p, 2, &second) ||
	    !imap_parse_maybe(p, ' ') ||
	    !(imap_parse_maybe(p, '+') || (west = imap_parse_maybe(p, '-'))) ||
	    !parse_digits(p, 2, &zone_hour) ||
	    !parse_digits(p, 2, &zone_minute) || !imap_parse_maybe(p, '"') ||
	    hour > 23 || minute > 59 || second > 60 || zone_hour > 23 ||
	    zone_minute > 59)
		return imap_parse_fail(p, "Bad date and time");
	zone = (int)(zone_hour * 60 + zone_minute);
	if (west)
		zone = -zone;
	*t_r = (int64_t)day * 86400 + hour * 3600 + minute * 60 + second -
	    (int64_t)zone * 60;
	*zone_r = (int16_t)zone;
	return true;
}

/* --- flags --------------------------------------------------------------- */

bool
imap_parse_flag(struct imap_parser *p, const char **flag_r)
{
	static const char *const system[] = { "\\Answered", "\\Flagged",
		"\\Deleted", "\\Seen", "\\Draft" };
	bool backslash = imap_parse_peek(p) == '\\';
	size_t len;

	if (backslash)
		p->at++;
	len = parse_span(p, parse_is_atom_char);
	if (len == 0)
		return imap_parse_fail(p, "Missing flag");
	if (!backslash) {
		*flag_r = parse_copy(p, len);
		return true;
	}
	p->at--;
	*flag_r = parse_copy(p, len + 1);
	for (size_t i = 0; i < sizeof(system) / sizeof(system[0]); i++)
		if (strcasecmp(*flag_r, system[i]) == 0)
			*flag_r = system[i];
	return true;
}

bool
imap_parse_flag_list(struct imap_parser *p, bool bare_ok, const char ***flags_r)
{
	const char **flags, **grown;
	bool list = imap_parse_maybe(p, '(');
	size_t n = 0, cap = 8;

	if (!list && !bare_ok)
		return imap_parse_char(p, '(');
	flags = arena_calloc(p->arena, cap, sizeof(*flags));
	*flags_r = flags;
	if (list && imap_parse_maybe(p, ')'))
		return true;
	do {
		if (n + 1 == cap) {
			grown = arena_calloc(p->arena, cap * 2, sizeof(*flags));
			memcpy(grown, flags, n * sizeof(*flags));
			*flags_r = flags = grown;
			cap *= 2;
		}
		if (!imap_parse_flag(p, &flags[n++]))
			return false;
	} while (imap_parse_maybe(p, ' '));
	return !list || imap_parse_char(p, ')');
}
