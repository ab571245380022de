/* SPDX-License-Identifier: ISC
 *
 * The MIME tree of a message (RFC 2045, 2046).  One pass over the bytes: the
 * scanner stands at the start of a line and knows the boundaries that are open,
 * innermost last.  A line that starts with one of them ends every part inside
 * it (RFC 2046 §5.1.2: the boundary need only be the start of the line; of two
 * that fit, the longer one counts).  A header too ends at a boundary.
 *
 * The scanner counts LFs as it goes, so that a part's lines are a difference of
 * two counts and nested parts cost nothing extra.  Recursion is bounded by
 * LIMIT_MIME_DEPTH.  Containers deeper than that, and the last part before
 * LIMIT_MIME_PARTS (which takes the rest of the message), are shown as
 * APPLICATION/OCTET-STREAM.
 */
#include "mail/mail_private.h"

#include <limits.h>
#include <string.h>

#include "common/limits.h"

#define NO_BOUNDARY UINT_MAX

struct mime {
	struct mail_bytes msg;
	struct arena *a;
	bool light;
	unsigned parts;
	struct {
		const char *text;
		size_t len;
	} bound[LIMIT_MIME_DEPTH];
	unsigned char sorted[LIMIT_MIME_DEPTH]; /* indices, by text */
	unsigned bounds;

	size_t at;       /* start of the next line */
	uint32_t lf;     /* LFs before it */

	/* what ended the last body */
	unsigned hit;    /* index of the boundary, or NO_BOUNDARY: the end */
	bool closing;    /* "--" follows the boundary */
	size_t hit_at;   /* start of its line */
	size_t hit_end;  /* the same without the line break before it */
	uint32_t hit_lf; /* LFs before hit_at */
};

/* Of the boundaries sorted[low..high), which agree before byte k and are longer
 * than k: the first whose byte k is c or more. */
