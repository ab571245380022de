/* SPDX-License-Identifier: ISC */
#include "auth/cache.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xalloc.h"

#define CACHE_WAYS 8

struct cache_entry {
	unsigned char key[CACHE_KEY_SIZE];
	uint64_t expires; /* 0: free */
};

struct cache {
	unsigned char *secret; /* own; sodium_malloc, read-only */
	uint64_t lifetime;     /* milliseconds */
	size_t n_sets;         /* a power of two */
	struct cache_entry (*sets)[CACHE_WAYS]; /* own */
};

struct cache *
cache_new(size_t entries, unsigned seconds)
{
	struct cache *c = xmalloc(sizeof(*c));

	c->n_sets = 1;
	while (c->n_sets * CACHE_WAYS < entries)
		c->n_sets *= 2;
	c->sets = xcalloc(c->n_sets, sizeof(*c->sets));
	c->lifetime = (uint64_t)seconds * 1000;
	c->secret = sodium_malloc(crypto_generichash_KEYBYTES);
	if (c->secret == NULL)
		log_panic("cache: no locked memory: key: %m");
	crypto_generichash_keygen(c->secret);
	sodium_mprotect_readonly(c->secret);
	return c;
}

void
cache_free(struct cache **c)
{
	if (*c == NULL)
		return;
	sodium_free((*c)->secret);
	sodium_memzero((*c)->sets, (*c)->n_sets * sizeof(*(*c)->sets));
	free((*c)->sets);
	free(*c);
	*c = NULL;
}

void
cache_key(const struct cache *c, const char *user, const char *verifier,
    const void *password, size_t len, unsigned char key_r[CACHE_KEY_SIZE])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, c->secret, crypto_generichash_KEYBYTES,
	    CACHE_KEY_SIZE);
	crypto_generichash_update(&state, (const unsigned char *)user,
	    strlen(user) + 1);
	crypto_generichash_update(&state, (const unsigned char *)verifier,
	    strlen(verifier) + 1);
	crypto_generichash_update(&state, password, len);
	crypto_generichash_final(&state, key_r, CACHE_KEY_SIZE);
	sodium_memzero(&state, sizeof(state));
}

/* The key is a keyed hash: its own bits choose the set. */
static struct cache_entry *
cache_set(const struct cache *c, const unsigned char *key)
{
	uint64_t i;

	memcpy(&i, key, sizeof(i));
	return c->sets[i & (c->n_sets - 1)];
}

bool
cache_has(const struct cache *c, const unsigned char key[CACHE_KEY_SIZE],
    uint64_t now_ms)
{
	const struct cache_entry *set = cache_set(c, key);
	bool found = false;

	for (unsigned w = 0; w < CACHE_WAYS; w++)
		if (sodium_memcmp(set[w].key, key, CACHE_KEY_SIZE) == 0 &&
		    set[w].expires > now_ms)
			found = true;
	return found;
}

void
cache_add(struct cache *c, const unsigned char key[CACHE_KEY_SIZE],
    uint64_t now_ms)
{
	struct cache_entry *set = cache_set(c, key), *to = set;

	for (unsigned w = 0; w < CACHE_WAYS; w++) {
		if (memcmp(set[w].key, key, CACHE_KEY_SIZE) == 0) {
			to = &set[w];
			break;
		}
		if (set[w].expires < to->expires)
			to = &set[w];
	}
	memcpy(to->key, key, CACHE_KEY_SIZE);
	to->expires = now_ms + c->lifetime;
}
