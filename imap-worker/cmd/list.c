/* SPDX-License-Identifier: ISC
 *
 * LIST (RFC 3501 §6.3.8; CHILDREN RFC 3348; extended RFC 5258; RETURN (STATUS ...)
 * RFC 5819; SPECIAL-USE RFC 6154) and LSUB (RFC 3501 §6.3.9).
 */
#include <string.h>

#include "cmd.h"
#include "cmd/list_names.h"
#include "cmd/special_use.h"
#include "cmd/status_items.h"
#include "common/imap/names.h"
#include "common/imap/reply.h"
#include "session.h"
#include "worker.h"

#define CMD_LIST_PATTERNS 64

/* selection options */
#define LIST_SUBSCRIBED 0x01
#define LIST_REMOTE 0x02
#define LIST_RECURSIVE 0x04
#define LIST_SPECIAL_USE 0x08
/* return options */
#define LIST_RETURN_SUBSCRIBED 0x01
#define LIST_RETURN_CHILDREN 0x02
#define LIST_RETURN_SPECIAL_USE 0x04
#define LIST_RETURN_STATUS 0x08

struct cmd_list_req {
	const char *patterns[CMD_LIST_PATTERNS]; /* reference included */
	size_t n_patterns;
	unsigned select, want, status_items;
	bool extended; /* a form only RFC 5258 has */
	bool root;     /* LIST "" "": only the hierarchy's delimiter */
};

struct cmd_list_option {
	const char *name;
	unsigned bit;
};

static const struct cmd_list_option cmd_list_selections[] = {
	{ "SUBSCRIBED", LIST_SUBSCRIBED },
	{ "REMOTE", LIST_REMOTE },
	{ "RECURSIVEMATCH", LIST_RECURSIVE },
	{ "SPECIAL-USE", LIST_SPECIAL_USE },
	{ NULL, 0 },
};

static const struct cmd_list_option cmd_list_returns[] = {
	{ "SUBSCRIBED", LIST_RETURN_SUBSCRIBED },
	{ "CHILDREN", LIST_RETURN_CHILDREN },
	{ "SPECIAL-USE", LIST_RETURN_SPECIAL_USE },
	{ "STATUS", LIST_RETURN_STATUS },
	{ NULL, 0 },
};

/* --- arguments ------------------------------------------------------------- */

/* "(" [option *(SP option)] ")"; STATUS has its items behind it. */
static bool
cmd_list_parse_options(struct imap_parser *p,
    const struct cmd_list_option *options, unsigned *bits, unsigned *items)
{
	if (!imap_parse_char(p, '('))
		return false;
	while (imap_parse_peek(p) != ')') {
		const struct cmd_list_option *o = options;

		while (o->name != NULL && !imap_parse_word(p, o->name))
			o++;
		if (o->name == NULL)
			return imap_parse_fail(p, "Unknown LIST option");
		*bits |= o->bit;
		if (items != NULL && o->bit == LIST_RETURN_STATUS &&
		    (!imap_parse_sp(p) || !status_items_parse(p, items)))
			return false;
		if (!imap_parse_maybe(p, ' ') && imap_parse_peek(p) != ')')
			return imap_parse_fail(p, "Expected )");
	}
	return imap_parse_char(p, ')');
}

static bool
cmd_list_parse_pattern(struct imap_parser *p, struct cmd_list_req *req,
    const char *reference)
{
	const char *pattern;

	if (req->n_patterns == CMD_LIST_PATTERNS)
		return imap_parse_fail(p, "Too many patterns");
	if (!imap_parse_list_mailbox(p, &pattern))
		return false;
	if (*pattern == '\0')
		req->root = true;
	else
		req->patterns[req->n_patterns++] =
		    arena_printf(p->arena, "%s%s", reference, pattern);
	return true;
}

static bool
cmd_list_parse_patterns(struct imap_parser *p, struct cmd_list_req *req,
    const char *reference)
{
	if (!imap_parse_maybe(p, '('))
		return cmd_list_parse_pattern(p, req, reference);
	req->extended = true;
	do {
		if (!cmd_list_parse_pattern(p, req, reference))
			return false;
	} while (imap_parse_maybe(p, ' '));
	req->root = false;
	return imap_parse_char(p, ')');
}

/* The reference may be anything a mailbox name can start with. */
static bool
cmd_list_parse_reference(struct imap_parser *p, const char **reference_r)
{
	return imap_parse_list_mailbox(p, reference_r);
}

static bool
cmd_list_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_list_req *req = arena_alloc(&c->arena, sizeof(*req));
	const char *reference;

	(void)s;
	c->req = req;
	if (!imap_parse_sp(p))
		return false;
	if (imap_parse_peek(p) == '(') {
		req->extended = true;
		if (!cmd_list_parse_options(p, cmd_list_selections,
			&req->select, NULL) ||
		    !imap_parse_sp(p))
			return false;
		if ((req->select & LIST_RECURSIVE) &&
		    !(req->select & (LIST_SUBSCRIBED | LIST_SPECIAL_USE)))
			return imap_parse_fail(p,
			    "RECURSIVEMATCH needs another option");
	}
	if (!cmd_list_parse_reference(p, &reference) || !imap_parse_sp(p) ||
	    !cmd_list_parse_patterns(p, req, reference))
		return false;
	if (imap_parse_maybe(p, ' ')) {
		req->extended = true;
		req->root = false;
		if (!imap_parse_word(p, "RETURN"))
			return imap_parse_fail(p, "Expected RETURN");
		if (!imap_parse_sp(p) ||
		    !cmd_list_parse_options(p, cmd_list_returns, &req->want,
			&req->status_items))
			return false;
	}
	return imap_parse_end(p);
}

