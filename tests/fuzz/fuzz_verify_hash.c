/* SPDX-License-Identifier: ISC
 *
 * A verifier of the passwd-file, and after a newline a password. Those that
 * lead to a slow hash are left out, as a verifier may ask for any cost; what is
 * left fits where it is the password itself in clear, and nowhere else.
 */
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth-helper/verify_hash.h"
#include "common/log.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

/* The password in clear that fits this verifier; NULL: none does. */
static const char *
clear_password(const char *verifier)
{
	static const char *const names[] = { "{PLAIN}", "{CLEAR}",
		"{CLEARTEXT}" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncasecmp(verifier, names[i], strlen(names[i])) == 0)
			return verifier + strlen(names[i]);
	return NULL;
}

static void
check(const char *verifier, const char *password)
{
	const char *clear = clear_password(verifier), *why = NULL;
	enum verify_hash_result want = VERIFY_HASH_UNUSABLE, got;

	if (clear == NULL && strchr(verifier, '$') != NULL)
		return;
	if (clear != NULL && *clear != '\0' && *password != '\0')
		want = strcmp(clear, password) == 0 ? VERIFY_HASH_FITS :
		    VERIFY_HASH_DIFFERS;
	got = verify_hash(verifier, password, &why);
	if (got != want || why == NULL ||
	    (got == VERIFY_HASH_UNUSABLE) != (*why != '\0'))
		abort();
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	static bool started;
	const unsigned char *lf = memchr(data, '\n', len);
	size_t n = lf == NULL ? len : (size_t)(lf - data);
	char *verifier = strndup((const char *)data, n);
	char *password = lf == NULL ? strdup("") :
	    strndup((const char *)lf + 1, len - n - 1);

	if (!started) {
		if (sodium_init() < 0)
			abort();
		log_init("fuzz", LOG_LEVEL_ERROR);
		verify_hash_init();
		started = true;
	}
	if (verifier == NULL || password == NULL)
		abort();
	check(verifier, password);
	/* its own password always fits */
	if (clear_password(verifier) != NULL)
		check(verifier, clear_password(verifier));
	free(verifier);
	free(password);
	return 0;
}
