/* SPDX-License-Identifier: ISC */
#include "auth/request.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "auth/auth.h"
#include "auth/cache.h"
#include "auth/helpers.h"
#include "auth/passwd_file.h"
#include "auth/penalty.h"
#include "auth/sasl.h"
#include "auth/tickets.h"
#include "auth/userdb.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/user.h"
#include "common/xalloc.h"

#define REQUEST_BUCKETS 256 /* a power of two */
#define REQUEST_ADDR_MAX 63

enum request_state {
	REQUEST_CLIENT,
	REQUEST_HELPER,
	REQUEST_USERDB,
	REQUEST_DELAY,
};

struct request {
	LIST_ENTRY(request) chain;
	struct request_set *set;
	uint32_t id;
	enum request_state state;
	uint64_t since; /* of the client's last message */
	char addr[REQUEST_ADDR_MAX + 1];
	char user[USER_MAX + 1];   /* normalized; "" before credentials */
	bool hopeless; /* asked of a helper only for the time it takes */
	bool somebody_else; /* the authzid names another user */
	bool has_key;
	unsigned char key[CACHE_KEY_SIZE]; /* of the cache */
	struct sasl_exchange *sasl;        /* own */
	struct helpers_question *question; /* to be cancelled */
	struct userdb_op *lookup;          /* to be cancelled */
	struct event timer;                /* DELAY */
	const char *code, *text;           /* DELAY: what to say then */
};
LIST_HEAD(request_chain, request);

struct request_set {
	struct auth *auth;
	struct ipc_chan *chan;
	uint32_t child;
	unsigned n, max;
	struct request_chain buckets[REQUEST_BUCKETS];
};

/* --- ends --------------------------------------------------------------- */

static void
request_free(struct request *r)
{
	LIST_REMOVE(r, chain);
	r->set->n--;
	if (r->state == REQUEST_DELAY)
		event_del(&r->timer);
	helpers_cancel(&r->question);
	userdb_cancel(&r->lookup);
	sasl_exchange_free(&r->sasl);
	free(r);
}

static void
request_answer(struct request_set *s, uint32_t id,
    enum ipc_auth_status status, const char *code, const char *text)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_AUTH_RESULT);
	ipc_put_u32(&m, id);
	ipc_put_u8(&m, status);
	ipc_put_blob(&m, NULL, 0);
	ipc_put_str(&m, code);
	ipc_put_str(&m, text);
	ipc_put_str(&m, "");
	ipc_put_secret(&m, NULL, 0);
	ipc_post(s->chan, &m, -1);
}

static void
request_challenge(struct request *r, const void *out, size_t len)
{
	struct ipc_msg m;

	r->state = REQUEST_CLIENT;
	ipc_begin(&m, IPC_AUTH_RESULT);
	ipc_put_u32(&m, r->id);
	ipc_put_u8(&m, IPC_AUTH_CHALLENGE);
	ipc_put_blob(&m, out, len);
	ipc_put_str(&m, "");
	ipc_put_str(&m, "");
	ipc_put_str(&m, "");
	ipc_put_secret(&m, NULL, 0);
	ipc_post(r->set->chan, &m, -1);
}

static void
request_unavailable(struct request *r, const char *why)
{
	log_error("request: login not possible now: %s from %s: %s", r->user,
	    r->addr, why);
	request_answer(r->set, r->id, IPC_AUTH_TEMPFAIL, "UNAVAILABLE",
	    "Logging in is not possible at the moment");
	request_free(r);
}

static void
request_delay_over(evutil_socket_t fd, short what, void *ctx)
{
	struct request *r = ctx;

	(void)fd, (void)what;
	request_answer(r->set, r->id, IPC_AUTH_FAILED, r->code, r->text);
	request_free(r);
}

/* The only way to a refusal of credentials: it waits until the penalty's delay
 * has passed since the client's last message. code, text: static. */
static void
request_refuse(struct request *r, const char *code, const char *text,
    const char *why)
{
	struct auth *a = r->set->auth;
	uint64_t now = auth_now_ms(), due;
	struct timeval tv;

	log_info("request: login refused: %s from %s: %s",
	    r->user[0] != '\0' ? r->user : "?", r->addr, why);
	due = r->since + penalty_refused(a->penalty, r->addr, now);
	due = due > now ? due - now : 0;
	tv.tv_sec = (time_t)(due / 1000);
	tv.tv_usec = (suseconds_t)(due % 1000 * 1000);
	sasl_exchange_free(&r->sasl);
	r->code = code;
	r->text = text;
	r->state = REQUEST_DELAY;
	evtimer_assign(&r->timer, a->base, request_delay_over, r);
	evtimer_add(&r->timer, &tv);
}

