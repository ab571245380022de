/* SPDX-License-Identifier: ISC
 *
 * Where the message literals of a running APPEND wait until the command is whole:
 * in memory up to LIMIT_APPEND_MEMORY for the command, beyond that in an unnamed
 * file in the user's home.
 */
#ifndef WORKER_APPEND_SPOOL_H
#define WORKER_APPEND_SPOOL_H

#include <stddef.h>

struct append_spool;

/* home: for the unnamed file; borrowed. */
struct append_spool *append_spool_new(const char *home);
/* Sets *sp to NULL; accepts NULL. */
void append_spool_free(struct append_spool **sp);
void append_spool_put(struct append_spool *sp, const void *data, size_t len);
/* The message is complete. */
void append_spool_end(struct append_spool *sp);
/* Number of complete messages. */
size_t append_spool_count(const struct append_spool *sp);
/* Bytes of message i, contiguous, valid until the spool is freed or put to; NULL
 * when they could not be kept (disk full) or read. */
const unsigned char *append_spool_get(struct append_spool *sp, size_t i,
    size_t *len_r);

#endif
