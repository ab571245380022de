/* SPDX-License-Identifier: ISC
 *
 * A stored message of any bytes: what is refused and what is accepted writes
 * nothing but its own bytes; and what is packed unpacks to the same.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/coding.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

/* The first bytes say how long the header and the message are. */
int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	static struct store_coder c;
	const unsigned char *bytes;
	struct store_coded m = { .coding = STORE_CODING_ZSTD };
	unsigned char *out;

	if (len < 4 || len > 65536)
		return 0;
	m.head = data[0];
	m.len = data[1] | (uint32_t)data[2] << 8;
	m.coding = data[3] % (STORE_CODING_END + 1);
	data += 4;
	m.stored = (uint32_t)(len -= 4);
	if (store_coding_check(&m, 65535)) {
		assert(m.len <= 65535 && m.head <= m.stored);
		out = malloc(m.len);
		(void)store_coding_unpack(&c, &m, data, out);
		free(out);
	}
	if (store_coding_pack(&c, data, (uint32_t)len, m.head, 1, &m, &bytes)) {
		assert(store_coding_check(&m, (uint32_t)len));
		assert(m.len == len && m.stored <= len - len / 10);
		out = malloc(len);
		assert(store_coding_unpack(&c, &m, bytes, out));
		assert(memcmp(out, data, len) == 0);
		free(out);
	}
	return 0;
}
