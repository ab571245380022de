/* SPDX-License-Identifier: ISC
 *
 * Tagged replies, and the one place where store errors become response codes.
 * Clients get no paths, uids or errno texts.
 */
#include "common/log.h"
#include "session.h"
#include "sync.h"

struct buf *
session_out(struct session *s)
{
	return output_buf(&s->out);
}

static enum cmd_result
reply_tagged(struct session *s, const char *word, const char *code,
    const char *text)
{
	struct buf *out = session_out(s);

	if (s->cmd.replied)
		log_panic("reply: second tagged reply: %s", word);
	s->cmd.replied = true;
	if (s->view != NULL)
		sync_send(s);
	if (code != NULL)
		buf_printf(out, "%s %s [%s] %s\r\n", s->cmd.tag, word, code, text);
	else
		buf_printf(out, "%s %s %s\r\n", s->cmd.tag, word, text);
	return CMD_DONE;
}

enum cmd_result
reply_ok(struct session *s, const char *code, const char *text)
{
	return reply_tagged(s, "OK", code, text);
}

enum cmd_result
reply_no(struct session *s, const char *code, const char *text)
{
	return reply_tagged(s, "NO", code, text);
}

enum cmd_result
reply_bad(struct session *s, const char *text)
{
	return reply_tagged(s, "BAD", NULL, text);
}

static const struct {
	enum store_err err;
	const char *code, *text;
} reply_errors[] = {
	{ STORE_NOT_FOUND, "NONEXISTENT", "No such mailbox" },
	{ STORE_EXISTS, "ALREADYEXISTS", "There is such a mailbox already" },
	{ STORE_LIMIT, "LIMIT", "A limit of this server was reached" },
	{ STORE_OVERQUOTA, "OVERQUOTA", "The quota is used up" },
	{ STORE_NO_SPACE, "UNAVAILABLE", "The server has no room left; try again later" },
	{ STORE_TOO_BIG, "TOOBIG", "The message is too big" },
	{ STORE_GONE, "EXPUNGEISSUED", "Some of the messages were expunged" },
	{ STORE_FORBIDDEN, "CANNOT", "This mailbox does not allow that" },
	{ STORE_BUSY, "INUSE", "The mail store is in use" },
	{ STORE_NEWER, "UNAVAILABLE", "The mail store was written by a newer version" },
	{ STORE_CORRUPT, "CORRUPTION", "The mail store is damaged; the administrator has been told" },
	{ STORE_IO, "SERVERBUG", "The mail store cannot be read or written" },
};

enum cmd_result
reply_store_error(struct session *s, enum store_err e, bool trycreate)
{
	if (e == STORE_NOT_FOUND && trycreate)
		return reply_no(s, "TRYCREATE", "No such mailbox");
	for (size_t i = 0; i < sizeof(reply_errors) / sizeof(*reply_errors); i++)
		if (reply_errors[i].err == e)
			return reply_no(s, reply_errors[i].code,
			    reply_errors[i].text);
	log_panic("reply: no such store error: %d", (int)e);
}
