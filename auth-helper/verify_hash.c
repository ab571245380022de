/* SPDX-License-Identifier: ISC */
#include "auth-helper/verify_hash.h"

#include <crypt.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"

enum verify_hash_how { HOW_ARGON2, HOW_CRYPT, HOW_PLAIN, HOW_PREFIX };

static const struct verify_hash_scheme {
	const char *name;
	enum verify_hash_how how;
} verify_hash_schemes[] = {
	{ "ARGON2I", HOW_ARGON2 },
	{ "ARGON2ID", HOW_ARGON2 },
	{ "BLF-CRYPT", HOW_CRYPT },
	{ "CLEAR", HOW_PLAIN },
	{ "CLEARTEXT", HOW_PLAIN },
	{ "CRYPT", HOW_PREFIX },
	{ "PLAIN", HOW_PLAIN },
	{ "SHA256-CRYPT", HOW_CRYPT },
	{ "SHA512-CRYPT", HOW_CRYPT },
	{ "YESCRYPT", HOW_CRYPT },
};

/* Methods of crypt(3) that are taken; MD5 ($1$) only because old files have
 * it. */
static const char *const verify_hash_methods[] = {
	"$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$7$", "$gy$", "$y$",
};

/* Own, sodium_malloc: crypt(3) works on copies of the password in there. */
static struct crypt_data *verify_hash_work;

void
verify_hash_init(void)
{
	verify_hash_work = sodium_malloc(sizeof(*verify_hash_work));
	if (verify_hash_work == NULL)
		log_panic("verify-hash: no locked memory: %m");
	memset(verify_hash_work, 0, sizeof(*verify_hash_work));
}

static enum verify_hash_result
verify_hash_argon2(const char *verifier, const char *password,
    const char **why_r)
{
	if (strncmp(verifier, "$argon2", 7) != 0 ||
	    strlen(verifier) >= crypto_pwhash_STRBYTES) {
		*why_r = "not an argon2 string";
		return VERIFY_HASH_UNUSABLE;
	}
	return crypto_pwhash_str_verify(verifier, password,
	    strlen(password)) == 0 ? VERIFY_HASH_FITS : VERIFY_HASH_DIFFERS;
}

/* Equal strings, in a time that does not tell where they differ. */
static bool
verify_hash_equal(const char *a, const char *b)
{
	unsigned char x[crypto_generichash_BYTES], y[crypto_generichash_BYTES];
	bool equal;

	crypto_generichash(x, sizeof(x), (const unsigned char *)a, strlen(a),
	    NULL, 0);
	crypto_generichash(y, sizeof(y), (const unsigned char *)b, strlen(b),
	    NULL, 0);
	equal = sodium_memcmp(x, y, sizeof(x)) == 0;
	sodium_memzero(x, sizeof(x));
	sodium_memzero(y, sizeof(y));
	return equal;
}

static enum verify_hash_result
verify_hash_crypt(const char *verifier, const char *password,
    const char **why_r)
{
	const size_t n = sizeof(verify_hash_methods) /
	    sizeof(verify_hash_methods[0]);
	const char *result;
	bool fits;
	size_t i;

	for (i = 0; i < n; i++)
		if (strncmp(verifier, verify_hash_methods[i],
		    strlen(verify_hash_methods[i])) == 0)
			break;
	if (i == n) {
		*why_r = "not a crypt method taken here";
		return VERIFY_HASH_UNUSABLE;
	}
	result = crypt_rn(password, verifier, verify_hash_work,
	    sizeof(*verify_hash_work));
	fits = result != NULL && strlen(verifier) == strlen(result) &&
	    verify_hash_equal(verifier, result);
	sodium_memzero(verify_hash_work, sizeof(*verify_hash_work));
	return fits ? VERIFY_HASH_FITS : VERIFY_HASH_DIFFERS;
}

/* Takes "{SCHEME}" off. False: not one of the table. */
static bool
verify_hash_scheme(const char **verifier, enum verify_hash_how *how_r)
{
	const size_t n = sizeof(verify_hash_schemes) /
	    sizeof(verify_hash_schemes[0]);
	const char *name = *verifier + 1, *end;
	size_t len;

	*how_r = HOW_PREFIX;
	if (**verifier != '{')
		return true;
	end = strchr(name, '}');
	if (end == NULL)
		return false;
	len = (size_t)(end - name);
	for (size_t i = 0; i < n; i++)
		if (strlen(verify_hash_schemes[i].name) == len &&
		    strncasecmp(verify_hash_schemes[i].name, name, len) == 0) {
			*how_r = verify_hash_schemes[i].how;
			*verifier = end + 1;
			return true;
		}
	return false;
}

enum verify_hash_result
verify_hash(const char *verifier, const char *password, const char **why_r)
{
	enum verify_hash_how how;

	*why_r = "";
	if (!verify_hash_scheme(&verifier, &how)) {
		*why_r = "password scheme not known";
		return VERIFY_HASH_UNUSABLE;
	}
	if (verifier[0] == '\0' || password[0] == '\0') {
		*why_r = "empty";
		return VERIFY_HASH_UNUSABLE;
	}
	if (how == HOW_PREFIX)
		how = strncmp(verifier, "$argon2", 7) == 0 ? HOW_ARGON2 :
		    HOW_CRYPT;
	switch (how) {
	case HOW_ARGON2:
		return verify_hash_argon2(verifier, password, why_r);
	case HOW_PLAIN:
		return verify_hash_equal(verifier, password) ?
		    VERIFY_HASH_FITS : VERIFY_HASH_DIFFERS;
	default:
		return verify_hash_crypt(verifier, password, why_r);
	}
}
