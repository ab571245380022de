/* SPDX-License-Identifier: ISC
 *
 * FETCH items: what parses has sections within the limits, and each section's
 * label, asked for again, is the same section.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/fetch_items.h"
#include "common/imap/parse.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static size_t
count_fields(const struct fetch_section *x)
{
	size_t n = 0;

	while (x->what.fields != NULL && x->what.fields[n] != NULL)
		n++;
	return n;
}

static void
check_section(const struct fetch_section *x)
{
	const size_t max = sizeof(x->what.path) / sizeof(*x->what.path);
	bool fields = x->what.kind == MAIL_SECTION_FIELDS ||
	    x->what.kind == MAIL_SECTION_FIELDS_NOT;

	if (x->label == NULL || x->what.depth > max ||
	    fields != (count_fields(x) > 0) || (x->partial && x->count == 0))
		abort();
	for (unsigned i = 0; i < x->what.depth; i++)
		if (x->what.path[i] == 0)
			abort();
}

/* The answer names the offset only ("<5>"), which no request may. */
static void
check_label(const struct fetch_section *x, struct arena *a)
{
	struct fetch_items again;
	struct imap_parser p;
	size_t len = strlen(x->label);
	const struct fetch_section *y;

	if (x->partial)
		len = (size_t)(strrchr(x->label, '<') - x->label);
	imap_parse_init(&p, x->label, len, a);
	if (!fetch_items_parse(&p, &again) || !imap_parse_end(&p) ||
	    again.bits != 0 || again.sections == NULL)
		abort();
	y = again.sections;
	if (y->next != NULL || y->what.kind != x->what.kind ||
	    y->what.depth != x->what.depth ||
	    memcmp(y->what.path, x->what.path, sizeof(y->what.path)) != 0 ||
	    count_fields(y) != count_fields(x) ||
	    strncmp(y->label, x->label, len) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	struct fetch_items items;
	struct imap_parser p;
	struct arena a;
	bool ok;

	arena_init(&a);
	imap_parse_init(&p, data, len, &a);
	ok = fetch_items_parse(&p, &items);
	if (ok != (p.error == NULL) || p.at > p.end)
		abort();
	if (ok && items.bits == 0 && items.sections == NULL)
		abort();
	for (const struct fetch_section *x = ok ? items.sections : NULL;
	     x != NULL; x = x->next) {
		check_section(x);
		check_label(x, &a);
	}
	arena_clear(&a);
	return 0;
}
