/* SPDX-License-Identifier: ISC
 *
 * The whole imap-login program between real clients and a master and auth
 * played here.  The worker's part is played on the descriptor that is handed
 * over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/ssl.h>

#include "common/limits.h"
#include "common/xalloc.h"
#include "tests/lib/client.h"
#include "tests/lib/mock.h"

#define CAPS "IMAP4rev1 SASL-IR LITERAL- ID ENABLE"
#define BASE "log-level = \"error\"\nstate-dir = \"%s\"\n"
#define WITH_TLS "tls-cert = \"%s/cert.pem\"\ntls-key = \"%s/key.pem\"\n"

static struct mock mock;
static int port, tls_port;

/* What came to auth and master. */
static struct {
	bool started, cancelled, handed;
	char mech[32], local_name[64], cb_type[32];
	unsigned char cb[64];
	size_t cb_len;
	unsigned secured;
	uint32_t hung;     /* an AUTH_START left without an answer */
	unsigned refuse;   /* handoffs to be refused */
	char tag[300], pending[LIMIT_PENDING + 1];
	size_t pending_len;
	unsigned tls;
	int fd;            /* the worker's end */
} seen = { .fd = -1 };

/* --- auth --------------------------------------------------------------- */

static void
auth_answer(uint32_t id, enum ipc_auth_status status, const char *challenge,
    const char *code, const char *text)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_AUTH_RESULT);
	ipc_put_u32(&m, id);
	ipc_put_u8(&m, status);
	ipc_put_blob(&m, challenge, strlen(challenge));
	ipc_put_str(&m, code);
	ipc_put_str(&m, text);
	ipc_put_str(&m, "user");
	ipc_put_secret(&m, "0123456789abcdef", status == IPC_AUTH_OK ?
	    IPC_TICKET_SIZE : 0);
	ipc_post(mock.auth, &m, -1);
}

/* PLAIN: "\0user\0secret" is right. */
static void
auth_plain(uint32_t id, const unsigned char *data, size_t len)
{
	static const char right[] = "\0u \"\\ser\0s3 cr\"\\et";
	static const char easy[] = "\0user\0secret";

	if (len == 5 && memcmp(data, "\0h\0h", 4) == 0)
		seen.hung = id;
	else if (len == 5 && memcmp(data, "\0t\0t", 4) == 0)
		auth_answer(id, IPC_AUTH_TEMPFAIL, "", "UNAVAILABLE", "Later");
	else if ((len == sizeof(right) - 1 && memcmp(data, right, len) == 0) ||
	    (len == sizeof(easy) - 1 && memcmp(data, easy, len) == 0))
		auth_answer(id, IPC_AUTH_OK, "", "", "");
	else
		auth_answer(id, IPC_AUTH_FAILED, "", "AUTHENTICATIONFAILED",
		    "No such user\r\nor password");
}

static bool
on_auth_start(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	uint32_t id = ipc_get_u32(m);
	const unsigned char *p;
	bool has_ir;
	size_t len;

	(void)c, (void)ctx;
	seen.started = true;
	snprintf(seen.mech, sizeof(seen.mech), "%s", ipc_get_str(m));
	assert_string_equal(ipc_get_str(m), "127.0.0.1");
	snprintf(seen.local_name, sizeof(seen.local_name), "%s",
	    ipc_get_str(m));
	seen.secured = ipc_get_u8(m);
	snprintf(seen.cb_type, sizeof(seen.cb_type), "%s", ipc_get_str(m));
	p = ipc_get_blob(m, &seen.cb_len);
	assert_true(seen.cb_len <= sizeof(seen.cb));
	if (seen.cb_len > 0)
		memcpy(seen.cb, p, seen.cb_len);
	has_ir = ipc_get_u8(m);
	p = ipc_get_secret(m, &len);
	if (strcmp(seen.mech, "LOGIN") == 0)
		auth_answer(id, IPC_AUTH_CHALLENGE, "Username:", "", "");
	else if (!has_ir)
		auth_answer(id, IPC_AUTH_CHALLENGE, "", "", "");
	else
		auth_plain(id, p, len);
	return true;
}

static bool
on_auth_continue(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	uint32_t id = ipc_get_u32(m);
	const unsigned char *p;
	size_t len;

	(void)c, (void)ctx;
	p = ipc_get_secret(m, &len);
	if (strcmp(seen.mech, "PLAIN") == 0)
		auth_plain(id, p, len);
	else if (len == 4 && memcmp(p, "user", 4) == 0)
		auth_answer(id, IPC_AUTH_CHALLENGE, "Password:", "", "");
	else if (len == 6 && memcmp(p, "secret", 6) == 0)
		auth_answer(id, IPC_AUTH_OK, "", "", "");
	else
		auth_answer(id, IPC_AUTH_FAILED, "", "", "");
	return true;
}