static unsigned
mime_narrow(const struct mime *m, unsigned low, unsigned high, size_t k,
    unsigned c)
{
	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if ((unsigned char)m->bound[m->sorted[mid]].text[k] < c)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The boundary that the line at `at` starts with, or NO_BOUNDARY. Follows the
 * line byte by byte through the sorted boundaries, so that many open ones do
 * not make it slower. */
static unsigned
mime_match(const struct mime *m, size_t at)
{
	const unsigned char *line = m->msg.data + at;
	size_t left = m->msg.len - at;
	unsigned best = NO_BOUNDARY, low = 0, high = m->bounds;

	if (left < 2 || line[0] != '-' || line[1] != '-')
		return NO_BOUNDARY;
	for (size_t k = 0; ; k++) {
		unsigned c;

		for (; low < high && m->bound[m->sorted[low]].len == k; low++)
			best = m->sorted[low];
		if (low == high || k == left - 2)
			return best;
		c = line[2 + k];
		low = mime_narrow(m, low, high, k, c);
		high = mime_narrow(m, low, high, k, c + 1);
	}
}

/* Opens a boundary; of equal ones the innermost is the last. */
static unsigned
mime_push(struct mime *m, const char *text)
{
	size_t len = strlen(text);
	unsigned own = m->bounds++, i = own;

	while (len > 0 && text[len - 1] == ' ')
		len--;
	m->bound[own].text = text;
	m->bound[own].len = len;
	for (; i > 0; i--) {
		unsigned other = m->sorted[i - 1];
		size_t n = m->bound[other].len;
		int d = memcmp(m->bound[other].text, text, n < len ? n : len);

		if (d < 0 || (d == 0 && n <= len))
			break;
		m->sorted[i] = m->sorted[i - 1];
	}
	m->sorted[i] = (unsigned char)own;
	return own;
}

/* Closes the innermost boundary, unless all were given up. */
static void
mime_pop(struct mime *m)
{
	unsigned i = 0;

	if (m->bounds == 0)
		return;
	m->bounds--;
	while (m->sorted[i] != m->bounds)
		i++;
	memmove(m->sorted + i, m->sorted + i + 1, m->bounds - i);
}

/* Moves to the start of the next line. */
static void
mime_skip_line(struct mime *m)
{
	const unsigned char *lf = memchr(m->msg.data + m->at, '\n',
	    m->msg.len - m->at);

	if (lf == NULL) {
		m->at = m->msg.len;
		return;
	}
	m->at = (size_t)(lf - m->msg.data) + 1;
	m->lf++;
}

/* Counts LFs in 255-byte runs, a form compilers make vector code of. */
static uint32_t
mime_count_lf(const unsigned char *p, size_t len)
{
	uint32_t total = 0;

	while (len > 0) {
		size_t n = len < 240 ? len : 240;
		unsigned char sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += p[i] == '\n';
		total += sum;
		p += n;
		len -= n;
	}
	return total;
}

/* Moves behind the next boundary line, or to the end, and notes it. */
static void
mime_scan(struct mime *m)
{
	const unsigned char *d = m->msg.data;
	size_t end;

	m->hit = NO_BOUNDARY;
	if (m->bounds == 0) {
		if (!m->light)
			m->lf += mime_count_lf(d + m->at, m->msg.len - m->at);
		m->at = m->msg.len;
	}
	while (m->at < m->msg.len) {
		if (d[m->at] == '-' &&
		    (m->hit = mime_match(m, m->at)) != NO_BOUNDARY)
			break;
		mime_skip_line(m);
	}
	m->hit_at = m->hit_end = m->at;
	m->hit_lf = m->lf;
	m->closing = false;
	if (m->hit == NO_BOUNDARY)
		return;
	end = m->at + 2 + m->bound[m->hit].len;
	m->closing = m->msg.len - end >= 2 && d[end] == '-' &&
	    d[end + 1] == '-';
	if (m->hit_end > 0 && d[m->hit_end - 1] == '\n')
		m->hit_end--;
	if (m->hit_end < m->hit_at && m->hit_end > 0 &&
	    d[m->hit_end - 1] == '\r')
		m->hit_end--;
	mime_skip_line(m);
}

/* Sets where the part ends, after a scan; lf: LFs before its body. An empty
 * body keeps the line break that the boundary would take: it ends the header.
 */
static void
mime_finish(struct mime *m, struct mail_part *part, uint32_t lf)
{
	size_t end = m->hit_end;

	if (end < part->body_at)
		end = part->body_at;
	m->hit_end = end; /* nor do the parts around it end before that */
	part->body_end = end;
	part->lines = m->hit_lf - (end < m->hit_at) - lf;
	if (end > part->body_at && m->msg.data[end - 1] != '\n')
		part->lines++;
}

/* Moves over the header of the part to its body. */
static void
mime_header(struct mime *m, struct mail_part *part)
{
	const unsigned char *d = m->msg.data;

	part->header_at = m->at;
	while (m->at < m->msg.len && mime_match(m, m->at) == NO_BOUNDARY) {
		size_t start = m->at;

		mime_skip_line(m);
		if ((m->at - start == 1 && d[start] == '\n') ||
		    (m->at - start == 2 && d[start] == '\r' &&
		    d[start + 1] == '\n'))
			break;
	}
	part->body_at = m->at;
}

static void
mime_type(struct mail_part *part, const struct mail_field *f, struct arena *a)
{
	struct mail_lex lx = { f->value, f->value + f->value_len };
	char *type, *subtype;

	if (part->type != NULL)
		return;
	part->type = "TEXT"; /* RFC 2045 §5.2, also for what is no type */
	part->subtype = "PLAIN";
	type = mail_lex_token(&lx, true, a);
	mail_lex_cfws(&lx);
	if (type == NULL || lx.at == lx.end || *lx.at != '/')
		return;
	lx.at++;
	subtype = mail_lex_token(&lx, true, a);
	if (subtype == NULL)
		return;
	part->type = type;
	part->subtype = subtype;
	part->params = mail_lex_params(&lx, a);
}

static void
mime_disposition(struct mail_part *part, const struct mail_field *f,
    struct arena *a)
{
	struct mail_lex lx = { f->value, f->value + f->value_len };

	if (part->disposition != NULL)
		return;
	part->disposition = mail_lex_token(&lx, false, a);
	if (part->disposition != NULL)
		part->disposition_params = mail_lex_params(&lx, a);
}

/* Content-Language: tags with commas between (RFC 3282). */
static void
mime_languages(struct mail_part *part, const struct mail_field *f,
    struct arena *a)
{
	struct mail_lex lx = { f->value, f->value + f->value_len };
	const char *tags[32];
	size_t n = 0;

	if (part->languages != NULL)
		return;
	while (n < sizeof(tags) / sizeof(*tags)) {
		const char *tag = mail_lex_token(&lx, false, a);

		if (tag != NULL)
			tags[n++] = tag;
		else if (lx.at < lx.end)
			lx.at++;
		else
			break;
	}
	if (n > 0) {
		const char **list = arena_calloc(a, n + 1, sizeof(*list));

		memcpy(list, tags, n * sizeof(*list));
		part->languages = list;
	}
}

static void
mime_text(const char **to, const struct mail_field *f, struct arena *a)
{
	if (*to == NULL)
		*to = mail_unfold(f->value, f->value_len, a);
}

static void
mime_field(struct mime *m, struct mail_part *part, const struct mail_field *f)
{
	if (mail_field_is(f, "content-type"))
		mime_type(part, f, m->a);
	else if (mail_field_is(f, "content-transfer-encoding")) {
		struct mail_lex lx = { f->value, f->value + f->value_len };

		if (part->encoding == NULL)
			part->encoding = mail_lex_token(&lx, true, m->a);
	} else if (m->light)
		return;
	else if (mail_field_is(f, "content-id"))
		mime_text(&part->id, f, m->a);
	else if (mail_field_is(f, "content-description"))
		mime_text(&part->description, f, m->a);
	else if (mail_field_is(f, "content-md5"))
		mime_text(&part->md5, f, m->a);
	else if (mail_field_is(f, "content-location"))
		mime_text(&part->location, f, m->a);
	else if (mail_field_is(f, "content-disposition"))
		mime_disposition(part, f, m->a);
	else if (mail_field_is(f, "content-language"))
		mime_languages(part, f, m->a);
}

/* Reads the fields of the header just found. */
static void
mime_fields(struct mime *m, struct mail_part *part, bool message, bool digest)
{
	struct mail_field_iter it;
	struct mail_field f;

	if (message && !m->light) {
		part->envelope = arena_alloc(m->a, sizeof(*part->envelope));
		part->envelope->sent = INT64_MIN;
	}
	mail_field_first(&it, m->msg, part->header_at, part->body_at);
	while (mail_field_next(&it, &f)) {
		if (f.name_len > 8 && mail_same(f.name, "content-", 8))
			mime_field(m, part, &f);
		else if (part->envelope != NULL)
			mail_envelope_field(part->envelope, &f, m->a);
	}
	if (part->type == NULL) {
		part->type = digest ? "MESSAGE" : "TEXT";
		part->subtype = digest ? "RFC822" : "PLAIN";
	}
	if (part->encoding == NULL)
		part->encoding = "7BIT";
}

static struct mail_part *
mime_new(struct mime *m, struct mail_part *parent)
{
	struct mail_part *part = arena_alloc(m->a, sizeof(*part));

	part->parent = parent;
	m->parts++;
	return part;
}

static void mime_entity(struct mime *m, struct mail_part *part, unsigned depth,
    bool message, bool digest);

/* The parts between the boundaries of a multipart, and what surrounds them. */
static void
mime_multipart(struct mime *m, struct mail_part *part, unsigned depth,
    const char *boundary)
{
	bool digest = strcmp(part->subtype, "DIGEST") == 0;
	struct mail_part **tail = &part->child;
	unsigned own = mime_push(m, boundary);

	mime_scan(m);
	while (m->hit == own && !m->closing) {
		*tail = mime_new(m, part);
		mime_entity(m, *tail, depth + 1, false, digest);
		tail = &(*tail)->next;
	}
	mime_pop(m);
	if (m->hit == own)
		mime_scan(m);
}

/* Reads a part from its header to the boundary or end after its body. */
static void
mime_entity(struct mime *m, struct mail_part *part, unsigned depth,
    bool message, bool digest)
{
	bool multipart, rfc822, opaque;
	const char *boundary = NULL;
	uint32_t lf;

	mime_header(m, part);
	mime_fields(m, part, message, digest);
	lf = m->lf;
	multipart = strcmp(part->type, "MULTIPART") == 0;
	rfc822 = strcmp(part->type, "MESSAGE") == 0 &&
	    strcmp(part->subtype, "RFC822") == 0;
	opaque = (multipart || rfc822) && depth >= LIMIT_MIME_DEPTH;
	if (m->parts >= LIMIT_MIME_PARTS) {
		opaque = multipart || rfc822;
		m->bounds = 0;
	}
	if (multipart)
		boundary = mail_param_get(part->params, "BOUNDARY");
	if (opaque) {
		part->type = "APPLICATION";
		part->subtype = "OCTET-STREAM";
		part->params = NULL;
		mime_scan(m);
	} else if (rfc822) {
		part->child = mime_new(m, part);
		mime_entity(m, part->child, depth + 1, true, false);
	} else if (boundary != NULL && *boundary != '\0')
		mime_multipart(m, part, depth, boundary);
	else
		mime_scan(m);
	mime_finish(m, part, lf);
}

struct mail_part *
mail_mime_parse(struct mail_bytes msg, bool light, struct arena *a)
{
	struct mime m = { .msg = msg, .a = a, .light = light };
	struct mail_part *root = mime_new(&m, NULL);

	if (msg.data == NULL)
		m.msg.data = (const unsigned char *)"";
	mime_entity(&m, root, 1, true, false);
	return root;
}

struct mail_part *
mail_parse(struct mail_bytes msg, struct arena *a)
{
	return mail_mime_parse(msg, false, a);
}