static void
request_fail(struct request *r, const char *why)
{
	request_refuse(r, "AUTHENTICATIONFAILED", "Authentication failed", why);
}

/* --- right: who is it? --------------------------------------------------- */

static void
request_succeed(struct request *r, const struct identity *who)
{
	unsigned char ticket[IPC_TICKET_SIZE];
	struct request_set *s = r->set;
	struct ipc_msg m;

	if (!tickets_issue(s->auth->tickets, s->child, who, auth_now_ms(),
	    ticket)) {
		request_unavailable(r, "too many tickets wait");
		return;
	}
	log_debug("request: login: %s from %s", who->user, r->addr);
	ipc_begin(&m, IPC_AUTH_RESULT);
	ipc_put_u32(&m, r->id);
	ipc_put_u8(&m, IPC_AUTH_OK);
	ipc_put_blob(&m, NULL, 0);
	ipc_put_str(&m, "");
	ipc_put_str(&m, "");
	ipc_put_str(&m, who->user);
	ipc_put_secret(&m, ticket, sizeof(ticket));
	ipc_post(s->chan, &m, -1);
	sodium_memzero(ticket, sizeof(ticket));
	request_free(r);
}

static void
request_identified(void *ctx, enum ipc_status status,
    const struct identity *who)
{
	struct request *r = ctx;

	r->lookup = NULL;
	if (status == IPC_OK)
		request_succeed(r, who);
	else if (status == IPC_NO_SUCH_USER)
		request_fail(r, "right password, but no such user");
	else
		request_unavailable(r, "no identity");
}

/* The password was right. */
static void
request_accept(struct request *r)
{
	struct userdb_op *lookup;

	if (r->somebody_else) {
		request_refuse(r, "AUTHORIZATIONFAILED",
		    "You may not act for somebody else", "for somebody else");
		return;
	}
	r->state = REQUEST_USERDB;
	lookup = userdb_resolve(r->set->auth->userdb, r->user, USERDB_PROVEN,
	    request_identified, r);
	if (lookup != NULL) /* else r may be gone */
		r->lookup = lookup;
}

/* --- the password -------------------------------------------------------- */

static void
request_verified(void *ctx, const struct helpers_answer *a)
{
	struct request *r = ctx;
	struct auth *auth = r->set->auth;
	char user[USER_MAX + 1];

	r->question = NULL;
	if (a->status == IPC_UNAVAILABLE)
		request_unavailable(r, a->text);
	else if (r->hopeless)
		request_fail(r, "unknown user");
	else if (a->status != IPC_OK)
		request_fail(r, a->text);
	else if (!user_normalize(a->user[0] != '\0' ? a->user : r->user,
	    auth->conf->default_domain, user))
		request_fail(r, "PAM gave it a name that is none");
	else {
		/* PAM may know the user by another name; the cache does not
		 * keep that, so such a login is not cached */
		if (strcmp(user, r->user) != 0)
			memcpy(r->user, user, sizeof(user));
		else if (r->has_key)
			cache_add(auth->cache, r->key, auth_now_ms());
		request_accept(r);
	}
}

/* Asks the cache, then a helper. */
static void
request_verify(struct request *r, enum ipc_verify_kind kind,
    const char *verifier)
{
	struct auth *a = r->set->auth;
	const char *password = sasl_password(r->sasl);

	if (a->cache != NULL && !r->hopeless) {
		cache_key(a->cache, r->user, verifier, password,
		    strlen(password), r->key);
		r->has_key = true;
		if (cache_has(a->cache, r->key, auth_now_ms())) {
			sasl_exchange_free(&r->sasl);
			request_accept(r);
			return;
		}
	}
	r->state = REQUEST_HELPER;
	r->question = helpers_verify(a->helpers, kind, a->conf->pam_service,
	    r->user, r->addr, password, verifier, request_verified, r);
	sasl_exchange_free(&r->sasl);
	if (r->question == NULL)
		request_unavailable(r, "too many logins wait");
}

