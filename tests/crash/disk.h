/* SPDX-License-Identifier: ISC
 *
 * A disk that loses power.  The process that uses a store records through the
 * hook of store/io.h what it does to its files; another one replays that and
 * makes homes as a crash at some point could have left them:
 *
 *   a block of a file is as it was at the last sync of the file, or as some
 *   write since then left it; blocks are independent of each other
 *   the size of a file is the one at its last sync, or a later one; bytes
 *   within it that were not written out are zero
 *   what was made, renamed or removed in a folder since its last sync happened
 *   up to some point, or not at all; a file has its name only then, synced or
 *   not
 */
#ifndef CRASH_DISK_H
#define CRASH_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"

struct disk;

/* Once, before any fork: memory for what is recorded. */
bool disk_init(size_t bytes);
/* Forgets what was recorded. */
void disk_clear(void);
/* From now on this process records what it does in home. */
void disk_record(const char *home);
/* Among the rest, something of the caller's. */
void disk_note(const void *data, size_t len);
/* How many events there are; false in *whole_r: not all had room. */
size_t disk_events(bool *whole_r);

/* The disk before the first event; home is there as image_write() made it. */
struct disk *disk_new(const struct image *im, const char *home);
void disk_free(struct disk **d);
/* Replays one event; false: there is none. *note_r: the note, or NULL. */
bool disk_step(struct disk *d, const void **note_r);
/* A home as a crash now could leave it, with blocks of `unit` bytes. The choice
 * is made by oracle_dice(). */
void disk_crash(const struct disk *d, unsigned unit, struct image *im_r);

#endif
