/* SPDX-License-Identifier: ISC
 *
 * Two channels over one socketpair in one loop: every message of the table goes
 * across with all its fields, and the promises of ipc.h about order, phases,
 * descriptors, queues and the end of a channel hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/ipc_private.h"
#include "common/limits.h"
#include "common/log.h"

struct end {
	struct ipc_chan *chan;
	struct ipc_handler handlers[64];
	unsigned calls, opens, closes;
	bool refuse, free_in_handler;
	char seen[64]; /* one letter a message, by its id */
};

static struct event_base *base;

static bool
put_or_get(struct ipc_msg *m, const char *fields, bool put)
{
	struct ipc_field f;
	char text[32];
	size_t n;

	while (ipc_field_next(&fields, &f)) {
		const unsigned char *p = NULL;
		bool same = true;

		snprintf(text, sizeof(text), "%.*s", f.name_len, f.name);
		switch (f.type) {
		case IPC_F_U8:
			if (put)
				ipc_put_u8(m, 0xa5);
			else
				same = ipc_get_u8(m) == 0xa5;
			break;
		case IPC_F_U32:
			if (put)
				ipc_put_u32(m, 0xdeadbeef);
			else
				same = ipc_get_u32(m) == 0xdeadbeef;
			break;
		case IPC_F_U64:
			if (put)
				ipc_put_u64(m, UINT64_C(0x0123456789abcdef));
			else
				same = ipc_get_u64(m) ==
				    UINT64_C(0x0123456789abcdef);
			break;
		case IPC_F_STR:
			if (put)
				ipc_put_str(m, text);
			else
				same = strcmp(ipc_get_str(m), text) == 0;
			break;
		case IPC_F_BLOB:
		case IPC_F_SECRET:
			if (put && f.type == IPC_F_BLOB)
				ipc_put_blob(m, text, sizeof(text));
			else if (put)
				ipc_put_secret(m, text, 5);
			else if (f.type == IPC_F_BLOB)
				p = ipc_get_blob(m, &n);
			else
				p = ipc_get_secret(m, &n);
			if (p != NULL)
				same = n == (f.type == IPC_F_BLOB ?
				    sizeof(text) : 5) &&
				    memcmp(p, text, 5) == 0;
			break;
		}
		if (!same)
			return false;
	}
	return true;
}

static bool
on_message(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct end *e = ctx;
	const struct ipc_row *row = ipc_row_find(m->type);

	assert_ptr_equal(ipc_chan_ctx(c), e);
	e->calls++;
	if (e->free_in_handler) {
		ipc_chan_free(&e->chan);
		return true;
	}
	if (m->type == IPC_AUTH_CANCEL) {
		e->seen[strlen(e->seen)] = (char)ipc_get_u32(m);
		return !e->refuse;
	}
	if (row->fd) {
		int fd = ipc_take_fd(m);

		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		close(fd);
	}
	return put_or_get(m, row->body, false) && !e->refuse;
}

static void
on_open(struct ipc_chan *c, void *ctx)
{
	assert_true(ipc_chan_is_open(c));
	((struct end *)ctx)->opens++;
}

static void
on_close(struct ipc_chan *c, void *ctx)
{
	assert_false(ipc_chan_is_open(c));
	((struct end *)ctx)->closes++;
}

static void
end_new(struct end *e, int fd, unsigned self, unsigned peer)
{
	const struct ipc_row *rows;
	size_t n, h = 0;

	*e = (struct end){ .chan = NULL };
	rows = ipc_table(&n);
	for (size_t i = 0; i < n; i++)
		if (rows[i].type != IPC_HELLO)
			e->handlers[h++] = (struct ipc_handler){ rows[i].type,
				on_message };
	e->chan = ipc_chan_new(base, fd, &(struct ipc_chan_options){
		.self = self, .peer = peer, .handlers = e->handlers,
		.on_close = on_close, .on_open = on_open, .ctx = e,
		.name = ipc_role_name(peer) });
}

static void
pair_new(struct end *a, unsigned role_a, struct end *b, unsigned role_b)
{
	int fds[2];

	base = event_base_new();
	assert_int_equal(ipc_pair(fds), 0);
	end_new(a, fds[0], role_a, role_b);
	end_new(b, fds[1], role_b, role_a);
}

static void
pair_free(struct end *a, struct end *b)
{
	ipc_chan_free(&a->chan);
	ipc_chan_free(&b->chan);
	event_base_free(base);
}

static void
run(void)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static unsigned
lowest(unsigned bits)
{
	return bits & -bits;
}

