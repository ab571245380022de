/* SPDX-License-Identifier: ISC
 *
 * Memory with one lifetime: everything taken from an arena is given back
 * together by arena_reset() or arena_clear().  A command's arena is reset
 * after its tagged reply.  Nothing in an arena is freed singly, nothing
 * outside points into it past the reset, no secret is kept in it.
 */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *head; /* own */
};

void arena_init(struct arena *a);
/* Zeroed, aligned for any type; never NULL. */
void *arena_alloc(struct arena *a, size_t size);
/* n * size with overflow check. */
void *arena_calloc(struct arena *a, size_t n, size_t size);
void *arena_memdup(struct arena *a, const void *p, size_t n);
/* Copies n bytes and adds a NUL. */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Gives everything back but one small block, which is used again. */
void arena_reset(struct arena *a);
/* Gives everything back. */
void arena_clear(struct arena *a);

#endif
