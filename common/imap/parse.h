/* SPDX-License-Identifier: ISC
 *
 * The grammar of IMAP arguments (RFC 3501 §9 as updated by RFC 4466, 5258,
 * 7162), over one whole command text as imap_framer leaves it.  Pure.
 *
 * A parser walks forward over the text.  Each imap_parse_*() function eats one
 * grammar element at the current place and returns true; or returns false,
 * eats nothing that matters, and sets p->error to a short English text for
 * BAD (the first error stays).  Results are allocated in the command's arena
 * and are NUL-terminated.  Nothing here is recursive without the depth limit.
 */
#ifndef COMMON_IMAP_PARSE_H
#define COMMON_IMAP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/imap/seqset.h"

struct imap_parser {
	const unsigned char *at, *end; /* borrowed from the framer's text */
	struct arena *arena;           /* borrowed */
	const char *error;             /* static text or arena; NULL: none */
	unsigned depth;
	bool utf8;                     /* UTF8=ACCEPT: names are UTF-8 */
};

/* Bytes of a string argument; data has a NUL after len, and contains NULs only
 * when binary. external: the bytes are elsewhere (see
 * framer.h), len is their announced number and data is NULL. */
struct imap_str {
	const char *data;
	uint64_t len;
	bool external;
	bool literal;
	bool binary; /* literal8 */
};

void imap_parse_init(struct imap_parser *p, const void *text, size_t len,
    struct arena *arena);
/* Sets the error text if none is set; always returns false. */
bool imap_parse_fail(struct imap_parser *p, const char *error);

/* One level of nesting down and up again, in pairs; enter is an error past
 * LIMIT_NESTING, and is left in that case too. */
bool imap_parse_enter(struct imap_parser *p);
void imap_parse_leave(struct imap_parser *p);
bool imap_parse_is_astring_char(unsigned char c);

bool imap_parse_at_end(const struct imap_parser *p);
bool imap_parse_end(struct imap_parser *p);          /* nothing may follow */
bool imap_parse_sp(struct imap_parser *p);           /* exactly one space */
/* Looks at the next byte without eating; -1 at the end. */
int imap_parse_peek(const struct imap_parser *p);
/* Eats byte c if it is next; no error otherwise. */
bool imap_parse_maybe(struct imap_parser *p, char c);
bool imap_parse_char(struct imap_parser *p, char c); /* must be there */
/* Eats `word` (case-insensitive) if it is next and is not followed by another
 * atom character (what follows a "[" that ends the word does not matter); no
 * error otherwise. */
bool imap_parse_word(struct imap_parser *p, const char *word);

bool imap_parse_tag(struct imap_parser *p, const char **tag_r);
bool imap_parse_atom(struct imap_parser *p, const char **atom_r);
bool imap_parse_number(struct imap_parser *p, uint32_t *n_r);
bool imap_parse_nz_number(struct imap_parser *p, uint32_t *n_r);
bool imap_parse_number64(struct imap_parser *p, uint64_t *n_r); /* < 2^63 */
/* Quoted or literal. 8-bit bytes in a quoted string pass as they are, but must
 * be UTF-8 when p->utf8. */
bool imap_parse_string(struct imap_parser *p, struct imap_str *s_r);
/* Never external or binary. */
bool imap_parse_astring(struct imap_parser *p, struct imap_str *s_r);
/* NIL: data NULL and not external. */
bool imap_parse_nstring(struct imap_parser *p, struct imap_str *s_r);
/* mailbox: modified UTF-7 (or UTF-8 when p->utf8) to valid UTF-8; any case of
 * INBOX, alone or before the separator "/", becomes "INBOX". Bad encodings and
 * control characters are errors. "" and a trailing "/" are not. */
bool imap_parse_mailbox(struct imap_parser *p, const char **name_r);
/* list-mailbox: a pattern with % and *, encoded like a mailbox. */
bool imap_parse_list_mailbox(struct imap_parser *p, const char **pattern_r);
/* sequence-set, "$" included (seqset.h). */
bool imap_parse_seqset(struct imap_parser *p, struct imap_seqset *set_r);
/* date: 1-Feb-1994, quoted or not; the day's number since 1970-01-01. */
bool imap_parse_date(struct imap_parser *p, int32_t *day_r);
/* date-time: "17-Jul-1996 02:44:25 -0700": seconds since the epoch, and the
 * zone in minutes east. */
bool imap_parse_date_time(struct imap_parser *p, int64_t *t_r, int16_t *zone_r);
/* flag: "\Seen" or a keyword. *flag_r has the canonical case for the five
 * system flags, the client's own for keywords. "\Recent" and unknown
 * backslash flags are returned as they are; the caller decides. */
bool imap_parse_flag(struct imap_parser *p, const char **flag_r);
/* "(" flag *(SP flag) ")" or, when bare_ok (STORE), flags without
 * parentheses. NULL-terminated array. */
bool imap_parse_flag_list(struct imap_parser *p, bool bare_ok,
    const char ***flags_r);

#endif
