/* SPDX-License-Identifier: ISC */
#include "common/imap/framer.h"

#include <assert.h>
#include <string.h>

enum {
	STATE_LINE,
	STATE_ASK,
	STATE_KEEP,
	STATE_EXTERN,
	STATE_SKIP,         /* a line nobody wants */
	STATE_SKIP_LITERAL, /* a literal nobody wants */
	STATE_REFUSED,      /* report REFUSED without further input */
	STATE_DONE,
	STATE_DEAD
};

/* How much of a literal's announcement the line ends in. */
enum {
	MARK_NONE,
	MARK_OPEN,   /* "{" */
	MARK_DIGITS, /* "{1" */
	MARK_PLUS,   /* "{1+" */
	MARK_CLOSED  /* "{1}" or "{1+}", and perhaps CR */
};

static void
framer_start_line(struct imap_framer *f, int state)
{
	f->state = state;
	f->prev = 0;
	f->mark = MARK_NONE;
}

void
imap_framer_init(struct imap_framer *f, size_t max_line, size_t max_total)
{
	*f = (struct imap_framer){ .max_line = max_line,
	    .max_total = max_total };
	buf_init(&f->text, max_total + 1); /* + a CR, or extern's NUL */
	framer_start_line(f, STATE_LINE);
}

void
imap_framer_clear(struct imap_framer *f)
{
	buf_wipe(&f->text);
	buf_clear(&f->text);
}

void
imap_framer_next(struct imap_framer *f)
{
	buf_wipe(&f->text);
	f->line_bytes = 0;
	f->refused = false;
	f->literal_size = 0;
	f->literal_sync = f->literal_binary = false;
	framer_start_line(f, STATE_LINE);
}

/* Follows the announcement of a literal through byte c of a line. */
static void
framer_mark(struct imap_framer *f, unsigned char c)
{
	if (c == '{') {
		f->mark = MARK_OPEN;
		f->mark_size = 0;
		f->mark_at = f->text.len;
		f->literal_binary = f->prev == '~';
	} else if (c >= '0' && c <= '9' &&
	    (f->mark == MARK_OPEN || f->mark == MARK_DIGITS)) {
		f->mark = MARK_DIGITS;
		if (f->mark_size > INT64_MAX / 10)
			f->mark_size = UINT64_MAX;
		else
			f->mark_size = f->mark_size * 10 + (uint64_t)(c - '0');
	} else if (c == '+' && f->mark == MARK_DIGITS) {
		f->mark = MARK_PLUS;
	} else if (c == '}' &&
	    (f->mark == MARK_DIGITS || f->mark == MARK_PLUS)) {
		f->literal_sync = f->mark == MARK_DIGITS;
		f->mark = MARK_CLOSED;
	} else if (c != '\r' || f->mark != MARK_CLOSED || f->prev == '\r') {
		f->mark = MARK_NONE;
	}
}

/* The LF of a wanted line has come. */
static enum imap_frame
framer_end_line(struct imap_framer *f)
{
	if (f->prev == '\r') {
		f->text.len--;
		f->line_bytes--;
	}
	if (f->mark != MARK_CLOSED) {
		f->state = STATE_DONE;
		return IMAP_FRAME_COMMAND;
	}
	if (f->mark_size > INT64_MAX) {
		f->state = STATE_DEAD;
		return IMAP_FRAME_FATAL;
	}
	/* Rewritten in its plain form, which is never longer. */
	f->text.len = f->mark_at;
	buf_putc(&f->text, '{');
	buf_put_u64(&f->text, f->mark_size);
	buf_putc(&f->text, '}');
	f->literal_size = f->mark_size;
	f->state = STATE_ASK;
	return IMAP_FRAME_LITERAL;
}

