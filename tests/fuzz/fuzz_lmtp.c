/* SPDX-License-Identifier: ISC
 *
 * LMTP's pure parts: each line through the command parser; the whole input as
 * a message, whose result must not depend on how it is cut.
 */
#include <stdlib.h>
#include <string.h>

#include "lmtp/command.h"
#include "lmtp/data.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
fuzz_commands(const char *text, size_t len)
{
	struct command c;

	while (len > 0) {
		const char *lf = memchr(text, '\n', len);
		size_t n = lf == NULL ? len : (size_t)(lf - text);

		if (command_parse(text, n, &c) == NULL &&
		    strlen(c.path) >= sizeof(c.path))
			abort();
		n += lf != NULL;
		text += n;
		len -= n;
	}
}

/* Returns how much was eaten. */
static size_t
fuzz_data(const unsigned char *in, size_t len, size_t chunk,
    unsigned char *out, size_t *out_len_r)
{
	enum data_state state = DATA_START;
	size_t at = 0;

	*out_len_r = 0;
	while (at < len && state != DATA_DONE) {
		size_t n = len - at < chunk ? len - at : chunk, got;

		at += data_feed(&state, in + at, n, out + *out_len_r, &got);
		*out_len_r += got;
	}
	return at;
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	/* each call may use DATA_ROOM() of its piece */
	unsigned char *whole = malloc(DATA_ROOM(len));
	unsigned char *pieces = malloc(DATA_ROOM(len) + 2 * len + 2);
	size_t n_whole, n_pieces, used;

	if (whole == NULL || pieces == NULL)
		abort();
	fuzz_commands((const char *)data, len);
	used = fuzz_data(data, len, len + 1, whole, &n_whole);
	if (used != fuzz_data(data, len, 1, pieces, &n_pieces) ||
	    n_whole != n_pieces || memcmp(whole, pieces, n_whole) != 0)
		abort();
	free(whole);
	free(pieces);
	return 0;
}