static void
request_credentials(struct request *r)
{
	const char *domain = r->set->auth->conf->default_domain;
	const char *authzid = sasl_authzid(r->sasl);
	char other[USER_MAX + 1];
	const char *password = sasl_password(r->sasl), *verifier;
	const struct passwd_entry *e;
	struct auth *a = r->set->auth;

	if (password[0] == '\0' || strlen(password) > HELPERS_PASSWORD_MAX) {
		request_fail(r, "empty or overlong password");
		return;
	}
	if (!user_normalize(sasl_user(r->sasl), domain, r->user)) {
		r->user[0] = '\0';
		request_fail(r, "not a user name");
		return;
	}
	r->somebody_else = authzid[0] != '\0' &&
	    (!user_normalize(authzid, domain, other) ||
	    strcmp(other, r->user) != 0);
	if (a->passwd == NULL) {
		request_verify(r, IPC_VERIFY_PAM, "");
		return;
	}
	e = passwd_file_find(a->passwd, r->user, auth_now_ms());
	verifier = e != NULL ? e->verifier : NULL;
	if (verifier == NULL) {
		r->hopeless = true;
		verifier = passwd_file_decoy(a->passwd, r->user);
	}
	if (verifier == NULL)
		request_fail(r, "nobody may log in");
	else
		request_verify(r, IPC_VERIFY_HASH, verifier);
}

static void
request_step(struct request *r, const void *in, size_t len)
{
	const void *out;
	size_t out_len;

	switch (sasl_step(r->sasl, in, len, &out, &out_len)) {
	case SASL_CHALLENGE:
		request_challenge(r, out, out_len);
		break;
	case SASL_CREDENTIALS:
		request_credentials(r);
		break;
	case SASL_MALFORMED:
		request_refuse(r, "", "That was no valid SASL message",
		    "malformed SASL message");
		break;
	}
}

/* --- the set -------------------------------------------------------------- */

struct request_set *
request_set_new(struct auth *auth, struct ipc_chan *chan, uint32_t child,
    unsigned max)
{
	struct request_set *s = xmalloc(sizeof(*s));

	s->auth = auth;
	s->chan = chan;
	s->child = child;
	s->max = max;
	for (size_t i = 0; i < REQUEST_BUCKETS; i++)
		LIST_INIT(&s->buckets[i]);
	return s;
}

void
request_set_free(struct request_set **s)
{
	if (*s == NULL)
		return;
	for (size_t i = 0; i < REQUEST_BUCKETS; i++)
		while (!LIST_EMPTY(&(*s)->buckets[i]))
			request_free(LIST_FIRST(&(*s)->buckets[i]));
	free(*s);
	*s = NULL;
}

static struct request *
request_find(struct request_set *s, uint32_t id)
{
	struct request *r;

	LIST_FOREACH(r, &s->buckets[id & (REQUEST_BUCKETS - 1)], chain)
		if (r->id == id)
			return r;
	return NULL;
}

bool
request_start(struct request_set *s, uint32_t id,
    const struct request_facts *facts)
{
	const struct sasl_mech *mech = sasl_find(facts->mech);
	struct request *r;

	if (request_find(s, id) != NULL)
		return false;
	if (mech == NULL) {
		request_answer(s, id, IPC_AUTH_FAILED, "",
		    "This authentication mechanism is not offered");
		return true;
	}
	if (mech->kind == SASL_PASSWORD && !facts->secured &&
	    !s->auth->conf->plaintext_login &&
	    !penalty_is_loopback(facts->addr)) {
		request_answer(s, id, IPC_AUTH_FAILED, "PRIVACYREQUIRED",
		    "Passwords are taken over TLS only");
		return true;
	}
	if (s->n >= s->max) {
		log_warn("request: too many logins of one process: child %u: "
			 "%u", s->child, s->n);
		request_answer(s, id, IPC_AUTH_TEMPFAIL, "UNAVAILABLE",
		    "Too many logins at once");
		return true;
	}
	r = xmalloc(sizeof(*r));
	r->set = s;
	r->id = id;
	r->since = auth_now_ms();
	snprintf(r->addr, sizeof(r->addr), "%s", facts->addr);
	r->sasl = sasl_start(s->auth->sasl, mech);
	LIST_INSERT_HEAD(&s->buckets[id & (REQUEST_BUCKETS - 1)], r, chain);
	s->n++;
	request_step(r, facts->initial, facts->initial_len);
	return true;
}

bool
request_continue(struct request_set *s, uint32_t id, const void *in,
    size_t len)
{
	struct request *r = request_find(s, id);

	if (r == NULL || r->state != REQUEST_CLIENT)
		return false;
	r->since = auth_now_ms();
	request_step(r, len > 0 ? in : "", len);
	return true;
}

void
request_cancel(struct request_set *s, uint32_t id)
{
	struct request *r = request_find(s, id);

	if (r != NULL)
		request_free(r);
}
