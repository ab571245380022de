/* SPDX-License-Identifier: ISC
 *
 * What the files of ipc share: finding a row, walking its field list, and the
 * form of a packet.
 */
#ifndef COMMON_IPC_PRIVATE_H
#define COMMON_IPC_PRIVATE_H

#include "common/ipc.h"

#define IPC_HEADER 8 /* u32 length of the body, u16 number, u16 zero */

enum ipc_field_type {
	IPC_F_U8,
	IPC_F_U32,
	IPC_F_U64,
	IPC_F_STR,
	IPC_F_BLOB,
	IPC_F_SECRET,
};

struct ipc_field {
	enum ipc_field_type type;
	const char *name; /* borrowed from the table, not terminated */
	int name_len;
};

/* The row of a message, or NULL. */
const struct ipc_row *ipc_row_find(unsigned type);
/* Position of a row in ipc_table(). */
size_t ipc_row_index(const struct ipc_row *row);
/* Takes the next field off a field list; false at its end. */
bool ipc_field_next(const char **fields, struct ipc_field *f_r);
/* Does the row have a secret field? */
bool ipc_row_secret(const struct ipc_row *row);
/* Writes "id=3 status=0 user=alice" of a checked body to out, secrets as ***;
 * cuts at size. */
void ipc_trace(const struct ipc_row *row, const unsigned char *body, size_t len,
    char *out, size_t size);

static inline uint32_t
ipc_load32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static inline uint64_t
ipc_load64(const unsigned char *p)
{
	return ipc_load32(p) | (uint64_t)ipc_load32(p + 4) << 32;
}

static inline void
ipc_store(unsigned char *p, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

#endif