static bool
on_auth_cancel(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	(void)c, (void)ctx;
	ipc_get_u32(m);
	seen.cancelled = true;
	return true;
}

static const struct ipc_handler auth_handlers[] = {
	{ IPC_AUTH_START, on_auth_start },
	{ IPC_AUTH_CONTINUE, on_auth_continue },
	{ IPC_AUTH_CANCEL, on_auth_cancel },
	{ IPC_NONE, NULL },
};

/* --- master ------------------------------------------------------------- */

static bool
on_handoff(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	const unsigned char *p;
	struct ipc_msg answer;
	uint32_t id;
	size_t len;

	(void)ctx;
	id = ipc_get_u32(m);
	assert_true(strlen(ipc_get_str(m)) >= 8);
	assert_string_equal(ipc_get_str(m), "127.0.0.1");
	seen.tls = ipc_get_u8(m);
	snprintf(seen.tag, sizeof(seen.tag), "%s", ipc_get_str(m));
	p = ipc_get_secret(m, &len);
	assert_int_equal(len, IPC_TICKET_SIZE);
	assert_memory_equal(p, "0123456789abcdef", len);
	p = ipc_get_blob(m, &seen.pending_len);
	memcpy(seen.pending, p, seen.pending_len);
	seen.pending[seen.pending_len] = '\0';
	ipc_begin(&answer, IPC_HANDOFF_RESULT);
	ipc_put_u32(&answer, id);
	ipc_put_u8(&answer, seen.refuse > 0 ? IPC_LIMIT : IPC_OK);
	ipc_put_str(&answer, seen.refuse > 0 ? "LIMIT" : "");
	ipc_put_str(&answer, seen.refuse > 0 ? "Too many sessions" : "");
	ipc_post(c, &answer, -1);
	if (seen.refuse > 0) {
		seen.refuse--;
		return true;
	}
	seen.fd = ipc_take_fd(m);
	fcntl(seen.fd, F_SETFL, O_NONBLOCK);
	seen.handed = true;
	return true;
}

static const struct ipc_handler master_handlers[] = {
	{ IPC_SESSION_HANDOFF, on_handoff },
	{ IPC_NONE, NULL },
};

static void
start(const char *conf, bool with_tls)
{
	char *text = xasprintf("%s%s%s", BASE, with_tls ? WITH_TLS : "", conf);

	mock_start(&mock, IPC_R_LOGIN, "libexec/imap-login", text,
	    master_handlers, auth_handlers);
	free(text);
	port = mock_listen(&mock, IPC_PROTOCOL_IMAP);
	if (with_tls)
		tls_port = mock_listen(&mock, IPC_PROTOCOL_IMAPS);
	mock_open_auth(&mock);
}

static void
forget(void)
{
	if (seen.fd >= 0)
		close(seen.fd);
	memset(&seen, 0, sizeof(seen));
	seen.fd = -1;
}

static int
setup(void **state)
{
	(void)state;
	start("login-seconds = 60\nunauth-per-block = 50\n", true);
	return 0;
}

static int
setup_plain(void **state)
{
	(void)state;
	start("", false);
	return 0;
}

