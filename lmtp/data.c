/* SPDX-License-Identifier: ISC */
#include "lmtp/data.h"

#include <string.h>

/* One byte in TEXT, CR, or START (when it is no dot). */
static enum data_state
data_byte(enum data_state state, unsigned char byte, unsigned char **out)
{
	if (byte == '\n' && state != DATA_CR)
		*(*out)++ = '\r';
	*(*out)++ = byte;
	if (byte == '\r')
		return DATA_CR;
	return byte == '\n' && state == DATA_CR ? DATA_START : DATA_TEXT;
}

/* The bytes before the next CR or LF, at once. */
static size_t
data_run(const unsigned char *in, size_t len, unsigned char **out)
{
	const unsigned char *lf = memchr(in, '\n', len);
	size_t n = lf == NULL ? len : (size_t)(lf - in);
	const unsigned char *cr = memchr(in, '\r', n);

	if (cr != NULL)
		n = (size_t)(cr - in);
	memcpy(*out, in, n);
	*out += n;
	return n;
}

size_t
data_feed(enum data_state *state, const unsigned char *in, size_t len,
    unsigned char *out, size_t *out_len_r)
{
	unsigned char *to = out;
	size_t at = 0;

	while (at < len && *state != DATA_DONE) {
		if (*state == DATA_TEXT) {
			at += data_run(in + at, len - at, &to);
			if (at < len)
				*state = data_byte(DATA_TEXT, in[at++], &to);
		} else if (*state == DATA_START && in[at] == '.') {
			*state = DATA_DOT;
			at++;
		} else if (*state == DATA_DOT && in[at] == '\r') {
			*state = DATA_DOT_CR;
			at++;
		} else if (*state == DATA_DOT_CR && in[at] == '\n') {
			*state = DATA_DONE;
			at++;
		} else if (*state == DATA_DOT_CR) {
			*state = data_byte(DATA_TEXT, '\r', &to);
		} else {
			*state = data_byte(*state, in[at++], &to);
		}
	}
	*out_len_r = (size_t)(to - out);
	return at;
}
