/* SPDX-License-Identifier: ISC */
#include "lmtp/deliver.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/master_client.h"
#include "common/xalloc.h"
#include "lmtp/lmtp.h"
#include "lmtp/session.h"

/* Sends the replies that are known and not held up by earlier ones. */
static void
deliver_reply(struct session *s)
{
	while (s->n_replied < s->n_recipients &&
	    s->recipients[s->n_replied].reply != NULL)
		session_reply(s, s->recipients[s->n_replied++].reply);
	if (s->n_replied < s->n_recipients)
		return;
	s->n_ids = 0;
	session_reset(s);
	session_set_state(s, SESSION_COMMAND);
}

static void
deliver_note(struct session *s, struct recipient *r, char *reply)
{
	if (r->reply != NULL) { /* told twice */
		free(reply);
		return;
	}
	r->reply = reply;
	log_info("delivery: from=<%s> to=<%s> user=<%s> size=%llu session=%s: "
	    "%s", s->sender, r->address, r->user,
	    (unsigned long long)s->message.size, s->client.session, reply);
}

void
deliver_give_up(struct session *s, const char *reply)
{
	for (size_t i = s->n_replied; i < s->n_recipients; i++)
		if (s->recipients[i].reply == NULL)
			deliver_note(s, &s->recipients[i], xstrdup(reply));
	deliver_reply(s);
}

void
deliver_result(struct session *s, uint32_t id, uint32_t code, const char *text)
{
	struct recipient *r = &s->recipients[id - s->first_id];

	/* an enhanced status code begins the text, of the same class */
	if (code < 200 || code > 599 || text[0] != (char)('0' + code / 100)) {
		log_error("delivery: not a reply: session=%s: %u %s",
		    s->client.session, code, text);
		deliver_note(s, r, xstrdup("451 4.3.0 Delivery failed"));
	} else {
		deliver_note(s, r, xasprintf("%u %s", code, text));
	}
	deliver_reply(s);
}

static void
deliver_send(struct session *s, uint32_t id, struct recipient *r)
{
	const struct master_client_delivery d = {
		.id = id,
		.session = s->client.session,
		.sender = s->sender,
		.recipient = r->address,
		.user = r->user,
		.detail = r->detail,
	};
	int fd = message_dup(&s->message);

	if (fd < 0) {
		log_error("delivery: no descriptor: session=%s: %m",
		    s->client.session);
		deliver_note(s, r, xstrdup("451 4.3.0 Out of resources"));
	} else {
		master_client_delivery(s->lmtp->service.master, &d, fd);
	}
}

void
deliver_start(struct session *s)
{
	uint32_t id;

	s->n_replied = 0;
	session_set_state(s, SESSION_DELIVER);
	message_seal(&s->message);
	if (s->message.problem == MESSAGE_TOO_BIG) {
		deliver_give_up(s, "552 5.3.4 Message is too big");
		return;
	}
	if (s->message.problem == MESSAGE_NO_ROOM ||
	    s->lmtp->service.master == NULL) {
		deliver_give_up(s, "452 4.3.1 No room for it now");
		return;
	}
	id = session_take_ids(s, (uint32_t)s->n_recipients);
	for (size_t i = 0; i < s->n_recipients; i++)
		deliver_send(s, id + (uint32_t)i, &s->recipients[i]);
	deliver_reply(s);
}
