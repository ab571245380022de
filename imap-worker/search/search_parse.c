/* SPDX-License-Identifier: ISC
 *
 * From the text of a SEARCH to its tree of keys (search.h).  Groups, NOT and
 * the first operand of OR recurse, at most LIMIT_NESTING deep; a chain of
 * "OR a OR b OR c d", which clients make as long as the line allows, becomes
 * one OR without recursion.
 */
#include "search/search.h"

#include <string.h>
#include <strings.h>

#include "common/limits.h"

#define OBJECTID_MAX 255 /* RFC 8474 §7 */

/* What follows the name of a key. */
enum search_arg {
	ARG_NONE,
	ARG_KEYWORD,  /* SP flag-keyword */
	ARG_UID,      /* SP sequence-set */
	ARG_SIZE,     /* SP number64 */
	ARG_INTERVAL, /* SP nz-number */
	ARG_DATE,     /* SP date */
	ARG_STRING,   /* SP astring */
	ARG_HEADER,   /* SP astring SP astring */
	ARG_MODSEQ,   /* [SP entry-name SP entry-type] SP number64 */
	ARG_ID        /* SP objectid */
};

struct search_word {
	const char *word;
	enum search_op op;
	enum search_arg arg;
	const char *name; /* of the flag or header field */
	bool not;
};

static const struct search_word search_words[] = {
	{ "ALL", SEARCH_ALL, ARG_NONE, NULL, false },
	{ "ANSWERED", SEARCH_FLAG, ARG_NONE, "\\Answered", false },
	{ "BCC", SEARCH_HEADER, ARG_STRING, "Bcc", false },
	{ "BEFORE", SEARCH_BEFORE, ARG_DATE, NULL, false },
	{ "BODY", SEARCH_BODY, ARG_STRING, NULL, false },
	{ "CC", SEARCH_HEADER, ARG_STRING, "Cc", false },
	{ "DELETED", SEARCH_FLAG, ARG_NONE, "\\Deleted", false },
	{ "DRAFT", SEARCH_FLAG, ARG_NONE, "\\Draft", false },
	{ "EMAILID", SEARCH_EMAILID, ARG_ID, NULL, false },
	{ "FLAGGED", SEARCH_FLAG, ARG_NONE, "\\Flagged", false },
	{ "FROM", SEARCH_HEADER, ARG_STRING, "From", false },
	{ "HEADER", SEARCH_HEADER, ARG_HEADER, NULL, false },
	{ "KEYWORD", SEARCH_FLAG, ARG_KEYWORD, NULL, false },
	{ "LARGER", SEARCH_LARGER, ARG_SIZE, NULL, false },
	{ "MODSEQ", SEARCH_MODSEQ, ARG_MODSEQ, NULL, false },
	{ "OLD", SEARCH_RECENT, ARG_NONE, NULL, true },
	{ "OLDER", SEARCH_OLDER, ARG_INTERVAL, NULL, false },
	{ "ON", SEARCH_ON, ARG_DATE, NULL, false },
	{ "RECENT", SEARCH_RECENT, ARG_NONE, NULL, false },
	{ "SAVEDATESUPPORTED", SEARCH_SAVEDATE, ARG_NONE, NULL, false },
	{ "SAVEDBEFORE", SEARCH_SAVEDBEFORE, ARG_DATE, NULL, false },
	{ "SAVEDON", SEARCH_SAVEDON, ARG_DATE, NULL, false },
	{ "SAVEDSINCE", SEARCH_SAVEDSINCE, ARG_DATE, NULL, false },
	{ "SEEN", SEARCH_FLAG, ARG_NONE, "\\Seen", false },
	{ "SENTBEFORE", SEARCH_SENTBEFORE, ARG_DATE, NULL, false },
	{ "SENTON", SEARCH_SENTON, ARG_DATE, NULL, false },
	{ "SENTSINCE", SEARCH_SENTSINCE, ARG_DATE, NULL, false },
	{ "SINCE", SEARCH_SINCE, ARG_DATE, NULL, false },
	{ "SMALLER", SEARCH_SMALLER, ARG_SIZE, NULL, false },
	{ "SUBJECT", SEARCH_HEADER, ARG_STRING, "Subject", false },
	{ "TEXT", SEARCH_TEXT, ARG_STRING, NULL, false },
	{ "THREADID", SEARCH_THREADID, ARG_ID, NULL, false },
	{ "TO", SEARCH_HEADER, ARG_STRING, "To", false },
	{ "UID", SEARCH_UID, ARG_UID, NULL, false },
	{ "UNANSWERED", SEARCH_FLAG, ARG_NONE, "\\Answered", true },
	{ "UNDELETED", SEARCH_FLAG, ARG_NONE, "\\Deleted", true },
	{ "UNDRAFT", SEARCH_FLAG, ARG_NONE, "\\Draft", true },
	{ "UNFLAGGED", SEARCH_FLAG, ARG_NONE, "\\Flagged", true },
	{ "UNKEYWORD", SEARCH_FLAG, ARG_KEYWORD, NULL, true },
	{ "UNSEEN", SEARCH_FLAG, ARG_NONE, "\\Seen", true },
	{ "YOUNGER", SEARCH_YOUNGER, ARG_INTERVAL, NULL, false },
};

