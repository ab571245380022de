/* SPDX-License-Identifier: ISC
 *
 * Successful logins, remembered for a while so that a client with ten
 * connections costs one slow hash. What is kept is a keyed BLAKE2b of user NUL
 * verifier NUL password, the key being made at start and kept in locked
 * memory: the table holds nothing a password could be guessed from without it.
 * The verifier is part of it, so a changed password is never served from here;
 * PAM has no verifier, and there an old password is good until the time is up.
 * Failures are never kept.
 *
 * 8-way sets of fixed size: no allocation after start, the oldest goes first.
 */
#ifndef AUTH_CACHE_H
#define AUTH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_KEY_SIZE 32

struct cache;

/* entries: rounded up to a power of two, at least 8. */
struct cache *cache_new(size_t entries, unsigned seconds);
void cache_free(struct cache **c);
/* The name under which this login is kept. */
void cache_key(const struct cache *c, const char *user, const char *verifier,
    const void *password, size_t len, unsigned char key_r[CACHE_KEY_SIZE]);
/* This login succeeded less than `seconds` ago. */
bool cache_has(const struct cache *c,
    const unsigned char key[CACHE_KEY_SIZE], uint64_t now_ms);
void cache_add(struct cache *c, const unsigned char key[CACHE_KEY_SIZE],
    uint64_t now_ms);

#endif
