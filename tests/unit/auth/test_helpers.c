/* SPDX-License-Identifier: ISC
 *
 * The pool of helpers, with the helpers played here over socketpairs in the
 * same loop: one question at a time each, the queue's bound, a helper that
 * dies, one that hangs, askers that lost interest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/event.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "auth/auth.h"
#include "auth/helpers.h"
#include "common/log.h"

#define TIMEOUT_MS 150
#define SOON_MS 2000

/* A helper's end. */
struct fake {
	struct ipc_chan *chan; /* own; NULL: it has died or was dropped */
	unsigned asked;        /* questions seen */
	uint32_t id;           /* of the last one */
	char user[64], password[64], verifier[64];
	bool closed;
};

/* An asker. */
struct asker {
	unsigned answers;
	enum ipc_status status;
	char user[64], home[64];
	uint32_t uid;
	bool again; /* asks the same once more from within the answer */
	struct asker *next;
};

static struct event_base *base;
static struct helpers *pool;
static struct fake fakes[2];

static void
fake_closed(struct ipc_chan *c, void *ctx)
{
	struct fake *f = ctx;

	(void)c;
	f->closed = true;
	ipc_chan_free(&f->chan);
}

static bool
fake_on_verify(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct fake *f = ctx;
	const unsigned char *p;
	size_t n;

	(void)c;
	f->asked++;
	f->id = ipc_get_u32(m);
	assert_int_equal(ipc_get_u8(m), IPC_VERIFY_HASH);
	assert_string_equal(ipc_get_str(m), "service");
	snprintf(f->user, sizeof(f->user), "%s", ipc_get_str(m));
	assert_string_equal(ipc_get_str(m), "192.0.2.1");
	p = ipc_get_secret(m, &n);
	snprintf(f->password, sizeof(f->password), "%.*s", (int)n, p);
	p = ipc_get_secret(m, &n);
	snprintf(f->verifier, sizeof(f->verifier), "%.*s", (int)n, p);
	return true;
}

static bool
fake_on_lookup(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct fake *f = ctx;

	(void)c;
	f->asked++;
	f->id = ipc_get_u32(m);
	snprintf(f->user, sizeof(f->user), "%s", ipc_get_str(m));
	return true;
}

static const struct ipc_handler fake_handlers[] = {
	{ IPC_VERIFY, fake_on_verify },
	{ IPC_NSS_LOOKUP, fake_on_lookup },
	{ IPC_NONE, NULL },
};

static void
fake_add(struct fake *f, uint32_t child)
{
	int fds[2];

	*f = (struct fake){ 0 };
	assert_int_equal(ipc_pair(fds), 0);
	f->chan = ipc_chan_new(base, fds[1], &(struct ipc_chan_options){
	    .self = IPC_R_HELPER, .peer = IPC_R_AUTH,
	    .handlers = fake_handlers, .on_close = fake_closed, .ctx = f,
	    .name = "auth" });
	helpers_add(pool, fds[0], child);
}

static void
fake_verdict(struct fake *f, uint32_t id, enum ipc_status status)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_VERIFY_RESULT);
	ipc_put_u32(&m, id);
	ipc_put_u8(&m, status);
	ipc_put_str(&m, "");
	ipc_put_str(&m, "text");
	ipc_post(f->chan, &m, -1);
}

static void asker_lookup(struct asker *a, const char *user);

static void
asker_answered(void *ctx, const struct helpers_answer *answer)
{
	struct asker *a = ctx;

	a->answers++;
	a->status = answer->status;
	a->uid = answer->uid;
	snprintf(a->user, sizeof(a->user), "%s", answer->user);
	snprintf(a->home, sizeof(a->home), "%s", answer->home);
	if (a->again)
		asker_lookup(a->next, "again");
}

static struct helpers_question *
asker_verify(struct asker *a, const char *user)
{
	return helpers_verify(pool, IPC_VERIFY_HASH, "service", user,
	    "192.0.2.1", "password", "verifier", asker_answered, a);
}

static void
asker_lookup(struct asker *a, const char *user)
{
	assert_non_null(helpers_lookup(pool, user, asker_answered, a));
}

