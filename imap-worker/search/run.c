/* SPDX-License-Identifier: ISC */
#include "search/run.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "mail/mail.h"

#define SEARCH_DAY 86400
#define SEARCH_STRIDE 64 /* rows between two looks at the clock */
#define SEARCH_AHEAD 2048 /* bytes of a header fetched ahead */
#define SEARCH_LINE 64    /* of the cache */

/* One message while it is asked; what it takes is read when a key needs it. */
struct search_message {
	struct search_run *run;
	const struct store_row *row;
	struct store_message facts;
	unsigned have;          /* facts read: 1 record, 2 blob */
	const unsigned char *header;
	const unsigned char *bytes;
	bool asked;             /* a key wanted its bytes */
	enum store_err err;     /* the first that came up */
};

/* --- getting ready --------------------------------------------------------- */

static const struct {
	const char *name;
	uint64_t mask;
} search_system_flags[] = {
	{ "\\Seen", STORE_SEEN },
	{ "\\Answered", STORE_ANSWERED },
	{ "\\Flagged", STORE_FLAGGED },
	{ "\\Deleted", STORE_DELETED },
	{ "\\Draft", STORE_DRAFT },
};

static uint64_t
search_flag_mask(const struct store_mbox *mbox, const char *name)
{
	for (size_t i = 0;
	     i < sizeof(search_system_flags) / sizeof(*search_system_flags); i++)
		if (strcasecmp(name, search_system_flags[i].name) == 0)
			return search_system_flags[i].mask;
	return store_mbox_keyword(mbox, name);
}

static bool
search_prepare_keys(struct search_run *r, struct search_key *keys,
    struct arena *a)
{
	struct buf utf8;

	for (struct search_key *k = keys; k != NULL; k = k->next) {
		switch (k->op) {
		case SEARCH_AND:
		case SEARCH_OR:
			if (!search_prepare_keys(r, k->child, a))
				return false;
			break;
		case SEARCH_FLAG:
			k->mask = search_flag_mask(r->mbox, k->name);
			break;
		case SEARCH_EMAILID:
		case SEARCH_THREADID:
			k->mask = 0;
			if (strlen(k->name) == 17 && k->name[0] ==
			    (k->op == SEARCH_EMAILID ? 'M' : 'T'))
				k->mask = strtoull(k->name + 1, NULL, 16);
			break;
		case SEARCH_HEADER:
			k->mask = mail_field_bit(k->name, strlen(k->name));
			/* fall through */
		case SEARCH_BODY:
		case SEARCH_TEXT:
			buf_init(&utf8, 4 * LIMIT_COMMAND_TOTAL);
			if (!mail_to_utf8(r->program->charset,
				(const unsigned char *)k->str, k->str_len,
				&utf8)) {
				buf_clear(&utf8);
				return false;
			}
			k->needle = mail_needle_new(buf_cstr(&utf8), utf8.len, a);
			buf_clear(&utf8);
			break;
		default:
			break;
		}
	}
	return true;
}

/* A set that must hold for every message found narrows the range asked. */
static void
search_narrow(struct search_run *r)
{
	const struct search_key *k = r->program->keys;

	for (; k != NULL; k = k->next) {
		if ((k->op != SEARCH_SEQ && k->op != SEARCH_UID) || k->not)
			continue;
		if (k->set.n == 0) {
			r->next_uid = r->uid_limit;
			continue;
		}
		if (k->set.ranges[0].lo > r->next_uid)
			r->next_uid = k->set.ranges[0].lo;
		if (k->set.ranges[k->set.n - 1].hi < r->uid_limit - 1)
			r->uid_limit = k->set.ranges[k->set.n - 1].hi + 1;
	}
}

bool
search_run_init(struct search_run *r, struct store_mbox *mbox,
    const roaring_bitmap_t *recent, uint32_t uid_limit,
    struct search_program *program, struct arena *a)
{
	*r = (struct search_run){
		.mbox = mbox,
		.recent = recent,
		.program = program,
		.next_uid = 1,
		.uid_limit = uid_limit,
		.now = time(NULL),
	};
	r->found = roaring_bitmap_create();
	if (!mail_charset_known(program->charset) ||
	    !search_prepare_keys(r, program->keys, a))
		return false;
	search_program_order(program);
	search_narrow(r);
	r->reader = store_reader_new(mbox);
	return true;
}

