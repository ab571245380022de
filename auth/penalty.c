/* SPDX-License-Identifier: ISC */
#include "auth/penalty.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

#define PENALTY_SETS 2048 /* a power of two */
#define PENALTY_WAYS 4
#define PENALTY_STEPS 16
#define PENALTY_BLOCK 9 /* family, then the block's bytes */

struct penalty_slot {
	unsigned char block[PENALTY_BLOCK];
	uint8_t steps;          /* refusals not yet forgiven; 0: free */
	uint64_t last;          /* when steps was brought up to date */
};

struct penalty {
	unsigned base;
	unsigned char key[crypto_shorthash_KEYBYTES];
	struct penalty_slot slots[PENALTY_SETS][PENALTY_WAYS];
};

struct penalty *
penalty_new(unsigned base_ms)
{
	struct penalty *p = xmalloc(sizeof(*p));

	p->base = base_ms;
	crypto_shorthash_keygen(p->key);
	return p;
}

void
penalty_free(struct penalty **p)
{
	free(*p);
	*p = NULL;
}

/* An IPv4 address as itself, also where it came mapped into IPv6. */
static int
penalty_parse(const char *addr, struct in_addr *v4_r, struct in6_addr *v6_r)
{
	if (inet_pton(AF_INET, addr, v4_r) == 1)
		return AF_INET;
	if (inet_pton(AF_INET6, addr, v6_r) != 1)
		return AF_UNSPEC;
	if (!IN6_IS_ADDR_V4MAPPED(v6_r))
		return AF_INET6;
	memcpy(v4_r, v6_r->s6_addr + 12, sizeof(*v4_r));
	return AF_INET;
}

bool
penalty_is_loopback(const char *addr)
{
	struct in_addr v4;
	struct in6_addr v6;

	switch (penalty_parse(addr, &v4, &v6)) {
	case AF_INET:
		return ntohl(v4.s_addr) >> 24 == 127;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&v6);
	default:
		return false;
	}
}

static void
penalty_block(const char *addr, unsigned char block_r[PENALTY_BLOCK])
{
	struct in_addr v4;
	struct in6_addr v6;

	memset(block_r, 0, PENALTY_BLOCK);
	switch (penalty_parse(addr, &v4, &v6)) {
	case AF_INET:
		block_r[0] = 4;
		memcpy(block_r + 1, &v4, 4);
		break;
	case AF_INET6:
		block_r[0] = 6;
		memcpy(block_r + 1, v6.s6_addr, 8);
		break;
	}
}

/* Forgives what is due since the last look. */
static void
penalty_decay(struct penalty_slot *s, uint64_t now_ms)
{
	uint64_t due = (now_ms - s->last) / PENALTY_STEP_MS;

	if (due >= s->steps)
		s->steps = 0;
	else {
		s->steps -= (uint8_t)due;
		s->last += due * PENALTY_STEP_MS;
	}
}

static struct penalty_slot *
penalty_find(struct penalty *p, const unsigned char block[PENALTY_BLOCK],
    uint64_t now_ms)
{
	unsigned char hash[crypto_shorthash_BYTES];
	struct penalty_slot *set, *least;
	uint32_t i;

	crypto_shorthash(hash, block, PENALTY_BLOCK, p->key);
	memcpy(&i, hash, sizeof(i));
	set = least = p->slots[i & (PENALTY_SETS - 1)];
	for (unsigned w = 0; w < PENALTY_WAYS; w++) {
		penalty_decay(&set[w], now_ms);
		if (set[w].steps > 0 &&
		    memcmp(set[w].block, block, PENALTY_BLOCK) == 0)
			return &set[w];
		if (set[w].steps < least->steps)
			least = &set[w];
	}
	memcpy(least->block, block, PENALTY_BLOCK);
	least->steps = 0;
	return least;
}

unsigned
penalty_refused(struct penalty *p, const char *addr, uint64_t now_ms)
{
	unsigned char block[PENALTY_BLOCK];
	struct penalty_slot *s;
	uint64_t delay = p->base;

	if (penalty_is_loopback(addr))
		return p->base;
	penalty_block(addr, block);
	s = penalty_find(p, block, now_ms);
	delay <<= s->steps;
	if (s->steps < PENALTY_STEPS)
		s->steps++;
	s->last = now_ms;
	if (delay > PENALTY_MAX_MS)
		delay = p->base > PENALTY_MAX_MS ? p->base : PENALTY_MAX_MS;
	return (unsigned)delay;
}
