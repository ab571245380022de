/* SPDX-License-Identifier: ISC
 *
 * AUTHENTICATE (RFC 3501 §6.2.2) with an initial response (RFC 4959): "=" is
 * an empty one.  What mechanisms mean is auth's business; here is only which
 * are offered.  All of these show the password to whoever listens, so they
 * need conn_may_login().
 */
#include <strings.h>

#include "imap-login/cmd.h"
#include "imap-login/conn.h"
#include "imap-login/exchange.h"

static const char *const cmd_authenticate_mechs[] = { "PLAIN", "LOGIN" };

#define N_MECHS \
	(sizeof(cmd_authenticate_mechs) / sizeof(cmd_authenticate_mechs[0]))

const char *
cmd_authenticate_mech(const char *name)
{
	for (size_t i = 0; i < N_MECHS; i++)
		if (strcasecmp(cmd_authenticate_mechs[i], name) == 0)
			return cmd_authenticate_mechs[i];
	return NULL;
}

void
cmd_authenticate_list(struct buf *out)
{
	for (size_t i = 0; i < N_MECHS; i++)
		buf_printf(out, " AUTH=%s", cmd_authenticate_mechs[i]);
}

static bool
cmd_authenticate_parse(struct imap_parser *p, struct cmd_req *req)
{
	if (!imap_parse_sp(p) || !imap_parse_atom(p, &req->mech))
		return false;
	if (imap_parse_at_end(p))
		return true;
	if (!imap_parse_sp(p))
		return false;
	if (p->end - p->at == 1 && *p->at == '=')
		req->secret = secret_new_empty(0);
	else
		req->secret = exchange_base64((const char *)p->at,
		    (size_t)(p->end - p->at));
	if (req->secret == NULL)
		return imap_parse_fail(p, "Initial response is not base64");
	p->at = p->end;
	return true;
}

static void
cmd_authenticate_run(struct conn *c, struct cmd_req *req)
{
	const char *mech = cmd_authenticate_mech(req->mech);

	c->from_login = false;
	if (mech == NULL)
		conn_reply(c, "NO", "CANNOT", "No such mechanism here");
	else
		exchange_start(c, mech, req->secret);
}

const struct cmd cmd_authenticate = {
	.name = "AUTHENTICATE",
	.parse = cmd_authenticate_parse,
	.run = cmd_authenticate_run,
};
