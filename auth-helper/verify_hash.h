/* SPDX-License-Identifier: ISC
 *
 * Does this password fit this verifier? Verifiers are those of the passwd-file:
 *
 *   {ARGON2ID}$argon2id$..  {ARGON2I}..         libsodium
 *   {CRYPT} {BLF-CRYPT} {SHA256-CRYPT}           crypt(3), its own prefix says
 *   {SHA512-CRYPT} {YESCRYPT}                    which method: $2y$ $5$ $6$ $y$
 *   $..$                                         either, by its prefix
 *   {PLAIN} {CLEAR} {CLEARTEXT}                  the password itself
 *
 * Scheme names in any case. Traditional DES, whatever crypt() knows beyond the
 * table in verify_hash.c, and empty verifiers or passwords fit nothing.
 */
#ifndef AUTH_HELPER_VERIFY_HASH_H
#define AUTH_HELPER_VERIFY_HASH_H

enum verify_hash_result {
	VERIFY_HASH_FITS,
	VERIFY_HASH_DIFFERS,
	VERIFY_HASH_UNUSABLE, /* the verifier is none; *why_r says more */
};

/* Takes locked memory for crypt(3); once, before the first verify_hash(). */
void verify_hash_init(void);
/* Both NUL-terminated. May take seconds. why_r: static text. */
enum verify_hash_result verify_hash(const char *verifier, const char *password,
    const char **why_r);

#endif
