/* SPDX-License-Identifier: ISC
 *
 * Prints a configuration: as a file that conf_load() would read as the same,
 * each setting with its help and where its value came from; or as one JSON
 * object.
 */
#include "common/conf_private.h"

#include <inttypes.h>
#include <string.h>

/* A quoted string: for the file's syntax or JSON. In the former "$" could begin
 * a variable. */
static void
conf_dump_quoted(FILE *out, const char *s, bool json)
{
	putc('"', out);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\' || (*s == '$' && !json))
			fprintf(out, "\\%c", *s);
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			fprintf(out, json ? "\\u%04x" : "\\x%02x",
			    (unsigned)*s);
		else
			putc(*s, out);
	}
	putc('"', out);
}

static void
conf_dump_choice(FILE *out, const char *choices, unsigned index)
{
	while (index-- > 0)
		choices += strcspn(choices, "|") + 1;
	fprintf(out, "\"%.*s\"", (int)strcspn(choices, "|"), choices);
}

static void
conf_dump_value(FILE *out, const struct conf_row *r, const void *base,
    bool json)
{
	const void *from = (const char *)base + r->offset;
	char one[2] = "";

	switch (r->type) {
	case CONF_T_NUMBER:
	case CONF_T_SECONDS:
	case CONF_T_MSEC:
		fprintf(out, "%u", *(const unsigned *)from);
		break;
	case CONF_T_OCTAL:
		fprintf(out, json ? "\"%#o\"" : "%#o", *(const unsigned *)from);
		break;
	case CONF_T_SIZE:
		fprintf(out, "%" PRIu64, *(const uint64_t *)from);
		break;
	case CONF_T_BOOL:
		if (json)
			fputs(*(const bool *)from ? "true" : "false", out);
		else
			fputs(*(const bool *)from ? "yes" : "no", out);
		break;
	case CONF_T_FLAG:
		conf_dump_choice(out, r->choices, *(const bool *)from);
		break;
	case CONF_T_ENUM:
		conf_dump_choice(out, r->choices, *(const unsigned *)from);
		break;
	case CONF_T_CHAR:
		one[0] = *(const char *)from;
		conf_dump_quoted(out, one, json);
		break;
	default:
		conf_dump_quoted(out, *(char *const *)from, json);
		break;
	}
}

/* The members of a listener or mailbox. */
static void
conf_dump_section(FILE *out, const char *kind, const char *name,
    const struct conf_row *rows, const void *base, bool json, bool last)
{
	if (json)
		fputs("    {\"name\": ", out);
	else
		fprintf(out, "\n%s ", kind);
	conf_dump_quoted(out, name, json);
	if (!json)
		fputs(" {\n", out);
	for (const struct conf_row *r = rows; r->name != NULL; r++) {
		fprintf(out, json ? ", \"%s\": " : "\t%s = ", r->name);
		conf_dump_value(out, r, base, json);
		if (!json)
			putc('\n', out);
	}
	if (json)
		fputs(last ? "}\n" : "},\n", out);
	else
		fputs("}\n", out);
}

static void
conf_dump_sections(const struct conf *c, FILE *out, bool json)
{
	if (json)
		fputs("  \"listeners\": [\n", out);
	for (size_t i = 0; i < c->n_listeners; i++)
		conf_dump_section(out, "listener", c->listeners[i].name,
		    conf_listener_rows, &c->listeners[i], json,
		    i + 1 == c->n_listeners);
	if (json)
		fputs("  ],\n  \"mailboxes\": [\n", out);
	for (size_t i = 0; i < c->n_mailboxes; i++)
		conf_dump_section(out, "mailbox", c->mailboxes[i].name,
		    conf_mailbox_rows, &c->mailboxes[i], json,
		    i + 1 == c->n_mailboxes);
	if (json)
		fputs("  ]\n", out);
}

void
conf_dump(const struct conf *c, FILE *out, bool json)
{
	const struct conf_full *full = (const struct conf_full *)c;

	if (json)
		fputs("{\n", out);
	for (size_t i = 0; conf_rows[i].name != NULL; i++) {
		const struct conf_row *r = &conf_rows[i];
		char origin[4200] = "default";

		if (full->lines[i] > 0)
			snprintf(origin, sizeof(origin), "%s:%d", c->path,
			    full->lines[i]);
		if (json) {
			fprintf(out, "  \"%s\": {\"value\": ", r->name);
			conf_dump_value(out, r, c, true);
			fputs(", \"origin\": ", out);
			conf_dump_quoted(out, origin, true);
			fputs("},\n", out);
		} else {
			fprintf(out, "# %s\n%s = ", r->help, r->name);
			conf_dump_value(out, r, c, false);
			fprintf(out, " # %s\n", origin);
		}
	}
	conf_dump_sections(c, out, json);
	if (json)
		fputs("}\n", out);
}
