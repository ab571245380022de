/* SPDX-License-Identifier: ISC
 *
 * A message in transit: an anonymous file in memory (memfd), written once,
 * then sealed, so that those who get a descriptor of it can trust that it
 * never changes, grows or shrinks.  They share one file offset: read it with
 * pread(2) or mmap(2).
 */
#ifndef LMTP_MESSAGE_H
#define LMTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_problem {
	MESSAGE_FINE,
	MESSAGE_TOO_BIG, /* more than message-size */
	MESSAGE_NO_ROOM, /* no memory, here or in all messages together */
};

struct message {
	int fd;                       /* own; -1: none */
	uint64_t size;
	uint64_t *total;              /* borrowed; bytes of all messages */
	enum message_problem problem; /* once not fine, nothing is written */
};

/* total: the process's count of bytes in transit. */
void message_init(struct message *m, uint64_t *total);
void message_begin(struct message *m);
/* max: most bytes a message may have. */
void message_write(struct message *m, const void *p, size_t len, uint64_t max);
/* No more writing; the problem stays as it was, or becomes NO_ROOM. */
void message_seal(struct message *m);
/* A new descriptor, or -1. */
int message_dup(const struct message *m);
/* Frees; may begin again. */
void message_clear(struct message *m);

#endif
