/* SPDX-License-Identifier: ISC
 *
 * The whole lmtp program between real clients and a master and auth played
 * here.  Recipients say what happens to them: "unknown@", "down@", "refused@"
 * at RCPT; "full@", "slow@", "broken@" at delivery.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/limits.h"
#include "common/xalloc.h"
#include "tests/lib/client.h"
#include "tests/lib/mock.h"

#define MAX_DELIVERIES 128
#define SIZE_MAX_CONF 100000

static struct mock mock;
static int port;

static struct {
	struct {
		char sender[64], recipient[64], user[64], detail[64];
		char *content; /* own */
	} got[MAX_DELIVERIES];
	unsigned n;
	uint32_t slow[8]; /* ids not answered yet */
	unsigned n_slow;
	bool any_slow;
	uint32_t hung;
	bool any_hung;    /* RCPT_CHECK of hang@ came */
} seen;

/* --- auth --------------------------------------------------------------- */

static bool
on_rcpt_check(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	uint32_t id = ipc_get_u32(m);
	const char *address = ipc_get_str(m), *plus = strchr(address, '+');
	enum ipc_status status = IPC_OK;
	struct ipc_msg answer;
	char user[64], detail[64] = "";

	(void)ctx;
	if (strncmp(address, "hang", 4) == 0) {
		seen.hung = id;
		seen.any_hung = true;
		return true;
	}
	if (strncmp(address, "unknown", 7) == 0)
		status = IPC_NO_SUCH_USER;
	else if (strncmp(address, "down", 4) == 0)
		status = IPC_UNAVAILABLE;
	else if (strncmp(address, "refused", 7) == 0)
		status = IPC_REFUSED;
	if (plus != NULL)
		sscanf(plus + 1, "%63[^@]", detail);
	snprintf(user, sizeof(user), "%.*s", (int)strcspn(address, "+@"),
	    address);
	ipc_begin(&answer, IPC_RCPT_RESULT);
	ipc_put_u32(&answer, id);
	ipc_put_u8(&answer, status);
	ipc_put_str(&answer, status == IPC_OK ? user : "");
	ipc_put_str(&answer, detail);
	ipc_post(c, &answer, -1);
	return true;
}

static const struct ipc_handler auth_handlers[] = {
	{ IPC_RCPT_CHECK, on_rcpt_check },
	{ IPC_NONE, NULL },
};

/* --- master ------------------------------------------------------------- */

static void
delivery_answer(uint32_t id, unsigned code, const char *text)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_DELIVERY_RESULT);
	ipc_put_u32(&m, id);
	ipc_put_u32(&m, code);
	ipc_put_str(&m, text);
	ipc_post(mock.master, &m, -1);
}

