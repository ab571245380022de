/* SPDX-License-Identifier: ISC */
#include "cmd/flag_args.h"

#include <string.h>
#include <strings.h>

#include "common/limits.h"
#include "store/store.h"

static const struct {
	const char *name;
	uint64_t bit;
} flag_args_system[] = {
	{ "\\Seen", STORE_SEEN },
	{ "\\Answered", STORE_ANSWERED },
	{ "\\Flagged", STORE_FLAGGED },
	{ "\\Deleted", STORE_DELETED },
	{ "\\Draft", STORE_DRAFT },
};

static bool
flag_args_system_bit(const char *name, uint64_t *bits)
{
	for (size_t i = 0;
	     i < sizeof(flag_args_system) / sizeof(*flag_args_system); i++) {
		if (strcasecmp(name, flag_args_system[i].name) != 0)
			continue;
		*bits |= flag_args_system[i].bit;
		return true;
	}
	return false;
}

bool
flag_args_parse(struct imap_parser *p, bool bare_ok, struct flag_args *f_r)
{
	const char **flags, **keywords;
	size_t n = 0, k = 0;

	*f_r = (struct flag_args){ 0 };
	if (!imap_parse_flag_list(p, bare_ok, &flags))
		return false;
	while (flags[n] != NULL)
		n++;
	keywords = arena_calloc(p->arena, n + 1, sizeof(*keywords));
	for (size_t i = 0; i < n; i++) {
		if (flags[i][0] == '\\') {
			if (!flag_args_system_bit(flags[i], &f_r->system))
				return imap_parse_fail(p, "Unknown system flag");
			continue;
		}
		if (strlen(flags[i]) > LIMIT_KEYWORD)
			return imap_parse_fail(p, "Keyword too long");
		keywords[k++] = flags[i];
	}
	f_r->keywords = keywords;
	return true;
}
