/* SPDX-License-Identifier: ISC
 *
 * Turns the text of one setting into the member of a struct that its row names:
 * numbers with units, choices, paths, yes and no. What does not fit is noted
 * and leaves the member as it was.
 */
#include "common/conf_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/xalloc.h"

struct conf_unit {
	const char *suffix;
	uint64_t factor;
};
static const struct conf_unit conf_value_seconds[] = { { "", 1 }, { "s", 1 },
	{ "m", 60 }, { "h", 3600 }, { "d", 86400 }, { NULL, 0 } };
static const struct conf_unit conf_value_msec[] = { { "", 1 }, { "ms", 1 },
	{ "s", 1000 }, { NULL, 0 } };
static const struct conf_unit conf_value_sizes[] = { { "", 1 }, { "k", KIB },
	{ "K", KIB }, { "M", MIB }, { "G", 1024 * (uint64_t)MIB },
	{ NULL, 0 } };
static const struct conf_unit conf_value_plain[] = { { "", 1 }, { NULL, 0 } };

/* Decimal digits and one of the units. */
static bool
conf_value_number(const char *text, const struct conf_unit *units,
    uint64_t *v_r)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*v_r = strtoull(text, &end, 10);
	if (errno != 0)
		return false;
	for (; units->suffix != NULL; units++)
		if (strcmp(end, units->suffix) == 0)
			return !__builtin_mul_overflow(*v_r, units->factor,
			    v_r);
	return false;
}

static void
conf_value_set_number(const struct conf_row *r, void *to, const char *text,
    const struct conf_place *at)
{
	const struct conf_unit *units = conf_value_plain;
	const char *form = "a number";
	uint64_t v = 0;
	char *end;
	bool ok;

	if (r->type == CONF_T_SECONDS) {
		units = conf_value_seconds;
		form = "a time such as 90, 90s, 5m or 1h";
	} else if (r->type == CONF_T_MSEC) {
		units = conf_value_msec;
		form = "a time such as 1500, 1500ms or 2s";
	} else if (r->type == CONF_T_SIZE) {
		units = conf_value_sizes;
		form = "a size such as 4096, 64k, 10M or 2G";
	}
	if (r->type == CONF_T_OCTAL) {
		form = "permissions in octal, such as 0660";
		v = strtoull(text, &end, 8);
		ok = *text >= '0' && *text <= '7' && *end == '\0';
	} else {
		ok = conf_value_number(text, units, &v);
	}
	if (!ok)
		conf_problem(at->problems, at->line, "%s: \"%s\" is not %s",
		    r->name, text, form);
	else if (v < r->min || v > r->max)
		conf_problem(at->problems, at->line,
		    r->type == CONF_T_OCTAL
			? "%s: %s is not within %#llo and %#llo"
			: "%s: %s is not within %llu and %llu",
		    r->name, text, (unsigned long long)r->min,
		    (unsigned long long)r->max);
	else if (r->type == CONF_T_SIZE)
		*(uint64_t *)to = v;
	else
		*(unsigned *)to = (unsigned)v;
}

static void
conf_value_set_choice(const struct conf_row *r, void *to, const char *text,
    const struct conf_place *at)
{
	const char *word = r->choices;
	unsigned index = 0;

	for (;; index++) {
		size_t n = strcspn(word, "|");

		if (strlen(text) == n && strncmp(word, text, n) == 0)
			break;
		if (word[n] == '\0') {
			conf_problem(at->problems, at->line,
			    "%s: \"%s\" is not one of %s", r->name, text,
			    r->choices);
			return;
		}
		word += n + 1;
	}
	if (r->type == CONF_T_WORD) {
		free(*(char **)to);
		*(char **)to = xstrdup(text);
	} else if (r->type == CONF_T_FLAG) {
		*(bool *)to = index == 1;
	} else {
		*(unsigned *)to = index;
	}
}

static void
conf_value_set_bool(const struct conf_row *r, bool *to, const char *text,
    const struct conf_place *at)
{
	static const char *const words[] = { "no", "yes", "false", "true",
		"off", "on" };

	for (unsigned i = 0; i < 6; i++)
		if (strcmp(text, words[i]) == 0) {
			*to = i % 2 == 1;
			return;
		}
	conf_problem(at->problems, at->line, "%s: \"%s\" is not yes or no",
	    r->name, text);
}

/* %u, %n, %d, %h and %% are known, and something in it must tell users
 * apart. */
static void
conf_value_check_home(const char *text, const struct conf_place *at)
{
	bool user = false;

	for (const char *p = text; (p = strchr(p, '%')) != NULL; p += 2) {
		if (p[1] == '\0' || strchr("undh%", p[1]) == NULL) {
			conf_problem(at->problems, at->line,
			    "home: %%%.1s is none of %%u, %%n, %%d, %%h, %%%%",
			    p + 1);
			return;
		}
		user = user || strchr("unh", p[1]) != NULL;
	}
	if (!user)
		conf_problem(at->problems, at->line,
		    "home: without %%u, %%n or %%h all users would share it");
}

static void
conf_value_set_text(const struct conf_row *r, char **to, const char *text,
    const struct conf_place *at)
{
	bool path = false;

	switch (r->type) {
	case CONF_T_HOME:
		conf_value_check_home(text, at);
		path = strncmp(text, "%h", 2) != 0;
		break;
	case CONF_T_PATH:
		path = *text != '\0';
		break;
	case CONF_T_LOG:
		path = strcmp(text, "stderr") != 0;
		break;
	case CONF_T_ADDRESS:
		path = strchr(text, '/') != NULL;
		break;
	default:
		break;
	}
	free(*to);
	if (path && *text != '/')
		*to = xasprintf("%s/%s", at->folder, text);
	else
		*to = xstrdup(text);
}

void
conf_value_set(const struct conf_row *r, void *base, const char *text,
    const struct conf_place *at)
{
	void *to = (char *)base + r->offset;

	switch (r->type) {
	case CONF_T_STR:
	case CONF_T_PATH:
	case CONF_T_LOG:
	case CONF_T_HOME:
	case CONF_T_ADDRESS:
		conf_value_set_text(r, to, text, at);
		break;
	case CONF_T_CHAR:
		if (*text != '\0' && text[1] != '\0')
			conf_problem(at->problems, at->line,
			    "%s: \"%s\" is more than one character", r->name,
			    text);
		*(char *)to = *text;
		break;
	case CONF_T_BOOL:
		conf_value_set_bool(r, to, text, at);
		break;
	case CONF_T_WORD:
	case CONF_T_FLAG:
	case CONF_T_ENUM:
		conf_value_set_choice(r, to, text, at);
		break;
	case CONF_T_NUMBER:
	case CONF_T_OCTAL:
	case CONF_T_SECONDS:
	case CONF_T_MSEC:
	case CONF_T_SIZE:
		conf_value_set_number(r, to, text, at);
		break;
	}
}

bool
conf_row_is_text(const struct conf_row *r)
{
	switch (r->type) {
	case CONF_T_STR:
	case CONF_T_PATH:
	case CONF_T_LOG:
	case CONF_T_HOME:
	case CONF_T_ADDRESS:
	case CONF_T_WORD:
		return true;
	default:
		return false;
	}
}
