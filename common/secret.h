/* SPDX-License-Identifier: ISC
 *
 * Bytes nobody else may see: kept in locked, guarded memory (sodium_malloc),
 * wiped when freed, never in an arena, a log, a trace or a core.
 */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include <stddef.h>

struct secret {
	unsigned char *data; /* own; sodium_malloc; always a NUL after len */
	size_t len;
};

/* Copies n bytes in; the caller wipes its own copy. */
struct secret *secret_new(const void *p, size_t n);
/* n zero bytes, to be filled by the caller, who may lower len afterwards. */
struct secret *secret_new_empty(size_t n);
/* Wipes and frees, sets *s to NULL; accepts NULL. */
void secret_free(struct secret **s);

#endif
