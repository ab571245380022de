/* SPDX-License-Identifier: ISC
 *
 * Header fields (RFC 5322 §2.2) as they lie in the message.  A field starts
 * with a name of printable ASCII and a colon (white space before the colon is
 * the obsolete form, RFC 5322 §4.5) and goes on with every line that starts
 * with white space.  Lines may end in LF alone.
 */
#include "mail/mail_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/xalloc.h"

#define FEW_NAMES 8 /* up to here names are compared one by one */

bool
mail_same(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (mail_lower((unsigned char)a[i]) !=
		    mail_lower((unsigned char)b[i]))
			return false;
	}
	return true;
}

bool
mail_field_is(const struct mail_field *f, const char *name)
{
	return strlen(name) == f->name_len &&
	    mail_same(f->name, name, f->name_len);
}

bool
mail_put_fit(struct buf *out, const void *p, size_t n)
{
	const unsigned char *s = p;
	size_t room = out->max - out->len;

	if (out->overflow)
		return false;
	if (n <= room)
		return buf_put(out, p, n);
	for (n = room; n > 0 && (s[n] & 0xc0) == 0x80; n--)
		continue;
	buf_put(out, p, n);
	out->overflow = true;
	return false;
}

static bool
is_lwsp(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

char *
mail_unfold(const char *s, size_t len, struct arena *a)
{
	char *out, *to;

	while (len > 0 && is_lwsp(*s)) {
		s++;
		len--;
	}
	while (len > 0 && is_lwsp(s[len - 1]))
		len--;
	if (len > LIMIT_ENVELOPE_TEXT)
		len = LIMIT_ENVELOPE_TEXT;
	out = to = arena_alloc(a, len + 1);
	for (size_t i = 0; i < len; i++) {
		if (s[i] != '\r' && s[i] != '\n' && s[i] != '\0')
			*to++ = s[i];
	}
	return out;
}

/* Offset after the LF of the line at `at`, or end. */
static size_t
header_line(struct mail_bytes msg, size_t at, size_t end)
{
	const unsigned char *lf = memchr(msg.data + at, '\n', end - at);

	return lf == NULL ? end : (size_t)(lf - msg.data) + 1;
}

/* Is the line from at to next (LF included) empty? */
static bool
header_is_empty(struct mail_bytes msg, size_t at, size_t next)
{
	const unsigned char *p = msg.data + at;

	return (next - at == 1 && p[0] == '\n') ||
	    (next - at == 2 && p[0] == '\r' && p[1] == '\n');
}

void
mail_field_first(struct mail_field_iter *it, struct mail_bytes msg, size_t at,
    size_t end)
{
	if (end > msg.len)
		end = msg.len;
	if (at > end)
		at = end;
	if (end - at > LIMIT_HEADER)
		end = at + LIMIT_HEADER;
	*it = (struct mail_field_iter){ .msg = msg, .at = at, .end = end };
}

/* Fills f_r from the folded lines at..end; false when they are no field. */
static bool
header_split(struct mail_bytes msg, size_t at, size_t end,
    struct mail_field *f_r)
{
	const char *p = (const char *)msg.data + at;
	const char *stop = (const char *)msg.data + end, *name = p;

	while (p < stop && *p > ' ' && *p < 0x7f && *p != ':')
		p++;
	f_r->name = name;
	f_r->name_len = (size_t)(p - name);
	while (p < stop && (*p == ' ' || *p == '\t'))
		p++;
	if (p == stop || *p != ':' || f_r->name_len == 0)
		return false;
	p++;
	if (stop > p && stop[-1] == '\n')
		stop--;
	if (stop > p && stop[-1] == '\r')
		stop--;
	f_r->value = p;
	f_r->value_len = (size_t)(stop - p);
	f_r->at = at;
	f_r->end = end;
	return true;
}

bool
mail_field_next(struct mail_field_iter *it, struct mail_field *f_r)
{
	const unsigned char *data = it->msg.data;

	while (it->at < it->end) {
		size_t start = it->at;
		size_t next = header_line(it->msg, start, it->end);

		if (header_is_empty(it->msg, start, next)) {
			it->at = it->end;
			return false;
		}
		while (next < it->end &&
		    (data[next] == ' ' || data[next] == '\t'))
			next = header_line(it->msg, next, it->end);
		it->at = next;
		if (header_split(it->msg, start, next, f_r))
			return true;
	}
	return false;
}

uint64_t
mail_field_bit(const char *name, size_t len)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)mail_lower((unsigned char)name[i])) *
		    16777619u;
	return UINT64_C(1) << (h >> 26);
}

uint64_t
mail_header_bits(struct mail_bytes msg, size_t at, size_t end)
{
	struct mail_field_iter it;
	struct mail_field f;
	uint64_t bits = 0;

	mail_field_first(&it, msg, at, end);
	while (mail_field_next(&it, &f))
		bits |= mail_field_bit(f.name, f.name_len);
	return bits;
}

/* Where the empty line starts, and in *after_r where it ends; both `end` when
 * there is none. */
static size_t
header_find_empty(struct mail_bytes msg, size_t at, size_t end,
    size_t *after_r)
{
	while (at < end) {
		size_t next = header_line(msg, at, end);

		if (header_is_empty(msg, at, next)) {
			*after_r = next;
			return at;
		}
		at = next;
	}
	*after_r = end;
	return end;
}

size_t
mail_header_end(struct mail_bytes msg, size_t at, size_t end)
{
	size_t after;

	if (end > msg.len)
		end = msg.len;
	if (at >= end)
		return end;
	header_find_empty(msg, at, end, &after);
	return after;
}

/* Compares by length, then by letters without case. */
static int
header_name_cmp(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	for (size_t i = 0; i < a_len; i++) {
		int d = mail_lower((unsigned char)a[i]) -
		    mail_lower((unsigned char)b[i]);

		if (d != 0)
			return d;
	}
	return 0;
}

static int
header_sort_cmp(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;

	return header_name_cmp(x, strlen(x), y, strlen(y));
}

static bool
header_is_chosen(const struct mail_field *f, const char *const *names,
    size_t count, bool sorted)
{
	size_t low = 0;

	for (size_t i = 0; !sorted && i < count; i++) {
		if (mail_field_is(f, names[i]))
			return true;
	}
	while (sorted && low < count) {
		size_t mid = low + (count - low) / 2;
		int d = header_name_cmp(f->name, f->name_len, names[mid],
		    strlen(names[mid]));

		if (d == 0)
			return true;
		if (d > 0)
			low = mid + 1;
		else
			count = mid;
	}
	return false;
}

void
mail_header_fields(struct mail_bytes msg, size_t at, size_t end,
    const char *const *names, bool not, struct buf *out)
{
	const char **sorted = NULL;
	struct mail_field_iter it;
	struct mail_field f;
	size_t count = 0, empty, after;

	while (names[count] != NULL)
		count++;
	if (count > FEW_NAMES) {
		sorted = xreallocarray(NULL, count, sizeof(*sorted));
		memcpy(sorted, names, count * sizeof(*sorted));
		qsort(sorted, count, sizeof(*sorted), header_sort_cmp);
	}
	mail_field_first(&it, msg, at, end);
	while (mail_field_next(&it, &f)) {
		if (header_is_chosen(&f, sorted != NULL ? sorted : names,
		    count, sorted != NULL) != not)
			buf_put(out, msg.data + f.at, f.end - f.at);
	}
	free(sorted);
	if (end > msg.len)
		end = msg.len;
	if (at >= end)
		return;
	empty = header_find_empty(msg, at, end, &after);
	buf_put(out, msg.data + empty, after - empty);
}