static int
setup_tight(void **state)
{
	(void)state;
	start("login-seconds = 1\nunauth-per-block = 3\n", true);
	return 0;
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
greeted(struct client *c)
{
	client_connect(c, &mock, port);
	client_expect(c, "\\* OK \\[CAPABILITY " CAPS " STARTTLS AUTH=PLAIN "
	    "AUTH=LOGIN\\] Postern ready.");
}

static void
greeted_tls(struct client *c)
{
	client_connect(c, &mock, tls_port);
	assert_true(client_tls(c, NULL));
	client_expect(c, "\\* OK \\[CAPABILITY " CAPS
	    " AUTH=PLAIN AUTH=LOGIN\\] Postern ready.");
}

/* --- commands ----------------------------------------------------------- */

static void
test_commands_before_login(void **state)
{
	static const char *const cases[][3] = {
		{ "a1 CAPABILITY\r\n", "\\* CAPABILITY " CAPS " STARTTLS "
		    "AUTH=PLAIN AUTH=LOGIN", "a1 OK *" },
		{ "a2 noop\r\n", "a2 OK *", NULL },
		{ "a2 noop\n", "a2 OK *", NULL },
		{ "a3 NOOP x\r\n", "a3 BAD *", NULL },
		{ "a4 ID NIL\r\n", "\\* ID (\"name\" \"Postern\")", "a4 OK *" },
		{ "a5 ID (\"name\" \"x\" \"version\" NIL)\r\n", "\\* ID *",
		    "a5 OK *" },
		{ "a5 ID (\"name\" {3+}\r\nx y \"version\" NIL)\r\n",
		    "\\* ID *", "a5 OK *" },
		{ "a6 ID (\"name\")\r\n", "a6 BAD *", NULL },
		{ "a7 SELECT INBOX\r\n", "a7 BAD Log in first*", NULL },
		{ "a8 xyzzy\r\n", "a8 BAD Log in first*", NULL },
		{ "a9\r\n", "a9 BAD *", NULL },
		{ "\r\n", "\\* BAD *", NULL },
		{ "(a NOOP\r\n", "\\* BAD *", NULL },
		{ "a LOGIN user\r\n", "a BAD *", NULL },
		{ "a LOGIN user \"x\\\"\r\n", "a BAD *", NULL },
		{ "a LOGIN user x y\r\n", "a BAD *", NULL },
		{ "a AUTHENTICATE\r\n", "a BAD *", NULL },
		{ "a AUTHENTICATE PLAIN a b\r\n", "a BAD *", NULL },
		{ "a AUTHENTICATE PLAIN ab!=\r\n", "a BAD *", NULL },
		{ "a AUTHENTICATE GSSAPI\r\n", "a NO *", NULL },
		{ "a LOGOUT\r\n", "\\* BYE *", "a OK *" },
	};
	struct client c;

	(void)state;
	greeted(&c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		client_put(&c, cases[i][0]);
		client_expect(&c, cases[i][1]);
		if (cases[i][2] != NULL)
			client_expect(&c, cases[i][2]);
	}
	client_expect_end(&c);
	client_close(&c);
	greeted(&c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		client_trickle(&c, cases[i][0]);
		client_expect(&c, cases[i][1]);
		if (cases[i][2] != NULL)
			client_expect(&c, cases[i][2]);
	}
	client_expect_end(&c);
	client_close(&c);
}

static void
test_pipelined_commands(void **state)
{
	struct client c;

	(void)state;
	greeted(&c);
	client_put(&c, "a NOOP\r\nb LOGIN x y\r\nc NOOP\r\nd LOGIN z z\r\n"
	    "e LOGOUT\r\n");
	client_expect(&c, "a OK *");
	client_expect(&c, "b NO \\[AUTHENTICATIONFAILED\\] No such user??or *");
	client_expect(&c, "c OK *");
	client_expect(&c, "d NO *");
	client_expect(&c, "\\* BYE *");
	client_expect(&c, "e OK *");
	client_expect_end(&c);
	client_close(&c);
}

static void
test_ends_quietly_with_the_client(void **state)
{
	struct client c;

	(void)state;
	greeted(&c);
	client_put(&c, "a NOOP\r\nb NOO");
	shutdown(c.fd, SHUT_WR);
	client_expect(&c, "a OK *");
	client_expect_end(&c);
	client_close(&c);
}

/* --- literals and limits ------------------------------------------------ */

static void
test_literals(void **state)
{
	struct client c;
	char *big = xmalloc(5001);

	(void)state;
	memset(big, 'x', 5000);
	greeted(&c);
	client_put(&c, "a LOGIN {4}\r\n");
	client_expect(&c, "+ *");
	client_put(&c, "x\"\\y {3}\r\n");
	client_expect(&c, "+ *");
	client_put(&c, "a b\r\n");
	client_expect(&c, "a NO *");
	/* refused before a byte of it is sent */
	client_put(&c, "b LOGIN {4097}\r\n");
	client_expect(&c, "b BAD \\[TOOBIG\\] *");
	/* sent without asking: skipped */
	client_put(&c, "c LOGIN {5000+}\r\n");
	client_put(&c, big);
	client_put(&c, " {3+}\r\nabc\r\nd NOOP\r\n");
	client_expect(&c, "c BAD \\[TOOBIG\\] *");
	client_expect(&c, "d OK *");
	/* NUL in a name */
	client_send(&c, "e LOGIN {3+}\r\na\0b x\r\n", 21);
	client_expect(&c, "e BAD *");
	client_send(&c, "e LOGIN x {3+}\r\na\0b\r\n", 21);
	client_expect(&c, "e BAD *");
	/* more than anybody wants to skip */
	client_put(&c, "f LOGIN {99999999+}\r\n");
	client_expect(&c, "\\* BYE \\[TOOBIG\\] *");
	client_expect_end(&c);
	client_close(&c);
	free(big);
}

static void
test_long_lines_and_garbage(void **state)
{
	char *line = xmalloc(20001);
	struct client c;

	(void)state;
	memset(line, 'x', 20000);
	greeted(&c);
	client_put(&c, "a ");
	client_put(&c, line);
	client_put(&c, "\r\nb NOOP\r\n");
	client_expect(&c, "a BAD \\[TOOBIG\\] *");
	client_expect(&c, "b OK *");
	client_put(&c, "c AUTHENTICATE PLAIN\r\n");
	client_expect(&c, "+ ");
	client_put(&c, line);
	client_expect(&c, "\\* BYE \\[TOOBIG\\] *");
	client_expect_end(&c);
	client_close(&c);
	greeted(&c);
	client_send(&c, "a\0b", 3);
	client_expect(&c, "\\* BYE *");
	client_expect_end(&c);
	client_close(&c);
	greeted(&c);
	for (int i = 0; i < 20; i++)
		client_put(&c, "GET / HTTP/1.1\r\n");
	for (int i = 0; i < 20; i++)
		client_expect(&c, "GET BAD *");
	client_expect(&c, "\\* BYE *");
	client_expect_end(&c);
	client_close(&c);
	free(line);
}

static void
test_ten_failed_logins(void **state)
{
	struct client c;

	(void)state;
	greeted(&c);
	for (int i = 0; i < 10; i++) {
		client_put(&c, "a LOGIN x y\r\n");
		client_expect(&c, "a NO \\[AUTHENTICATIONFAILED\\] *");
	}
	client_expect(&c, "\\* BYE Too many failed logins");
	client_expect_end(&c);
	client_close(&c);
}

static void
test_block_limit_and_login_time(void **state)
{
	struct client c[4];

	(void)state;
	for (int i = 0; i < 3; i++)
		greeted(&c[i]);
	client_connect(&c[3], &mock, port);
	client_expect(&c[3], "\\* BYE \\[LIMIT\\] *");
	client_expect_end(&c[3]);
	client_close(&c[3]);
	client_put(&c[0], "a LOGOUT\r\n");
	client_expect(&c[0], "\\* BYE *");
	client_expect(&c[0], "a OK *");
	client_expect_end(&c[0]);
	client_close(&c[0]);
	greeted(&c[0]);
	for (int i = 0; i < 3; i++) {
		client_expect(&c[i], "\\* BYE Login timed out");
		client_expect_end(&c[i]);
		client_close(&c[i]);
	}
	/* one that never says a word of TLS */
	client_connect(&c[0], &mock, tls_port);
	client_expect_end(&c[0]);
	client_close(&c[0]);
}

/* --- STARTTLS ----------------------------------------------------------- */

static void
test_starttls(void **state)
{
	struct client c;

	(void)state;
	greeted(&c);
	client_put(&c, "a STARTTLS\r\n");
	client_expect(&c, "a OK *");
	assert_true(client_tls(&c, "imap"));
	client_put(&c, "b CAPABILITY\r\n");
	client_expect(&c, "\\* CAPABILITY " CAPS " AUTH=PLAIN AUTH=LOGIN");
	client_expect(&c, "b OK *");
	client_put(&c, "c STARTTLS\r\nd LOGOUT\r\n");
	client_expect(&c, "c BAD *");
	client_expect(&c, "\\* BYE *");
	client_expect(&c, "d OK *");
	client_expect_end(&c);
	client_close(&c);
}

/* Commands an attacker put behind STARTTLS in the clear are not run inside
 * TLS: neither in the same segment, nor as the beginning of a command. */
static void
test_starttls_injection(void **state)
{
	static const char *const cases[] = {
		"a STARTTLS\r\nx NOOP\r\n",
		"a STARTTLS\r\nx LOGIN user secret\r\n",
		"a STARTTLS\r\nx LOGIN {4}\r\n",
		"a STARTTLS\r\nx LOGIN {400+}\r\nuser",
		"a STARTTLS\r\nx AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0",
	};
	struct client c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		greeted(&c);
		client_put(&c, cases[i]);
		client_expect(&c, "a OK *");
		client_expect_silence(&c);
		assert_true(client_tls(&c, NULL));
		client_expect_silence(&c);
		client_put(&c, "b NOOP\r\n");
		client_expect(&c, "b OK *");
		client_close(&c);
	}
	assert_false(seen.started);
	/* in a segment of its own it goes to the handshake, which fails */
	greeted(&c);
	client_put(&c, "a STARTTLS\r\n");
	client_expect(&c, "a OK *");
	client_put(&c, "x NOOP\r\n");
	assert_false(client_tls(&c, NULL));
	client_close(&c);
	assert_false(seen.started);
}

