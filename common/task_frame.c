/* SPDX-License-Identifier: ISC */
#include "common/task_frame.h"

#include <string.h>

#include "common/log.h"

static uint64_t
frame_load(const unsigned char *p, size_t bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | p[bytes];
	return v;
}

/* --- checking ------------------------------------------------------------- */

/* What is left of a body that is being checked. */
struct frame_cursor {
	const unsigned char *p;
	size_t n;
};

static const unsigned char *
cursor_take(struct frame_cursor *c, size_t n)
{
	const unsigned char *p = c->p;

	if (n > c->n)
		return NULL;
	c->p += n;
	c->n -= n;
	return p;
}

static const char *
cursor_text(struct frame_cursor *c)
{
	const unsigned char *p = cursor_take(c, 2);
	size_t len;

	if (p == NULL)
		return NULL;
	len = (size_t)frame_load(p, 2);
	p = cursor_take(c, len + 1);
	if (p == NULL || memchr(p, '\0', len + 1) != p + len)
		return NULL;
	return (const char *)p;
}

static bool
name_is_good(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && n <= TASK_NAME_MAX && name[n] == '\0';
}

static bool
cursor_pair(struct frame_cursor *c, struct task_pair *pair_r)
{
	const unsigned char *p;

	*pair_r = (struct task_pair){ .name = cursor_text(c) };
	if (pair_r->name == NULL || !name_is_good(pair_r->name) ||
	    (p = cursor_take(c, 1)) == NULL)
		return false;
	pair_r->type = (char)*p;
	switch (pair_r->type) {
	case 's':
		pair_r->text = cursor_text(c);
		return pair_r->text != NULL;
	case 'n':
		p = cursor_take(c, 8);
		if (p != NULL)
			pair_r->number = frame_load(p, 8);
		return p != NULL;
	case 'b':
		p = cursor_take(c, 1);
		if (p != NULL)
			pair_r->number = *p;
		return p != NULL && *p <= 1;
	}
	return false;
}

static bool
pairs_are_good(struct frame_cursor *c)
{
	const unsigned char *n = cursor_take(c, 1);
	struct task_pair pair;

	if (n == NULL || *n > TASK_PAIRS_MAX)
		return false;
	for (unsigned i = 0; i < *n; i++)
		if (!cursor_pair(c, &pair))
			return false;
	return true;
}

static bool
frame_is_good(const struct task_frame *f)
{
	struct frame_cursor c = { f->body, f->len };
	const unsigned char *code;

	switch (f->kind) {
	case TASK_DATA:
		return true;
	case TASK_REQUEST:
	case TASK_ROW:
		return pairs_are_good(&c) && c.n == 0;
	case TASK_PROGRESS:
		return cursor_take(&c, 16) != NULL && cursor_text(&c) != NULL &&
		    c.n == 0;
	case TASK_PROBLEM:
	case TASK_END:
		code = cursor_take(&c, 1);
		return code != NULL &&
		    *code <= (f->kind == TASK_END ? TASK_REFUSED : TASK_ERROR) &&
		    cursor_text(&c) != NULL && c.n == 0;
	}
	return false;
}

/* --- reading -------------------------------------------------------------- */

enum task_found
task_frame_next(const unsigned char *p, size_t n, unsigned from,
    struct task_frame *f_r, size_t *used_r)
{
	size_t len;

	if (n < 4)
		return TASK_FOUND_MORE;
	len = (size_t)frame_load(p, 4);
	if (len < 1 || len > TASK_FRAME_MAX - 4)
		return TASK_FOUND_BAD;
	if (n > 4 && (p[4] > TASK_END || (from >> p[4] & 1) == 0))
		return TASK_FOUND_BAD;
	if (n - 4 < len)
		return TASK_FOUND_MORE;
	*f_r = (struct task_frame){ .kind = (enum task_kind)p[4],
		.body = p + TASK_FRAME_HEAD, .len = len - 1 };
	*used_r = 4 + len;
	return frame_is_good(f_r) ? TASK_FOUND_FRAME : TASK_FOUND_BAD;
}

