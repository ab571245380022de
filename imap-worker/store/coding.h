/* SPDX-License-Identifier: ISC
 *
 * How the bytes of a message lie in a segment: as they came, or with the header
 * as it came and the body as one zstd frame behind it.  The header is always
 * readable in place, because most questions end there.
 */
#ifndef STORE_CODING_H
#define STORE_CODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_coding {
	STORE_CODING_PLAIN = 0,
	STORE_CODING_ZSTD = 1,
	STORE_CODING_END,
};

/* A stored message. Plain: stored == len, head is 0. */
struct store_coded {
	enum store_coding coding;
	uint32_t stored; /* bytes in the segment */
	uint32_t len;    /* bytes of the message */
	uint32_t head;   /* leading bytes that are as they came */
};

/* Working memory, made when first used. */
struct store_coder {
	void *pack, *unpack;   /* own; zstd contexts */
	unsigned char *buf;    /* own; what was packed last */
	size_t size;
};
/* Gives the memory back; the coder may be used again. */
void store_coder_clear(struct store_coder *c);

/* Packs a message whose header has `head` bytes, if that makes it a tenth
 * shorter or more. False: it does not, and it is stored as it is. *bytes_r
 * lives until the next call on c. level: zstd's. */
bool store_coding_pack(struct store_coder *c, const unsigned char *msg,
    uint32_t len, uint32_t head, int level, struct store_coded *coded_r,
    const unsigned char **bytes_r);
/* Can these numbers be true? For what was read from a file. */
bool store_coding_check(const struct store_coded *m, uint32_t max);
/* Writes the m->len bytes of the message to `out`. False: the bytes are damaged,
 * or this build lacks what it takes (logged). Reads m->stored bytes and writes
 * m->len whatever they are. */
bool store_coding_unpack(struct store_coder *c, const struct store_coded *m,
    const unsigned char *stored, unsigned char *out);

#endif