static void
test_alpn(void **state)
{
	struct client c;

	(void)state;
	client_connect(&c, &mock, tls_port);
	assert_false(client_tls(&c, "http/1.1"));
	client_close(&c);
	client_connect(&c, &mock, tls_port);
	assert_true(client_tls(&c, "imap"));
	client_expect(&c, "\\* OK *");
	client_close(&c);
}

/* An address of this host that is not loopback; false: there is none. */
static bool
own_address(char text_r[INET_ADDRSTRLEN])
{
	struct ifaddrs *all, *a;

	assert_int_equal(getifaddrs(&all), 0);
	for (a = all; a != NULL; a = a->ifa_next) {
		struct sockaddr_in sin;

		if (a->ifa_addr == NULL || a->ifa_addr->sa_family != AF_INET ||
		    (a->ifa_flags & IFF_LOOPBACK) != 0)
			continue;
		memcpy(&sin, a->ifa_addr, sizeof(sin));
		inet_ntop(AF_INET, &sin.sin_addr, text_r, INET_ADDRSTRLEN);
		break;
	}
	freeifaddrs(all);
	return a != NULL;
}

/* Who is not on this host gets no chance to show a password in clear. */
static void
test_no_passwords_in_clear(void **state)
{
	static const char *const tries[] = { "a LOGIN user secret\r\n",
		"a AUTHENTICATE PLAIN\r\n",
		"a AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0\r\n" };
	char address[INET_ADDRSTRLEN];
	struct client c;

	(void)state;
	if (!own_address(address))
		skip();
	mock.address = address;
	port = mock_listen(&mock, IPC_PROTOCOL_IMAP);
	client_connect(&c, &mock, port);
	client_expect(&c, "\\* OK \\[CAPABILITY " CAPS " STARTTLS LOGINDISABLED"
	    "\\] *");
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		client_put(&c, tries[i]);
		client_expect(&c, "a NO \\[PRIVACYREQUIRED\\] *");
	}
	assert_false(seen.started);
	client_put(&c, "b STARTTLS\r\n");
	client_expect(&c, "b OK *");
	assert_true(client_tls(&c, NULL));
	client_put(&c, "c CAPABILITY\r\n");
	client_expect(&c, "\\* CAPABILITY " CAPS " AUTH=PLAIN AUTH=LOGIN");
	client_expect(&c, "c OK *");
	client_close(&c);
}