static void
test_every_message_arrives_with_its_fields(void **state)
{
	const struct ipc_row *rows;
	struct end a, b;
	struct ipc_msg m;
	size_t n;

	(void)state;
	rows = ipc_table(&n);
	for (size_t i = 0; i < n; i++) {
		const struct ipc_row *r = &rows[i];
		unsigned to = lowest(r->to);

		if (r->type == IPC_HELLO)
			continue;
		if (to == lowest(r->from))
			to = lowest(r->to & ~to);
		pair_new(&a, lowest(r->from), &b, to);
		if ((r->phase & IPC_P_OPEN) == 0) {
			ipc_set_phase(a.chan, IPC_P_OWNED);
			ipc_set_phase(b.chan, IPC_P_OWNED);
		}
		ipc_begin(&m, r->type);
		put_or_get(&m, r->body, true);
		assert_true(ipc_post(a.chan, &m, r->fd ? dup(0) : -1));
		run();
		assert_int_equal(a.opens + b.opens, 2);
		assert_int_equal(b.calls, 1);
		assert_int_equal(a.closes + b.closes, 0);
		pair_free(&a, &b);
	}
}

static void
post_id(struct end *e, uint32_t id)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_AUTH_CANCEL);
	ipc_put_u32(&m, id);
	ipc_post(e->chan, &m, -1);
}

static void
test_order_also_of_what_waits_for_hello(void **state)
{
	struct end a, b;

	(void)state;
	pair_new(&a, IPC_R_LOGIN, &b, IPC_R_AUTH);
	post_id(&a, 'a');
	post_id(&a, 'b');
	assert_false(ipc_chan_is_open(a.chan));
	run();
	post_id(&a, 'c');
	ipc_chan_flush(a.chan, 100);
	run();
	assert_string_equal(b.seen, "abc");
	pair_free(&a, &b);
}

static void
test_last_words_are_read_before_the_end(void **state)
{
	struct end a, b;

	(void)state;
	pair_new(&a, IPC_R_LOGIN, &b, IPC_R_AUTH);
	run();
	post_id(&a, 'x');
	post_id(&a, 'y');
	ipc_chan_free(&a.chan);
	run();
	assert_string_equal(b.seen, "xy");
	assert_int_equal(b.closes, 1);
	pair_free(&a, &b);

	/* and where the peer never read ours: ECONNRESET comes first */
	pair_new(&a, IPC_R_AUTH, &b, IPC_R_LOGIN);
	run();
	post_id(&b, 'x');
	struct ipc_msg m;
	ipc_begin(&m, IPC_AUTH_RESULT);
	put_or_get(&m, ipc_row_find(IPC_AUTH_RESULT)->body, true);
	assert_true(ipc_post(a.chan, &m, -1));
	ipc_chan_free(&a.chan);
	post_id(&b, 'y');
	run();
	assert_int_equal(b.calls, 1);
	assert_int_equal(b.closes, 1);
	pair_free(&a, &b);
}

static void
test_refusing_handler_ends_the_channel_once(void **state)
{
	struct end a, b;

	(void)state;
	pair_new(&a, IPC_R_LOGIN, &b, IPC_R_AUTH);
	b.refuse = true;
	post_id(&a, 'a');
	post_id(&a, 'b');
	run();
	assert_int_equal(b.calls, 1);
	assert_int_equal(b.closes, 1);
	assert_int_equal(a.closes, 1);
	post_id(&b, 'c');
	post_id(&a, 'c');
	run();
	assert_int_equal(a.closes + b.closes, 2);
	pair_free(&a, &b);
}

static void
test_handler_may_free_its_channel(void **state)
{
	struct end a, b;

	(void)state;
	pair_new(&a, IPC_R_LOGIN, &b, IPC_R_AUTH);
	b.free_in_handler = true;
	post_id(&a, 'a');
	post_id(&a, 'b');
	run();
	assert_null(b.chan);
	assert_int_equal(b.calls, 1);
	assert_int_equal(b.closes, 0);
	assert_int_equal(a.closes, 1);
	pair_free(&a, &b);
}

