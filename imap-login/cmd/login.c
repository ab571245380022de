/* SPDX-License-Identifier: ISC
 *
 * LOGIN (RFC 3501 §6.2.3): for auth it is SASL PLAIN with an initial response
 * made here, "\0user\0password" (RFC 4616).
 *
 * The password goes from the framer's text, which is wiped, straight to locked
 * memory; the common parser would copy it to the arena, so the last argument
 * is read by a small parser of our own.
 */
#include <string.h>

#include "imap-login/cmd.h"
#include "imap-login/conn.h"
#include "imap-login/exchange.h"

/* to has room for every byte up to p->end; *len_r bytes were written. */
static bool
cmd_login_quoted(struct imap_parser *p, unsigned char *to, size_t *len_r)
{
	size_t len = 0;

	for (p->at++; p->at < p->end && *p->at != '"'; p->at++) {
		if (*p->at == '\\' && (++p->at == p->end ||
		    (*p->at != '\\' && *p->at != '"')))
			return imap_parse_fail(p, "Bad quoted string");
		if (*p->at == '\r' || *p->at == '\n')
			return imap_parse_fail(p, "Bad quoted string");
		to[len++] = *p->at;
	}
	*len_r = len;
	return imap_parse_char(p, '"');
}

static bool
cmd_login_literal(struct imap_parser *p, unsigned char *to, size_t *len_r)
{
	uint64_t len;

	p->at++;
	if (!imap_parse_number64(p, &len) || !imap_parse_char(p, '}') ||
	    !imap_parse_char(p, '\r') || !imap_parse_char(p, '\n'))
		return false;
	if (len > (uint64_t)(p->end - p->at))
		return imap_parse_fail(p, "Bad literal");
	memcpy(to, p->at, len);
	p->at += len;
	*len_r = len;
	return true;
}

/* An astring, as imap_parse_astring() but into `to`. */
static bool
cmd_login_password(struct imap_parser *p, unsigned char *to, size_t *len_r)
{
	size_t len = 0;

	if (imap_parse_peek(p) == '"')
		return cmd_login_quoted(p, to, len_r);
	if (imap_parse_peek(p) == '{')
		return cmd_login_literal(p, to, len_r);
	for (; p->at < p->end && imap_parse_is_astring_char(*p->at); p->at++)
		to[len++] = *p->at;
	*len_r = len;
	return len > 0 || imap_parse_fail(p, "Missing password");
}

static bool
cmd_login_parse(struct imap_parser *p, struct cmd_req *req)
{
	struct imap_str user;
	unsigned char *at;
	size_t len;

	if (!imap_parse_sp(p) || !imap_parse_astring(p, &user) ||
	    !imap_parse_sp(p))
		return false;
	if (memchr(user.data, '\0', user.len) != NULL)
		return imap_parse_fail(p, "NUL in user name");
	/* room for both NULs, the name and all that is left; the content is
	 * replaced at once */
	len = 2 + user.len + (size_t)(p->end - p->at);
	req->secret = secret_new_empty(len);
	at = req->secret->data;
	*at++ = '\0';
	memcpy(at, user.data, user.len);
	at += user.len;
	*at++ = '\0';
	if (!cmd_login_password(p, at, &len))
		return false;
	if (memchr(at, '\0', len) != NULL)
		return imap_parse_fail(p, "NUL in password");
	at[len] = '\0';
	req->secret->len = 2 + user.len + len;
	return true;
}

static void
cmd_login_run(struct conn *c, struct cmd_req *req)
{
	c->from_login = true;
	exchange_start(c, "PLAIN", req->secret);
}

const struct cmd cmd_login = {
	.name = "LOGIN",
	.parse = cmd_login_parse,
	.run = cmd_login_run,
};
