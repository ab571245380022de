/* SPDX-License-Identifier: ISC */
#include "common/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

#define BUF_FIRST 256

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_clear(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ .max = b->max };
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->overflow = false;
}

void
buf_wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_reset(b);
}

unsigned char *
buf_reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap;

	if (b->overflow || n > b->max || b->len > b->max - n) {
		b->overflow = true;
		return NULL;
	}
	if (n <= cap - b->len && b->data != NULL)
		return b->data + b->len;
	if (cap < BUF_FIRST)
		cap = BUF_FIRST;
	while (cap - b->len <= n) /* one byte over, for buf_cstr() */
		cap *= 2;
	if (cap > b->max)
		cap = b->max + 1;
	b->data = xreallocarray(b->data, cap, 1);
	b->cap = cap;
	return b->data + b->len;
}

bool
buf_put(struct buf *b, const void *p, size_t n)
{
	unsigned char *to;

	if (n == 0)
		return !b->overflow;
	to = buf_reserve(b, n);
	if (to == NULL)
		return false;
	memcpy(to, p, n);
	b->len += n;
	return true;
}

bool
buf_putc(struct buf *b, unsigned char c)
{
	return buf_put(b, &c, 1);
}

bool
buf_puts(struct buf *b, const char *s)
{
	return buf_put(b, s, strlen(s));
}

bool
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	unsigned char *to;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || (to = buf_reserve(b, (size_t)n + 1)) == NULL)
		return false;
	vsnprintf((char *)to, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
	return true;
}

bool
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	ok = buf_vprintf(b, fmt, ap);
	va_end(ap);
	return ok;
}

bool
buf_put_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t i = sizeof(digits);

	do
		digits[--i] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	return buf_put(b, digits + i, sizeof(digits) - i);
}

void
buf_consume(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->len = 0;
		return;
	}
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

const char *
buf_cstr(struct buf *b)
{
	if (b->data == NULL)
		return "";
	if (b->len == b->cap) {
		b->data = xreallocarray(b->data, b->cap + 1, 1);
		b->cap++;
	}
	b->data[b->len] = '\0';
	return (const char *)b->data;
}
