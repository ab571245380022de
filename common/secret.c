/* SPDX-License-Identifier: ISC */
#include "common/secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xalloc.h"

struct secret *
secret_new(const void *p, size_t n)
{
	struct secret *s = xmalloc(sizeof(*s));

	s->data = sodium_malloc(n + 1);
	if (s->data == NULL)
		log_panic("secret: no locked memory: %zu bytes: %m", n);
	memcpy(s->data, p, n);
	s->data[n] = '\0';
	s->len = n;
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