/* Turns the loop until *value is `wanted`. */
static void
until(const unsigned *value, unsigned wanted)
{
	uint64_t end = auth_now_ms() + SOON_MS;
	struct timeval slice = { 0, 5000 };

	while (*value != wanted) {
		assert_true(auth_now_ms() < end);
		event_base_loopexit(base, &slice);
		event_base_dispatch(base);
	}
}

/* Long enough for anything that is on its way. */
static void
settle(void)
{
	struct timeval slice = { 0, 30000 };

	event_base_loopexit(base, &slice);
	event_base_dispatch(base);
}

static int
setup(void **state)
{
	(void)state;
	base = event_base_new();
	pool = helpers_new(base, TIMEOUT_MS);
	memset(fakes, 0, sizeof(fakes));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	helpers_free(&pool);
	ipc_chan_free(&fakes[0].chan);
	ipc_chan_free(&fakes[1].chan);
	settle(); /* channels free themselves from the loop */
	event_base_free(base);
	return 0;
}

static void
test_asks_and_answers(void **state)
{
	struct asker a = { 0 }, b = { 0 };
	struct ipc_msg m;

	(void)state;
	fake_add(&fakes[0], 1);
	assert_non_null(asker_verify(&a, "alice"));
	assert_int_equal(a.answers, 0);
	until(&fakes[0].asked, 1);
	assert_string_equal(fakes[0].user, "alice");
	assert_string_equal(fakes[0].password, "password");
	assert_string_equal(fakes[0].verifier, "verifier");
	fake_verdict(&fakes[0], fakes[0].id, IPC_REFUSED);
	until(&a.answers, 1);
	assert_int_equal(a.status, IPC_REFUSED);

	asker_lookup(&b, "bob");
	until(&fakes[0].asked, 2);
	ipc_begin(&m, IPC_NSS_RESULT);
	ipc_put_u32(&m, fakes[0].id);
	ipc_put_u8(&m, IPC_OK);
	ipc_put_str(&m, "bob");
	ipc_put_u32(&m, 1001);
	ipc_put_u32(&m, 1002);
	ipc_put_str(&m, "/home/bob");
	ipc_post(fakes[0].chan, &m, -1);
	until(&b.answers, 1);
	assert_int_equal(b.status, IPC_OK);
	assert_string_equal(b.user, "bob");
	assert_int_equal(b.uid, 1001);
	assert_string_equal(b.home, "/home/bob");
}

static void
test_one_question_at_a_time(void **state)
{
	struct asker a[3] = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_non_null(asker_verify(&a[i], "waits for a helper"));
	fake_add(&fakes[0], 1);
	fake_add(&fakes[1], 2);
	until(&fakes[0].asked, 1);
	until(&fakes[1].asked, 1);
	settle();
	assert_int_equal(fakes[0].asked + fakes[1].asked, 2);
	fake_verdict(&fakes[1], fakes[1].id, IPC_OK);
	until(&fakes[1].asked, 2);
	assert_int_equal(fakes[0].asked, 1);
}

static void
test_a_dead_helpers_question_is_asked_once_more(void **state)
{
	struct asker a = { 0 };

	(void)state;
	fake_add(&fakes[0], 1);
	assert_non_null(asker_verify(&a, "alice"));
	until(&fakes[0].asked, 1);
	ipc_chan_free(&fakes[0].chan);
	settle();
	assert_int_equal(a.answers, 0);
	fake_add(&fakes[1], 2);
	until(&fakes[1].asked, 1);
	assert_string_equal(fakes[1].user, "alice");
	ipc_chan_free(&fakes[1].chan);
	until(&a.answers, 1);
	assert_int_equal(a.status, IPC_UNAVAILABLE);
}

static void
test_a_hung_helper_is_dropped(void **state)
{
	struct asker a = { 0 }, second = { 0 };
	uint64_t start = auth_now_ms();

	(void)state;
	a.again = true;
	a.next = &second;
	fake_add(&fakes[0], 1);
	assert_non_null(asker_verify(&a, "alice"));
	until(&a.answers, 1);
	assert_true(auth_now_ms() - start >= TIMEOUT_MS);
	assert_int_equal(a.status, IPC_UNAVAILABLE);
	settle();
	assert_true(fakes[0].closed);
	/* what was asked from within the answer went to no helper that is
	 * gone, and waits for the next */
	assert_int_equal(fakes[0].asked, 1);
	assert_int_equal(second.answers, 0);
	fake_add(&fakes[1], 2);
	until(&fakes[1].asked, 1);
	assert_string_equal(fakes[1].user, "again");
}

