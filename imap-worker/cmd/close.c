/* SPDX-License-Identifier: ISC
 *
 * CLOSE (RFC 3501 §6.4.2): expunges what is \Deleted, silently, and leaves the
 * mailbox; UNSELECT (RFC 3691) only leaves it.
 */
#include "cmd.h"
#include "cmd/deleted.h"
#include "session.h"
#include "view.h"

static enum cmd_result
cmd_close_run(struct session *s, struct cmd *c)
{
	enum store_err err = STORE_OK;

	(void)c;
	if (!s->view->readonly)
		err = deleted_expunge(s->view, NULL);
	session_select(s, NULL);
	if (err != STORE_OK)
		return reply_store_error(s, err, false);
	return reply_ok(s, NULL, "Close completed");
}

static enum cmd_result
cmd_unselect_run(struct session *s, struct cmd *c)
{
	(void)c;
	session_select(s, NULL);
	return reply_ok(s, NULL, "Unselect completed");
}

const struct imap_cmd cmd_close = {
	.name = "CLOSE",
	.flags = CMD_SELECTED,
	.run = cmd_close_run,
};

const struct imap_cmd cmd_unselect = {
	.name = "UNSELECT",
	.flags = CMD_SELECTED,
	.run = cmd_unselect_run,
};