void
search_run_clear(struct search_run *r)
{
	store_reader_free(&r->reader);
	if (r->found != NULL)
		roaring_bitmap_free(r->found);
	r->found = NULL;
}

/* --- asking ------------------------------------------------------------------- */

/* Reads the record (want 0) or the blob too. False: it cannot be had. */
static bool
search_facts(struct search_message *m, unsigned want)
{
	unsigned need = want == STORE_WANT_BLOB ? 2 : 1;
	enum store_err err;

	if (m->have >= need)
		return true;
	err = store_reader_get(m->run->reader, m->row->uid, want, &m->facts);
	if (err != STORE_OK && m->err == STORE_OK)
		m->err = err;
	if (err == STORE_OK)
		m->have = need;
	return err == STORE_OK;
}

static bool
search_bytes(struct search_message *m)
{
	enum store_err err;

	if (m->bytes != NULL)
		return true;
	if (!search_facts(m, STORE_WANT_BLOB))
		return false;
	err = store_reader_bytes(m->run->reader, &m->facts, &m->bytes);
	if (err != STORE_OK && m->err == STORE_OK)
		m->err = err;
	return err == STORE_OK;
}

static bool
search_header(struct search_message *m)
{
	enum store_err err;

	if (m->header != NULL)
		return true;
	if (!search_facts(m, STORE_WANT_BLOB))
		return false;
	err = store_reader_header(m->run->reader, &m->facts, &m->header);
	if (err != STORE_OK && m->err == STORE_OK)
		m->err = err;
	return err == STORE_OK;
}

static int32_t
search_day(int64_t t, int zone)
{
	int64_t local = t + (int64_t)zone * 60;

	return (int32_t)((local >= 0 ? local : local - (SEARCH_DAY - 1)) /
	    SEARCH_DAY);
}

static bool
search_compare_day(enum search_op op, enum search_op before, int32_t day,
    int32_t want)
{
	if (op == before)
		return day < want;
	return op == before + 1 ? day == want : day >= want;
}

static bool
search_match_date(struct search_message *m, const struct search_key *k)
{
	const struct store_message *f = &m->facts;

	if (!search_facts(m, 0))
		return false;
	switch (k->op) {
	case SEARCH_OLDER:
		return f->internaldate <= m->run->now - (int64_t)k->number;
	case SEARCH_YOUNGER:
		return f->internaldate >= m->run->now - (int64_t)k->number;
	case SEARCH_BEFORE:
	case SEARCH_ON:
	case SEARCH_SINCE:
		return search_compare_day(k->op, SEARCH_BEFORE,
		    search_day(f->internaldate, f->zone), k->day);
	case SEARCH_SAVEDBEFORE:
	case SEARCH_SAVEDON:
	case SEARCH_SAVEDSINCE:
		return search_compare_day(k->op, SEARCH_SAVEDBEFORE,
		    search_day(f->savedate, 0), k->day);
	default:
		return f->sent_day != 0 &&
		    search_compare_day(k->op, SEARCH_SENTBEFORE, f->sent_day,
			k->day);
	}
}

static bool
search_match_text(struct search_message *m, const struct search_key *k)
{
	struct mail_bytes msg;

	m->asked = true;
	if (!search_bytes(m))
		return false;
	msg.data = m->bytes;
	msg.len = m->facts.size;
	return mail_find_text(msg, k->op == SEARCH_TEXT, k->needle);
}

/* Most fields asked for are not in most messages, which is known without
 * reading them. */
static bool
search_match_header(struct search_message *m, const struct search_key *k)
{
	struct mail_bytes msg;

	if (!search_facts(m, STORE_WANT_BLOB) ||
	    (m->facts.header_fields & k->mask) == 0)
		return false;
	m->asked = true;
	if (!search_header(m))
		return false;
	msg.data = m->header;
	msg.len = m->facts.header_len;
	return mail_find_header(msg, k->name, k->needle);
}