static void
test_no_certificate(void **state)
{
	struct client c;

	(void)state;
	client_connect(&c, &mock, port);
	client_expect(&c, "\\* OK \\[CAPABILITY " CAPS " AUTH=PLAIN "
	    "AUTH=LOGIN\\] *");
	client_put(&c, "a STARTTLS\r\n");
	client_expect(&c, "a BAD *");
	client_close(&c);
}

/* --- logging in --------------------------------------------------------- */

/* The worker's side: what comes over the descriptor. */
static void
worker_expect(const char *text)
{
	int64_t end = mock_now() + MOCK_SECONDS * 1000;
	char got[1024];
	size_t len = 0;

	while (len < strlen(text)) {
		ssize_t n = read(seen.fd, got + len, sizeof(got) - len);

		assert_true(mock_now() < end);
		if (n < 0)
			mock_turn(&mock, 1);
		else
			len += (size_t)n;
		assert_int_not_equal(n, 0);
	}
	assert_int_equal(len, strlen(text));
	assert_memory_equal(got, text, len);
}

static void
worker_put(const char *text)
{
	int64_t end = mock_now() + MOCK_SECONDS * 1000;

	while (write(seen.fd, text, strlen(text)) < 0) {
		assert_int_equal(errno, EAGAIN);
		assert_true(mock_now() < end);
		mock_turn(&mock, 1);
	}
}

/* The client is logged in with this tag: both directions work. */
static void
session_works(struct client *c, const char *tag)
{
	mock_until(&mock, &seen.handed);
	assert_string_equal(seen.tag, tag);
	assert_int_equal(seen.tls, c->ssl != NULL);
	worker_put("x OK Logged in\r\n");
	client_expect(c, "x OK Logged in");
	client_put(c, "y NOOP\r\n");
	worker_expect("y NOOP\r\n");
	worker_put("y OK done\r\n");
	client_expect(c, "y OK done");
}

