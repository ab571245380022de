/* SPDX-License-Identifier: ISC */
#include "cmd/list_names.h"

#include <stdlib.h>
#include <string.h>

struct list_gather {
	struct arena *arena;
	struct list_name *names;
	size_t n, cap;
};

static struct list_name *
list_gather_add(struct list_gather *g, const char *name, size_t len)
{
	struct list_name *entry;

	if (g->n == g->cap) {
		size_t cap = g->cap == 0 ? 64 : g->cap * 2;
		struct list_name *grown =
		    arena_calloc(g->arena, cap, sizeof(*grown));

		if (g->n > 0)
			memcpy(grown, g->names, g->n * sizeof(*grown));
		g->names = grown;
		g->cap = cap;
	}
	entry = &g->names[g->n++];
	*entry = (struct list_name){ 0 };
	entry->name = arena_strndup(g->arena, name, len);
	return entry;
}

static bool
list_gather_mailbox(void *ctx, const struct store_info *info)
{
	struct list_name *entry =
	    list_gather_add(ctx, info->name, strlen(info->name));

	entry->info = *info;
	entry->info.name = entry->name;
	entry->exists = true;
	entry->subscribed = info->subscribed;
	return true;
}

static bool
list_gather_subscribed(void *ctx, const char *name)
{
	list_gather_add(ctx, name, strlen(name))->subscribed = true;
	return true;
}

/* "/" sorts before everything, so that inferiors follow their superior. */
static int
list_name_compare(const void *pa, const void *pb)
{
	const unsigned char *a =
	    (const unsigned char *)((const struct list_name *)pa)->name;
	const unsigned char *b =
	    (const unsigned char *)((const struct list_name *)pb)->name;

	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (*a == '\0' || *b == '\0')
		return *a == '\0' ? -1 : 1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return *a < *b ? -1 : 1;
}

static void
list_gather_superiors(struct list_gather *g)
{
	size_t n = g->n;

	for (size_t i = 0; i < n; i++) {
		const char *name = g->names[i].name;
		const char *before = i > 0 ? g->names[i - 1].name : "";

		for (const char *s = strchr(name, '/'); s != NULL;
		     s = strchr(s + 1, '/')) {
			size_t len = (size_t)(s - name);

			/* the neighbour has implied it already */
			if (strncmp(before, name, len) == 0 &&
			    (before[len] == '/' || before[len] == '\0'))
				continue;
			list_gather_add(g, name, len);
		}
	}
}

static void
list_sort(struct list_gather *g)
{
	size_t kept = 0;

	qsort(g->names, g->n, sizeof(*g->names), list_name_compare);
	for (size_t i = 0; i < g->n; i++) {
		struct list_name *last = kept > 0 ? &g->names[kept - 1] : NULL;

		if (last == NULL || strcmp(last->name, g->names[i].name) != 0) {
			g->names[kept++] = g->names[i];
			continue;
		}
		last->subscribed |= g->names[i].subscribed;
		if (g->names[i].exists) {
			last->exists = true;
			last->info = g->names[i].info;
		}
	}
	g->n = kept;
}

static bool
list_is_below(const char *name, const char *superior, size_t len)
{
	return strncmp(name, superior, len) == 0 && name[len] == '/';
}

/* Finds for each name where its inferiors end: one pass with a stack of
 * superiors, kept in the entries themselves. */
static void
list_link(struct list_gather *g)
{
	size_t *stack = arena_calloc(g->arena, g->n + 1, sizeof(*stack));
	size_t depth = 0;

	for (size_t i = 0; i < g->n; i++) {
		while (depth > 0) {
			struct list_name *top = &g->names[stack[depth - 1]];

			if (list_is_below(g->names[i].name, top->name,
				strlen(top->name)))
				break;
			top->end = i;
			depth--;
		}
		if (g->names[i].exists)
			for (size_t d = depth; d > 0; d--) {
				if (g->names[stack[d - 1]].has_children)
					break;
				g->names[stack[d - 1]].has_children = true;
			}
		stack[depth++] = i;
	}
	while (depth > 0)
		g->names[stack[--depth]].end = g->n;
}

enum store_err
list_names(struct store *st, struct arena *a, struct list_name **names_r,
    size_t *n_r)
{
	struct list_gather g = { .arena = a };
	enum store_err err;

	err = store_list(st, list_gather_mailbox, &g);
	if (err == STORE_OK)
		err = store_list_subscribed(st, list_gather_subscribed, &g);
	if (err != STORE_OK)
		return err;
	list_sort(&g);
	list_gather_superiors(&g);
	list_sort(&g);
	list_link(&g);
	*names_r = g.names;
	*n_r = g.n;
	return STORE_OK;
}