static void
test_wrong_role_or_build_is_refused_at_hello(void **state)
{
	static const struct {
		unsigned role;
		uint64_t hash;
		const char *build;
		bool fits;
	} cases[] = {
		{ IPC_R_LOGIN, 0, PACKAGE_STRING, true },
		{ IPC_R_LMTP, 0, PACKAGE_STRING, false },
		{ IPC_R_LOGIN, 1, PACKAGE_STRING, false },
		{ IPC_R_LOGIN, 0, "postern 0", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned char packet[64] = { 0 };
		size_t n = strlen(cases[i].build);
		struct end b;
		int fds[2];

		base = event_base_new();
		assert_int_equal(ipc_pair(fds), 0);
		end_new(&b, fds[0], IPC_R_AUTH, IPC_R_LOGIN);
		ipc_store(packet, 9 + 4 + n + 1, 4);
		packet[8] = (unsigned char)cases[i].role;
		ipc_store(packet + 9, ipc_table_hash() ^ cases[i].hash, 8);
		ipc_store(packet + 17, n, 4);
		memcpy(packet + 21, cases[i].build, n);
		send(fds[1], packet, 8 + 9 + 4 + n + 1, 0);
		run();
		assert_int_equal(b.opens, cases[i].fits);
		assert_int_equal(b.closes, !cases[i].fits);
		ipc_chan_free(&b.chan);
		close(fds[1]);
		event_base_free(base);
	}
}

static void
test_queue_has_an_end(void **state)
{
	unsigned char data[8000] = { 0 };
	struct end a, b;
	struct ipc_msg m;
	unsigned sent = 0;
	bool ok;

	(void)state;
	pair_new(&a, IPC_R_LOGIN, &b, IPC_R_AUTH);
	run();
	do {
		ipc_begin(&m, IPC_AUTH_CONTINUE);
		ipc_put_u32(&m, 1);
		ipc_put_secret(&m, data, sizeof(data));
		ok = ipc_post(a.chan, &m, -1);
		sent++;
	} while (ok && sent < 10000);
	assert_in_range(sent, LIMIT_IPC_QUEUE / 10000, 1000);
	assert_int_equal(a.closes, 0);
	ipc_begin(&m, IPC_AUTH_CONTINUE);
	ipc_put_u32(&m, 1);
	ipc_put_secret(&m, data, 1);
	assert_false(ipc_post(a.chan, &m, -1));
	run();
	assert_int_equal(a.closes, 1);
	pair_free(&a, &b);
}

static void
test_secrets_are_not_traced(void **state)
{
	struct ipc_msg m;
	char text[200];

	(void)state;
	ipc_begin(&m, IPC_TICKET_REDEEM);
	ipc_put_u32(&m, 7);
	ipc_put_u32(&m, 8);
	ipc_put_secret(&m, "0123456789abcdef", 16);
	ipc_trace(ipc_row_find(IPC_TICKET_REDEEM), m.body, m.len, text,
	    sizeof(text));
	assert_string_equal(text, " id=7 child=8 ticket=***");
	ipc_trace(ipc_row_find(IPC_TICKET_REDEEM), m.body, m.len, text, 8);
	assert_string_equal(text, " id=7 c");
	free(m.body);
}

enum misuse {
	WRONG_FIELD,
	TOO_FEW,
	TOO_MANY,
	TOO_LONG,
	NO_DESCRIPTOR,
	WRONG_PHASE,
	WRONG_ROLE,
	TWICE,
	N_MISUSES,
};

static void
misuse(enum misuse which)
{
	static char text[70000];
	struct end a, b;
	struct ipc_msg m;

	pair_new(&a, IPC_R_MASTER, &b, IPC_R_WORKER);
	ipc_begin(&m, which == NO_DESCRIPTOR ? IPC_LOG_REOPEN :
	    which == WRONG_PHASE ? IPC_RETIRE_RESULT :
	    which == WRONG_ROLE ? IPC_WORKER_READY :
	    which == TWICE ? IPC_STOP : IPC_WORKER_BECOME);
	memset(text, 'x', sizeof(text) - 1);
	if (which == WRONG_FIELD)
		ipc_put_u32(&m, 1);
	if (which == TOO_LONG)
		ipc_put_str(&m, text);
	if (which == TOO_MANY)
		put_or_get(&m,
		    "str user, u32 uid, u32 gid, str home, u8 make, u8 x", 1);
	if (which == WRONG_PHASE)
		ipc_put_u8(&m, 1);
	if (which == WRONG_ROLE)
		put_or_get(&m, "u8 status, str text", true);
	ipc_post(a.chan, &m, -1);
	if (which == TWICE) {
		ipc_begin(&m, IPC_STOP);
		ipc_post(a.chan, &m, -1);
	}
}

static void
test_misuse_by_the_sender_panics(void **state)
{
	(void)state;
	for (int i = 0; i < N_MISUSES; i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			close(STDERR_FILENO);
			signal(SIGABRT, SIG_DFL);
			misuse((enum misuse)i);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

static void
test_table_is_sound(void **state)
{
	const struct ipc_row *rows;
	size_t n;

	(void)state;
	rows = ipc_table(&n);
	for (size_t i = 0; i < n; i++) {
		const char *fields = rows[i].body;
		struct ipc_field f;

		assert_in_range(rows[i].max, 0, LIMIT_IPC_BODY);
		while (ipc_field_next(&fields, &f))
			assert_true(f.name_len > 0);
		if (rows[i].answer != IPC_NONE) {
			const struct ipc_row *a = ipc_row_find(rows[i].answer);

			assert_non_null(a);
			assert_int_equal(rows[i].type % 2, 0);
			assert_int_equal(a->type % 2, 1);
			assert_int_equal(a->from, rows[i].to);
			assert_int_equal(a->to, rows[i].from);
		}
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(rows[i].type, rows[j].type);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_message_arrives_with_its_fields),
		cmocka_unit_test(test_order_also_of_what_waits_for_hello),
		cmocka_unit_test(test_last_words_are_read_before_the_end),
		cmocka_unit_test(test_refusing_handler_ends_the_channel_once),
		cmocka_unit_test(test_handler_may_free_its_channel),
		cmocka_unit_test(test_wrong_role_or_build_is_refused_at_hello),
		cmocka_unit_test(test_queue_has_an_end),
		cmocka_unit_test(test_secrets_are_not_traced),
		cmocka_unit_test(test_misuse_by_the_sender_panics),
		cmocka_unit_test(test_table_is_sound),
	};

	log_init("test_ipc", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("ipc", tests, NULL, NULL);
}