static bool search_parse_key(struct imap_parser *,
    struct search_program *, struct search_key **);

static struct search_key *
search_key_new(struct imap_parser *p, enum search_op op)
{
	struct search_key *key = arena_alloc(p->arena, sizeof(*key));

	key->op = op;
	return key;
}

/* --- arguments ----------------------------------------------------------- */

static bool
search_parse_set(struct imap_parser *p, struct search_program *prog,
    struct search_key *key)
{
	if (!imap_parse_seqset(p, &key->set))
		return false;
	if (key->set.saved)
		prog->uses_saved = true;
	return true;
}

static bool
search_parse_string(struct imap_parser *p, struct search_key *key)
{
	struct imap_str s;

	if (!imap_parse_astring(p, &s))
		return false;
	key->str = s.data;
	key->str_len = (size_t)s.len;
	return true;
}

static bool
search_parse_header(struct imap_parser *p, struct search_key *key)
{
	struct imap_str s;

	if (!imap_parse_astring(p, &s) || !imap_parse_sp(p))
		return false;
	key->name = s.data;
	return search_parse_string(p, key);
}

/* RFC 7162 §3.1.5; the entry is "/flags/\\Seen" in quotes, for example. */
static bool
search_parse_modseq(struct imap_parser *p, struct search_program *prog,
    struct search_key *key)
{
	struct imap_str entry;

	prog->uses_modseq = true;
	if (imap_parse_peek(p) == '"') {
		if (!imap_parse_string(p, &entry) || !imap_parse_sp(p))
			return false;
		if (strncasecmp(entry.data, "/flags/", 7) != 0 ||
		    entry.data[7] == '\0')
			return imap_parse_fail(p, "Unknown MODSEQ entry");
		if (!imap_parse_word(p, "priv") &&
		    !imap_parse_word(p, "shared") &&
		    !imap_parse_word(p, "all"))
			return imap_parse_fail(p, "Unknown MODSEQ entry type");
		if (!imap_parse_sp(p))
			return false;
	}
	return imap_parse_number64(p, &key->number);
}