/* The LF of an unwanted line has come; MORE while the command goes on. */
static enum imap_frame
framer_end_skip(struct imap_framer *f)
{
	if (f->mark == MARK_CLOSED && f->mark_size > INT64_MAX) {
		f->state = STATE_DEAD;
		return IMAP_FRAME_FATAL;
	}
	if (f->mark == MARK_CLOSED && !f->literal_sync) {
		f->left = f->mark_size;
		f->state = STATE_SKIP_LITERAL;
		return IMAP_FRAME_MORE;
	}
	f->state = STATE_DONE;
	return f->refused ? IMAP_FRAME_REFUSED : IMAP_FRAME_TOO_LONG;
}

/* One byte of a line, wanted or not. */
static enum imap_frame
framer_line_byte(struct imap_framer *f, unsigned char c)
{
	size_t spare = c == '\r'; /* of CRLF, most likely */

	if (c == '\0') {
		f->state = STATE_DEAD;
		return IMAP_FRAME_FATAL;
	}
	if (c == '\n')
		return f->state == STATE_LINE ? framer_end_line(f) :
		    framer_end_skip(f);
	framer_mark(f, c);
	f->prev = c;
	if (f->state == STATE_SKIP)
		return IMAP_FRAME_MORE;
	if (f->line_bytes >= f->max_line + spare ||
	    f->text.len >= f->max_total + spare) {
		f->state = STATE_SKIP;
		return IMAP_FRAME_MORE;
	}
	f->line_bytes++;
	buf_putc(&f->text, c);
	return IMAP_FRAME_MORE;
}

/* Bytes of a literal; all of in[0..len) belong to it. */
static enum imap_frame
framer_literal_bytes(struct imap_framer *f, const unsigned char *in, size_t len)
{
	f->left -= len;
	if (f->state == STATE_KEEP)
		buf_put(&f->text, in, len);
	if (f->state == STATE_EXTERN) {
		f->data = in;
		f->data_len = len;
		return IMAP_FRAME_DATA;
	}
	return IMAP_FRAME_MORE;
}

static enum imap_frame
framer_literal_end(struct imap_framer *f)
{
	int was = f->state;

	framer_start_line(f,
	    was == STATE_SKIP_LITERAL ? STATE_SKIP : STATE_LINE);
	return was == STATE_EXTERN ? IMAP_FRAME_DATA_END : IMAP_FRAME_MORE;
}

enum imap_frame
imap_framer_feed(struct imap_framer *f, const unsigned char *in, size_t len,
    size_t *used_r)
{
	enum imap_frame event = IMAP_FRAME_MORE;
	size_t at = 0, n;

	assert(f->state != STATE_ASK && f->state != STATE_DONE);
	while (event == IMAP_FRAME_MORE) {
		if (f->state == STATE_DEAD) {
			event = IMAP_FRAME_FATAL;
		} else if (f->state == STATE_REFUSED) {
			f->state = STATE_DONE;
			event = IMAP_FRAME_REFUSED;
		} else if (f->state == STATE_LINE || f->state == STATE_SKIP) {
			if (at == len)
				break;
			event = framer_line_byte(f, in[at++]);
		} else if (f->left == 0) {
			event = framer_literal_end(f);
		} else {
			if (at == len)
				break;
			n = len - at < f->left ? len - at : (size_t)f->left;
			event = framer_literal_bytes(f, in + at, n);
			at += n;
		}
	}
	*used_r = at;
	return event;
}

bool
imap_framer_keep(struct imap_framer *f)
{
	size_t room = f->max_total - f->text.len;

	assert(f->state == STATE_ASK);
	if (room < 2 || f->literal_size > room - 2)
		return false;
	buf_puts(&f->text, "\r\n");
	f->left = f->literal_size;
	f->state = STATE_KEEP;
	return true;
}

void
imap_framer_extern(struct imap_framer *f)
{
	assert(f->state == STATE_ASK);
	buf_putc(&f->text, '\0');
	f->left = f->literal_size;
	f->state = STATE_EXTERN;
}

void
imap_framer_refuse(struct imap_framer *f)
{
	assert(f->state == STATE_ASK);
	f->refused = true;
	f->left = f->literal_size;
	f->state = f->literal_sync ? STATE_REFUSED : STATE_SKIP_LITERAL;
}
