/* SPDX-License-Identifier: ISC
 *
 * date-time of RFC 5322 §3.3 with the obsolete forms of §4.3: comments
 * anywhere, two and three digit years, zone names, no day name, no seconds, no
 * zone.
 */
#include "mail/mail_private.h"

#include <string.h>

static const char *const date_months[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct",
	"nov", "dec",
};

static const struct {
	const char *name;
	int16_t minutes;
} date_zones[] = {
	{ "ut", 0 }, { "gmt", 0 }, { "utc", 0 }, { "z", 0 },
	{ "est", -5 * 60 }, { "edt", -4 * 60 }, { "cst", -6 * 60 },
	{ "cdt", -5 * 60 }, { "mst", -7 * 60 }, { "mdt", -6 * 60 },
	{ "pst", -8 * 60 }, { "pdt", -7 * 60 }, { "bst", 60 },
	{ "cet", 60 }, { "met", 60 }, { "cest", 2 * 60 }, { "mest", 2 * 60 },
	{ "eet", 2 * 60 }, { "eest", 3 * 60 }, { "msk", 3 * 60 },
	{ "jst", 9 * 60 }, { "hst", -10 * 60 },
};

/* A run of digits; the value stops growing at 99999. -1 when there is none. */
static int
date_number(struct mail_lex *lx, int *digits_r)
{
	const char *from;
	int v = 0;

	mail_lex_cfws(lx);
	for (from = lx->at; lx->at < lx->end && *lx->at >= '0' &&
	    *lx->at <= '9'; lx->at++) {
		v = v * 10 + (*lx->at - '0');
		if (v > 99999)
			v = 99999;
	}
	*digits_r = lx->at - from > 9 ? 9 : (int)(lx->at - from);
	return lx->at == from ? -1 : v;
}

/* A run of letters; its length, and the first `size` of them lower case. */
static size_t
date_letters(struct mail_lex *lx, char *out, size_t size)
{
	size_t n = 0;

	mail_lex_cfws(lx);
	for (; lx->at < lx->end; lx->at++, n++) {
		unsigned char c = mail_lower((unsigned char)*lx->at);

		if (c < 'a' || c > 'z')
			break;
		if (n < size - 1)
			out[n] = (char)c;
	}
	out[n < size ? n : size - 1] = '\0';
	return n;
}

static bool
date_byte(struct mail_lex *lx, char c)
{
	mail_lex_cfws(lx);
	if (lx->at == lx->end || *lx->at != c)
		return false;
	lx->at++;
	return true;
}

/* The month, 1 to 12, by the first three letters of its name; 0 for none. */
static int
date_month(struct mail_lex *lx)
{
	char name[4];

	if (date_letters(lx, name, sizeof(name)) < 3)
		return 0;
	for (int i = 0; i < 12; i++) {
		if (strcmp(name, date_months[i]) == 0)
			return i + 1;
	}
	return 0;
}

static int
date_year(struct mail_lex *lx)
{
	int digits, year = date_number(lx, &digits);

	if (year < 0)
		return 0;
	if (digits <= 2)
		year += year < 50 ? 2000 : 1900;
	else if (digits == 3)
		year += 1900;
	return year < 1 ? 1 : year > 9999 ? 9999 : year;
}

/* hh:mm[:ss] to seconds of the day, or -1. */
static int
date_time(struct mail_lex *lx)
{
	int digits, hour, minute, second = 0;

	hour = date_number(lx, &digits);
	if (hour < 0 || hour > 23 || !date_byte(lx, ':'))
		return -1;
	minute = date_number(lx, &digits);
	if (minute < 0 || minute > 59)
		return -1;
	if (date_byte(lx, ':')) {
		second = date_number(lx, &digits);
		if (second < 0 || second > 60)
			return -1;
	}
	return hour * 3600 + minute * 60 + second;
}

/* Minutes east; names nobody knows count as UTC (RFC 5322 §4.3). */
static int16_t
date_zone(struct mail_lex *lx)
{
	char name[8];
	int digits, v, sign;

	mail_lex_cfws(lx);
	if (lx->at < lx->end && (*lx->at == '+' || *lx->at == '-')) {
		sign = *lx->at++ == '-' ? -1 : 1;
		v = date_number(lx, &digits);
		if (v < 0 || digits != 4 || v % 100 > 59)
			return 0;
		return (int16_t)(sign * (v / 100 * 60 + v % 100));
	}
	date_letters(lx, name, sizeof(name));
	for (size_t i = 0; i < sizeof(date_zones) / sizeof(*date_zones); i++) {
		if (strcmp(name, date_zones[i].name) == 0)
			return date_zones[i].minutes;
	}
	return 0;
}

/* Days from 1 January 1970 in the Gregorian calendar, counting years from
 * March so that the leap day ends them. */
static int64_t
date_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 +
	    day - 1 - 719468;
}

static int
date_month_days(int year, int month)
{
	if (month == 2)
		return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ?
		    29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

bool
mail_parse_date(const char *in, size_t len, int64_t *utc_r, int16_t *zone_r)
{
	struct mail_lex lx = { in, in + len };
	int digits, day, month, year, seconds;
	char weekday[4];
	int16_t zone;

	if (date_letters(&lx, weekday, sizeof(weekday)) > 0) {
		date_byte(&lx, '.');
		date_byte(&lx, ',');
	}
	day = date_number(&lx, &digits);
	date_byte(&lx, '-');
	month = date_month(&lx);
	date_byte(&lx, '-');
	if (day < 1 || month == 0)
		return false;
	year = date_year(&lx);
	if (year == 0 || day > date_month_days(year, month))
		return false;
	seconds = date_time(&lx);
	if (seconds < 0)
		return false;
	zone = date_zone(&lx);
	*utc_r = date_days(year, month, day) * 86400 + seconds -
	    (int64_t)zone * 60;
	*zone_r = zone;
	return true;
}
