/* SPDX-License-Identifier: ISC
 *
 * Names of a Maildir's messages and folders, and its small files. Whatever a
 * folder is called, the mailbox has a name that is good.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/imap/names.h"
#include "import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *name, *names[IMPORT_LETTERS];
	struct import_maildir_name parts;
	size_t at = 0, len;
	struct arena a;

	arena_init(&a);
	import_maildir_name(data, size, &parts);
	if (parts.key > size || parts.flags > 0x1f ||
	    parts.keywords >> IMPORT_LETTERS != 0)
		abort();
	for (int i = 0; i < 4; i++) {
		import_maildir_mailbox(data, size, i & 1 ? '.' : '/',
		    i & 2 ? "Old/Mail" : "", &a, &name);
		if (imap_mailbox_name_check(name) != NULL)
			abort();
	}
	import_maildir_keywords(data, size, &a, names);
	for (int i = 0; i < IMPORT_LETTERS; i++)
		if (names[i] != NULL && !import_keyword_good(names[i]))
			abort();
	while (import_maildir_subscription(data, size, &at, &a, &name, &len)) {
		if (len > IMPORT_LINE_MAX || len > size)
			abort();
		import_maildir_mailbox((const unsigned char *)name, len, '.',
		    "", &a, &name);
	}
	arena_clear(&a);
	return 0;
}
