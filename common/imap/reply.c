/* SPDX-License-Identifier: ISC */
#include "common/imap/reply.h"

#include <string.h>
#include <strings.h>

#include "common/imap/names.h"
#include "common/imap/parse.h"

#define QUOTED_MAX 1000

const char imap_months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static bool
reply_can_quote(const char *s, size_t len, bool eight_bit)
{
	unsigned char c;

	if (len > QUOTED_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		c = (unsigned char)s[i];
		if (c == '\0' || c == '\r' || c == '\n' ||
		    (c >= 0x80 && !eight_bit))
			return false;
	}
	return true;
}

static void
reply_put_quoted(struct buf *out, const char *s, size_t len)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, (unsigned char)s[i]);
	}
	buf_putc(out, '"');
}

void
imap_put_string(struct buf *out, const char *s, size_t len)
{
	if (reply_can_quote(s, len, false)) {
		reply_put_quoted(out, s, len);
		return;
	}
	buf_putc(out, '{');
	buf_put_u64(out, len);
	buf_puts(out, "}\r\n");
	buf_put(out, s, len);
}

void
imap_put_nstring(struct buf *out, const char *s, size_t len)
{
	if (s == NULL)
		buf_puts(out, "NIL");
	else
		imap_put_string(out, s, len);
}

void
imap_put_astring(struct buf *out, const char *s, size_t len)
{
	bool atom = len > 0 && len <= QUOTED_MAX &&
	    !(len == 3 && strncasecmp(s, "NIL", 3) == 0);

	for (size_t i = 0; atom && i < len; i++)
		atom = imap_parse_is_astring_char((unsigned char)s[i]);
	if (atom)
		buf_put(out, s, len);
	else
		imap_put_string(out, s, len);
}

void
imap_put_mailbox(struct buf *out, const char *name, bool utf8)
{
	size_t len = strlen(name);
	struct buf wire;

	if (utf8) {
		if (!reply_can_quote(name, len, false) &&
		    reply_can_quote(name, len, true))
			reply_put_quoted(out, name, len);
		else
			imap_put_astring(out, name, len);
		return;
	}
	/* At worst each byte is a run of its own: "&AAA-". */
	buf_init(&wire, len * 6 + 1);
	if (imap_mutf7_encode(name, len, &wire))
		imap_put_astring(out, buf_cstr(&wire), wire.len);
	else
		imap_put_string(out, name, len);
	buf_clear(&wire);
}

int32_t
imap_days_from_civil(int year, unsigned month, unsigned day)
{
	/* Years that begin in March have the odd day at their end, and
	 * (153 m + 2) / 5 days before their month m. */
	int64_t y = (int64_t)year - (month <= 2);
	int64_t m = month > 2 ? month - 3 : month + 9;
	int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;

	return (int32_t)(era * 146097 + of_era * 365 + of_era / 4 -
	    of_era / 100 + (153 * m + 2) / 5 + day - 1 - 719468);
}

void
imap_civil_from_days(int32_t days, int *year_r, unsigned *month_r,
    unsigned *day_r)
{
	int64_t z = (int64_t)days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t d = z - era * 146097;
	int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	int64_t m;

	d -= y * 365 + y / 4 - y / 100;
	m = (5 * d + 2) / 153;
	*day_r = (unsigned)(d - (153 * m + 2) / 5 + 1);
	*month_r = (unsigned)(m < 10 ? m + 3 : m - 9);
	*year_r = (int)(y + era * 400 + (*month_r <= 2));
}

void
imap_put_date_time(struct buf *out, int64_t t, int16_t zone)
{
	const int64_t first = (int64_t)imap_days_from_civil(0, 1, 1) * 86400;
	const int64_t last =
	    (int64_t)imap_days_from_civil(10000, 1, 1) * 86400 - 1;
	unsigned month, day, east;
	int64_t days, second;
	int year;

	/* A year that four digits cannot say becomes about the nearest. */
	if (t < first - 60 * (int64_t)INT16_MIN)
		t = first - 60 * (int64_t)INT16_MIN;
	if (t > last - 60 * (int64_t)INT16_MAX)
		t = last - 60 * (int64_t)INT16_MAX;
	t += (int64_t)zone * 60;
	days = (t >= 0 ? t : t - 86399) / 86400;
	second = t - days * 86400;
	imap_civil_from_days((int32_t)days, &year, &month, &day);
	east = (unsigned)(zone < 0 ? -(int)zone : zone);
	buf_printf(out, "\"%02u-%s-%04d %02d:%02d:%02d %c%02u%02u\"", day,
	    imap_months[month - 1], year, (int)(second / 3600),
	    (int)(second / 60 % 60), (int)(second % 60), zone < 0 ? '-' : '+',
	    east / 60 % 100, east % 60);
}
