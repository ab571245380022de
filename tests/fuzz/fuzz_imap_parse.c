/* SPDX-License-Identifier: ISC
 *
 * Every function of the argument parser on the same text.  A function that
 * fails must say why, and none may leave the text.
 */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/imap/names.h"
#include "common/imap/parse.h"
#include "common/imap/reply.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

enum element { TAG, ATOM, NUMBER, NZ_NUMBER, NUMBER64, STRING, ASTRING, NSTRING,
	MAILBOX, LIST_MAILBOX, SEQSET, DATE, DATE_TIME, FLAG, FLAG_LIST,
	BARE_FLAGS, ELEMENTS };

static void
check_str(const struct imap_str *s)
{
	if (s->external ? s->data != NULL : s->data != NULL &&
	    (s->data[s->len] != '\0' ||
	    (!s->binary && strlen(s->data) != s->len)))
		abort();
}

static void
check_mailbox(const char *name)
{
	if (imap_utf8_check(name, strlen(name)) != IMAP_UTF8_OK)
		abort();
}

static bool
parse_string(struct imap_parser *p, enum element element)
{
	struct imap_str s = { 0 };
	bool ok;

	if (element == STRING)
		ok = imap_parse_string(p, &s);
	else if (element == ASTRING)
		ok = imap_parse_astring(p, &s);
	else
		ok = imap_parse_nstring(p, &s);
	if (ok)
		check_str(&s);
	if (ok && element == ASTRING && s.data == NULL)
		abort();
	return ok;
}

static bool
parse_date_time(struct imap_parser *p)
{
	int64_t t, again_t;
	int16_t zone, again_zone;
	struct imap_parser again;
	struct buf out;

	if (!imap_parse_date_time(p, &t, &zone))
		return false;
	buf_init(&out, 100);
	imap_put_date_time(&out, t, zone);
	imap_parse_init(&again, out.data, out.len, p->arena);
	if (!imap_parse_date_time(&again, &again_t, &again_zone) ||
	    again_zone != zone || !imap_parse_at_end(&again))
		abort();
	buf_clear(&out);
	return true;
}

static bool
parse_element(struct imap_parser *p, enum element element)
{
	struct imap_seqset set;
	const char *s, **flags;
	uint64_t n64;
	uint32_t n;
	int32_t day;
	bool ok;

	switch (element) {
	case TAG:
		return imap_parse_tag(p, &s);
	case ATOM:
		return imap_parse_atom(p, &s);
	case NUMBER:
		return imap_parse_number(p, &n);
	case NZ_NUMBER:
		return imap_parse_nz_number(p, &n);
	case NUMBER64:
		return imap_parse_number64(p, &n64);
	case STRING:
	case ASTRING:
	case NSTRING:
		return parse_string(p, element);
	case MAILBOX:
		ok = imap_parse_mailbox(p, &s);
		if (ok)
			check_mailbox(s);
		return ok;
	case LIST_MAILBOX:
		ok = imap_parse_list_mailbox(p, &s);
		if (ok)
			check_mailbox(s);
		return ok;
	case SEQSET:
		ok = imap_parse_seqset(p, &set);
		if (ok)
			imap_seqset_normalize(&set, 1000);
		return ok;
	case DATE:
		return imap_parse_date(p, &day);
	case DATE_TIME:
		return parse_date_time(p);
	case FLAG:
		return imap_parse_flag(p, &s);
	case FLAG_LIST:
		return imap_parse_flag_list(p, false, &flags);
	case BARE_FLAGS:
		return imap_parse_flag_list(p, true, &flags);
	case ELEMENTS:
		break;
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	struct imap_parser p;
	struct arena a;
	bool ok;

	arena_init(&a);
	for (int element = 0; element < ELEMENTS * 2; element++) {
		imap_parse_init(&p, data, len, &a);
		p.utf8 = element >= ELEMENTS;
		do {
			ok = parse_element(&p, element % ELEMENTS);
			if (p.at > p.end || ok != (p.error == NULL))
				abort();
		} while (ok && imap_parse_maybe(&p, ' '));
		imap_parse_end(&p);
		arena_reset(&a);
	}
	arena_clear(&a);
	return 0;
}
