/* SPDX-License-Identifier: ISC
 *
 * Heap memory that never fails: out of memory ends the process (the master
 * replaces it).  Sizes that come from outside are bounded before these are
 * called.  Memory is zeroed.  Free with free(3).
 */
#ifndef COMMON_XALLOC_H
#define COMMON_XALLOC_H

#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
/* Grows or shrinks; new bytes are not zeroed. n * size is overflow-checked. */
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
void *xmemdup(const void *p, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
