/* SPDX-License-Identifier: ISC
 *
 * What the files of salvage share: salvage.c, salvage_file.c.
 */
#ifndef STORE_SALVAGE_H
#define STORE_SALVAGE_H

#include "store/store.h"

struct salvage_map {
	unsigned char *data;
	size_t len;
};

/* A file that is not there or cannot be mapped has no bytes. */
void store_salvage_map(struct salvage_map *m, const char *path);
void store_salvage_unmap(struct salvage_map *m);
/* Holds the lock of the damaged home in *lock_r (-1: it has none); newer
 * formats are not understood. */
enum store_err store_salvage_enter(const char *from, int *lock_r);
/* The folders of the new home; STORE_EXISTS: it is not empty. */
enum store_err store_salvage_prepare(const char *to);

#endif
