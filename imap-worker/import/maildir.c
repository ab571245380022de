/* SPDX-License-Identifier: ISC
 *
 * Maildir++: names of messages and of folders, and the small files of Dovecot and
 * Courier that tell of keywords and subscriptions.
 */
#include <string.h>
#include <strings.h>

#include "common/imap/names.h"
#include "common/limits.h"
#include "import/import.h"

/* --- names of messages ---------------------------------------------------------- */

void
import_maildir_name(const unsigned char *p, size_t n,
    struct import_maildir_name *r)
{
	static const struct { char letter; uint8_t flag; } flags[] = {
		{ 'D', IMPORT_DRAFT }, { 'F', IMPORT_FLAGGED },
		{ 'P', 0 }, { 'R', IMPORT_ANSWERED }, { 'S', IMPORT_SEEN },
		{ 'T', IMPORT_DELETED },
	};
	size_t info = n;

	*r = (struct import_maildir_name){ 0 };
	for (size_t i = 0; i + 2 < n; i++)
		if ((p[i] == ':' || p[i] == ';') && p[i + 1] == '2' &&
		    p[i + 2] == ',')
			info = i;
	while (r->key < info && p[r->key] != ',' && p[r->key] != ':')
		r->key++;
	for (size_t i = info + 3; i < n; i++) {
		if (p[i] >= 'a' && p[i] <= 'z')
			r->keywords |= 1u << (p[i] - 'a');
		for (size_t k = 0; k < sizeof(flags) / sizeof(flags[0]); k++)
			if (p[i] == (unsigned char)flags[k].letter)
				r->flags |= flags[k].flag;
	}
}

/* --- names of folders ----------------------------------------------------------- */

/* One level, appended; what it cannot have becomes "_". */
static bool
maildir_level(const unsigned char *p, size_t n, struct buf *out)
{
	size_t start = out->len;
	bool good = imap_mutf7_decode((const char *)p, n, out);

	if (!good) {
		out->len = start;
		out->overflow = false;
		buf_put(out, p, n);
		good = imap_utf8_check((const char *)p, n) == IMAP_UTF8_OK;
	}
	if (out->overflow)
		return false;
	if (good && imap_utf8_check((const char *)out->data + start,
	    out->len - start) != IMAP_UTF8_OK)
		good = false;
	for (size_t i = start; i < out->len; i++) {
		unsigned char c = out->data[i];

		if (c == '/' || (!good && (c < 0x20 || c >= 0x7f))) {
			out->data[i] = '_';
			good = false;
		}
	}
	return good;
}

static bool
maildir_levels(const unsigned char *p, size_t n, char separator,
    struct buf *out)
{
	bool good = true;

	while (n > 0) {
		const unsigned char *end = memchr(p, separator, n);
		size_t len = end == NULL ? n : (size_t)(end - p);

		if (out->len > 0)
			buf_putc(out, '/');
		if (len == 0) {
			buf_putc(out, '_');
			good = false;
		} else if (!maildir_level(p, len, out)) {
			good = false;
		}
		if (end == NULL)
			break;
		p += len + 1;
		n -= len + 1;
		if (n == 0)
			good = false;
	}
	return good;
}

bool
import_maildir_mailbox(const unsigned char *p, size_t n, char separator,
    const char *prefix, struct arena *a, const char **name_r)
{
	struct buf out;
	bool good;
	char *name;

	if (separator == '.' && n > 0 && p[0] == '.') {
		p++;
		n--;
	}
	buf_init(&out, 4 * IMPORT_LINE_MAX);
	buf_puts(&out, prefix);
	good = maildir_levels(p, n, separator, &out);
	name = arena_strdup(a, buf_cstr(&out));
	if (strncasecmp(name, "INBOX", 5) == 0 &&
	    (name[5] == '\0' || name[5] == '/'))
		memcpy(name, "INBOX", 5);
	buf_clear(&out);
	if (imap_mailbox_name_check(name) != NULL) {
		/* too long, or a level "." or "..": a plain one instead */
		name = arena_strdup(a, "Imported");
		good = false;
	}
	*name_r = name;
	return good;
}

/* --- keywords ------------------------------------------------------------------- */

bool
import_keyword_good(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > LIMIT_KEYWORD)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] <= ' ' ||
		    (unsigned char)name[i] >= 0x7f ||
		    strchr("(){%*\"\\]", name[i]) != NULL)
			return false;
	return true;
}

/* The line at *at, without its end; false: no more. */
static bool
maildir_line(const unsigned char *p, size_t n, size_t *at,
    const unsigned char **line_r, size_t *len_r)
{
	const unsigned char *nl;

	if (*at >= n)
		return false;
	*line_r = p + *at;
	nl = memchr(*line_r, '\n', n - *at);
	*len_r = nl == NULL ? n - *at : (size_t)(nl - *line_r);
	*at += *len_r + 1;
	if (*len_r > 0 && (*line_r)[*len_r - 1] == '\r')
		--*len_r;
	return true;
}

void
import_maildir_keywords(const unsigned char *p, size_t n, struct arena *a,
    const char *names[IMPORT_LETTERS])
{
	const unsigned char *line;
	size_t at = 0, len, i;

	for (i = 0; i < IMPORT_LETTERS; i++)
		names[i] = NULL;
	while (maildir_line(p, n, &at, &line, &len)) {
		unsigned letter = 0;
		char *name;

		for (i = 0; i < len && i < 3 && line[i] >= '0' &&
		    line[i] <= '9'; i++)
			letter = letter * 10 + (line[i] - '0');
		if (i == 0 || i >= len || line[i] != ' ' ||
		    letter >= IMPORT_LETTERS || names[letter] != NULL ||
		    len - i - 1 > LIMIT_KEYWORD)
			continue;
		name = arena_strndup(a, (const char *)line + i + 1,
		    len - i - 1);
		if (import_keyword_good(name))
			names[letter] = name;
	}
}

/* --- subscriptions -------------------------------------------------------------- */

/* Version 2 escapes: \001 before "0", "1", "t", "r", "n"; levels end in a tab. */
static size_t
maildir_unescape(char *p, size_t n)
{
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		char c = p[i];

		if (c == '\t') {
			c = '.';
		} else if (c == '\001' && i + 1 < n) {
			c = p[++i];
			c = c == '0' ? '_' : c == '1' ? '\001' :
			    c == 't' ? '\t' : c == 'r' ? '\r' :
			    c == 'n' ? '\n' : c;
		}
		p[out++] = c;
	}
	return out;
}

bool
import_maildir_subscription(const unsigned char *p, size_t n, size_t *at,
    struct arena *a, const char **levels_r, size_t *len_r)
{
	const unsigned char *line;
	bool two = n >= 4 && memcmp(p, "V\t2\n", 4) == 0;
	size_t len;

	if (two && *at == 0)
		*at = 4;
	while (maildir_line(p, n, at, &line, &len)) {
		char *copy;

		if (len == 0 || len > IMPORT_LINE_MAX)
			continue;
		copy = arena_strndup(a, (const char *)line, len);
		if (two) {
			len = maildir_unescape(copy, len);
		} else if (len > 6 && strncmp(copy, "INBOX.", 6) == 0) {
			copy += 6; /* Courier's names begin with it */
			len -= 6;
		}
		*levels_r = copy;
		*len_r = len;
		return true;
	}
	return false;
}
