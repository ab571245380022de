/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sodium.h>
#include <string.h>
#include <cmocka.h>

#include "auth/tickets.h"
#include "common/log.h"

#define LIFE (TICKETS_SECONDS * 1000)
#define CHILD 7

static const struct identity alice = { .user = (char *)"alice", .uid = 1001,
	.gid = 1002, .home = (char *)"/mail/alice" };
static struct tickets *t;
static unsigned char ticket[IPC_TICKET_SIZE];

static int
setup(void **state)
{
	(void)state;
	t = tickets_new(4);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tickets_free(&t);
	return t == NULL ? 0 : -1;
}

static bool
redeem(uint32_t child, uint64_t now_ms)
{
	struct identity who = { 0 };

	if (!tickets_redeem(t, child, ticket, sizeof(ticket), now_ms, &who))
		return false;
	assert_string_equal(who.user, "alice");
	assert_string_equal(who.home, "/mail/alice");
	assert_int_equal(who.uid, 1001);
	assert_int_equal(who.gid, 1002);
	identity_clear(&who);
	return true;
}

static void
test_works_once(void **state)
{
	(void)state;
	assert_true(tickets_issue(t, CHILD, &alice, 0, ticket));
	assert_int_equal(tickets_count(t), 1);
	assert_true(redeem(CHILD, 0));
	assert_int_equal(tickets_count(t), 0);
	assert_false(redeem(CHILD, 0));
}

static void
test_lives_so_long(void **state)
{
	(void)state;
	assert_true(tickets_issue(t, CHILD, &alice, 500, ticket));
	assert_true(redeem(CHILD, 500 + LIFE - 1));
	assert_true(tickets_issue(t, CHILD, &alice, 500, ticket));
	assert_false(redeem(CHILD, 500 + LIFE));
	assert_int_equal(tickets_count(t), 0);
	/* the clock of a redeemer cannot bring it back */
	assert_false(redeem(CHILD, 500));
}

static void
test_another_child_destroys_it(void **state)
{
	(void)state;
	assert_true(tickets_issue(t, CHILD, &alice, 0, ticket));
	assert_false(redeem(CHILD + 1, 1));
	assert_int_equal(tickets_count(t), 0);
	assert_false(redeem(CHILD, 1));
}

static void
test_a_wrong_one_harms_nobody(void **state)
{
	unsigned char other[IPC_TICKET_SIZE];
	struct identity who;

	(void)state;
	assert_true(tickets_issue(t, CHILD, &alice, 0, ticket));
	for (size_t i = 0; i < sizeof(ticket); i++) {
		memcpy(other, ticket, sizeof(other));
		other[i] ^= 1;
		assert_false(tickets_redeem(t, CHILD, other, sizeof(other), 1,
		    &who));
	}
	for (size_t len = 0; len < sizeof(ticket); len++)
		assert_false(tickets_redeem(t, CHILD, ticket, len, 1, &who));
	assert_false(tickets_redeem(t, CHILD, NULL, 0, 1, &who));
	assert_true(redeem(CHILD, 1));
	/* a free slot's bits are no ticket */
	memset(other, 0, sizeof(other));
	assert_false(tickets_redeem(t, CHILD, other, sizeof(other), 1, &who));
	assert_false(tickets_redeem(t, 0, other, sizeof(other), 1, &who));
}

static void
test_there_is_a_most(void **state)
{
	unsigned char many[4][IPC_TICKET_SIZE];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_true(tickets_issue(t, CHILD, &alice, i, many[i]));
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(many[i], many[j],
			    IPC_TICKET_SIZE);
	}
	assert_false(tickets_issue(t, CHILD, &alice, LIFE - 1, ticket));
	assert_int_equal(tickets_count(t), 4);
	/* the oldest expires and makes room */
	assert_true(tickets_issue(t, CHILD, &alice, LIFE, ticket));
	assert_int_equal(tickets_count(t), 4);
	assert_true(redeem(CHILD, LIFE));
	memcpy(ticket, many[0], sizeof(ticket));
	assert_false(redeem(CHILD, LIFE));
	memcpy(ticket, many[2], sizeof(ticket));
	assert_true(redeem(CHILD, LIFE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_works_once, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_lives_so_long, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_another_child_destroys_it,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_wrong_one_harms_nobody,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(test_there_is_a_most, setup,
		    teardown),
	};

	log_init("test_tickets", LOG_LEVEL_ERROR);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
