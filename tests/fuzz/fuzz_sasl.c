/* SPDX-License-Identifier: ISC
 *
 * SASL messages of a stranger, decoded: the first byte chooses the mechanism
 * and whether there is an initial response, a newline ends a message. What
 * PLAIN takes out is what RFC 4616 says is in it, and nothing too long is
 * taken.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/sasl.h"
#include "common/log.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static bool
is_ascii(const unsigned char *p, size_t n)
{
	while (n > 0 && *p >= 0x20 && *p < 0x7f)
		p++, n--;
	return n == 0;
}

/* PLAIN: authzid NUL authcid NUL password, of one message of len bytes. */
static void
check_plain(const struct sasl_exchange *x, const unsigned char *in, size_t len)
{
	const unsigned char *a = memchr(in, '\0', len), *b;
	size_t n, m, k;

	if (a == NULL)
		abort();
	n = (size_t)(a - in);
	b = memchr(a + 1, '\0', len - n - 1);
	if (b == NULL)
		abort();
	m = (size_t)(b - a - 1);
	k = len - n - m - 2;
	if (memchr(b + 1, '\0', k) != NULL)
		abort();
	/* what is ASCII, SASLprep (RFC 4013) leaves as it is */
	if (is_ascii(a + 1, m) && (strlen(sasl_user(x)) != m ||
	    memcmp(sasl_user(x), a + 1, m) != 0))
		abort();
	if (is_ascii(b + 1, k) && (strlen(sasl_password(x)) != k ||
	    memcmp(sasl_password(x), b + 1, k) != 0))
		abort();
	if (n > 0 && (strlen(sasl_authzid(x)) != n ||
	    memcmp(sasl_authzid(x), in, n) != 0))
		abort();
}

static void
exchange(struct sasl *s, const struct sasl_mech *mech, bool initial,
    const unsigned char *data, size_t len)
{
	struct sasl_exchange *x = sasl_start(s, mech);
	enum sasl_result result = SASL_CHALLENGE;
	const void *out = NULL;
	size_t out_len = 0;

	if (!initial)
		result = sasl_step(x, NULL, 0, &out, &out_len);
	while (result == SASL_CHALLENGE) {
		const unsigned char *lf = memchr(data, '\n', len);
		size_t n = lf == NULL ? len : (size_t)(lf - data);

		if (out_len > 0 && out == NULL)
			abort();
		result = sasl_step(x, data, n, &out, &out_len);
		if (n > SASL_MESSAGE_MAX && result != SASL_MALFORMED)
			abort();
		if (result == SASL_CREDENTIALS) {
			if (strlen(sasl_user(x)) > SASL_MESSAGE_MAX ||
			    strlen(sasl_password(x)) > 4 * SASL_MESSAGE_MAX)
				abort();
			if (strcmp(mech->name, "PLAIN") == 0)
				check_plain(x, data, n);
		}
		if (lf == NULL)
			break;
		data += n + 1;
		len -= n + 1;
	}
	sasl_exchange_free(&x);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	static struct sasl *s;
	const struct sasl_mech *mech;

	if (s == NULL) {
		log_init("fuzz", LOG_LEVEL_ERROR);
		s = sasl_new();
	}
	if (len == 0)
		return 0;
	mech = sasl_find(data[0] & 1 ? "plain" : "LOGIN");
	if (s == NULL || mech == NULL)
		abort();
	exchange(s, mech, data[0] & 2, data + 1, len - 1);
	return 0;
}
