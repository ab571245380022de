/* SPDX-License-Identifier: ISC
 *
 * APPEND (RFC 3501 §6.3.11, several messages RFC 3502, APPENDUID RFC 4315).
 * States: authenticated, selected. Responses: none of its own; EXISTS comes from
 * sync.c. Store: store_append_*.
 *
 * The messages' bytes are in the session's spool (append_spool.c) when the command
 * runs; here are only their flags and dates.
 */
#include <strings.h>
#include <time.h>

#include "append_spool.h"
#include "cmd.h"
#include "cmd/flag_args.h"
#include "session.h"
#include "worker.h"

struct cmd_append_message {
	struct cmd_append_message *next;
	struct flag_args flags;
	bool has_date;
	int64_t date;
	int16_t zone;
	uint64_t len;
};

struct cmd_append_req {
	const char *mailbox;
	struct cmd_append_message *messages, **tail;
};

/* [SP flag-list] [SP date-time] SP, up to the literal */
static bool
cmd_append_parse_options(struct imap_parser *p, struct cmd_append_message *m)
{
	if (!imap_parse_sp(p))
		return false;
	if (imap_parse_peek(p) == '(') {
		if (!flag_args_parse(p, false, &m->flags) || !imap_parse_sp(p))
			return false;
	}
	if (imap_parse_peek(p) == '"') {
		m->has_date = true;
		if (!imap_parse_date_time(p, &m->date, &m->zone) ||
		    !imap_parse_sp(p))
			return false;
	}
	return true;
}

static bool
cmd_append_parse_message(struct imap_parser *p, struct cmd_append_message *m)
{
	struct imap_str body;

	if (!cmd_append_parse_options(p, m) || !imap_parse_string(p, &body))
		return false;
	if (!body.external)
		return imap_parse_fail(p, "A message must be a literal");
	m->len = body.len;
	return true;
}

static bool
cmd_append_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_append_req *req = arena_alloc(&c->arena, sizeof(*req));

	(void)s;
	c->req = req;
	req->tail = &req->messages;
	if (!imap_parse_sp(p) || !imap_parse_mailbox(p, &req->mailbox))
		return false;
	do {
		struct cmd_append_message *m =
		    arena_alloc(&c->arena, sizeof(*m));

		if (!cmd_append_parse_message(p, m))
			return false;
		*req->tail = m;
		req->tail = &m->next;
	} while (!imap_parse_at_end(p));
	return true;
}

static enum store_err
cmd_append_add(struct session *s, struct store_append *ap,
    const struct cmd_append_message *m, size_t i)
{
	struct store_new_message msg = { 0 };
	struct tm local;
	time_t now = time(NULL);

	msg.data = append_spool_get(s->spool, i, &msg.len);
	if (msg.data == NULL)
		return STORE_NO_SPACE;
	msg.system_flags = m->flags.system;
	msg.keywords = m->flags.keywords;
	msg.internaldate = m->date;
	msg.zone = m->zone;
	if (!m->has_date) {
		localtime_r(&now, &local);
		msg.internaldate = now;
		msg.zone = (int16_t)(local.tm_gmtoff / 60);
	}
	return store_append_add(ap, &msg);
}

static enum cmd_result
cmd_append_run(struct session *s, struct cmd *c)
{
	struct cmd_append_req *req = c->req;
	const struct cmd_append_message *m;
	struct store_append *ap = NULL;
	uint32_t uidvalidity, uid;
	enum store_err err;
	size_t i = 0;

	for (m = req->messages; m != NULL; m = m->next)
		if (m->len == 0)
			return reply_no(s, "CANNOT", "A message cannot be empty");
	err = store_append_begin(s->worker->store, req->mailbox, &ap);
	for (m = req->messages; m != NULL && err == STORE_OK; m = m->next)
		err = cmd_append_add(s, ap, m, i++);
	if (err == STORE_OK)
		err = store_append_commit(&ap, &uidvalidity, &uid);
	store_append_abort(&ap);
	if (err != STORE_OK)
		return reply_store_error(s, err, true);
	if (i == 1)
		return reply_ok(s,
		    arena_printf(&c->arena, "APPENDUID %u %u", uidvalidity, uid),
		    "Append completed");
	return reply_ok(s,
	    arena_printf(&c->arena, "APPENDUID %u %u:%u", uidvalidity, uid,
		uid + (uint32_t)i - 1),
	    "Append completed");
}

/* --- literals, as they are announced --------------------------------------- */

/* Is the text so far "tag APPEND mailbox"? The mailbox itself may be a literal,
 * which then is not yet there. */
static bool
append_parse_start(struct session *s, struct imap_parser *p,
    const char **mailbox_r)
{
	const char *name;

	imap_parse_init(p, s->framer.text.data, s->framer.text.len,
	    &s->cmd.arena);
	return imap_parse_tag(p, &s->cmd.tag) && imap_parse_sp(p) &&
	    imap_parse_atom(p, &name) && strcasecmp(name, "APPEND") == 0 &&
	    imap_parse_sp(p) && imap_parse_mailbox(p, mailbox_r) &&
	    imap_parse_peek(p) == ' ';
}

/* The options in front of this message, behind the one announced before it. */
static bool
append_parse_options(struct session *s, struct imap_parser *p)
{
	const unsigned char *text = s->framer.text.data;
	struct cmd_append_message m;

	if (s->append_at > 0) {
		p->at = text + s->append_at;
		if (!cmd_append_parse_message(p, &m))
			return false;
	}
	s->append_at = (size_t)(p->at - text);
	return cmd_append_parse_options(p, &m) && (imap_parse_peek(p) == '{' ||
	    imap_parse_fail(p, "A message must be a literal"));
}

enum append_literal
append_literal(struct session *s)
{
	struct store_info info;
	struct imap_parser p;
	const char *mailbox;
	enum store_err err;

	if (!append_parse_start(s, &p, &mailbox)) {
		s->cmd.tag = "*";
		return APPEND_LITERAL_KEEP;
	}
	if (!append_parse_options(s, &p)) {
		(void)reply_bad(s, p.error);
		return APPEND_LITERAL_REFUSED;
	}
	if (s->framer.literal_size > s->worker->conf->message_size) {
		(void)reply_no(s, "TOOBIG", "The message is too big");
		return APPEND_LITERAL_REFUSED;
	}
	err = store_stat(s->worker->store, mailbox, &s->cmd.arena, &info);
	if (err != STORE_OK) {
		(void)reply_store_error(s, err, true);
		return APPEND_LITERAL_REFUSED;
	}
	if (s->spool == NULL)
		s->spool = append_spool_new(s->worker->home);
	return APPEND_LITERAL_SPOOL;
}

const struct imap_cmd cmd_append = {
	.name = "APPEND",
	.parse = cmd_append_parse,
	.run = cmd_append_run,
};
