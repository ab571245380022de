/* SPDX-License-Identifier: ISC
 *
 * Expunging the messages marked \Deleted: shared by CLOSE and EXPUNGE.
 */
#ifndef CMD_DELETED_H
#define CMD_DELETED_H

#include <roaring/roaring.h>

#include "store/store.h"

struct view;

/* Expunges the \Deleted messages this client knows of; among: only these UIDs
 * (NULL: all). */
enum store_err deleted_expunge(struct view *v, const roaring_bitmap_t *among);

#endif
