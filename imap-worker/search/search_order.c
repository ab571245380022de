/* SPDX-License-Identifier: ISC
 *
 * What search keys cost, and the order that answers most messages cheaply: a
 * list of keys (AND or OR) is decided by its first cheap key more often than
 * not, and keys have no side effects.
 */
#include "search/search.h"

#define COSTS (SEARCH_COST_BODY + 1)

enum search_cost
search_key_cost(const struct search_key *key)
{
	enum search_cost most = SEARCH_COST_INDEX, cost;

	switch (key->op) {
	case SEARCH_ALL:
	case SEARCH_SEQ:
	case SEARCH_UID:
	case SEARCH_FLAG:
	case SEARCH_RECENT:
	case SEARCH_MODSEQ:
	case SEARCH_SAVEDATE:
	case SEARCH_EMAILID:
	case SEARCH_THREADID:
		return SEARCH_COST_INDEX;
	case SEARCH_LARGER:
	case SEARCH_SMALLER:
	case SEARCH_OLDER:
	case SEARCH_YOUNGER:
	case SEARCH_BEFORE:
	case SEARCH_ON:
	case SEARCH_SINCE:
	case SEARCH_SAVEDBEFORE:
	case SEARCH_SAVEDON:
	case SEARCH_SAVEDSINCE:
	case SEARCH_SENTBEFORE:
	case SEARCH_SENTON:
	case SEARCH_SENTSINCE:
		return SEARCH_COST_RECORD;
	case SEARCH_HEADER:
		return SEARCH_COST_HEADER;
	case SEARCH_BODY:
	case SEARCH_TEXT:
		return SEARCH_COST_BODY;
	case SEARCH_AND:
	case SEARCH_OR:
		break;
	}
	for (key = key->child; key != NULL; key = key->next) {
		cost = search_key_cost(key);
		if (cost > most)
			most = cost;
	}
	return most;
}

/* Sorts one list and the lists below it; returns the cost of its dearest key.
 * As deep as the tree, which the parser limits. */
static enum search_cost
search_order_list(struct search_key **list)
{
	struct search_key *first[COSTS] = { NULL }, **tail[COSTS], *key, *next;
	enum search_cost cost, most = SEARCH_COST_INDEX;

	for (unsigned i = 0; i < COSTS; i++)
		tail[i] = &first[i];
	for (key = *list; key != NULL; key = next) {
		next = key->next;
		key->next = NULL;
		cost = key->child != NULL ? search_order_list(&key->child) :
		    search_key_cost(key);
		if (cost > most)
			most = cost;
		*tail[cost] = key;
		tail[cost] = &key->next;
	}
	for (unsigned i = 0; i < COSTS; i++) {
		*list = first[i];
		while (*list != NULL)
			list = &(*list)->next;
	}
	return most;
}

void
search_program_order(struct search_program *prog)
{
	search_order_list(&prog->keys);
}
