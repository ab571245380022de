/* SPDX-License-Identifier: ISC */
#include "common/imap/names.h"

#include <stdint.h>
#include <string.h>

#include "common/limits.h"

static const char names_base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* Takes one character off the front of s; false when it is not UTF-8. */
static bool
utf8_get(const unsigned char **s, const unsigned char *end, uint32_t *cp_r)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *at = *s;
	uint32_t cp = *at++;
	unsigned more;

	if (cp < 0x80) {
		more = 0;
	} else if ((cp & 0xe0) == 0xc0) {
		more = 1;
		cp &= 0x1f;
	} else if ((cp & 0xf0) == 0xe0) {
		more = 2;
		cp &= 0x0f;
	} else if ((cp & 0xf8) == 0xf0) {
		more = 3;
		cp &= 0x07;
	} else {
		return false;
	}
	if ((size_t)(end - at) < more)
		return false;
	for (unsigned i = 0; i < more; i++, at++) {
		if ((*at & 0xc0) != 0x80)
			return false;
		cp = cp << 6 | (*at & 0x3f);
	}
	if (cp < least[more] || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return false;
	*s = at;
	*cp_r = cp;
	return true;
}

static bool
utf8_put(struct buf *out, uint32_t cp)
{
	unsigned char c[4];
	size_t n;

	if (cp < 0x80) {
		c[0] = (unsigned char)cp;
		n = 1;
	} else if (cp < 0x800) {
		c[0] = (unsigned char)(0xc0 | cp >> 6);
		n = 2;
	} else if (cp < 0x10000) {
		c[0] = (unsigned char)(0xe0 | cp >> 12);
		n = 3;
	} else {
		c[0] = (unsigned char)(0xf0 | cp >> 18);
		n = 4;
	}
	for (size_t i = n; i > 1; i--, cp >>= 6)
		c[i - 1] = (unsigned char)(0x80 | (cp & 0x3f));
	return buf_put(out, c, n);
}

enum imap_utf8
imap_utf8_check(const char *s, size_t len)
{
	const unsigned char *at = (const unsigned char *)s, *end = at + len;
	enum imap_utf8 result = IMAP_UTF8_OK;
	uint32_t cp;

	while (at < end) {
		if (!utf8_get(&at, end, &cp))
			return IMAP_UTF8_BAD;
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			result = IMAP_UTF8_CONTROL;
	}
	return result;
}

/* One UTF-16 unit of a base64 run; *high is the first half of a pair, or 0. */
static bool
mutf7_unit(uint32_t unit, uint32_t *high, struct buf *out)
{
	if (*high != 0) {
		if (unit < 0xdc00 || unit > 0xdfff)
			return false;
		unit = 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00);
		*high = 0;
		return utf8_put(out, unit);
	}
	if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
		return true;
	}
	if ((unit >= 0xdc00 && unit <= 0xdfff) || (unit >= 0x20 && unit < 0x7f))
		return false;
	return utf8_put(out, unit);
}

