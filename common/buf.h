/* SPDX-License-Identifier: ISC
 *
 * A growing byte buffer that states its maximum at init.  Nothing is allocated
 * until the first byte arrives.  A put that would pass the maximum stores
 * nothing, sets `overflow` and returns false; everything after it is refused
 * too until buf_reset(), so that a caller may check once at the end.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	unsigned char *data; /* own; NULL while nothing was stored */
	size_t len;
	size_t cap;
	size_t max;
	bool overflow;
};

/* max: the most bytes this buffer may ever hold. */
void buf_init(struct buf *b, size_t max);
/* Frees the memory; the buffer may be used again. */
void buf_clear(struct buf *b);
/* Forgets the content, keeps the memory. */
void buf_reset(struct buf *b);
/* Like buf_reset(), but wipes what was there (explicit_bzero). */
void buf_wipe(struct buf *b);
bool buf_put(struct buf *b, const void *p, size_t n);
bool buf_putc(struct buf *b, unsigned char c);
bool buf_puts(struct buf *b, const char *s);
bool buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool buf_vprintf(struct buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
/* Decimal digits of v; the fast path of number-rich replies. */
bool buf_put_u64(struct buf *b, uint64_t v);
/* Room for n more bytes at the end, or NULL past the maximum; the caller
 * writes there and then adds to b->len. */
unsigned char *buf_reserve(struct buf *b, size_t n);
/* Drops the first n bytes. */
void buf_consume(struct buf *b, size_t n);
/* NUL-terminates (the NUL is not counted in len) and returns the bytes;
 * "" when empty. Valid until the next call on b. */
const char *buf_cstr(struct buf *b);

#endif
