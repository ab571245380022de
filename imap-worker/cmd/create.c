/* SPDX-License-Identifier: ISC
 *
 * CREATE (RFC 3501 §6.3.3; USE: RFC 6154 §3; MAILBOXID in the reply: RFC 8474
 * §4.1). A trailing "/" only says that inferiors will come: it is dropped.
 */
#include <string.h>

#include "cmd.h"
#include "cmd/object_id.h"
#include "cmd/special_use.h"
#include "common/imap/names.h"
#include "session.h"
#include "worker.h"

struct cmd_create_req {
	char *mailbox;
	uint8_t use;
	bool bad_use; /* an attribute that no mailbox can be made with */
};

static bool
cmd_create_parse_use(struct imap_parser *p, struct cmd_create_req *req)
{
	if (!imap_parse_char(p, '('))
		return false;
	if (!imap_parse_word(p, "USE"))
		return imap_parse_fail(p, "Unknown parameter");
	if (!imap_parse_sp(p) || !imap_parse_char(p, '('))
		return false;
	while (imap_parse_peek(p) != ')') {
		const char *flag;
		uint8_t bit;

		if (!imap_parse_flag(p, &flag))
			return false;
		bit = special_use_bit(flag);
		req->use |= bit;
		req->bad_use |= bit == 0;
		if (!imap_parse_maybe(p, ' ') && imap_parse_peek(p) != ')')
			return imap_parse_fail(p, "Expected )");
	}
	return imap_parse_char(p, ')') && imap_parse_char(p, ')');
}

static bool
cmd_create_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_create_req *req = arena_alloc(&c->arena, sizeof(*req));
	const char *name;
	size_t len;

	(void)s;
	c->req = req;
	if (!imap_parse_sp(p) || !imap_parse_mailbox(p, &name))
		return false;
	req->mailbox = arena_strdup(&c->arena, name);
	len = strlen(name);
	if (len > 1 && name[len - 1] == '/')
		req->mailbox[len - 1] = '\0';
	if (imap_parse_maybe(p, ' ') && !cmd_create_parse_use(p, req))
		return false;
	return imap_parse_end(p);
}

static enum cmd_result
cmd_create_run(struct session *s, struct cmd *c)
{
	const struct cmd_create_req *req = c->req;
	const char *wrong = imap_mailbox_name_check(req->mailbox);
	struct store_info info;
	enum store_err err;
	struct buf id;

	if (wrong != NULL)
		return reply_no(s, "CANNOT", wrong);
	if (req->bad_use)
		return reply_no(s, "USEATTR", "No such special use here");
	err = store_create(s->worker->store, req->mailbox, req->use);
	if (err == STORE_OK)
		err = store_stat(s->worker->store, req->mailbox, &c->arena,
		    &info);
	if (err != STORE_OK)
		return reply_store_error(s, err, false);
	buf_init(&id, 64);
	object_id_put_mailbox(&id, &info);
	(void)reply_ok(s,
	    arena_printf(&c->arena, "MAILBOXID (%s)", buf_cstr(&id)),
	    "Create completed");
	buf_clear(&id);
	return CMD_DONE;
}

const struct imap_cmd cmd_create = {
	.name = "CREATE",
	.parse = cmd_create_parse,
	.run = cmd_create_run,
};
