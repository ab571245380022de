/* SPDX-License-Identifier: ISC
 *
 * Special-use attributes (RFC 6154, RFC 8457) and their bits in the store.
 */
#ifndef CMD_SPECIAL_USE_H
#define CMD_SPECIAL_USE_H

#include <stdint.h>

struct buf;

/* The STORE_USE_* bit of "\Sent" etc., without case; 0 if it is none. */
uint8_t special_use_bit(const char *name);
/* Appends the attributes, each after a space unless the buffer ends with "(". */
void special_use_put(struct buf *out, uint8_t use);

#endif
