/* SPDX-License-Identifier: ISC */
#include "cmd/special_use.h"

#include <stddef.h>
#include <strings.h>

#include "common/buf.h"
#include "store/store.h"

static const struct {
	const char *name;
	uint8_t bit;
} special_uses[] = {
	{ "\\All", STORE_USE_ALL },
	{ "\\Archive", STORE_USE_ARCHIVE },
	{ "\\Drafts", STORE_USE_DRAFTS },
	{ "\\Flagged", STORE_USE_FLAGGED },
	{ "\\Important", STORE_USE_IMPORTANT },
	{ "\\Junk", STORE_USE_JUNK },
	{ "\\Sent", STORE_USE_SENT },
	{ "\\Trash", STORE_USE_TRASH },
};

uint8_t
special_use_bit(const char *name)
{
	for (size_t i = 0; i < sizeof(special_uses) / sizeof(*special_uses); i++)
		if (strcasecmp(name, special_uses[i].name) == 0)
			return special_uses[i].bit;
	return 0;
}

void
special_use_put(struct buf *out, uint8_t use)
{
	for (size_t i = 0; i < sizeof(special_uses) / sizeof(*special_uses);
	     i++) {
		if (!(use & special_uses[i].bit))
			continue;
		if (out->len > 0 && out->data[out->len - 1] != '(')
			buf_putc(out, ' ');
		buf_puts(out, special_uses[i].name);
	}
}
