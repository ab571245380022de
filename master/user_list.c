/* SPDX-License-Identifier: ISC
 *
 * CTL_REQUEST USERS -> USERS_LIST at the current auth -> USERS -> CTL_USERS,
 * and again until auth has named all; then CTL_END. The generation keeps the
 * parts of one list together: when the users change meanwhile, auth refuses to
 * go on.
 */
#include "master/user_list.h"

#include "common/log.h"
#include "master/children.h"
#include "master/control.h"
#include "master/master.h"

void
user_list_next(struct control_conn *c)
{
	struct child *auth = children_auth(c->master);
	struct ipc_msg msg;

	if (c->asked != NULL || control_pause(c))
		return;
	if (auth == NULL) {
		control_end(c, IPC_UNAVAILABLE, "busy, try again later");
		return;
	}
	c->asked = auth;
	c->asked_id = master_next_id(c->master);
	ipc_begin(&msg, IPC_USERS_LIST);
	ipc_put_u32(&msg, c->asked_id);
	ipc_put_u64(&msg, c->generation);
	ipc_put_u64(&msg, c->from);
	ipc_post(auth->chan, &msg, -1);
}

static const char *
user_list_refusal(uint8_t status)
{
	return status == IPC_REFUSED ?
	    "the system's users cannot be listed: name them" :
	    "the users have changed meanwhile, try again";
}

/* The connection that waits for this answer; NULL: it has gone. */
static struct control_conn *
user_list_conn(struct master *m, const struct child *auth, uint32_t id)
{
	struct control_conn *c;

	TAILQ_FOREACH(c, &m->control.conns, next)
		if (c->asked == auth && c->asked_id == id)
			return c;
	return NULL;
}

bool
user_list_on_users(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct child *auth = ctx;
	struct control_conn *c = user_list_conn(auth->master, auth,
	    ipc_get_u32(m));
	uint8_t status = ipc_get_u8(m);
	uint64_t generation = ipc_get_u64(m), next = ipc_get_u64(m);
	const unsigned char *names;
	struct ipc_msg out;
	size_t n;

	(void)chan;
	names = ipc_get_blob(m, &n);
	if (status > IPC_LIMIT || n > IPC_NAMES_MAX ||
	    (n > 0 && names[n - 1] != '\0'))
		return false;
	if (c == NULL)
		return true;
	if (next != 0 && next <= c->from) /* would never end */
		return false;
	c->asked = NULL;
	if (status != IPC_OK) {
		control_end(c, (enum ipc_status)status,
		    user_list_refusal(status));
		return true;
	}
	ipc_begin(&out, IPC_CTL_USERS);
	ipc_put_blob(&out, names, n);
	ipc_post(c->chan, &out, -1);
	c->generation = generation;
	c->from = next;
	if (next == 0)
		control_end(c, IPC_OK, "");
	else
		user_list_next(c);
	return true;
}

void
user_list_auth_lost(const struct child *auth)
{
	struct control_conn *c;

	TAILQ_FOREACH(c, &auth->master->control.conns, next) {
		if (c->asked != auth)
			continue;
		c->asked = NULL;
		control_end(c, IPC_UNAVAILABLE, "try again later");
	}
}
