/* SPDX-License-Identifier: ISC
 *
 * What a session still has to send: bytes, and places in files that go out by
 * sendfile(2). Bytes are only written to the socket by output_send(), which the
 * worker calls after everything they tell of is durable.
 */
#ifndef WORKER_OUTPUT_H
#define WORKER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* A command producing output stops for now above HIGH and goes on below LOW. */
#define OUTPUT_HIGH (256 * 1024)
#define OUTPUT_LOW (64 * 1024)

struct output_file;

struct output {
	struct buf bytes;          /* own; everything behind the last file */
	struct output_file *files; /* own; each with the bytes before it */
	struct output_file **tail;
	size_t sent;               /* of the first piece */
	size_t queued;             /* bytes in all */
	uint64_t total;            /* ever sent */
};

void output_init(struct output *o);
void output_clear(struct output *o);
/* Where to append bytes: put there, then output_grown() is not needed: the
 * queue's size is taken from the buffer. */
static inline struct buf *
output_buf(struct output *o)
{
	return &o->bytes;
}
/* Bytes waiting. */
size_t output_size(const struct output *o);
/* Adds len bytes of fd from `at`; fd is owned by the output from here on. */
void output_file(struct output *o, int fd, uint64_t at, uint64_t len);
/* Writes what the socket takes. False: the client is gone, or has to go, because
 * more was queued than fits. */
bool output_send(struct output *o, int fd);

#endif
