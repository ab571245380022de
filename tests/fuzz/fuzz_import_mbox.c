/* SPDX-License-Identifier: ISC
 *
 * An mbox. Whole and in pieces the same messages come of it, no longer than it is,
 * with keywords that are some.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	uint64_t hash, bytes, messages;
};

static void
sum_bytes(void *ctx, const unsigned char *p, size_t n)
{
	struct sum *s = ctx;

	s->bytes += n;
	while (n-- > 0)
		s->hash = (s->hash ^ *p++) * UINT64_C(1099511628211);
}

static void
sum_message(void *ctx, const struct import_mbox_message *m)
{
	struct sum *s = ctx;
	size_t i = 0;

	for (; m->keywords[i] != NULL; i++)
		if (!import_keyword_good(m->keywords[i]))
			abort();
	if (i > IMPORT_MBOX_KEYWORDS || m->zone <= -1440 || m->zone >= 1440 ||
	    m->uid > IMPORT_UID_MAX || m->uidnext > IMPORT_UID_MAX)
		abort();
	s->messages++;
	s->hash = (s->hash ^ m->flags ^ m->uid) * UINT64_C(1099511628211);
}

static struct sum
read_mbox(const uint8_t *data, size_t size, size_t piece)
{
	struct sum s = { 0 };
	const struct import_mbox_events events = { sum_bytes, sum_message, &s };
	struct import_mbox x;

	import_mbox_init(&x, &events);
	for (size_t at = 0; at < size; at += piece)
		import_mbox_feed(&x, data + at,
		    size - at < piece ? size - at : piece);
	import_mbox_end(&x);
	import_mbox_clear(&x);
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sum a = read_mbox(data, size, size + 1);
	struct sum b = read_mbox(data, size, 3);

	if (a.hash != b.hash || a.bytes != b.bytes ||
	    a.messages != b.messages || a.bytes > size)
		abort();
	return 0;
}
