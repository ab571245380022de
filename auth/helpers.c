/* SPDX-License-Identifier: ISC */
#include "auth/helpers.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "auth/auth.h"
#include "common/log.h"
#include "common/secret.h"
#include "common/xalloc.h"

#define HELPERS_ATTEMPTS 2

struct helper;

struct helpers_question {
	TAILQ_ENTRY(helpers_question) age;  /* in `all` */
	TAILQ_ENTRY(helpers_question) wait; /* in `waiting`, while at is NULL */
	struct helpers *pool;
	struct helper *at; /* who is being asked; NULL: waiting */
	uint32_t id;
	enum ipc_type type; /* IPC_VERIFY or IPC_NSS_LOOKUP */
	enum ipc_verify_kind kind;
	char *service, *user, *addr;       /* own */
	struct secret *password, *verifier; /* own */
	unsigned attempts;
	uint64_t deadline;
	helpers_fn *fn; /* NULL: cancelled */
	void *ctx;
};
TAILQ_HEAD(helpers_questions, helpers_question);

struct helper {
	TAILQ_ENTRY(helper) others;
	struct helpers *pool;
	struct ipc_chan *chan; /* own */
	uint32_t child;
	struct helpers_question *busy;
};

struct helpers {
	struct event_base *base; /* borrowed */
	struct event *timer;     /* own; at the oldest question's deadline */
	unsigned timeout_ms;
	uint32_t last_id;
	size_t n_questions;
	bool full; /* said so; until the queue is empty again */
	struct helpers_questions all, waiting; /* oldest first */
	TAILQ_HEAD(, helper) pool; /* idle ones towards the front */
};

static void helpers_dispatch(struct helpers *h);

static void
helpers_question_free(struct helpers_question *q)
{
	struct helpers *h = q->pool;

	if (q->at != NULL)
		q->at->busy = NULL;
	else
		TAILQ_REMOVE(&h->waiting, q, wait);
	TAILQ_REMOVE(&h->all, q, age);
	h->n_questions--;
	free(q->service);
	free(q->user);
	free(q->addr);
	secret_free(&q->password);
	secret_free(&q->verifier);
	free(q);
}

/* The end of a question: it is gone before its asker hears the answer. */
static void
helpers_finish(struct helpers_question *q, const struct helpers_answer *a)
{
	helpers_fn *fn = q->fn;
	void *ctx = q->ctx;

	helpers_question_free(q);
	if (fn != NULL)
		fn(ctx, a);
}

static void
helpers_give_up(struct helpers_question *q, const char *text)
{
	helpers_finish(q, &(struct helpers_answer){
	    .status = IPC_UNAVAILABLE, .user = "", .text = text, .home = "" });
}

/* From the helper that has it back to the front of those that wait. */
static void
helpers_take_back(struct helpers_question *q)
{
	q->at->busy = NULL;
	q->at = NULL;
	TAILQ_INSERT_HEAD(&q->pool->waiting, q, wait);
}

/* --- one helper --------------------------------------------------------- */

static void
helper_free(struct helper *one)
{
	TAILQ_REMOVE(&one->pool->pool, one, others);
	ipc_chan_free(&one->chan);
	free(one);
}

/* Its channel ended: what it was asked is asked once more elsewhere. */
static void
helper_closed(struct ipc_chan *c, void *ctx)
{
	struct helper *one = ctx;
	struct helpers *h = one->pool;
	struct helpers_question *q = one->busy;

	(void)c;
	log_warn("helpers: helper is gone: child %u%s", one->child,
	    q != NULL ? ", while asked" : "");
	if (q != NULL)
		helpers_take_back(q);
	helper_free(one);
	if (q != NULL && q->fn == NULL)
		helpers_question_free(q);
	else if (q != NULL && q->attempts >= HELPERS_ATTEMPTS)
		helpers_give_up(q, "two helpers died of it");
	helpers_dispatch(h);
}

/* Whether this is the answer the helper owes; moves it to the front. */
static struct helpers_question *
helper_answered(struct helper *one, enum ipc_type type, uint32_t id)
{
	struct helpers_question *q = one->busy;

	if (q == NULL || q->type != type || q->id != id)
		return NULL;
	TAILQ_REMOVE(&one->pool->pool, one, others);
	TAILQ_INSERT_HEAD(&one->pool->pool, one, others);
	return q;
}