static bool
cmd_lsub_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_list_req *req = arena_alloc(&c->arena, sizeof(*req));
	const char *reference;

	(void)s;
	c->req = req;
	return imap_parse_sp(p) && cmd_list_parse_reference(p, &reference) &&
	    imap_parse_sp(p) && cmd_list_parse_pattern(p, req, reference) &&
	    imap_parse_end(p);
}

/* --- the answer -------------------------------------------------------------- */

static bool
cmd_list_matches(const struct cmd_list_req *req, const char *name)
{
	for (size_t i = 0; i < req->n_patterns; i++)
		if (imap_match_mailbox(req->patterns[i], name) ==
		    IMAP_MATCH_YES)
			return true;
	return false;
}

/* Does this name meet the selection options? */
static bool
cmd_list_selected(const struct cmd_list_req *req, const struct list_name *e)
{
	if ((req->select & LIST_SUBSCRIBED) && !e->subscribed)
		return false;
	if ((req->select & LIST_SPECIAL_USE) && (!e->exists || e->info.use == 0))
		return false;
	return (req->select & (LIST_SUBSCRIBED | LIST_SPECIAL_USE)) != 0 ||
	    e->exists || e->has_children;
}

/* Is there a name below that meets them (RFC 5258 §3.5)? */
static bool
cmd_list_below(const struct cmd_list_req *req, const struct list_name *names,
    size_t i)
{
	for (size_t j = i + 1; j < names[i].end; j++)
		if (cmd_list_selected(req, &names[j]))
			return true;
	return false;
}

static void
cmd_list_put(struct session *s, const struct cmd_list_req *req,
    const struct list_name *e, bool childinfo)
{
	struct buf *out = session_out(s), flags;

	buf_init(&flags, KIB);
	buf_putc(&flags, '(');
	if ((req->select & LIST_SUBSCRIBED || req->want & LIST_RETURN_SUBSCRIBED) &&
	    e->subscribed)
		buf_puts(&flags, "\\Subscribed ");
	if (!e->exists)
		buf_puts(&flags,
		    req->extended ? "\\NonExistent " : "\\Noselect ");
	buf_puts(&flags, e->has_children ? "\\HasChildren" : "\\HasNoChildren");
	if (e->exists)
		special_use_put(&flags, e->info.use);
	buf_putc(&flags, ')');
	buf_printf(out, "* LIST %s \"/\" ", buf_cstr(&flags));
	buf_clear(&flags);
	imap_put_mailbox(out, e->name, false);
	if (childinfo)
		buf_printf(out, " (\"CHILDINFO\" (\"%s\"))",
		    req->select & LIST_SUBSCRIBED ? "SUBSCRIBED"
						  : "SPECIAL-USE");
	buf_puts(out, "\r\n");
	if ((req->want & LIST_RETURN_STATUS) && e->exists)
		status_items_put(s, &e->info, req->status_items);
}

static enum cmd_result
cmd_list_run(struct session *s, struct cmd *c)
{
	const struct cmd_list_req *req = c->req;
	struct list_name *names;
	enum store_err err;
	size_t n;

	if (req->root) {
		buf_puts(session_out(s), "* LIST (\\Noselect) \"/\" \"\"\r\n");
		return reply_ok(s, NULL, "List completed");
	}
	err = list_names(s->worker->store, &c->arena, &names, &n);
	if (err != STORE_OK)
		return reply_store_error(s, err, false);
	for (size_t i = 0; i < n; i++) {
		bool below;

		if (!cmd_list_matches(req, names[i].name))
			continue;
		below = (req->select & LIST_RECURSIVE) &&
		    cmd_list_below(req, names, i);
		if (below || cmd_list_selected(req, &names[i]))
			cmd_list_put(s, req, &names[i], below);
	}
	return reply_ok(s, NULL, "List completed");
}

/* A superior of subscribed names that is not subscribed itself is shown for a
 * pattern that ends with "%" (RFC 3501 §6.3.9). */
static bool
cmd_lsub_implied(const struct cmd_list_req *req, const struct list_name *names,
    size_t i)
{
	const char *pattern = req->patterns[0];

	if (pattern[strlen(pattern) - 1] != '%')
		return false;
	for (size_t j = i + 1; j < names[i].end; j++)
		if (names[j].subscribed)
			return true;
	return false;
}

static enum cmd_result
cmd_lsub_run(struct session *s, struct cmd *c)
{
	const struct cmd_list_req *req = c->req;
	struct buf *out = session_out(s);
	struct list_name *names;
	enum store_err err;
	size_t n;

	if (req->root) {
		buf_puts(out, "* LSUB (\\Noselect) \"/\" \"\"\r\n");
		return reply_ok(s, NULL, "Lsub completed");
	}
	err = list_names(s->worker->store, &c->arena, &names, &n);
	if (err != STORE_OK)
		return reply_store_error(s, err, false);
	for (size_t i = 0; i < n; i++) {
		if (!cmd_list_matches(req, names[i].name))
			continue;
		if (!names[i].subscribed && !cmd_lsub_implied(req, names, i))
			continue;
		buf_printf(out, "* LSUB (%s) \"/\" ",
		    names[i].subscribed ? "" : "\\Noselect");
		imap_put_mailbox(out, names[i].name, false);
		buf_puts(out, "\r\n");
	}
	return reply_ok(s, NULL, "Lsub completed");
}

const struct imap_cmd cmd_list = {
	.name = "LIST",
	.parse = cmd_list_parse,
	.run = cmd_list_run,
};

const struct imap_cmd cmd_lsub = {
	.name = "LSUB",
	.parse = cmd_lsub_parse,
	.run = cmd_lsub_run,
};