static bool search_match(struct search_message *m, const struct search_key *k);

static bool
search_match_list(struct search_message *m, const struct search_key *keys,
    bool all)
{
	for (const struct search_key *k = keys; k != NULL; k = k->next)
		if (search_match(m, k) != all)
			return !all;
	return all;
}

static bool
search_match_op(struct search_message *m, const struct search_key *k)
{
	switch (k->op) {
	case SEARCH_ALL:
	case SEARCH_SAVEDATE:
		return true;
	case SEARCH_AND:
		return search_match_list(m, k->child, true);
	case SEARCH_OR:
		return search_match_list(m, k->child, false);
	case SEARCH_SEQ:
	case SEARCH_UID:
		return imap_seqset_has(&k->set, m->row->uid);
	case SEARCH_FLAG:
		return (store_row_flags(m->row) & k->mask) != 0;
	case SEARCH_RECENT:
		return roaring_bitmap_contains(m->run->recent, m->row->uid);
	case SEARCH_MODSEQ:
		return store_row_modseq(m->row) >= k->number;
	case SEARCH_LARGER:
		return search_facts(m, 0) && m->facts.size > k->number;
	case SEARCH_SMALLER:
		return search_facts(m, 0) && m->facts.size < k->number;
	case SEARCH_EMAILID:
		return search_facts(m, 0) && m->facts.blob_id == k->mask;
	case SEARCH_THREADID:
		return search_facts(m, STORE_WANT_BLOB) &&
		    m->facts.thread_id == k->mask;
	case SEARCH_HEADER:
		return search_match_header(m, k);
	case SEARCH_BODY:
	case SEARCH_TEXT:
		return search_match_text(m, k);
	default:
		return search_match_date(m, k);
	}
}

static bool
search_match(struct search_message *m, const struct search_key *k)
{
	return search_match_op(m, k) != k->not;
}

/* --- slices --------------------------------------------------------------------- */

static int64_t
search_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Gets the next message under way: headers lie a whole message apart in memory,
 * and each would be waited for. */
static struct search_message
search_ahead(struct search_run *r, const struct store_row *row)
{
	struct search_message m = { .run = r, .row = row };
	size_t n;

	if (!search_header(&m))
		return m;
	n = m.facts.header_len < SEARCH_AHEAD ? m.facts.header_len
					      : SEARCH_AHEAD;
	for (size_t at = 0; at < n; at += SEARCH_LINE)
		__builtin_prefetch(m.header + at);
	return m;
}

static enum store_err
search_note(struct search_run *r, const struct search_message *m, bool yes)
{
	if (m->err != STORE_OK)
		return m->err == STORE_GONE ? STORE_OK : m->err;
	if (yes) {
		roaring_bitmap_add(r->found, m->row->uid);
		if (store_row_modseq(m->row) > r->max_modseq)
			r->max_modseq = store_row_modseq(m->row);
	}
	return STORE_OK;
}

enum store_err
search_run_slice(struct search_run *r, unsigned milliseconds, bool *done_r)
{
	int64_t end = search_clock() + milliseconds;
	size_t n, i = store_mbox_lower(r->mbox, r->next_uid);
	const struct store_row *rows = store_mbox_rows(r->mbox, &n);
	struct search_message m = { .run = r }, ahead = { .run = r };
	enum store_err err;
	bool yes;

	*done_r = true;
	for (; i < n && rows[i].uid < r->uid_limit; i++) {
		bool asked = m.asked && i + 1 < n;

		m = ahead.row == &rows[i] ? ahead : (struct search_message){
			.run = r, .row = &rows[i] };
		if (asked)
			ahead = search_ahead(r, &rows[i + 1]);
		yes = search_match_list(&m, r->program->keys, true);
		if ((err = search_note(r, &m, yes)) != STORE_OK)
			return err;
		r->next_uid = rows[i].uid + 1;
		if ((m.asked || i % SEARCH_STRIDE == 0) &&
		    search_clock() >= end) {
			*done_r = false;
			return STORE_OK;
		}
	}
	return STORE_OK;
}
