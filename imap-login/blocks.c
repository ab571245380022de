/* SPDX-License-Identifier: ISC */
#include "imap-login/blocks.h"

#include <sodium.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/xalloc.h"

#define BLOCKS_BITS 10

struct block {
	struct block *next; /* own */
	uint64_t number;
	unsigned count;
};

struct blocks {
	struct block *bucket[1 << BLOCKS_BITS]; /* own */
	uint64_t seed; /* odd and random: nobody can aim at one bucket */
	unsigned most;
};

struct blocks *
blocks_new(unsigned most)
{
	struct blocks *b = xcalloc(1, sizeof(*b));

	randombytes_buf(&b->seed, sizeof(b->seed));
	b->seed |= 1;
	b->most = most;
	return b;
}

void
blocks_free(struct blocks **b)
{
	if (*b == NULL)
		return;
	for (unsigned i = 0; i < 1u << BLOCKS_BITS; i++) {
		struct block *e;

		while ((e = (*b)->bucket[i]) != NULL) {
			(*b)->bucket[i] = e->next;
			free(e);
		}
	}
	free(*b);
	*b = NULL;
}

/* The link that points to the block, or the empty one at the chain's end. */
static struct block **
blocks_find(struct blocks *b, uint64_t number)
{
	struct block **at = &b->bucket[number * b->seed >> (64 - BLOCKS_BITS)];

	while (*at != NULL && (*at)->number != number)
		at = &(*at)->next;
	return at;
}

bool
blocks_enter(struct blocks *b, uint64_t block)
{
	struct block **at;

	if (block == 0 || b->most == 0)
		return true;
	at = blocks_find(b, block);
	if (*at == NULL) {
		*at = xcalloc(1, sizeof(**at));
		(*at)->number = block;
	}
	if ((*at)->count >= b->most)
		return false;
	(*at)->count++;
	return true;
}

void
blocks_leave(struct blocks *b, uint64_t block)
{
	struct block **at, *gone;

	if (block == 0 || b->most == 0)
		return;
	at = blocks_find(b, block);
	if (*at == NULL)
		log_panic("blocks: leaving a block nobody is in");
	if (--(*at)->count > 0)
		return;
	gone = *at;
	*at = gone->next;
	free(gone);
}
