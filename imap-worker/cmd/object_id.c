/* SPDX-License-Identifier: ISC */
#include "cmd/object_id.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "store/store.h"

void
object_id_put_mailbox(struct buf *out, const struct store_info *info)
{
	buf_putc(out, 'F');
	for (size_t i = 0; i < sizeof(info->mailboxid); i++)
		buf_printf(out, "%02x", info->mailboxid[i]);
}

void
object_id_put(struct buf *out, char prefix, uint64_t id)
{
	buf_printf(out, "%c%016" PRIx64, prefix, id);
}

bool
object_id_parse(const char *text, char prefix, uint64_t *id_r)
{
	char *end;

	if (text[0] != prefix || strlen(text) != 17 ||
	    strspn(text + 1, "0123456789abcdef") != 16)
		return false;
	*id_r = strtoull(text + 1, &end, 16);
	return *end == '\0';
}
