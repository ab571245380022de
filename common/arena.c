/* SPDX-License-Identifier: ISC */
#include "common/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xalloc.h"

#define ARENA_BLOCK 2048 /* bytes of the first block; later ones double */
#define ARENA_BLOCK_MAX (256 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

void
arena_init(struct arena *a)
{
	a->head = NULL;
}

static struct arena_block *
arena_grow(struct arena *a, size_t need)
{
	size_t size = ARENA_BLOCK;
	struct arena_block *b;

	if (a->head != NULL && a->head->size < ARENA_BLOCK_MAX)
		size = a->head->size * 2;
	if (size < need)
		size = need;
	b = xreallocarray(NULL, 1, sizeof(*b) + size);
	b->size = size;
	b->used = 0;
	b->next = a->head;
	a->head = b;
	return b;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *b = a->head;
	void *p;

	if (size > SIZE_MAX / 2)
		log_panic("arena: size out of range: %zu", size);
	size = (size + align - 1) & ~(align - 1);
	if (b == NULL || b->size - b->used < size)
		b = arena_grow(a, size);
	p = b->data + b->used;
	b->used += size;
	memset(p, 0, size);
	return p;
}

void *
arena_calloc(struct arena *a, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		log_panic("arena: size out of range: %zu * %zu", n, size);
	return arena_alloc(a, n * size);
}

void *
arena_memdup(struct arena *a, const void *p, size_t n)
{
	void *q = arena_alloc(a, n);

	if (n > 0)
		memcpy(q, p, n);
	return q;
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		log_panic("arena: bad format");
	s = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *b = a->head, *next;

	for (; b != NULL; b = next) {
		next = b->next;
		if (next == NULL && b->size == ARENA_BLOCK) {
			b->used = 0;
			break;
		}
		free(b);
	}
	a->head = b;
}

void
arena_clear(struct arena *a)
{
	arena_reset(a);
	free(a->head);
	a->head = NULL;
}
