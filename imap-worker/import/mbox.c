/* SPDX-License-Identifier: ISC
 *
 * An mbox, cut into messages. A message begins with a line "From " that has a date
 * and stands first or behind an empty line, which belongs to neither message. The
 * fields in which Dovecot, pine and others keep flags and UIDs are read and left
 * out, as Dovecot does; so is Content-Length, which is not believed. A body's
 * ">From " stays as it is: who wrote it cannot be known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/imap/reply.h"
#include "import/import.h"

void
import_mbox_init(struct import_mbox *x, const struct import_mbox_events *e)
{
	*x = (struct import_mbox){ .events = e };
	arena_init(&x->arena);
	buf_init(&x->line, IMPORT_LINE_MAX + 1); /* and a NUL */
}

void
import_mbox_clear(struct import_mbox *x)
{
	arena_clear(&x->arena);
	buf_clear(&x->line);
}

/* --- the "From " line ----------------------------------------------------------- */

static unsigned
mbox_month(const char *word)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (unsigned i = 0; i < 12; i++)
		if (strncmp(months + 3 * i, word, 3) == 0)
			return i + 1;
	return 0;
}

/* "Jan  2 15:04[:05] [TZ] 2006 [+0100]" */
static bool
mbox_date(const char *p, int64_t *date_r, int16_t *zone_r)
{
	unsigned month = mbox_month(p), day, hour, minute, second = 0, year;
	char zone[8] = "", word[8] = "";
	int used = 0, east = 0;

	if (month == 0)
		return false;
	p += 3;
	if (sscanf(p, " %2u %2u:%2u%n", &day, &hour, &minute, &used) != 3)
		return false;
	p += used;
	if (sscanf(p, ":%2u%n", &second, &used) == 1)
		p += used;
	/* "2006", "2006 +0100", or "CET 2006" */
	if (sscanf(p, " %4u %7[-+0-9]", &year, zone) < 1 &&
	    sscanf(p, " %7[A-Z] %4u", word, &year) != 2)
		return false;
	if (year < 1970 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
	    second > 60)
		return false;
	if ((zone[0] == '+' || zone[0] == '-') && strlen(zone) == 5) {
		east = (int)strtol(zone + 1, NULL, 10);
		east = east / 100 * 60 + east % 100;
		if (zone[0] == '-')
			east = -east;
		if (east <= -24 * 60 || east >= 24 * 60)
			east = 0;
	}
	*date_r = (int64_t)imap_days_from_civil((int)year, month, day) * 86400 +
	    hour * 3600 + minute * 60 + second - east * 60;
	*zone_r = (int16_t)east;
	return true;
}

bool
import_mbox_from(const char *line, int64_t *date_r, int16_t *zone_r)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	const char *p = line;

	if (strncmp(p, "From ", 5) != 0)
		return false;
	/* the sender may have spaces in it: look for a day's name */
	for (p += 4; (p = strchr(p, ' ')) != NULL;) {
		p++;
		for (unsigned i = 0; i < 7; i++)
			if (strncmp(p, days + 3 * i, 3) == 0 && p[3] == ' ' &&
			    mbox_date(p + 4 + strspn(p + 4, " "), date_r,
			    zone_r))
				return true;
	}
	return false;
}

/* --- fields --------------------------------------------------------------------- */

static uint32_t
mbox_number(const char **p)
{
	char *end;
	unsigned long long v;

	*p += strspn(*p, " \t");
	if (**p < '0' || **p > '9')
		return 0;
	v = strtoull(*p, &end, 10);
	*p = end;
	return v < IMPORT_UID_MAX ? (uint32_t)v : 0;
}

static void
mbox_keywords(struct import_mbox *x, const char *p)
{
	for (;;) {
		size_t n;
		char *word;

		p += strspn(p, " \t");
		if ((n = strcspn(p, " \t")) == 0)
			return;
		word = arena_strndup(&x->arena, p, n);
		p += n;
		if (x->n_keywords < IMPORT_MBOX_KEYWORDS &&
		    import_keyword_good(word))
			x->m.keywords[x->n_keywords++] = word;
	}
}

static void
mbox_status(struct import_mbox *x, const char *p)
{
	for (; *p != '\0'; p++)
		switch (*p) {
		case 'R': x->m.flags |= IMPORT_SEEN; break;
		case 'O': x->m.recent = false; break;
		case 'A': x->m.flags |= IMPORT_ANSWERED; break;
		case 'F': x->m.flags |= IMPORT_FLAGGED; break;
		case 'D': x->m.flags |= IMPORT_DELETED; break;
		case 'T': x->m.flags |= IMPORT_DRAFT; break;
		}
}

