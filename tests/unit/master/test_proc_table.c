/* SPDX-License-Identifier: ISC
 *
 * Two tables must tell one story: who the process table says works with whom,
 * and whom the table of messages lets speak to whom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/conf.h"
#include "common/ipc.h"
#include "master/proc_table.h"

static void
test_peers_are_those_of_the_message_table(void **state)
{
	const struct ipc_row *rows;
	const struct proc_row *procs;
	size_t n_rows, n_procs;

	(void)state;
	rows = ipc_table(&n_rows);
	procs = proc_table(&n_procs);
	for (size_t p = 0; p < n_procs; p++) {
		unsigned peers = 0;

		for (size_t i = 0; i < n_rows; i++) {
			if (rows[i].type == IPC_HELLO)
				continue;
			if ((rows[i].from & procs[p].role) != 0)
				peers |= rows[i].to;
			if ((rows[i].to & procs[p].role) != 0)
				peers |= rows[i].from;
		}
		assert_int_equal(peers, procs[p].peers);
	}
}

static void
test_peers_are_mutual(void **state)
{
	const struct proc_row *procs;
	size_t n;

	(void)state;
	procs = proc_table(&n);
	for (size_t a = 0; a < n; a++)
		for (size_t b = 0; b < n; b++)
			assert_int_equal((procs[a].peers & procs[b].role) != 0,
			    (procs[b].peers & procs[a].role) != 0);
}

static void
test_every_process_id_has_a_row(void **state)
{
	const struct proc_row *procs;
	unsigned seen = 0;
	size_t n;

	(void)state;
	procs = proc_table(&n);
	for (size_t i = 0; i < n; i++) {
		seen |= 1u << procs[i].id;
		assert_non_null(procs[i].args);
		assert_non_null(procs[i].sandbox);
		assert_int_equal(procs[i].program != NULL,
		    procs[i].restart == PROC_RESTART_ALWAYS);
	}
	assert_int_equal(seen, (1u << (PROC_WORKER + 1)) - 1);
}

static void
test_instances_follow_the_configuration(void **state)
{
	struct conf_listener listeners[] = {
		{ .protocol = (char *)"imaps" },
		{ .protocol = (char *)"lmtp" },
	};
	struct conf conf = { .listeners = listeners, .n_listeners = 2,
		.login_processes = 3, .auth_helpers = 4,
		.passdb = (char *)"pam" };
	const struct proc_row *procs;
	size_t n;

	(void)state;
	procs = proc_table(&n);
	for (size_t i = 0; i < n; i++) {
		unsigned have = procs[i].instances(&conf);

		switch (procs[i].id) {
		case PROC_LOGIN:
			assert_int_equal(have, 3);
			break;
		case PROC_HELPER_PAM:
			assert_int_equal(have, 4);
			break;
		case PROC_AUTH:
		case PROC_NURSERY:
		case PROC_LMTP:
			assert_int_equal(have, 1);
			break;
		case PROC_MASTER:
		case PROC_WORKER:
		case PROC_HELPER:
			assert_int_equal(have, 0);
			break;
		}
	}
	conf.n_listeners = 1;
	conf.login_processes = 0;
	conf.passdb = (char *)"passwd-file";
	for (size_t i = 0; i < n; i++) {
		unsigned have = procs[i].instances(&conf);

		if (procs[i].id == PROC_LOGIN)
			assert_true(have >= 1);
		if (procs[i].id == PROC_HELPER)
			assert_int_equal(have, 4);
		if (procs[i].id == PROC_LMTP || procs[i].id == PROC_HELPER_PAM)
			assert_int_equal(have, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peers_are_those_of_the_message_table),
		cmocka_unit_test(test_peers_are_mutual),
		cmocka_unit_test(test_every_process_id_has_a_row),
		cmocka_unit_test(test_instances_follow_the_configuration),
	};

	return cmocka_run_group_tests_name("proc_table", tests, NULL, NULL);
}
