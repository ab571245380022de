/* SPDX-License-Identifier: ISC */
#include "auth/tickets.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/log.h"
#include "common/xalloc.h"

#define TICKETS_BUCKETS 4096 /* a power of two */

struct ticket {
	TAILQ_ENTRY(ticket) order; /* in `alive`, oldest first; or in `spare` */
	LIST_ENTRY(ticket) chain;  /* in a bucket */
	unsigned char *bits;       /* borrowed from tickets.bits */
	uint32_t child;
	uint64_t expires;
	struct identity who;
};
TAILQ_HEAD(ticket_list, ticket);
LIST_HEAD(ticket_chain, ticket);

struct tickets {
	struct ticket_list alive, spare;
	size_t n_alive;
	struct ticket *slots; /* own */
	unsigned char *bits;  /* own; sodium_malloc; one ticket a slot */
	unsigned char *key;   /* own; sodium_malloc */
	struct ticket_chain buckets[TICKETS_BUCKETS];
};

struct tickets *
tickets_new(size_t max)
{
	struct tickets *t = xmalloc(sizeof(*t));

	t->slots = xcalloc(max, sizeof(*t->slots));
	t->bits = sodium_allocarray(max, IPC_TICKET_SIZE);
	t->key = sodium_malloc(crypto_shorthash_KEYBYTES);
	if (t->bits == NULL || t->key == NULL)
		log_panic("tickets: no locked memory: %zu tickets: %m", max);
	crypto_shorthash_keygen(t->key);
	TAILQ_INIT(&t->alive);
	TAILQ_INIT(&t->spare);
	for (size_t i = 0; i < TICKETS_BUCKETS; i++)
		LIST_INIT(&t->buckets[i]);
	for (size_t i = 0; i < max; i++) {
		t->slots[i].bits = t->bits + i * IPC_TICKET_SIZE;
		TAILQ_INSERT_TAIL(&t->spare, &t->slots[i], order);
	}
	return t;
}

static void
tickets_drop(struct tickets *t, struct ticket *k)
{
	sodium_memzero(k->bits, IPC_TICKET_SIZE);
	identity_clear(&k->who);
	LIST_REMOVE(k, chain);
	TAILQ_REMOVE(&t->alive, k, order);
	TAILQ_INSERT_HEAD(&t->spare, k, order);
	t->n_alive--;
}

void
tickets_free(struct tickets **t)
{
	if (*t == NULL)
		return;
	while (!TAILQ_EMPTY(&(*t)->alive))
		tickets_drop(*t, TAILQ_FIRST(&(*t)->alive));
	sodium_free((*t)->bits);
	sodium_free((*t)->key);
	free((*t)->slots);
	free(*t);
	*t = NULL;
}

static struct ticket_chain *
tickets_bucket(struct tickets *t, const unsigned char *bits)
{
	unsigned char hash[crypto_shorthash_BYTES];
	uint32_t i;

	crypto_shorthash(hash, bits, IPC_TICKET_SIZE, t->key);
	memcpy(&i, hash, sizeof(i));
	return &t->buckets[i & (TICKETS_BUCKETS - 1)];
}

/* All live equally long, so the oldest is the first to expire. */
static void
tickets_expire(struct tickets *t, uint64_t now_ms)
{
	struct ticket *k;

	while ((k = TAILQ_FIRST(&t->alive)) != NULL && k->expires <= now_ms)
		tickets_drop(t, k);
}

bool
tickets_issue(struct tickets *t, uint32_t child, const struct identity *who,
    uint64_t now_ms, unsigned char ticket_r[IPC_TICKET_SIZE])
{
	struct ticket *k;

	tickets_expire(t, now_ms);
	k = TAILQ_FIRST(&t->spare);
	if (k == NULL)
		return false;
	TAILQ_REMOVE(&t->spare, k, order);
	randombytes_buf(k->bits, IPC_TICKET_SIZE);
	k->child = child;
	k->expires = now_ms + TICKETS_SECONDS * 1000;
	identity_copy(&k->who, who);
	LIST_INSERT_HEAD(tickets_bucket(t, k->bits), k, chain);
	TAILQ_INSERT_TAIL(&t->alive, k, order);
	t->n_alive++;
	memcpy(ticket_r, k->bits, IPC_TICKET_SIZE);
	return true;
}

bool
tickets_redeem(struct tickets *t, uint32_t child, const unsigned char *ticket,
    size_t len, uint64_t now_ms, struct identity *who_r)
{
	struct ticket *k;
	bool good;

	tickets_expire(t, now_ms);
	if (len != IPC_TICKET_SIZE)
		return false;
	LIST_FOREACH(k, tickets_bucket(t, ticket), chain)
		if (sodium_memcmp(k->bits, ticket, IPC_TICKET_SIZE) == 0)
			break;
	if (k == NULL)
		return false;
	good = k->child == child;
	if (good) {
		*who_r = k->who;
		k->who = (struct identity){ 0 };
	} else
		log_warn("tickets: shown by another child: %s: issued to child "
			 "%u, shown by %u", k->who.user, k->child, child);
	tickets_drop(t, k);
	return good;
}

size_t
tickets_count(const struct tickets *t)
{
	return t->n_alive;
}