/* The descriptor is what a worker may trust: whole, sealed. */
static char *
delivery_content(int fd)
{
	struct stat st;
	char *content;

	assert_int_equal(fcntl(fd, F_GET_SEALS),
	    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	assert_int_equal(fstat(fd, &st), 0);
	content = xcalloc(1, (size_t)st.st_size + 1);
	assert_int_equal(pread(fd, content, (size_t)st.st_size, 0), st.st_size);
	assert_true(pwrite(fd, "x", 1, 0) < 0);
	return content;
}

static bool
on_delivery(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	uint32_t id = ipc_get_u32(m);
	const char *user;
	int fd;

	(void)c, (void)ctx;
	assert_true(seen.n < MAX_DELIVERIES);
	assert_true(strlen(ipc_get_str(m)) >= 8);
	snprintf(seen.got[seen.n].sender, 64, "%s", ipc_get_str(m));
	snprintf(seen.got[seen.n].recipient, 64, "%s", ipc_get_str(m));
	user = ipc_get_str(m);
	snprintf(seen.got[seen.n].user, 64, "%s", user);
	snprintf(seen.got[seen.n].detail, 64, "%s", ipc_get_str(m));
	fd = ipc_take_fd(m);
	seen.got[seen.n].content = delivery_content(fd);
	close(fd);
	seen.n++;
	if (strcmp(user, "full") == 0)
		delivery_answer(id, 552, "5.2.2 Mailbox is full");
	else if (strcmp(user, "broken") == 0)
		delivery_answer(id, 999, "what?\r\nno");
	else if (strcmp(user, "slow") == 0)
		seen.slow[seen.n_slow++] = id;
	else
		delivery_answer(id, 250, "2.0.0 Delivered");
	seen.any_slow = seen.n_slow > 0;
	return true;
}

static const struct ipc_handler master_handlers[] = {
	{ IPC_DELIVERY, on_delivery },
	{ IPC_NONE, NULL },
};

static int
setup(void **state)
{
	(void)state;
	mock_start(&mock, IPC_R_LMTP, "libexec/lmtp", "log-level = \"error\"\n"
	    "state-dir = \"%s\"\nmessage-size = 100000\n", master_handlers,
	    auth_handlers);
	port = mock_listen(&mock, IPC_PROTOCOL_LMTP);
	mock_open_auth(&mock);
	return 0;
}

static void
forget(void)
{
	for (unsigned i = 0; i < seen.n; i++)
		free(seen.got[i].content);
	memset(&seen, 0, sizeof(seen));
}

static int
teardown(void **state)
{
	(void)state;
	forget();
	mock_end(&mock);
	return 0;
}

static void
hello(struct client *c)
{
	client_connect(c, &mock, port);
	client_expect(c, "220 * LMTP *");
	client_put(c, "LHLO mx.example\r\n");
	client_expect(c, "250-*");
	client_expect(c, "250-PIPELINING");
	client_expect(c, "250-ENHANCEDSTATUSCODES");
	client_expect(c, "250-8BITMIME");
	client_expect(c, "250 SIZE 100000");
}

static void
goodbye(struct client *c)
{
	client_put(c, "QUIT\r\n");
	client_expect(c, "221 2.0.0 *");
	client_expect_end(c);
	client_close(c);
	forget();
}

/* --- dialogues ---------------------------------------------------------- */

static void
test_commands(void **state)
{
	static const char *const cases[][2] = {
		{ "MAIL FROM:<a@b>\r\n", "503 *" }, /* before LHLO */
		{ "LHLO x\r\n", NULL },
		{ "DATA\r\n", "503 *" },
		{ "RCPT TO:<a@b>\r\n", "503 *" },
		{ "MAIL FROM:<a@b> SIZE=100001\r\n", "552 5.3.4 *" },
		{ "MAIL FROM:<a@b> SIZE=100000\r\n", "250 2.1.0 *" },
		{ "MAIL FROM:<a@b>\r\n", "503 *" },
		{ "DATA\r\n", "503 5.5.1 No valid recipients" },
		{ "RCPT TO:<unknown@b>\r\n", "550 5.1.1 *" },
		{ "RCPT TO:<down@b>\r\n", "451 4.3.0 *" },
		{ "RCPT TO:<refused@b>\r\n", "550 5.7.1 *" },
		{ "RCPT TO:<a@b>\r\n", "250 2.1.5 *" },
		{ "RSET\r\n", "250 *" },
		{ "DATA\r\n", "503 *" },
		{ "NOOP\r\n", "250 *" },
		{ "VRFY a\r\n", "252 *" },
		{ "HELP\r\n", "214 *" },
		{ "EHLO x\r\n", "500 *" },
		{ "what\r\n", "500 *" },
		{ "QUIT\r\n", "221 *" },
	};

	(void)state;
	for (int trickle = 0; trickle < 2; trickle++) {
		struct client c;

		client_connect(&c, &mock, port);
		client_expect(&c, "220 *");
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			if (trickle)
				client_trickle(&c, cases[i][0]);
			else
				client_put(&c, cases[i][0]);
			if (cases[i][1] != NULL) {
				client_expect(&c, cases[i][1]);
				continue;
			}
			for (int line = 0; line < 5; line++)
				client_expect(&c, "250*");
		}
		client_expect_end(&c);
		client_close(&c);
	}
}

static void
test_one_message(void **state)
{
	struct client c;

	(void)state;
	hello(&c);
	for (int i = 0; i < 3; i++) {
		client_put(&c, "MAIL FROM:<s@x>\r\n");
		client_expect(&c, "250 *");
		client_put(&c, "RCPT TO:<alice+box@b>\r\n");
		client_expect(&c, "250 *");
		client_put(&c, "DATA\r\n");
		client_expect(&c, "354 *");
		client_trickle(&c, "A: b\r\n\r\n..dot\r\n\xff\n"
		    ".\r\nx\r\n.\r\n");
		client_expect(&c, "250 2.0.0 Delivered");
		assert_int_equal(seen.n, 1);
		assert_string_equal(seen.got[0].sender, "s@x");
		assert_string_equal(seen.got[0].recipient, "alice+box@b");
		assert_string_equal(seen.got[0].user, "alice");
		assert_string_equal(seen.got[0].detail, "box");
		assert_string_equal(seen.got[0].content,
		    "A: b\r\n\r\n.dot\r\n\xff\r\n.\r\nx\r\n");
		forget();
	}
	goodbye(&c);
}

