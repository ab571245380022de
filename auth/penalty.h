/* SPDX-License-Identifier: ISC
 *
 * How long a refusal is held back. At least the configured failure delay; it
 * doubles with every further refusal to the same address block (IPv4 /32, IPv6
 * /64) up to 15 seconds, and falls by one step for every 30 quiet seconds.
 * Loopback addresses never grow: a webmail or proxy there speaks for many.
 *
 * Only refusals wait, never a success, so that a block's bad neighbour does not
 * lock anybody out. The table is bounded: in a full set the block with the
 * fewest steps is forgotten.
 */
#ifndef AUTH_PENALTY_H
#define AUTH_PENALTY_H

#include <stdbool.h>
#include <stdint.h>

#define PENALTY_MAX_MS 15000
#define PENALTY_STEP_MS 30000

struct penalty;

/* base_ms: the least delay. */
struct penalty *penalty_new(unsigned base_ms);
void penalty_free(struct penalty **p);
/* Counts a refusal to this address and answers its delay, in milliseconds. */
unsigned penalty_refused(struct penalty *p, const char *addr, uint64_t now_ms);
/* The address is this machine ("" and names of no address are not). */
bool penalty_is_loopback(const char *addr);

#endif
