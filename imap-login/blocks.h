/* SPDX-License-Identifier: ISC
 *
 * How many unauthenticated connections each network has here: a /24 of IPv4, a
 * /64 of IPv6 (addr_block()).  Blocks without connections take no memory, so
 * the table is as small as the number of connections.
 */
#ifndef IMAP_LOGIN_BLOCKS_H
#define IMAP_LOGIN_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

struct blocks;

/* most: connections a block may have; 0: any number. */
struct blocks *blocks_new(unsigned most);
void blocks_free(struct blocks **b);
/* One more connection of this block; false (and nothing counted) when it has
 * all it may. Block 0 is never counted. */
bool blocks_enter(struct blocks *b, uint64_t block);
/* Undoes one blocks_enter() that returned true. */
void blocks_leave(struct blocks *b, uint64_t block);

#endif