static void
test_pipelined_with_mixed_results(void **state)
{
	struct client c;

	(void)state;
	hello(&c);
	client_put(&c, "MAIL FROM:<>\r\nRCPT TO:<alice@b>\r\n"
	    "RCPT TO:<unknown@b>\r\nRCPT TO:<slow@b>\r\nRCPT TO:<full@b>\r\n"
	    "RCPT TO:<alice+x@b>\r\nRCPT TO:<broken@b>\r\n"
	    "RCPT TO:<slow+2@b>\r\nRCPT TO:<bob@b>\r\nDATA\r\n");
	client_expect(&c, "250 2.1.0 *");
	client_expect(&c, "250 2.1.5 <alice@b> *");
	client_expect(&c, "550 5.1.1 *");
	for (int i = 0; i < 6; i++)
		client_expect(&c, "250 2.1.5 *");
	client_expect(&c, "354 *");
	client_put(&c, "hello\r\n.\r\nNOOP\r\nMAIL FROM:<n@x>\r\n");
	/* each as soon as those before it are known */
	client_expect(&c, "250 2.0.0 Delivered");
	mock_until(&mock, &seen.any_slow);
	client_expect_silence(&c);
	assert_int_equal(seen.n, 7);
	assert_int_equal(seen.n_slow, 2);
	delivery_answer(seen.slow[1], 452, "4.2.2 Later");
	client_expect_silence(&c);
	delivery_answer(seen.slow[0], 250, "2.0.0 Late");
	client_expect(&c, "250 2.0.0 Late");
	client_expect(&c, "552 5.2.2 Mailbox is full");
	client_expect(&c, "250 2.0.0 Delivered");
	client_expect(&c, "451 4.3.0 *");
	client_expect(&c, "452 4.2.2 Later");
	client_expect(&c, "250 2.0.0 Delivered");
	client_expect(&c, "250 2.0.0 Nothing done");
	client_expect(&c, "250 2.1.0 *");
	for (unsigned i = 0; i < seen.n; i++) {
		assert_string_equal(seen.got[i].sender, "");
		assert_string_equal(seen.got[i].content, "hello\r\n");
	}
	assert_string_equal(seen.got[3].recipient, "alice+x@b");
	assert_string_equal(seen.got[3].user, "alice");
	/* an answer nobody waits for any more */
	delivery_answer(seen.slow[0], 250, "2.0.0 Again");
	client_expect_silence(&c);
	goodbye(&c);
}

static void
test_sizes(void **state)
{
	char *text = xcalloc(1, SIZE_MAX_CONF + 10);
	struct client c;

	(void)state;
	hello(&c);
	for (int over = 0; over < 2; over++) {
		client_put(&c, "MAIL FROM:<s@x>\r\nRCPT TO:<a@b>\r\n"
		    "RCPT TO:<b@b>\r\nDATA\r\n");
		for (int i = 0; i < 3; i++)
			client_expect(&c, "250 *");
		client_expect(&c, "354 *");
		memset(text, 'x', SIZE_MAX_CONF);
		strcpy(text + SIZE_MAX_CONF - 2 + over, "\r\n");
		client_put(&c, text);
		client_put(&c, ".\r\n");
		for (int i = 0; i < 2; i++)
			client_expect(&c, over ? "552 5.3.4 *" : "250 *");
		assert_int_equal(seen.n, over ? 0 : 2);
		if (!over)
			assert_string_equal(seen.got[0].content, text);
		forget();
	}
	/* an empty one */
	client_put(&c, "MAIL FROM:<s@x>\r\nRCPT TO:<a@b>\r\nDATA\r\n");
	client_expect(&c, "250 *");
	client_expect(&c, "250 *");
	client_expect(&c, "354 *");
	client_put(&c, ".\r\n");
	client_expect(&c, "250 *");
	assert_string_equal(seen.got[0].content, "");
	goodbye(&c);
	free(text);
}

