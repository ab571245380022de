/* SPDX-License-Identifier: ISC
 *
 * Arbitrary bytes as a packet: ipc_check() must refuse or accept without
 * reading past the end, and what it accepts, every getter and the trace must be
 * able to walk. The first three bytes choose sender, receiver, phase and
 * descriptor.
 */
#include <stdlib.h>
#include <string.h>

#include "common/ipc_private.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

/* The getters of the program side; each must stay within the body. */
static void
walk(const struct ipc_row *row, unsigned char *body, size_t len)
{
	struct ipc_msg m = { .type = row->type, .fields = row->body,
		.body = body, .len = len, .fd = -1 };
	const char *fields = row->body;
	struct ipc_field f;
	size_t n;

	while (ipc_field_next(&fields, &f)) {
		const unsigned char *p = NULL;

		switch (f.type) {
		case IPC_F_U8:
			ipc_get_u8(&m);
			break;
		case IPC_F_U32:
			ipc_get_u32(&m);
			break;
		case IPC_F_U64:
			ipc_get_u64(&m);
			break;
		case IPC_F_STR:
			p = (const unsigned char *)ipc_get_str(&m);
			n = strlen((const char *)p) + 1;
			break;
		case IPC_F_BLOB:
			p = ipc_get_blob(&m, &n);
			break;
		case IPC_F_SECRET:
			p = ipc_get_secret(&m, &n);
			break;
		}
		if (m.at > len || (p != NULL && p + n > body + len))
			abort();
	}
	if (m.at != len)
		abort();
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	const struct ipc_row *row;
	unsigned char *packet;
	enum ipc_phase phase;
	char text[256];

	if (len < 3)
		return 0;
	phase = (enum ipc_phase)(1u << (data[2] & 3));
	packet = malloc(len > 3 ? len - 3 : 1); /* ends where ASan looks */
	if (packet == NULL)
		return 0;
	memcpy(packet, data + 3, len - 3);
	if (ipc_check(data[0], data[1], phase, packet, len - 3,
	    (data[2] & 0x80) != 0) == NULL) {
		row = ipc_row_find(ipc_load32(packet + 4));
		if (row == NULL)
			abort();
		walk(row, packet + IPC_HEADER, len - 3 - IPC_HEADER);
		ipc_trace(row, packet + IPC_HEADER, len - 3 - IPC_HEADER, text,
		    sizeof(text));
	}
	free(packet);
	return 0;
}