/* The worker ends, and so does the client's connection. */
static void
session_ends(struct client *c)
{
	worker_put("* BYE\r\n");
	close(seen.fd);
	seen.fd = -1;
	client_expect(c, "\\* BYE");
	client_expect_end(c);
	client_close(c);
	forget();
}

static const struct {
	const char *send[4];   /* each after what was expected before it */
	const char *expect[4]; /* before the next */
} logins[] = {
	{ { "t LOGIN user secret\r\n" }, { NULL } },
	{ { "t login \"u \\\"\\\\ser\" \"s3 cr\\\"\\\\et\"\r\n" }, { NULL } },
	{ { "t LOGIN {4}\r\n", "user {6}\r\n", "secret\r\n" },
	    { "+ *", "+ *" } },
	{ { "t LOGIN {4+}\r\nuser {6+}\r\nsecret\r\n" }, { NULL } },
	{ { "t AUTHENTICATE PLAIN\r\n", "AHVzZXIAc2VjcmV0\r\n" }, { "+ " } },
	{ { "t AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0\r\n" }, { NULL } },
	{ { "t authenticate login\r\n", "dXNlcg==\r\n", "c2VjcmV0\r\n" },
	    { "+ VXNlcm5hbWU6", "+ UGFzc3dvcmQ6" } },
	/* refused, cancelled, then right */
	{ { "r AUTHENTICATE PLAIN =\r\n", "s AUTHENTICATE PLAIN\r\n", "*\r\n",
	    "t LOGIN user secret\r\n" }, { "r NO *", "+ ", "s BAD *" } },
	{ { "r AUTHENTICATE LOGIN\r\n", "not base64\r\n",
	    "t LOGIN user secret\r\n" }, { "+ *", "r BAD *" } },
	{ { "r AUTHENTICATE LOGIN\r\n", "\r\n", "t LOGIN user secret\r\n" },
	    { "+ *", "r NO *" } },
	{ { "r LOGIN t tt\r\n", "t LOGIN user secret\r\n" },
	    { "r NO \\[UNAVAILABLE\\] Later" } },
};

static void
log_in(struct client *c, size_t i, bool trickle)
{
	for (int step = 0; step < 4 && logins[i].send[step] != NULL; step++) {
		if (trickle)
			client_trickle(c, logins[i].send[step]);
		else
			client_put(c, logins[i].send[step]);
		if (logins[i].expect[step] != NULL)
			client_expect(c, logins[i].expect[step]);
	}
}

static void
test_logins(void **state)
{
	struct client c;

	(void)state;
	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		for (int variant = 0; variant < 4; variant++) {
			if (variant & 1)
				greeted_tls(&c);
			else
				greeted(&c);
			log_in(&c, i, variant & 2);
			session_works(&c, "t");
			assert_int_equal(seen.secured, 1);
			session_ends(&c);
		}
	}
}

static void
test_tls_facts_for_auth(void **state)
{
	unsigned char binding[32];
	struct client c;

	(void)state;
	greeted_tls(&c);
	client_put(&c, "a LOGIN user secret\r\n");
	session_works(&c, "a");
	assert_string_equal(seen.local_name, "mail.example");
	assert_string_equal(seen.cb_type, "tls-exporter");
	assert_int_equal(SSL_export_keying_material(c.ssl, binding, 32,
	    "EXPORTER-Channel-Binding", 24, (const unsigned char *)"", 0, 1),
	    1);
	assert_int_equal(seen.cb_len, 32);
	assert_memory_equal(seen.cb, binding, 32);
	session_ends(&c);
	greeted(&c);
	client_put(&c, "a LOGIN user secret\r\n");
	session_works(&c, "a");
	assert_string_equal(seen.cb_type, "");
	session_ends(&c);
}

static void
test_pending_bytes_go_along(void **state)
{
	static const char more[] = "b SELECT INBOX\r\nc FETCH 1:";
	char text[100];
	struct client c;

	(void)state;
	snprintf(text, sizeof(text), "a LOGIN user secret\r\n%s", more);
	for (int tls = 0; tls < 2; tls++) {
		if (tls)
			greeted_tls(&c);
		else
			greeted(&c);
		client_put(&c, text);
		mock_until(&mock, &seen.handed);
		assert_int_equal(seen.pending_len, strlen(more));
		assert_string_equal(seen.pending, more);
		client_put(&c, "* FLAGS\r\n");
		worker_expect("* FLAGS\r\n");
		session_ends(&c);
	}
}

