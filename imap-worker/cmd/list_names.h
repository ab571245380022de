/* SPDX-License-Identifier: ISC
 *
 * The tree of names that LIST and LSUB walk: mailboxes, subscribed names, and the
 * superiors both imply.
 */
#ifndef CMD_LIST_NAMES_H
#define CMD_LIST_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

struct list_name {
	const char *name;
	struct store_info info; /* when exists */
	bool exists;
	bool subscribed;
	bool has_children;      /* mailboxes below */
	size_t end;             /* index behind the last name below this one */
};

/* All names, superiors before their inferiors; in the arena. */
enum store_err list_names(struct store *st, struct arena *a,
    struct list_name **names_r, size_t *n_r);

#endif
