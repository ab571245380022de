/* SPDX-License-Identifier: ISC
 *
 * Items of an import. The first byte says who sends. What is taken must lie
 * within the bytes, be of a kind that side may send, and written again be the
 * same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/import_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_item i;
	size_t at = 0, was = 0;
	struct buf b;
	unsigned from;
	bool bad;

	if (size == 0)
		return 0;
	from = data[0] & 1 ? IMPORT_FROM_WORKER : IMPORT_FROM_CTL;
	data++;
	size--;
	buf_init(&b, TASK_FRAME_DATA);
	while (import_item_next(data, size, &at, from, &i, &bad)) {
		if (at > size || i.text + i.len != data + at ||
		    (from >> i.kind & 1) == 0)
			abort();
		for (size_t k = 0; i.kind == IMPORT_WANT && k < i.len / 4; k++)
			(void)import_item_wanted(&i, k);
		buf_reset(&b);
		import_item_put(&b, &i);
		if (!b.overflow && (b.len != at - was ||
		    memcmp(b.data, data + was, b.len) != 0))
			abort();
		was = at;
	}
	if (!bad && at != size)
		abort();
	buf_clear(&b);
	return 0;
}