static void
test_handoff_refused(void **state)
{
	struct client c;

	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		seen.refuse = 2;
		if (tls)
			greeted_tls(&c);
		else
			greeted(&c);
		client_put(&c, "a LOGIN user secret\r\nb NOOP\r\n");
		client_expect(&c, "a NO \\[LIMIT\\] Too many sessions");
		client_expect(&c, "b OK *");
		client_put(&c, "c LOGIN user secret\r\n");
		client_expect(&c, "c NO \\[LIMIT\\] *");
		client_put(&c, "d LOGIN user secret\r\n");
		session_works(&c, "d");
		session_ends(&c);
	}
}

static void
test_auth_is_lost_and_replaced(void **state)
{
	struct client c;

	(void)state;
	greeted(&c);
	client_put(&c, "a LOGIN h hh\r\n");
	while (seen.hung == 0)
		mock_turn(&mock, 5);
	ipc_chan_free(&mock.auth);
	client_expect(&c, "a NO \\[UNAVAILABLE\\] *");
	client_put(&c, "b LOGIN user secret\r\n");
	client_expect(&c, "b NO \\[UNAVAILABLE\\] *");
	mock_open_auth(&mock);
	client_expect_silence(&c);
	client_put(&c, "c AUTHENTICATE PLAIN\r\n");
	client_expect(&c, "+ ");
	/* in the middle of an exchange */
	mock_open_auth(&mock);
	client_expect(&c, "c NO \\[UNAVAILABLE\\] *");
	client_put(&c, "d LOGIN user secret\r\n");
	session_works(&c, "d");
	session_ends(&c);
}

/* --- the relay ---------------------------------------------------------- */

#define BULK (10u << 20)

static unsigned char
bulk_byte(size_t i, unsigned seed)
{
	return (unsigned char)((i * 2654435761u) >> 13 ^ seed);
}

/* The worker writes BULK bytes while the client does not read for a while. */
static void
relay_to_client(struct client *c)
{
	unsigned char *data = xmalloc(BULK), *got = xmalloc(BULK);
	size_t at = 0;
	int idle = 0;

	for (size_t i = 0; i < BULK; i++)
		data[i] = bulk_byte(i, 1);
	while (at < BULK && idle < 20) {
		ssize_t n = write(seen.fd, data + at, BULK - at);

		at += n > 0 ? (size_t)n : 0;
		idle = n > 0 ? 0 : idle + 1;
		mock_turn(&mock, 5);
	}
	assert_true(at < BULK); /* it did stop */
	for (size_t have = 0; have < BULK;) {
		ssize_t n = write(seen.fd, data + at, BULK - at);
		size_t want = BULK - have < 65536 ? BULK - have : 65536;

		at += n > 0 ? (size_t)n : 0;
		client_read(c, got + have, want);
		have += want;
	}
	assert_memory_equal(got, data, BULK);
	free(data);
	free(got);
}

static size_t
worker_drain(unsigned char *to, size_t room)
{
	ssize_t n = read(seen.fd, to, room);

	return n > 0 ? (size_t)n : 0;
}

static void
relay_to_worker(struct client *c)
{
	unsigned char *data = xmalloc(BULK), *got = xmalloc(BULK);
	size_t at = 0, have = 0;

	for (size_t i = 0; i < BULK; i++)
		data[i] = bulk_byte(i, 2);
	/* the worker reads only when the client gets no further */
	while (have < BULK) {
		size_t n = at < BULK ? client_try(c, data + at,
		    BULK - at < 32768 ? BULK - at : 32768) : 0;

		at += n;
		if (n > 0)
			continue;
		n = worker_drain(got + have, BULK - have);
		have += n;
		if (n == 0)
			mock_turn(&mock, 1);
	}
	assert_memory_equal(got, data, BULK);
	free(data);
	free(got);
}

static void
test_relay_carries_much(void **state)
{
	struct client c;

	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		if (tls)
			greeted_tls(&c);
		else
			greeted(&c);
		client_put(&c, "a LOGIN user secret\r\n");
		session_works(&c, "a");
		relay_to_client(&c);
		relay_to_worker(&c);
		session_ends(&c);
	}
}