/* A base64 run, from after its "&" to after its "-". */
static bool
mutf7_run(const char **s, const char *end, struct buf *out)
{
	uint32_t bits = 0, high = 0;
	unsigned n_bits = 0;
	const char *digit;

	for (; *s < end && **s != '-'; (*s)++) {
		digit = memchr(names_base64, **s, 64);
		if (digit == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(digit - names_base64);
		n_bits += 6;
		if (n_bits < 16)
			continue;
		n_bits -= 16;
		if (!mutf7_unit(bits >> n_bits & 0xffff, &high, out))
			return false;
		bits &= (1u << n_bits) - 1;
	}
	if (*s == end || n_bits >= 6 || bits != 0 || high != 0)
		return false;
	(*s)++;
	return true;
}

bool
imap_mutf7_decode(const char *in, size_t len, struct buf *out)
{
	const char *at = in, *end = in + len;
	bool after_run = false;
	unsigned char c;

	while (at < end) {
		c = (unsigned char)*at++;
		if (c < 0x20 || c > 0x7e)
			return false;
		if (c == '&' && at < end && *at == '-') {
			at++;
			after_run = false;
		} else if (c == '&') {
			if (after_run || !mutf7_run(&at, end, out))
				return false;
			after_run = true;
			continue;
		}
		if (!buf_putc(out, c))
			return false;
		after_run = false;
	}
	return true;
}

struct mutf7_writer {
	struct buf *out;
	uint32_t bits;
	unsigned n_bits;
	bool open; /* in a base64 run */
};

static void
mutf7_put_unit(struct mutf7_writer *w, uint32_t unit)
{
	if (!w->open)
		buf_putc(w->out, '&');
	w->open = true;
	w->bits = w->bits << 16 | unit;
	w->n_bits += 16;
	while (w->n_bits >= 6) {
		w->n_bits -= 6;
		buf_putc(w->out, (unsigned char)
		    names_base64[w->bits >> w->n_bits & 0x3f]);
	}
	w->bits &= (1u << w->n_bits) - 1;
}

static void
mutf7_close(struct mutf7_writer *w)
{
	if (!w->open)
		return;
	if (w->n_bits > 0)
		buf_putc(w->out, (unsigned char)
		    names_base64[w->bits << (6 - w->n_bits) & 0x3f]);
	buf_putc(w->out, '-');
	*w = (struct mutf7_writer){ .out = w->out };
}

bool
imap_mutf7_encode(const char *in, size_t len, struct buf *out)
{
	const unsigned char *at = (const unsigned char *)in, *end = at + len;
	struct mutf7_writer w = { .out = out };
	uint32_t cp;

	while (at < end) {
		if (!utf8_get(&at, end, &cp))
			return false;
		if (cp >= 0x20 && cp < 0x7f) {
			mutf7_close(&w);
			buf_putc(out, (unsigned char)cp);
			if (cp == '&')
				buf_putc(out, '-');
		} else if (cp >= 0x10000) {
			cp -= 0x10000;
			mutf7_put_unit(&w, 0xd800 + (cp >> 10));
			mutf7_put_unit(&w, 0xdc00 + (cp & 0x3ff));
		} else {
			mutf7_put_unit(&w, cp);
		}
	}
	mutf7_close(&w);
	return !out->overflow;
}

const char *
imap_mailbox_name_check(const char *name)
{
	size_t len = strlen(name), level;

	if (len == 0)
		return "Mailbox name is empty";
	if (len > LIMIT_MAILBOX_NAME)
		return "Mailbox name is too long";
	switch (imap_utf8_check(name, len)) {
	case IMAP_UTF8_BAD:
		return "Mailbox name is not UTF-8";
	case IMAP_UTF8_CONTROL:
		return "Mailbox name has control characters";
	case IMAP_UTF8_OK:
		break;
	}
	if (name[0] == '/' || name[len - 1] == '/')
		return "Mailbox name begins or ends with the separator";
	for (;; name += level + 1) {
		level = strcspn(name, "/");
		if (level == 0)
			return "Mailbox name has an empty level";
		if ((level == 1 && name[0] == '.') ||
		    (level == 2 && name[0] == '.' && name[1] == '.'))
			return "Mailbox name has a level \".\" or \"..\"";
		if (name[level] == '\0')
			return NULL;
	}
}

/*
 * Matching keeps, for each place in the pattern, whether the part of the name
 * read so far can have led there.  live[q]: the pattern's first q bytes match.
 */
struct match {
	const char *pattern;
	size_t len;
	bool live[IMAP_PATTERN_MAX + 1];
};

/* A wildcard also matches nothing. */
static void
match_pass_wildcards(struct match *m)
{
	for (size_t q = 0; q < m->len; q++)
		if (m->live[q] &&
		    (m->pattern[q] == '*' || m->pattern[q] == '%'))
			m->live[q + 1] = true;
}

static bool
match_byte_same(char pattern, char name, bool fold)
{
	if (fold && pattern >= 'a' && pattern <= 'z')
		pattern = (char)(pattern - 'a' + 'A');
	return pattern == name;
}

/* The name's next byte is c. */
static void
match_step(struct match *m, char c, bool fold)
{
	bool stays;

	for (size_t q = m->len + 1; q-- > 0; ) {
		stays = m->live[q] && q < m->len && (m->pattern[q] == '*' ||
		    (m->pattern[q] == '%' && c != '/'));
		m->live[q] = stays || (q > 0 && m->live[q - 1] &&
		    m->pattern[q - 1] != '*' && m->pattern[q - 1] != '%' &&
		    match_byte_same(m->pattern[q - 1], c, fold));
	}
	match_pass_wildcards(m);
}

enum imap_match
imap_match_mailbox(const char *pattern, const char *name)
{
	struct match m;
	bool inbox = strncmp(name, "INBOX", 5) == 0 &&
	    (name[5] == '\0' || name[5] == '/');

	m.pattern = pattern;
	m.len = strlen(pattern);
	if (m.len > IMAP_PATTERN_MAX)
		return IMAP_MATCH_NO;
	memset(m.live, 0, m.len + 1);
	m.live[0] = true;
	match_pass_wildcards(&m);
	for (size_t i = 0; name[i] != '\0'; i++)
		match_step(&m, name[i], inbox && i < 5);
	if (m.live[m.len])
		return IMAP_MATCH_YES;
	match_step(&m, '/', false);
	for (size_t q = 0; q < m.len; q++)
		if (m.live[q])
			return IMAP_MATCH_PARENT;
	return IMAP_MATCH_NO;
}
