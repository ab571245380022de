/* SPDX-License-Identifier: ISC
 *
 * dovecot-uidlist and courierimapuiddb. Whole and in pieces the same comes of it,
 * and UIDNEXT is above every UID.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_uidlist u, v;

	import_uidlist_init(&u);
	import_uidlist_init(&v);
	import_uidlist_feed(&u, data, size);
	import_uidlist_end(&u);
	for (size_t i = 0; i < size; i++)
		import_uidlist_feed(&v, data + i, 1);
	import_uidlist_end(&v);
	if (u.valid != v.valid || u.n != v.n || u.bad != v.bad ||
	    u.uidnext != v.uidnext || u.uidnext > IMPORT_UID_MAX ||
	    (u.valid && u.uidvalidity == 0) || (!u.valid && u.n > 0))
		abort();
	for (size_t i = 0; i < u.cap; i++) {
		const struct import_uidlist_entry *e = &u.table[i];

		if (e->key != NULL && (e->uid == 0 || e->uid >= u.uidnext ||
		    import_uidlist_find(&v, (const unsigned char *)e->key,
		    e->len) != e->uid))
			abort();
	}
	import_uidlist_clear(&u);
	import_uidlist_clear(&v);
	return 0;
}
