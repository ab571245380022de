/* SPDX-License-Identifier: ISC */
#include "lmtp/command.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	enum command_verb verb;
	bool argument; /* must have one */
} command_verbs[] = {
	{ "LHLO", COMMAND_LHLO, true },
	{ "MAIL", COMMAND_MAIL, true },
	{ "RCPT", COMMAND_RCPT, true },
	{ "DATA", COMMAND_DATA, false },
	{ "RSET", COMMAND_RSET, false },
	{ "NOOP", COMMAND_NOOP, false },
	{ "QUIT", COMMAND_QUIT, false },
	{ "VRFY", COMMAND_VRFY, false },
	{ "HELP", COMMAND_HELP, false },
};

static const char command_no_path[] = "501 5.1.7 Bad address syntax";

struct cursor {
	const char *at, *end;
};

static bool
command_is(struct cursor c, const char *word)
{
	size_t len = (size_t)(c.end - c.at);

	return len == strlen(word) && strncasecmp(c.at, word, len) == 0;
}

static void
command_spaces(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
		c->at++;
}

/* Everything up to a space. */
static struct cursor
command_word(struct cursor *c)
{
	struct cursor word = { c->at, c->at };

	while (c->at < c->end && *c->at != ' ' && *c->at != '\t')
		c->at++;
	word.end = c->at;
	return word;
}

/* Eats "FROM" or "TO", and the colon. */
static bool
command_preposition(struct cursor *c, const char *word)
{
	size_t len = strlen(word);

	command_spaces(c);
	if ((size_t)(c->end - c->at) < len ||
	    strncasecmp(c->at, word, len) != 0)
		return false;
	c->at += len;
	command_spaces(c);
	if (c->at == c->end || *c->at != ':')
		return false;
	c->at++;
	command_spaces(c);
	return true;
}

static bool
command_put(char *to, size_t *at, char byte)
{
	if (*at + 1 >= COMMAND_PATH_SIZE)
		return false;
	to[(*at)++] = byte;
	return true;
}

/* A quoted local part, with its quotes and backslashes. */
static bool
command_quoted(struct cursor *c, char *to, size_t *at)
{
	bool escaped = false, first = true;

	for (; c->at < c->end; first = false) {
		char byte = *c->at++;

		if (!command_put(to, at, byte))
			return false;
		if (byte == '"' && !escaped && !first)
			return true;
		escaped = byte == '\\' && !escaped;
	}
	return false;
}

/* Atom characters and dots, and in a domain what else is found there. */
static bool
command_dotted(struct cursor *c, char *to, size_t *at)
{
	const char *start = c->at;

	while (c->at < c->end && *c->at != '@' && *c->at != '>') {
		if (strchr(" \t<()\",;:\\", *c->at) != NULL)
			return false;
		if (!command_put(to, at, *c->at++))
			return false;
	}
	return c->at > start;
}

/* "[192.0.2.1]" */
static bool
command_address_literal(struct cursor *c, char *to, size_t *at)
{
	while (c->at < c->end && *c->at != ']' && *c->at != '>')
		if (strchr(" \t<()\",;\\@", *c->at) != NULL ||
		    !command_put(to, at, *c->at++))
			return false;
	return c->at < c->end && *c->at++ == ']' && command_put(to, at, ']');
}

/* A source route, which is ignored (RFC 5321 appendix C): "@a,@b:". */
static bool
command_route(struct cursor *c)
{
	if (c->at == c->end || *c->at != '@')
		return true;
	while (c->at < c->end && *c->at != ':' && *c->at != '>')
		c->at++;
	return c->at < c->end && *c->at++ == ':';
}