static void
test_without_helpers_the_time_runs_too(void **state)
{
	struct asker a = { 0 };

	(void)state;
	assert_non_null(asker_verify(&a, "alice"));
	until(&a.answers, 1);
	assert_int_equal(a.status, IPC_UNAVAILABLE);
}

static void
test_a_wrong_answer_ends_the_helper(void **state)
{
	struct asker a = { 0 };

	(void)state;
	fake_add(&fakes[0], 1);
	assert_non_null(asker_verify(&a, "alice"));
	until(&fakes[0].asked, 1);
	fake_verdict(&fakes[0], fakes[0].id + 1, IPC_OK);
	settle();
	assert_true(fakes[0].closed);
	assert_int_equal(a.answers, 0);
	fake_add(&fakes[1], 2);
	until(&fakes[1].asked, 1);
	fake_verdict(&fakes[1], fakes[1].id, IPC_OK);
	until(&a.answers, 1);
	assert_int_equal(a.status, IPC_OK);
}

static void
test_cancelled_questions_have_no_answer(void **state)
{
	struct asker a = { 0 }, b = { 0 }, c = { 0 };
	struct helpers_question *first, *waiting;

	(void)state;
	fake_add(&fakes[0], 1);
	first = asker_verify(&a, "being asked");
	waiting = asker_verify(&b, "waiting");
	assert_non_null(asker_verify(&c, "last"));
	until(&fakes[0].asked, 1);
	helpers_cancel(&first);
	helpers_cancel(&waiting);
	assert_null(first);
	assert_null(waiting);
	helpers_cancel(&waiting);
	fake_verdict(&fakes[0], fakes[0].id, IPC_OK);
	until(&fakes[0].asked, 2);
	assert_string_equal(fakes[0].user, "last");
	fake_verdict(&fakes[0], fakes[0].id, IPC_OK);
	until(&c.answers, 1);
	assert_int_equal(a.answers + b.answers, 0);
}

static void
test_a_cancelled_question_dies_with_its_helper(void **state)
{
	struct asker a = { 0 };
	struct helpers_question *q;

	(void)state;
	fake_add(&fakes[0], 1);
	q = asker_verify(&a, "alice");
	until(&fakes[0].asked, 1);
	helpers_cancel(&q);
	ipc_chan_free(&fakes[0].chan);
	settle();
	fake_add(&fakes[1], 2);
	settle();
	assert_int_equal(fakes[1].asked, 0);
	assert_int_equal(a.answers, 0);
}

static void
test_the_queue_is_bounded(void **state)
{
	static struct asker all[HELPERS_QUEUE_MAX];
	struct asker over = { 0 };

	(void)state;
	memset(all, 0, sizeof(all));
	for (int i = 0; i < HELPERS_QUEUE_MAX; i++)
		asker_lookup(&all[i], "alice");
	assert_null(helpers_lookup(pool, "alice", asker_answered, &over));
	assert_int_equal(over.answers, 0);
	until(&all[HELPERS_QUEUE_MAX - 1].answers, 1);
	for (int i = 0; i < HELPERS_QUEUE_MAX; i++)
		assert_int_equal(all[i].status, IPC_UNAVAILABLE);
	asker_lookup(&over, "alice");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_asks_and_answers),
		TEST(test_one_question_at_a_time),
		TEST(test_a_dead_helpers_question_is_asked_once_more),
		TEST(test_a_hung_helper_is_dropped),
		TEST(test_without_helpers_the_time_runs_too),
		TEST(test_a_wrong_answer_ends_the_helper),
		TEST(test_cancelled_questions_have_no_answer),
		TEST(test_a_cancelled_question_dies_with_its_helper),
		TEST(test_the_queue_is_bounded),
	};

	log_init("test_helpers", LOG_LEVEL_ERROR);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