void
task_frame_progress(const struct task_frame *f, uint64_t *done_r,
    uint64_t *total_r, const char **text_r)
{
	*done_r = frame_load(f->body, 8);
	*total_r = frame_load(f->body + 8, 8);
	*text_r = (const char *)f->body + 18;
}

const char *
task_frame_text(const struct task_frame *f, uint8_t *code_r)
{
	*code_r = f->body[0];
	return (const char *)f->body + 3;
}

bool
task_frame_pair(const struct task_frame *f, size_t *at,
    struct task_pair *pair_r)
{
	struct frame_cursor c;

	if (*at == 0)
		*at = 1;
	c = (struct frame_cursor){ f->body + *at, f->len - *at };
	if (c.n == 0 || !cursor_pair(&c, pair_r))
		return false;
	*at = f->len - c.n;
	return true;
}

/* --- writing -------------------------------------------------------------- */

static void
put_number(struct buf *b, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		buf_putc(b, (unsigned char)(v >> (8 * i)));
}

static void
put_text(struct buf *b, const char *s)
{
	size_t n = strlen(s);

	if (n > TASK_TEXT_MAX) {
		n = TASK_TEXT_MAX;
		while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
	}
	put_number(b, n, 2);
	buf_put(b, s, n);
	buf_putc(b, '\0');
}

static size_t
frame_begin(struct buf *b, enum task_kind kind)
{
	size_t at = b->len;

	put_number(b, 0, 4);
	buf_putc(b, (unsigned char)kind);
	return at;
}

static void
frame_end(struct buf *b, size_t at)
{
	size_t len;

	if (b->overflow)
		return;
	len = b->len - at - 4;
	for (size_t i = 0; i < 4; i++)
		b->data[at + i] = (unsigned char)(len >> (8 * i));
}

void
task_put_data(struct buf *b, const void *p, size_t n)
{
	size_t at = frame_begin(b, TASK_DATA);

	if (n > TASK_FRAME_DATA)
		log_panic("task: a frame of %zu bytes", n);
	if (n > 0)
		buf_put(b, p, n);
	frame_end(b, at);
}

void
task_put_progress(struct buf *b, uint64_t done, uint64_t total,
    const char *text)
{
	size_t at = frame_begin(b, TASK_PROGRESS);

	put_number(b, done, 8);
	put_number(b, total, 8);
	put_text(b, text);
	frame_end(b, at);
}

static void
put_coded(struct buf *b, enum task_kind kind, unsigned code, const char *text)
{
	size_t at = frame_begin(b, kind);

	put_number(b, code, 1);
	put_text(b, text);
	frame_end(b, at);
}

void
task_put_problem(struct buf *b, enum task_severity severity, const char *text)
{
	put_coded(b, TASK_PROBLEM, severity, text);
}

void
task_put_end(struct buf *b, enum task_status status, const char *text)
{
	put_coded(b, TASK_END, status, text);
}

void
task_pairs_begin(struct task_pairs *w, struct buf *b, enum task_kind kind)
{
	*w = (struct task_pairs){ .b = b, .at = frame_begin(b, kind) };
	put_number(b, 0, 1);
}

static void
pairs_name(struct task_pairs *w, const char *name, char type)
{
	if (w->n == TASK_PAIRS_MAX || !name_is_good(name))
		log_panic("task: pair %u: %s", w->n, name);
	w->n++;
	put_text(w->b, name);
	buf_putc(w->b, (unsigned char)type);
}

void
task_pairs_text(struct task_pairs *w, const char *name, const char *value)
{
	pairs_name(w, name, 's');
	put_text(w->b, value);
}

void
task_pairs_number(struct task_pairs *w, const char *name, uint64_t value)
{
	pairs_name(w, name, 'n');
	put_number(w->b, value, 8);
}

void
task_pairs_bool(struct task_pairs *w, const char *name, bool value)
{
	pairs_name(w, name, 'b');
	put_number(w->b, value, 1);
}

void
task_pairs_end(struct task_pairs *w)
{
	if (!w->b->overflow)
		w->b->data[w->at + TASK_FRAME_HEAD] = (unsigned char)w->n;
	frame_end(w->b, w->at);
}