static bool
helper_on_verify_result(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct helper *one = ctx;
	struct helpers *h = one->pool;
	struct helpers_question *q;
	struct helpers_answer a = { .home = "" };

	(void)c;
	q = helper_answered(one, IPC_VERIFY, ipc_get_u32(m));
	if (q == NULL)
		return false;
	a.status = ipc_get_u8(m);
	a.user = ipc_get_str(m);
	a.text = ipc_get_str(m);
	helpers_finish(q, &a);
	helpers_dispatch(h);
	return true;
}

static bool
helper_on_nss_result(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct helper *one = ctx;
	struct helpers *h = one->pool;
	struct helpers_question *q;
	struct helpers_answer a = { .text = "" };

	(void)c;
	q = helper_answered(one, IPC_NSS_LOOKUP, ipc_get_u32(m));
	if (q == NULL)
		return false;
	a.status = ipc_get_u8(m);
	a.user = ipc_get_str(m);
	a.uid = ipc_get_u32(m);
	a.gid = ipc_get_u32(m);
	a.home = ipc_get_str(m);
	helpers_finish(q, &a);
	helpers_dispatch(h);
	return true;
}

static const struct ipc_handler helper_handlers[] = {
	{ IPC_VERIFY_RESULT, helper_on_verify_result },
	{ IPC_NSS_RESULT, helper_on_nss_result },
	{ IPC_NONE, NULL },
};

static void
helper_ask(struct helper *one, struct helpers_question *q)
{
	struct ipc_msg m;

	TAILQ_REMOVE(&one->pool->waiting, q, wait);
	TAILQ_REMOVE(&one->pool->pool, one, others);
	TAILQ_INSERT_TAIL(&one->pool->pool, one, others);
	one->busy = q;
	q->at = one;
	q->attempts++;
	ipc_begin(&m, q->type);
	ipc_put_u32(&m, q->id);
	if (q->type == IPC_VERIFY) {
		ipc_put_u8(&m, q->kind);
		ipc_put_str(&m, q->service);
	}
	ipc_put_str(&m, q->user);
	if (q->type == IPC_VERIFY) {
		ipc_put_str(&m, q->addr);
		ipc_put_secret(&m, q->password->data, q->password->len);
		ipc_put_secret(&m, q->verifier->data, q->verifier->len);
	}
	ipc_post(one->chan, &m, -1);
}

/* --- the pool ----------------------------------------------------------- */

static void
helpers_dispatch(struct helpers *h)
{
	struct helpers_question *q;
	struct helper *one;

	while ((q = TAILQ_FIRST(&h->waiting)) != NULL) {
		TAILQ_FOREACH(one, &h->pool, others)
			if (one->busy == NULL)
				break;
		if (one == NULL)
			return;
		helper_ask(one, q);
	}
}

static void
helpers_arm(struct helpers *h)
{
	struct helpers_question *oldest = TAILQ_FIRST(&h->all);
	uint64_t now = auth_now_ms(), left = 0;
	struct timeval tv;

	if (oldest == NULL)
		return;
	if (oldest->deadline > now)
		left = oldest->deadline - now;
	tv.tv_sec = (time_t)(left / 1000);
	tv.tv_usec = (suseconds_t)(left % 1000 * 1000);
	evtimer_add(h->timer, &tv);
}

static void
helpers_timeout(evutil_socket_t fd, short what, void *ctx)
{
	struct helpers *h = ctx;
	struct helpers_question *q;
	uint64_t now = auth_now_ms();
	unsigned unasked = 0;

	(void)fd, (void)what;
	while ((q = TAILQ_FIRST(&h->all)) != NULL && q->deadline <= now) {
		struct helper *one = q->at;

		if (one == NULL)
			unasked++;
		else
			log_error("helpers: no answer in %u ms: helper "
				  "dropped: child %u", h->timeout_ms,
			    one->child);
		/* gone before the asker hears of it: who asks again at once
		 * must not be sent there */
		if (one != NULL) {
			helpers_take_back(q);
			helper_free(one);
		}
		helpers_give_up(q, "no answer in time");
	}
	if (unasked > 0)
		log_error("helpers: no helper was free in %u ms: %u questions "
			  "given up", h->timeout_ms, unasked);
	helpers_arm(h);
	helpers_dispatch(h);
}

