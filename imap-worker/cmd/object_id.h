/* SPDX-License-Identifier: ISC
 *
 * The identifiers of RFC 8474: "F" and 32 hex digits for a mailbox, "M" and "T" and
 * 16 for a message and its thread. Never used again within an account.
 */
#ifndef CMD_OBJECT_ID_H
#define CMD_OBJECT_ID_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct store_info;

void object_id_put_mailbox(struct buf *out, const struct store_info *info);
/* prefix: 'M' or 'T'. */
void object_id_put(struct buf *out, char prefix, uint64_t id);
/* False: not one of ours (it matches nothing). */
bool object_id_parse(const char *text, char prefix, uint64_t *id_r);

#endif
