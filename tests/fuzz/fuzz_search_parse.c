/* SPDX-License-Identifier: ISC
 *
 * SEARCH programs: what parses must be a sound tree, with as many keys after
 * ordering as before.
 */
#include <stdlib.h>
#include <string.h>

#include "search/search.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

/* Counts the keys of a list and below it. */
static size_t
check_list(const struct search_key *key)
{
	size_t n = 0;
	bool group;

	for (; key != NULL; key = key->next, n++) {
		group = key->op == SEARCH_AND || key->op == SEARCH_OR;
		if (group && (key->child == NULL || key->child->next == NULL))
			abort();
		if (!group && key->child != NULL)
			abort();
		if (key->op == SEARCH_HEADER &&
		    (key->name == NULL || key->str == NULL))
			abort();
		if (key->str != NULL && strlen(key->str) != key->str_len)
			abort();
		n += check_list(key->child);
	}
	return n;
}

static void
check_order(const struct search_key *key)
{
	for (; key != NULL; key = key->next) {
		if (key->next != NULL &&
		    search_key_cost(key) > search_key_cost(key->next))
			abort();
		check_order(key->child);
	}
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	struct search_program prog;
	struct imap_parser p;
	struct arena a;
	size_t n;

	arena_init(&a);
	imap_parse_init(&p, data, len, &a);
	if (search_parse(&p, &prog)) {
		if (p.error != NULL || p.at != p.end || p.depth != 0 ||
		    prog.keys == NULL)
			abort();
		n = check_list(prog.keys);
		search_program_order(&prog);
		if (check_list(prog.keys) != n)
			abort();
		check_order(prog.keys);
	} else if (p.error == NULL) {
		abort();
	}
	arena_clear(&a);
	return 0;
}
