/* SPDX-License-Identifier: ISC */
#include "auth/sasl.h"

#include <gsasl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/xalloc.h"

#define SASL_STEPS_MAX 8

static const struct sasl_mech sasl_mechs[] = {
	{ "PLAIN", SASL_PASSWORD, false },
	{ "LOGIN", SASL_PASSWORD, true },
};
#define SASL_N_MECHS (sizeof(sasl_mechs) / sizeof(sasl_mechs[0]))

struct sasl {
	Gsasl *lib; /* own */
};

struct sasl_exchange {
	const struct sasl_mech *mech;
	Gsasl_session *session; /* own */
	char *out;              /* own; libgsasl's last message */
	unsigned steps;
	bool complete; /* libgsasl asked whether the credentials are right */
};

/* Asked by libgsasl; the password kind's "yes" means "I have them now". */
static int
sasl_callback(Gsasl *lib, Gsasl_session *session, Gsasl_property what)
{
	struct sasl_exchange *x;

	(void)lib;
	if (what != GSASL_VALIDATE_SIMPLE || session == NULL)
		return GSASL_NO_CALLBACK;
	x = gsasl_session_hook_get(session);
	if (x == NULL || x->mech->kind != SASL_PASSWORD)
		return GSASL_NO_CALLBACK;
	x->complete = true;
	return GSASL_OK;
}

struct sasl *
sasl_new(void)
{
	struct sasl *s = xmalloc(sizeof(*s));
	int rc = gsasl_init(&s->lib);

	if (rc != GSASL_OK) {
		log_error("sasl: cannot start libgsasl: %s",
		    gsasl_strerror(rc));
		free(s);
		return NULL;
	}
	gsasl_callback_set(s->lib, sasl_callback);
	for (size_t i = 0; i < SASL_N_MECHS; i++)
		if (!gsasl_server_support_p(s->lib, sasl_mechs[i].name)) {
			log_error("sasl: this libgsasl has no %s",
			    sasl_mechs[i].name);
			sasl_free(&s);
			return NULL;
		}
	return s;
}

void
sasl_free(struct sasl **s)
{
	if (*s == NULL)
		return;
	gsasl_done((*s)->lib);
	free(*s);
	*s = NULL;
}

const struct sasl_mech *
sasl_find(const char *name)
{
	for (size_t i = 0; i < SASL_N_MECHS; i++)
		if (strcasecmp(sasl_mechs[i].name, name) == 0)
			return &sasl_mechs[i];
	return NULL;
}

struct sasl_exchange *
sasl_start(struct sasl *s, const struct sasl_mech *mech)
{
	struct sasl_exchange *x = xmalloc(sizeof(*x));

	x->mech = mech;
	if (gsasl_server_start(s->lib, mech->name, &x->session) != GSASL_OK)
		log_panic("sasl: cannot start an exchange: %s", mech->name);
	gsasl_session_hook_set(x->session, x);
	return x;
}

/* Overwrites a property in libgsasl's own memory, where it would otherwise be
 * freed as it is. */
static void
sasl_wipe(Gsasl_session *session, Gsasl_property what)
{
	char *value = (char *)gsasl_property_fast(session, what);

	if (value != NULL)
		explicit_bzero(value, strlen(value));
}

void
sasl_exchange_free(struct sasl_exchange **x)
{
	if (*x == NULL)
		return;
	sasl_wipe((*x)->session, GSASL_PASSWORD);
	gsasl_finish((*x)->session);
	gsasl_free((*x)->out);
	free(*x);
	*x = NULL;
}

static int
sasl_step_lib(struct sasl_exchange *x, const void *in, size_t len,
    size_t *out_len_r)
{
	gsasl_free(x->out);
	x->out = NULL;
	*out_len_r = 0;
	return gsasl_step(x->session, in, len, &x->out, out_len_r);
}

enum sasl_result
sasl_step(struct sasl_exchange *x, const void *in, size_t len,
    const void **out_r, size_t *out_len_r)
{
	int rc;

	if (len > SASL_MESSAGE_MAX || x->steps++ > SASL_STEPS_MAX)
		return SASL_MALFORMED;
	/* an initial response to a mechanism where the server speaks first
	 * answers the challenge that was not sent */
	if (x->mech->server_first && x->steps == 1 && in != NULL &&
	    sasl_step_lib(x, NULL, 0, out_len_r) != GSASL_NEEDS_MORE)
		return SASL_MALFORMED;
	rc = sasl_step_lib(x, in, len, out_len_r);
	*out_r = x->out;
	/* libgsasl takes an empty message for none at all, and asks for it */
	if (rc == GSASL_NEEDS_MORE && in != NULL && len == 0)
		return SASL_MALFORMED;
	if (rc == GSASL_NEEDS_MORE)
		return SASL_CHALLENGE;
	return rc == GSASL_OK && x->complete ? SASL_CREDENTIALS :
	    SASL_MALFORMED;
}

static const char *
sasl_property(const struct sasl_exchange *x, Gsasl_property what)
{
	const char *value = gsasl_property_fast(x->session, what);

	return value != NULL ? value : "";
}

const char *
sasl_user(const struct sasl_exchange *x)
{
	return sasl_property(x, GSASL_AUTHID);
}

const char *
sasl_authzid(const struct sasl_exchange *x)
{
	return sasl_property(x, GSASL_AUTHZID);
}

const char *
sasl_password(const struct sasl_exchange *x)
{
	return sasl_property(x, GSASL_PASSWORD);
}
