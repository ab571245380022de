/* SPDX-License-Identifier: ISC */
#include "common/secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xalloc.h"

struct secret *
secret_new_empty(size_t n)
{
	struct secret *s = xmalloc(sizeof(*s));

	s->data = sodium_malloc(n + 1);
	if (s->data == NULL)
		log_panic("secret: no locked memory: %zu bytes: %m", n);
	memset(s->data, 0, n + 1);
	s->len = n;
	return s;
}

struct secret *
secret_new(const void *p, size_t n)
{
	struct secret *s = secret_new_empty(n);

	if (n > 0)
		memcpy(s->data, p, n);
	return s;
}

void
secret_free(struct secret **s)
{
	if (*s == NULL)
		return;
	sodium_free((*s)->data);
	free(*s);
	*s = NULL;
}