static bool
search_is_objectid(const struct imap_str *s)
{
	if (s->len == 0 || s->len > OBJECTID_MAX)
		return false;
	return strspn(s->data, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789_-") == s->len;
}

static bool
search_parse_id(struct imap_parser *p, struct search_key *key)
{
	struct imap_str s;

	if (!imap_parse_astring(p, &s))
		return false;
	if (!search_is_objectid(&s))
		return imap_parse_fail(p, "Bad object identifier");
	key->name = s.data;
	return true;
}

static bool
search_parse_arg(struct imap_parser *p, struct search_program *prog,
    enum search_arg arg, struct search_key *key)
{
	uint32_t n;

	if (arg == ARG_NONE)
		return true;
	if (!imap_parse_sp(p))
		return false;
	switch (arg) {
	case ARG_KEYWORD:
		return imap_parse_flag(p, &key->name);
	case ARG_UID:
		return search_parse_set(p, prog, key);
	case ARG_SIZE:
		return imap_parse_number64(p, &key->number);
	case ARG_INTERVAL:
		if (!imap_parse_nz_number(p, &n))
			return false;
		key->number = n;
		return true;
	case ARG_DATE:
		return imap_parse_date(p, &key->day);
	case ARG_STRING:
		return search_parse_string(p, key);
	case ARG_HEADER:
		return search_parse_header(p, key);
	case ARG_MODSEQ:
		return search_parse_modseq(p, prog, key);
	case ARG_ID:
		return search_parse_id(p, key);
	case ARG_NONE:
		break;
	}
	return true;
}

/* --- keys ---------------------------------------------------------------- */

/* NEW: (RECENT UNSEEN). */
static struct search_key *
search_key_new_messages(struct imap_parser *p)
{
	struct search_key *and = search_key_new(p, SEARCH_AND);

	and->child = search_key_new(p, SEARCH_RECENT);
	and->child->next = search_key_new(p, SEARCH_FLAG);
	and->child->next->name = "\\Seen";
	and->child->next->not = true;
	return and;
}

static bool
search_at_letter(const struct imap_parser *p)
{
	int c = imap_parse_peek(p);

	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
search_parse_simple(struct imap_parser *p, struct search_program *prog,
    struct search_key **key_r)
{
	const struct search_word *w = NULL;
	const char *word;

	if (!search_at_letter(p))
		return imap_parse_fail(p, "Missing search key");
	if (!imap_parse_atom(p, &word))
		return false;
	if (strcasecmp(word, "NEW") == 0) {
		*key_r = search_key_new_messages(p);
		return true;
	}
	for (size_t i = 0; i < sizeof(search_words) / sizeof(*w); i++) {
		if (strcasecmp(word, search_words[i].word) == 0)
			w = &search_words[i];
	}
	if (w == NULL)
		return imap_parse_fail(p, "Unknown search key");
	*key_r = search_key_new(p, w->op);
	(*key_r)->name = w->name;
	(*key_r)->not = w->not;
	return search_parse_arg(p, prog, w->arg, *key_r);
}

/* key *(SP key) */
static bool
search_parse_list(struct imap_parser *p, struct search_program *prog,
    struct search_key **list_r)
{
	*list_r = NULL;
	do {
		if (!search_parse_key(p, prog, list_r))
			return false;
		list_r = &(*list_r)->next;
	} while (imap_parse_maybe(p, ' '));
	return true;
}

/* After "(". A group of one key is that key. */
static bool
search_parse_group(struct imap_parser *p, struct search_program *prog,
    struct search_key **key_r)
{
	struct search_key *list, *and;

	if (!search_parse_list(p, prog, &list) || !imap_parse_char(p, ')'))
		return false;
	*key_r = list;
	if (list->next != NULL) {
		and = search_key_new(p, SEARCH_AND);
		and->child = list;
		*key_r = and;
	}
	return true;
}

/* After "OR". While the second operand is an OR itself, its operands join the
 * list. */
static bool
search_parse_or(struct imap_parser *p, struct search_program *prog,
    struct search_key **key_r)
{
	struct search_key **tail;

	*key_r = search_key_new(p, SEARCH_OR);
	tail = &(*key_r)->child;
	do {
		if (!imap_parse_sp(p) || !search_parse_key(p, prog, tail) ||
		    !imap_parse_sp(p))
			return false;
		tail = &(*tail)->next;
	} while (imap_parse_word(p, "OR"));
	return search_parse_key(p, prog, tail);
}

/* One key; *key_r gets it with next NULL. */
static bool
search_parse_key(struct imap_parser *p, struct search_program *prog,
    struct search_key **key_r)
{
	bool not = false, ok;
	int c;

	while (imap_parse_word(p, "NOT")) {
		not = !not;
		if (!imap_parse_sp(p))
			return false;
	}
	c = imap_parse_peek(p);
	if ((c >= '0' && c <= '9') || c == '*' || c == '$') {
		*key_r = search_key_new(p, SEARCH_SEQ);
		ok = search_parse_set(p, prog, *key_r);
	} else if (imap_parse_maybe(p, '(')) {
		ok = imap_parse_enter(p) &&
		    search_parse_group(p, prog, key_r);
		imap_parse_leave(p);
	} else if (imap_parse_word(p, "OR")) {
		ok = imap_parse_enter(p) && search_parse_or(p, prog, key_r);
		imap_parse_leave(p);
	} else {
		ok = search_parse_simple(p, prog, key_r);
	}
	if (ok && not)
		(*key_r)->not = !(*key_r)->not;
	return ok;
}

/* --- the program --------------------------------------------------------- */

/* After "RETURN": SP "(" [option *(SP option)] ")" SP */
static bool
search_parse_return(struct imap_parser *p, struct search_program *prog)
{
	prog->has_return = true;
	if (!imap_parse_sp(p) || !imap_parse_char(p, '('))
		return false;
	if (imap_parse_maybe(p, ')')) {
		prog->return_opts = SEARCH_RETURN_ALL;
		return imap_parse_sp(p);
	}
	do {
		if (imap_parse_word(p, "MIN"))
			prog->return_opts |= SEARCH_RETURN_MIN;
		else if (imap_parse_word(p, "MAX"))
			prog->return_opts |= SEARCH_RETURN_MAX;
		else if (imap_parse_word(p, "ALL"))
			prog->return_opts |= SEARCH_RETURN_ALL;
		else if (imap_parse_word(p, "COUNT"))
			prog->return_opts |= SEARCH_RETURN_COUNT;
		else if (imap_parse_word(p, "SAVE"))
			prog->return_opts |= SEARCH_RETURN_SAVE;
		else
			return imap_parse_fail(p, "Unknown RETURN option");
	} while (imap_parse_maybe(p, ' '));
	return imap_parse_char(p, ')') && imap_parse_sp(p);
}

bool
search_parse_keys(struct imap_parser *p, struct search_program *prog)
{
	return search_parse_list(p, prog, &prog->keys) && imap_parse_end(p);
}

bool
search_parse(struct imap_parser *p, struct search_program *prog_r)
{
	struct imap_str charset;

	*prog_r = (struct search_program){ .charset = "UTF-8" };
	if (imap_parse_word(p, "RETURN") && !search_parse_return(p, prog_r))
		return false;
	if (imap_parse_word(p, "CHARSET")) {
		if (!imap_parse_sp(p) || !imap_parse_astring(p, &charset) ||
		    !imap_parse_sp(p))
			return false;
		prog_r->charset = charset.data;
	}
	return search_parse_keys(p, prog_r);
}
