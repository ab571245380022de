/* SPDX-License-Identifier: ISC
 *
 * Sets of UIDs as they are kept in the index: for each range, ascending, two
 * varints (LEB128): the distance of its first UID from the last one of the range
 * before, from 0 at first, and its length - 1.
 */
#ifndef STORE_RANGES_H
#define STORE_RANGES_H

#include <roaring/roaring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

#define STORE_RANGE_MAX 10 /* bytes of one range */

/* Writes one range to p, which has room for STORE_RANGE_MAX bytes. *last_io: the
 * last UID of the range before, or 0. Returns the bytes written. */
size_t store_ranges_put(unsigned char *p, uint32_t *last_io, uint32_t first,
    uint32_t last);

/* Calls fn for each range of len bytes; false: they are not valid, fn may have
 * been called for those before. */
bool store_ranges_decode(const unsigned char *p, size_t len,
    void (*fn)(void *ctx, uint32_t first, uint32_t last), void *ctx);

/* For store_ranges_decode(): adds the range to ctx, a roaring_bitmap_t. */
void store_ranges_add(void *ctx, uint32_t first, uint32_t last);

/* Calls fn for each run of the set, until it fails; returns what it returned. */
enum store_err store_ranges_each(const roaring_bitmap_t *set,
    enum store_err (*fn)(void *ctx, uint32_t first, uint32_t last), void *ctx);

#endif
