/* SPDX-License-Identifier: ISC
 *
 * The verifiers, all of the password "secret", were made with crypt(3) of
 * libxcrypt at its least cost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "auth-helper/verify_hash.h"

static const char *const good[] = {
	"$2b$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxc"
	    "Hev5LRn.",
	"{BLF-CRYPT}$2b$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89"
	    "dOydoHjSwxcHev5LRn.",
	"{crypt}$2b$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOyd"
	    "oHjSwxcHev5LRn.",
	"$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB4NZN4$H"
	    "DtJcZhEDN4lYyPsFs6qifx7sabk8w1.1PAkGR8ixD6",
	"{YESCRYPT}$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYH"
	    "MWB4NZN4$HDtJcZhEDN4lYyPsFs6qifx7sabk8w1.1PAkGR8ixD6",
	"{Crypt}$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB"
	    "4NZN4$HDtJcZhEDN4lYyPsFs6qifx7sabk8w1.1PAkGR8ixD6",
	"$6$rounds=1000$k2XAnEHBqQ1Ct2aM$Kusx4StgTAJKgtQ8A1Ud"
	    "4OEtpvLZ/2wzq/Tix/qeeqdrvuTHgR6KFuCyOP4TNp5lvuV.tmBx"
	    "pDTp10bqrWJyv1",
	"{SHA512-CRYPT}$6$rounds=1000$k2XAnEHBqQ1Ct2aM$Kusx4S"
	    "tgTAJKgtQ8A1Ud4OEtpvLZ/2wzq/Tix/qeeqdrvuTHgR6KFuCyOP"
	    "4TNp5lvuV.tmBxpDTp10bqrWJyv1",
	"{SHA256-CRYPT}$5$rounds=1000$k2XAnEHBqQ1Ct2aM$jgOl0V"
	    "/Vic8BJZ4wBDLE5hPwrxO8FWvvQqq4b1wm6k0",
	"{CRYPT}$1$k2XAnEHB$rbDfQq368qWY4bas.D3Ac0",
	"$7$BU..../....k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB"
	    "4NZN4$9xFFQ/ehzI.fiqOb0dOIHQ7OAxLb1VFQEblfTlG8eHA",
	"$gy$j75$k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB4NZN4$"
	    "wQ1Nq/4QB56Jl/pbLpHISikj8f6KCgYZgaHVNv6zTC6",
	"{PLAIN}secret",
	"{clear}secret",
	"{CLEARTEXT}secret",
};

static enum verify_hash_result
verify(const char *verifier, const char *password)
{
	enum verify_hash_result result;
	const char *why = NULL;

	result = verify_hash(verifier, password, &why);
	assert_non_null(why);
	assert_int_equal(why[0] != '\0', result == VERIFY_HASH_UNUSABLE);
	return result;
}

static void
expect_secret(const char *verifier)
{
	static const char *const wrong[] = { "Secret", "secre", "secret ",
		"secrets", "x" };

	if (verify(verifier, "secret") != VERIFY_HASH_FITS)
		fail_msg("does not fit: %s", verifier);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (verify(verifier, wrong[i]) != VERIFY_HASH_DIFFERS)
			fail_msg("%s: %s", wrong[i], verifier);
	assert_int_equal(verify(verifier, ""), VERIFY_HASH_UNUSABLE);
}

static void
test_crypt_and_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		expect_secret(good[i]);
}

static void
test_argon2(void **state)
{
	static const char *const schemes[] = { "", "{ARGON2ID}", "{argon2i}",
		"{CRYPT}" };
	char verifier[crypto_pwhash_STRBYTES + 16];
	char id[crypto_pwhash_STRBYTES], i[crypto_pwhash_STRBYTES];

	(void)state;
	assert_int_equal(crypto_pwhash_str_alg(id, "secret", 6,
	    crypto_pwhash_argon2id_OPSLIMIT_MIN,
	    crypto_pwhash_argon2id_MEMLIMIT_MIN,
	    crypto_pwhash_ALG_ARGON2ID13), 0);
	assert_int_equal(crypto_pwhash_str_alg(i, "secret", 6,
	    crypto_pwhash_argon2i_OPSLIMIT_MIN,
	    crypto_pwhash_argon2i_MEMLIMIT_MIN, crypto_pwhash_ALG_ARGON2I13),
	    0);
	for (size_t n = 0; n < sizeof(schemes) / sizeof(schemes[0]); n++) {
		snprintf(verifier, sizeof(verifier), "%s%s", schemes[n], id);
		expect_secret(verifier);
		snprintf(verifier, sizeof(verifier), "%s%s", schemes[n], i);
		expect_secret(verifier);
	}
	/* each cut short is none, and is not read past its end */
	for (size_t n = strlen(id); n-- > 0;) {
		char *cut = strndup(id, n);

		assert_int_not_equal(verify(cut, "secret"), VERIFY_HASH_FITS);
		free(cut);
	}
}

static void
test_refused(void **state)
{
	static const char *const cases[] = {
		"kl.bVxHBAClgE",
		"{CRYPT}kl.bVxHBAClgE",
		"_J9..k2XAYfyaWNeEMnc",
		"{CRYPT}_J9..k2XAYfyaWNeEMnc",
		"$3$$878d8014606cda29677a44efa1353fc7",
		"$md5,rounds=45105$mA1BpMnB$$kpigs33xa/yO4/1LaCp2b/",
		("$sha1$4$qI1BtUnBX7KMaJ4Nm21ApEnAsQXBW3KCZFqM$yzyO/wb"
		    "bPnhpPyAQYUIoRXU0fZFR"),
		"",
		"secret",
		"*",
		"!",
		"*0",
		"x",
		"{PLAIN}",
		"{CRYPT}",
		"{CRYPT}secret",
		"{CRYPT",
		"{",
		"{}secret",
		"{MD5}5ebe2294ecd0e0f08eab7690d2a6ee69",
		"{SSHA}secret",
		"{PLAINX}secret",
		"{PLAI}secret",
		"{ARGON2ID}secret",
		"{ARGON2ID}$6$x$y",
		"{SHA512-CRYPT}$argon2id$v=19$m=8,t=1,p=1$x$y",
		"$2x$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (verify(cases[i], "secret") != VERIFY_HASH_UNUSABLE)
			fail_msg("taken: %s", cases[i]);
}

/* A setting without a hash, a cut one, one of crypt(3)'s failure strings. */
static void
test_half_a_verifier_fits_nothing(void **state)
{
	static const char *const cases[] = { "$6$", "$6$salt", "$6$salt$",
		"$y$", "$y$j75$", "$2b$04$", "$1$", "$argon2id$",
		"$argon2id$v=19$m=65536,t=1,p=1$", "{ARGON2I}$argon2",
		"$7$", "$2b$99$KBCwKxOzLha2MUDgW0PjXe" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (verify(cases[i], "secret") == VERIFY_HASH_FITS)
			fail_msg("taken: %s", cases[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char *cut = strndup(good[i], strlen(good[i]) - 1);

		assert_int_not_equal(verify(cut, "secret"), VERIFY_HASH_FITS);
		free(cut);
	}
}

/* crypt(3) has a longest phrase; a longer one is not cut to it. */
static void
test_long_passwords(void **state)
{
	char longer[1025];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	memcpy(longer, "secret", 6);
	longer[1024] = '\0';
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(verify(good[i], longer), VERIFY_HASH_DIFFERS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crypt_and_plain),
		cmocka_unit_test(test_argon2),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_half_a_verifier_fits_nothing),
		cmocka_unit_test(test_long_passwords),
	};

	if (sodium_init() < 0)
		return 1;
	verify_hash_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