static void
test_limits(void **state)
{
	struct client c;
	char line[3000];

	(void)state;
	hello(&c);
	memset(line, 'x', sizeof(line));
	strcpy(line + sizeof(line) - 3, "\r\n");
	client_put(&c, line);
	client_expect(&c, "500 5.5.2 *");
	client_put(&c, "MAIL FROM:<s@x>\r\n");
	client_expect(&c, "250 *");
	for (int i = 0; i < LIMIT_LMTP_RECIPIENTS; i++)
		client_put(&c, "RCPT TO:<a@b>\r\n");
	for (int i = 0; i < LIMIT_LMTP_RECIPIENTS; i++)
		client_expect(&c, "250 *");
	client_put(&c, "RCPT TO:<a@b>\r\nDATA\r\n");
	client_expect(&c, "452 4.5.3 *");
	client_expect(&c, "354 *");
	client_put(&c, "x\r\n.\r\n");
	for (int i = 0; i < LIMIT_LMTP_RECIPIENTS; i++)
		client_expect(&c, "250 *");
	assert_int_equal(seen.n, LIMIT_LMTP_RECIPIENTS);
	for (int i = 0; i < 19; i++) {
		client_put(&c, "what\r\n");
		client_expect(&c, "500 *");
	}
	client_expect(&c, "421 4.7.0 *");
	client_expect_end(&c);
	client_close(&c);
}

static void
test_auth_is_lost(void **state)
{
	struct client c;

	(void)state;
	hello(&c);
	client_put(&c, "MAIL FROM:<s@x>\r\nRCPT TO:<hang@b>\r\n");
	client_expect(&c, "250 *");
	mock_until(&mock, &seen.any_hung);
	ipc_chan_free(&mock.auth);
	client_expect(&c, "451 4.3.0 *");
	client_put(&c, "RCPT TO:<a@b>\r\n");
	client_expect(&c, "451 4.3.0 *");
	mock_open_auth(&mock);
	client_expect_silence(&c);
	client_put(&c, "RCPT TO:<a@b>\r\n");
	client_expect(&c, "250 *");
	goodbye(&c);
}

static void
send_slow(struct client *c)
{
	hello(c);
	client_put(c, "MAIL FROM:<s@x>\r\nRCPT TO:<slow@b>\r\nDATA\r\n");
	client_expect(c, "250 *");
	client_expect(c, "250 *");
	client_expect(c, "354 *");
	client_put(c, "x\r\n.\r\n");
	mock_until(&mock, &seen.any_slow);
}

static void
test_stop(void **state)
{
	struct client idle, delivering;

	(void)state;
	hello(&idle);
	send_slow(&delivering);
	mock_send(&mock, IPC_STOP);
	client_expect(&idle, "421 4.3.2 *");
	client_expect_end(&idle);
	client_close(&idle);
	client_expect_silence(&delivering);
	delivery_answer(seen.slow[0], 250, "2.0.0 Delivered");
	client_expect(&delivering, "250 2.0.0 *");
	client_expect(&delivering, "421 4.3.2 *");
	client_expect_end(&delivering);
	client_close(&delivering);
	mock_until_exit(&mock);
}

static void
test_drain(void **state)
{
	struct client idle, busy;

	(void)state;
	hello(&idle);
	hello(&busy);
	client_put(&busy, "MAIL FROM:<s@x>\r\n");
	client_expect(&busy, "250 *");
	mock_send(&mock, IPC_DRAIN);
	client_expect(&idle, "421 4.3.2 *");
	client_close(&idle);
	client_put(&busy, "RCPT TO:<a@b>\r\nDATA\r\n");
	client_expect(&busy, "250 *");
	client_expect(&busy, "354 *");
	client_put(&busy, "x\r\n.\r\n");
	client_expect(&busy, "250 *");
	client_expect(&busy, "421 4.3.2 *");
	client_expect_end(&busy);
	client_close(&busy);
	mock_until(&mock, &mock.quiesced);
	mock_until_exit(&mock);
}

static void
test_master_is_lost(void **state)
{
	struct client c;

	(void)state;
	send_slow(&c);
	ipc_chan_free(&mock.master);
	client_expect(&c, "451 4.3.0 *");
	client_expect(&c, "421 4.3.2 *");
	client_expect_end(&c);
	client_close(&c);
	mock_until_exit(&mock);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_commands),
		T(test_one_message),
		T(test_pipelined_with_mixed_results),
		T(test_sizes),
		T(test_limits),
		T(test_auth_is_lost),
		T(test_stop),
		T(test_drain),
		T(test_master_is_lost),
	};

	return cmocka_run_group_tests_name("lmtp", tests, NULL, NULL);
}
