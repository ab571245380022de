/* SPDX-License-Identifier: ISC */
#include "lmtp/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/auth_client.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "lmtp/lmtp.h"
#include "lmtp/session.h"

void
verbs_error(struct session *s, const char *reply)
{
	session_reply(s, reply);
	if (++s->errors < SESSION_MAX_ERRORS)
		return;
	session_reply(s, "421 4.7.0 Too many errors");
	session_set_state(s, SESSION_CLOSING);
}

static void
verbs_lhlo(struct session *s)
{
	char line[300];

	session_reset(s);
	s->lhlo = true;
	snprintf(line, sizeof(line), "250-%s", s->lmtp->hostname);
	session_reply(s, line);
	session_reply(s, "250-PIPELINING");
	session_reply(s, "250-ENHANCEDSTATUSCODES");
	session_reply(s, "250-8BITMIME");
	snprintf(line, sizeof(line), "250 SIZE %llu",
	    (unsigned long long)s->lmtp->conf->message_size);
	session_reply(s, line);
}

static void
verbs_mail(struct session *s, const struct command *c)
{
	if (!s->lhlo) {
		verbs_error(s, "503 5.5.1 Say LHLO first");
	} else if (s->has_sender) {
		verbs_error(s, "503 5.5.1 There is a sender already");
	} else if (c->size > s->lmtp->conf->message_size) {
		session_reply(s, "552 5.3.4 Message is too big");
	} else {
		s->has_sender = true;
		memcpy(s->sender, c->path, sizeof(s->sender));
		session_reply(s, "250 2.1.0 Sender accepted");
	}
}

static void
verbs_rcpt(struct session *s, const struct command *c)
{
	if (!s->has_sender) {
		verbs_error(s, "503 5.5.1 Say MAIL first");
	} else if (s->n_recipients == LIMIT_LMTP_RECIPIENTS) {
		session_reply(s, "452 4.5.3 Too many recipients");
	} else if (s->lmtp->service.auth == NULL) {
		session_reply(s, "451 4.3.0 Recipients cannot be checked now");
	} else {
		s->asking = xstrdup(c->path);
		session_set_state(s, SESSION_RCPT_WAIT);
		auth_client_rcpt_check(s->lmtp->service.auth,
		    session_take_ids(s, 1), c->path);
	}
}

void
verbs_rcpt_result(struct session *s, enum ipc_status status, const char *user,
    const char *detail)
{
	struct recipient *r = &s->recipients[s->n_recipients];
	char line[COMMAND_PATH_SIZE + 64];

	s->n_ids = 0;
	session_set_state(s, SESSION_COMMAND);
	switch (status) {
	case IPC_OK:
		r->address = s->asking;
		s->asking = NULL;
		r->user = xstrdup(user);
		r->detail = xstrdup(detail);
		s->n_recipients++;
		snprintf(line, sizeof(line), "250 2.1.5 <%s> accepted",
		    r->address);
		break;
	case IPC_NO_SUCH_USER:
		snprintf(line, sizeof(line), "550 5.1.1 <%s> unknown",
		    s->asking);
		break;
	case IPC_REFUSED:
		snprintf(line, sizeof(line), "550 5.7.1 <%s> refused",
		    s->asking);
		break;
	default:
		snprintf(line, sizeof(line),
		    "451 4.3.0 <%s> cannot be checked now", s->asking);
		break;
	}
	session_reply(s, line);
	free(s->asking);
	s->asking = NULL;
}

static void
verbs_data(struct session *s)
{
	if (!s->has_sender) {
		verbs_error(s, "503 5.5.1 Say MAIL first");
	} else if (s->n_recipients == 0) { /* RFC 2033 §4.2 */
		verbs_error(s, "503 5.5.1 No valid recipients");
	} else {
		message_begin(&s->message);
		s->data = DATA_START;
		session_reply(s, "354 Go on, end with a line that is a dot");
		session_set_state(s, SESSION_DATA);
	}
}

void
verbs_run(struct session *s, const char *line, size_t len)
{
	struct command c;
	const char *error = command_parse(line, len, &c);

	if (error != NULL) {
		verbs_error(s, error);
		return;
	}
	switch (c.verb) {
	case COMMAND_LHLO:
		verbs_lhlo(s);
		break;
	case COMMAND_MAIL:
		verbs_mail(s, &c);
		break;
	case COMMAND_RCPT:
		verbs_rcpt(s, &c);
		break;
	case COMMAND_DATA:
		verbs_data(s);
		break;
	case COMMAND_RSET:
		session_reset(s);
		session_reply(s, "250 2.0.0 Forgotten");
		break;
	case COMMAND_NOOP:
		session_reply(s, "250 2.0.0 Nothing done");
		break;
	case COMMAND_QUIT:
		session_reply(s, "221 2.0.0 Bye");
		session_set_state(s, SESSION_CLOSING);
		break;
	case COMMAND_VRFY:
		session_reply(s, "252 2.5.2 Try RCPT");
		break;
	case COMMAND_HELP:
		session_reply(s, "214 2.0.0 LMTP, RFC 2033");
		break;
	}
}