/* "<" path ">" */
static bool
command_path(struct cursor *c, char *to)
{
	size_t at = 0;

	if (c->at == c->end || *c->at++ != '<' || !command_route(c) ||
	    c->at == c->end)
		return false;
	if (*c->at == '"') {
		if (!command_quoted(c, to, &at))
			return false;
	} else if (*c->at != '>' && !command_dotted(c, to, &at)) {
		return false;
	}
	if (c->at < c->end && *c->at == '@') {
		if (at == 0 || !command_put(to, &at, *c->at++) ||
		    c->at == c->end)
			return false;
		if (*c->at == '[' ? !command_address_literal(c, to, &at) :
		    !command_dotted(c, to, &at))
			return false;
	}
	to[at] = '\0';
	if (c->at == c->end || *c->at++ != '>')
		return false;
	return c->at == c->end || *c->at == ' ' || *c->at == '\t';
}

static bool
command_number(struct cursor c, uint64_t *n_r)
{
	*n_r = 0;
	/* RFC 1870: at most 20 digits; 18 cannot overflow */
	if (c.at == c.end || c.end - c.at > 18)
		return false;
	for (; c.at < c.end; c.at++) {
		if (*c.at < '0' || *c.at > '9')
			return false;
		*n_r = *n_r * 10 + (uint64_t)(*c.at - '0');
	}
	return true;
}

static const char *
command_mail_parameter(struct cursor word, struct command *c_r)
{
	struct cursor value = word;

	if (word.end - word.at > 5 && strncasecmp(word.at, "SIZE=", 5) == 0) {
		value.at += 5;
		return command_number(value, &c_r->size) ? NULL :
		    "501 5.5.4 Bad SIZE";
	}
	if (command_is(word, "BODY=7BIT") || command_is(word, "BODY=8BITMIME"))
		return NULL;
	return "555 5.5.4 Parameter is not supported";
}

static const char *
command_mail(struct cursor *c, struct command *c_r)
{
	const char *error = NULL;

	if (!command_preposition(c, "FROM"))
		return "501 5.5.4 Syntax: MAIL FROM:<address>";
	if (!command_path(c, c_r->path))
		return command_no_path;
	for (command_spaces(c); error == NULL && c->at < c->end;
	    command_spaces(c))
		error = command_mail_parameter(command_word(c), c_r);
	return error;
}

static const char *
command_rcpt(struct cursor *c, struct command *c_r)
{
	if (!command_preposition(c, "TO"))
		return "501 5.5.4 Syntax: RCPT TO:<address>";
	if (!command_path(c, c_r->path) || c_r->path[0] == '\0')
		return command_no_path;
	command_spaces(c);
	return c->at == c->end ? NULL : "555 5.5.4 Parameter is not supported";
}

/* Arguments of a known verb. */
static const char *
command_arguments(struct cursor *c, struct command *c_r)
{
	command_spaces(c);
	switch (c_r->verb) {
	case COMMAND_MAIL:
		return command_mail(c, c_r);
	case COMMAND_RCPT:
		return command_rcpt(c, c_r);
	case COMMAND_DATA:
	case COMMAND_RSET:
	case COMMAND_QUIT:
		return c->at == c->end ? NULL :
		    "501 5.5.4 No argument expected";
	default:
		return NULL;
	}
}

const char *
command_parse(const char *line, size_t len, struct command *c_r)
{
	struct cursor c = { line, line + len };
	struct cursor word;

	memset(c_r, 0, sizeof(*c_r));
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 ? line[i] != '\t' :
		    (unsigned char)line[i] > 0x7e)
			return "500 5.5.2 Only printable ASCII here";
	word = command_word(&c);
	if (command_is(word, "HELO") || command_is(word, "EHLO"))
		return "500 5.5.1 This is LMTP: use LHLO";
	for (size_t i = 0;
	    i < sizeof(command_verbs) / sizeof(command_verbs[0]); i++) {
		if (!command_is(word, command_verbs[i].name))
			continue;
		c_r->verb = command_verbs[i].verb;
		if (command_verbs[i].argument && c.at == c.end)
			return "501 5.5.4 Missing argument";
		return command_arguments(&c, c_r);
	}
	return "500 5.5.2 Unknown command";
}