/* Is this field only for the mailbox? Then it is read. */
static bool
mbox_field(struct import_mbox *x, const char *line)
{
	static const struct { const char *name; char what; } fields[] = {
		{ "Status:", 's' }, { "X-Status:", 's' },
		{ "X-Keywords:", 'k' }, { "X-UID:", 'u' },
		{ "X-IMAPbase:", 'b' }, { "X-IMAP:", 'i' },
		{ "Content-Length:", 'c' },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t n = strlen(fields[i].name);
		const char *p = line + n;

		if (strncasecmp(line, fields[i].name, n) != 0)
			continue;
		if (fields[i].what == 's')
			mbox_status(x, p);
		else if (fields[i].what == 'k')
			mbox_keywords(x, p);
		else if (fields[i].what == 'u')
			x->m.uid = mbox_number(&p);
		else if (fields[i].what != 'c') {
			x->m.uidvalidity = mbox_number(&p);
			x->m.uidnext = mbox_number(&p) + 1;
			x->m.internal = fields[i].what == 'i';
		}
		return true;
	}
	return false;
}

/* --- lines ---------------------------------------------------------------------- */

static void
mbox_finish(struct import_mbox *x)
{
	if (!x->begun)
		return;
	x->m.keywords[x->n_keywords] = NULL;
	x->events->message(x->events->ctx, &x->m);
	x->begun = false;
}

/* A header line; without its end in `text`. False: it is left out. */
static bool
mbox_header(struct import_mbox *x, const char *text)
{
	if (*text == '\0') {
		x->header = false;
		return true;
	}
	if (*text != ' ' && *text != '\t')
		x->skip = mbox_field(x, text);
	return !x->skip;
}

static void
mbox_pass_blank(struct import_mbox *x)
{
	if (x->blank)
		x->events->bytes(x->events->ctx,
		    (const unsigned char *)(x->blank_cr ? "\r\n" : "\n"),
		    x->blank_cr ? 2 : 1);
	x->blank = false;
}

static bool
mbox_begins(struct import_mbox *x, const char *text)
{
	int64_t date;
	int16_t zone;

	if (x->mid_line || (x->begun && !x->blank) ||
	    !import_mbox_from(text, &date, &zone))
		return false;
	x->blank = false;
	mbox_finish(x);
	arena_reset(&x->arena);
	x->m = (struct import_mbox_message){ .date = date, .zone = zone,
		.recent = true };
	x->n_keywords = 0;
	x->begun = x->header = true;
	x->skip = false;
	return true;
}

/* What is in x->line; ended: with its "\n". */
static void
mbox_line(struct import_mbox *x, bool ended)
{
	const char *text = buf_cstr(&x->line);
	size_t len = x->line.len, end = len;
	bool pass = true, header = x->header && x->begun;
	unsigned char cut;

	if (ended && end > 0 && text[end - 1] == '\n')
		end--;
	if (ended && end > 0 && text[end - 1] == '\r')
		end--;
	cut = x->line.data[end];
	x->line.data[end] = '\0';
	if (x->not_mbox || mbox_begins(x, text)) {
		pass = false;
	} else if (!x->begun) {
		x->not_mbox = true;
		pass = false;
	} else if (header) {
		pass = x->mid_line ? !x->skip : mbox_header(x, text);
	} else if (!x->mid_line && end == 0 && ended) {
		mbox_pass_blank(x);
		x->blank = true;
		x->blank_cr = len == 2;
		pass = false;
	}
	x->line.data[end] = cut;
	if (pass) {
		mbox_pass_blank(x);
		x->events->bytes(x->events->ctx, x->line.data, len);
	}
	x->mid_line = !ended;
	buf_reset(&x->line);
}

void
import_mbox_feed(struct import_mbox *x, const unsigned char *p, size_t n)
{
	while (n > 0) {
		const unsigned char *nl = memchr(p, '\n', n);
		size_t len = nl == NULL ? n : (size_t)(nl - p) + 1;
		size_t room = IMPORT_LINE_MAX - x->line.len;
		bool ended = nl != NULL && len <= room;

		if (len > room)
			len = room;
		buf_put(&x->line, p, len);
		p += len;
		n -= len;
		if (ended || x->line.len == IMPORT_LINE_MAX)
			mbox_line(x, ended);
	}
}

void
import_mbox_end(struct import_mbox *x)
{
	if (x->line.len > 0)
		mbox_line(x, true);
	/* an empty line at the end of the file is no part of the message */
	x->blank = false;
	mbox_finish(x);
}