static void
test_relay_ends(void **state)
{
	struct client c;
	char byte;

	(void)state;
	/* the client ends its half and still gets its answer */
	greeted_tls(&c);
	client_put(&c, "a LOGIN user secret\r\n");
	session_works(&c, "a");
	client_put(&c, "last words");
	SSL_shutdown(c.ssl);
	worker_expect("last words");
	while (read(seen.fd, &byte, 1) != 0)
		mock_turn(&mock, 1);
	session_ends(&c);
	/* the worker writes much and ends at once; nothing is lost */
	greeted_tls(&c);
	client_put(&c, "a LOGIN user secret\r\n");
	session_works(&c, "a");
	for (int i = 0; i < 1000; i++)
		worker_put("* 1234567890 1234567890 1234567890\r\n");
	close(seen.fd);
	seen.fd = -1;
	for (int i = 0; i < 1000; i++)
		client_expect(&c, "\\* 1234567890 1234567890 1234567890");
	client_expect_end(&c);
	client_close(&c);
	/* the client vanishes: so does the worker's end */
	forget();
	greeted_tls(&c);
	client_put(&c, "a LOGIN user secret\r\n");
	session_works(&c, "a");
	client_close(&c);
	while (read(seen.fd, &byte, 1) != 0)
		mock_turn(&mock, 1);
}

/* --- the process's own end ---------------------------------------------- */

static void
test_drain(void **state)
{
	struct client relayed, waiting;

	(void)state;
	greeted_tls(&relayed);
	client_put(&relayed, "a LOGIN user secret\r\n");
	session_works(&relayed, "a");
	greeted(&waiting);
	mock_send(&mock, IPC_DRAIN);
	client_expect_silence(&waiting);
	assert_false(mock.quiesced);
	client_put(&waiting, "a NOOP\r\nb LOGOUT\r\n");
	client_expect(&waiting, "a OK *");
	client_expect(&waiting, "\\* BYE *");
	client_expect(&waiting, "b OK *");
	client_close(&waiting);
	mock_until(&mock, &mock.quiesced);
	assert_int_not_equal(mock.pid, 0);
	client_put(&relayed, "still here");
	worker_expect("still here");
	session_ends(&relayed);
	mock_until_exit(&mock);
}

static void
test_stop(void **state)
{
	struct client relayed, waiting, silent;

	(void)state;
	greeted_tls(&relayed);
	client_put(&relayed, "a LOGIN user secret\r\n");
	session_works(&relayed, "a");
	greeted(&waiting);
	client_connect(&silent, &mock, tls_port);
	client_expect_silence(&silent);
	mock_send(&mock, IPC_STOP);
	client_expect(&waiting, "\\* BYE \\[UNAVAILABLE\\] *");
	client_expect_end(&waiting);
	client_close(&waiting);
	client_expect_end(&silent);
	client_close(&silent);
	session_ends(&relayed);
	mock_until_exit(&mock);
}

static void
test_master_is_lost(void **state)
{
	struct client relayed, waiting;

	(void)state;
	greeted_tls(&relayed);
	client_put(&relayed, "a LOGIN user secret\r\n");
	session_works(&relayed, "a");
	greeted(&waiting);
	ipc_chan_free(&mock.master);
	client_expect(&waiting, "\\* BYE *");
	client_close(&waiting);
	client_put(&relayed, "still here");
	worker_expect("still here");
	session_ends(&relayed);
	mock_until_exit(&mock);
}

static int
setup_isolated(void **state)
{
	(void)state;
	start("login-mode = \"isolated\"\n", true);
	return 0;
}

static void
test_isolated(void **state)
{
	struct client c;

	(void)state;
	greeted_tls(&c);
	mock_until(&mock, &mock.quiesced); /* before anybody has logged in */
	client_put(&c, "a LOGIN user secret\r\n");
	session_works(&c, "a");
	session_ends(&c);
	mock_until_exit(&mock);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_commands_before_login),
		T(test_pipelined_commands),
		T(test_ends_quietly_with_the_client),
		T(test_literals),
		T(test_long_lines_and_garbage),
		T(test_ten_failed_logins),
		cmocka_unit_test_setup_teardown(test_block_limit_and_login_time,
		    setup_tight, teardown),
		T(test_starttls),
		T(test_starttls_injection),
		T(test_alpn),
		T(test_no_passwords_in_clear),
		cmocka_unit_test_setup_teardown(test_no_certificate,
		    setup_plain, teardown),
		T(test_logins),
		T(test_tls_facts_for_auth),
		T(test_pending_bytes_go_along),
		T(test_handoff_refused),
		T(test_auth_is_lost_and_replaced),
		T(test_relay_carries_much),
		T(test_relay_ends),
		T(test_drain),
		T(test_stop),
		T(test_master_is_lost),
		cmocka_unit_test_setup_teardown(test_isolated, setup_isolated,
		    teardown),
	};

	return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