struct helpers *
helpers_new(struct event_base *base, unsigned timeout_ms)
{
	struct helpers *h = xmalloc(sizeof(*h));

	h->base = base;
	h->timeout_ms = timeout_ms;
	TAILQ_INIT(&h->all);
	TAILQ_INIT(&h->waiting);
	TAILQ_INIT(&h->pool);
	h->timer = evtimer_new(base, helpers_timeout, h);
	if (h->timer == NULL)
		log_panic("helpers: no timer");
	return h;
}

void
helpers_free(struct helpers **h)
{
	if (*h == NULL)
		return;
	while (!TAILQ_EMPTY(&(*h)->all))
		helpers_question_free(TAILQ_FIRST(&(*h)->all));
	while (!TAILQ_EMPTY(&(*h)->pool))
		helper_free(TAILQ_FIRST(&(*h)->pool));
	event_free((*h)->timer);
	free(*h);
	*h = NULL;
}

void
helpers_add(struct helpers *h, int fd, uint32_t child)
{
	struct helper *one = xmalloc(sizeof(*one));
	char name[32];

	snprintf(name, sizeof(name), "helper %u", child);
	one->pool = h;
	one->child = child;
	one->chan = ipc_chan_new(h->base, fd, &(struct ipc_chan_options){
	    .self = IPC_R_AUTH, .peer = IPC_R_HELPER,
	    .handlers = helper_handlers, .on_close = helper_closed,
	    .ctx = one, .name = name });
	TAILQ_INSERT_HEAD(&h->pool, one, others);
	helpers_dispatch(h);
}

static struct helpers_question *
helpers_question_new(struct helpers *h, enum ipc_type type, const char *user,
    helpers_fn *fn, void *ctx)
{
	struct helpers_question *q;

	if (h->n_questions >= HELPERS_QUEUE_MAX) {
		if (!h->full)
			log_error("helpers: too many questions wait: %zu",
			    h->n_questions);
		h->full = true;
		return NULL;
	}
	q = xmalloc(sizeof(*q));
	q->pool = h;
	q->id = ++h->last_id;
	q->type = type;
	q->user = xstrdup(user);
	q->deadline = auth_now_ms() + h->timeout_ms;
	q->fn = fn;
	q->ctx = ctx;
	TAILQ_INSERT_TAIL(&h->all, q, age);
	TAILQ_INSERT_TAIL(&h->waiting, q, wait);
	h->n_questions++;
	if (h->n_questions == 1) {
		h->full = false;
		helpers_arm(h);
	}
	return q;
}

struct helpers_question *
helpers_verify(struct helpers *h, enum ipc_verify_kind kind,
    const char *service, const char *user, const char *addr,
    const char *password, const char *verifier, helpers_fn *fn, void *ctx)
{
	struct helpers_question *q;

	q = helpers_question_new(h, IPC_VERIFY, user, fn, ctx);
	if (q == NULL)
		return NULL;
	q->kind = kind;
	q->service = xstrdup(service);
	q->addr = xstrdup(addr);
	q->password = secret_new(password, strlen(password));
	q->verifier = secret_new(verifier, strlen(verifier));
	helpers_dispatch(h);
	return q;
}

struct helpers_question *
helpers_lookup(struct helpers *h, const char *user, helpers_fn *fn, void *ctx)
{
	struct helpers_question *q;

	q = helpers_question_new(h, IPC_NSS_LOOKUP, user, fn, ctx);
	if (q != NULL)
		helpers_dispatch(h);
	return q;
}

void
helpers_cancel(struct helpers_question **q)
{
	if (*q == NULL)
		return;
	if ((*q)->at == NULL)
		helpers_question_free(*q);
	else
		(*q)->fn = NULL;
	*q = NULL;
}
