/* SPDX-License-Identifier: ISC
 *
 * The real auth and auth-helper programs, with master, imap-login and lmtp
 * played here. PAM is asked through pam_wrapper (cwrap.org) with a service and
 * users of its own; without that library those tests are skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/xalloc.h"
#include "tests/lib/mock.h"

#define M(s) s, sizeof(s) - 1
#define FAILURE_MS 200
#define LOGIN_A 7
#define LOGIN_B 8
#define LMTP 9
#define HELPER 20
#define FILE_TEXT(password) "alice:{PLAIN}" password "\n" \
	"bob:$6$rounds=1000$k2XAnEHBqQ1Ct2aM$Kusx4StgTAJKgtQ8A1Ud4OEtpvLZ/2w" \
	"zq/Tix/qeeqdrvuTHgR6KFuCyOP4TNp5lvuV.tmBxpDTp10bqrWJyv1\n" \
	"locked:!{PLAIN}secret\nbroken:{XYZ}secret\n"

static char dir[64];
static struct mock auth, helper;
static struct ipc_chan *login_a, *login_b, *lmtp;
static uint32_t last_id;

/* The last answers. */
static struct {
	bool come;
	uint32_t id;
	unsigned status;
	char challenge[64], code[32], text[128], user[64];
	unsigned char ticket[IPC_TICKET_SIZE];
	size_t ticket_len;
} result;
static struct {
	bool come;
	unsigned status;
	char user[64], home[64];
	uint32_t uid, gid;
} identity;
static struct {
	bool come;
	unsigned status;
	char user[64], detail[64];
} rcpt;
static struct {
	bool come;
	unsigned status;
	uint64_t generation, next;
	char names[256];
	size_t n;
} users;

/* --- answers -------------------------------------------------------------- */

static bool
on_auth_result(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	const unsigned char *p;
	size_t n;

	(void)c, (void)ctx;
	result.come = true;
	result.id = ipc_get_u32(m);
	result.status = ipc_get_u8(m);
	p = ipc_get_blob(m, &n);
	assert_true(n < sizeof(result.challenge));
	memset(result.challenge, 0, sizeof(result.challenge));
	if (n > 0)
		memcpy(result.challenge, p, n);
	snprintf(result.code, sizeof(result.code), "%s", ipc_get_str(m));
	snprintf(result.text, sizeof(result.text), "%s", ipc_get_str(m));
	snprintf(result.user, sizeof(result.user), "%s", ipc_get_str(m));
	p = ipc_get_secret(m, &result.ticket_len);
	assert_int_equal(result.ticket_len, result.status == IPC_AUTH_OK ?
	    IPC_TICKET_SIZE : 0);
	if (result.ticket_len > 0)
		memcpy(result.ticket, p, result.ticket_len);
	return true;
}

static bool
on_identity(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	(void)c, (void)ctx;
	identity.come = true;
	assert_int_equal(ipc_get_u32(m), last_id);
	identity.status = ipc_get_u8(m);
	snprintf(identity.user, sizeof(identity.user), "%s", ipc_get_str(m));
	identity.uid = ipc_get_u32(m);
	identity.gid = ipc_get_u32(m);
	snprintf(identity.home, sizeof(identity.home), "%s", ipc_get_str(m));
	return true;
}

static bool
on_rcpt_result(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	(void)c, (void)ctx;
	rcpt.come = true;
	assert_int_equal(ipc_get_u32(m), last_id);
	rcpt.status = ipc_get_u8(m);
	snprintf(rcpt.user, sizeof(rcpt.user), "%s", ipc_get_str(m));
	snprintf(rcpt.detail, sizeof(rcpt.detail), "%s", ipc_get_str(m));
	return true;
}

static bool
on_users(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	const unsigned char *names;

	(void)c, (void)ctx;
	users.come = true;
	assert_int_equal(ipc_get_u32(m), last_id);
	users.status = ipc_get_u8(m);
	users.generation = ipc_get_u64(m);
	users.next = ipc_get_u64(m);
	names = ipc_get_blob(m, &users.n);
	assert_true(users.n <= sizeof(users.names));
	memcpy(users.names, names, users.n);
	return true;
}

static void
on_close(struct ipc_chan *c, void *ctx)
{
	struct ipc_chan **chan = ctx;

	(void)c;
	ipc_chan_free(chan);
}

static const struct ipc_handler login_handlers[] = {
	{ IPC_AUTH_RESULT, on_auth_result }, { IPC_NONE, NULL },
};
static const struct ipc_handler lmtp_handlers[] = {
	{ IPC_RCPT_RESULT, on_rcpt_result }, { IPC_NONE, NULL },
};
static const struct ipc_handler master_handlers[] = {
	{ IPC_IDENTITY, on_identity }, { IPC_USERS, on_users },
	{ IPC_NONE, NULL },
};
static const struct ipc_handler no_handlers[] = { { IPC_NONE, NULL } };

/* --- the programs --------------------------------------------------------- */

static void
turn(int milliseconds)
{
	if (helper.pid != 0)
		mock_turn(&helper, 0);
	mock_turn(&auth, milliseconds);
	if (auth.pid == 0)
		fail_msg("auth exited: status %x", (unsigned)auth.exit_status);
}

static void
until(const bool *flag)
{
	int64_t end = mock_now() + MOCK_SECONDS * 1000;

	while (!*flag && mock_now() < end)
		turn(5);
	assert_true(*flag);
}

static void
wait_ms(int milliseconds)
{
	int64_t end = mock_now() + milliseconds;

	while (mock_now() < end)
		turn(5);
}

static void
open_at(struct mock *m, unsigned role, uint32_t child, int fd)
{
	struct ipc_msg msg;

	ipc_begin(&msg, IPC_CHANNEL_OPEN);
	ipc_put_u8(&msg, (uint8_t)role);
	ipc_put_u32(&msg, child);
	assert_true(ipc_post(m->master, &msg, fd));
}

static void
open_channel(struct ipc_chan **chan, unsigned role, uint32_t child,
    const struct ipc_handler *handlers)
{
	const struct ipc_chan_options o = { .self = role,
		.peer = IPC_R_AUTH, .handlers = handlers,
		.on_close = on_close, .ctx = chan, .name = "auth" };
	int fds[2];

	ipc_chan_free(chan);
	assert_int_equal(ipc_pair(fds), 0);
	*chan = ipc_chan_new(auth.base, fds[0], &o);
	open_at(&auth, role, child, fds[1]);
}

static void
connect_helper(void)
{
	int fds[2];

	assert_int_equal(ipc_pair(fds), 0);
	open_at(&auth, IPC_R_HELPER, HELPER, fds[0]);
	open_at(&helper, IPC_R_AUTH, 1, fds[1]);
}

static void
write_file(const char *name, const char *text)
{
	char path[128], new[140];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(new, sizeof(new), "%s.new", path);
	f = fopen(new, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(new, 0644), 0);
	assert_int_equal(rename(new, path), 0);
}

static void
make_folder(void)
{
	snprintf(dir, sizeof(dir), "/tmp/postern-test-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(dir, MOCK_NOBODY, MOCK_NOBODY), 0);
}

static char *
conf_text(const char *passdb, const char *more)
{
	return xasprintf("log-level = \"error\"\nstate-dir = \"%s\"\n"
	    "passwd-file = \"%s/passwd\"\nhome = \"/mail/%%u\"\n"
	    "failure-delay-ms = %d\npassdb = \"%s\"\n%s", dir, dir,
	    FAILURE_MS, passdb, more);
}

static void
start_auth(const char *passdb, const char *more)
{
	char *text = conf_text(passdb, more);

	mock_start(&auth, IPC_R_AUTH, "libexec/auth", text, master_handlers,
	    NULL);
	free(text);
	open_channel(&login_a, IPC_R_LOGIN, LOGIN_A, login_handlers);
	open_channel(&login_b, IPC_R_LOGIN, LOGIN_B, login_handlers);
	open_channel(&lmtp, IPC_R_LMTP, LMTP, lmtp_handlers);
}

static void
start_helper(const char *kind)
{
	char *text = conf_text("passwd-file", "");
	char *program = xasprintf("libexec/auth-helper --kind %s", kind);

	mock_start(&helper, IPC_R_HELPER, program, text, no_handlers, NULL);
	free(program);
	free(text);
	connect_helper();
}

static int
setup(void **state)
{
	(void)state;
	make_folder();
	write_file("passwd", FILE_TEXT("secret"));
	start_auth("passwd-file", "uid-policy = \"single\"\n");
	start_helper("hash");
	return 0;
}

static void
end_auth(void)
{
	ipc_chan_free(&login_a);
	ipc_chan_free(&login_b);
	ipc_chan_free(&lmtp);
	mock_end(&auth);
	memset(&auth, 0, sizeof(auth));
}

static void
end_helper(void)
{
	mock_end(&helper);
	memset(&helper, 0, sizeof(helper));
}

static int
teardown(void **state)
{
	static const char *const names[] = { "passwd", "auth/uids", "auth",
		"users", "services/postern", "services/deny", "services/other",
		"services" };
	char path[128];

	(void)state;
	end_auth();
	end_helper();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		remove(path);
	}
	return rmdir(dir);
}

/* --- questions ------------------------------------------------------------ */

/* ir NULL: none. */
static void
auth_start(struct ipc_chan *c, const char *mech, const char *addr,
    bool secured, const void *ir, size_t len)
{
	struct ipc_msg m;

	memset(&result, 0, sizeof(result));
	ipc_begin(&m, IPC_AUTH_START);
	ipc_put_u32(&m, ++last_id);
	ipc_put_str(&m, mech);
	ipc_put_str(&m, addr);
	ipc_put_str(&m, "");
	ipc_put_u8(&m, secured);
	ipc_put_str(&m, "");
	ipc_put_blob(&m, NULL, 0);
	ipc_put_u8(&m, ir != NULL);
	ipc_put_secret(&m, ir, len);
	assert_true(ipc_post(c, &m, -1));
}

static void
auth_continue(struct ipc_chan *c, uint32_t id, const void *data, size_t len)
{
	struct ipc_msg m;

	memset(&result, 0, sizeof(result));
	ipc_begin(&m, IPC_AUTH_CONTINUE);
	ipc_put_u32(&m, id);
	ipc_put_secret(&m, data, len);
	assert_true(ipc_post(c, &m, -1));
}

static void
auth_cancel(struct ipc_chan *c, uint32_t id)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_AUTH_CANCEL);
	ipc_put_u32(&m, id);
	assert_true(ipc_post(c, &m, -1));
}

static unsigned
wait_result(void)
{
	until(&result.come);
	assert_int_equal(result.id, last_id);
	return result.status;
}

/* PLAIN with a password of user's. */
static unsigned
plain(struct ipc_chan *c, const char *user, const char *password)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "%c%s%c%s", 0, user, 0, password);

	auth_start(c, "PLAIN", "127.0.0.1", true, text, (size_t)n);
	return wait_result();
}

static unsigned
redeem(uint32_t child)
{
	struct ipc_msg m;

	memset(&identity, 0, sizeof(identity));
	ipc_begin(&m, IPC_TICKET_REDEEM);
	ipc_put_u32(&m, ++last_id);
	ipc_put_u32(&m, child);
	ipc_put_secret(&m, result.ticket, sizeof(result.ticket));
	assert_true(ipc_post(auth.master, &m, -1));
	until(&identity.come);
	if (identity.status != IPC_OK) {
		assert_string_equal(identity.user, "");
		assert_string_equal(identity.home, "");
		assert_int_equal(identity.uid, 0);
	}
	return identity.status;
}

static unsigned
user_lookup(const char *user)
{
	struct ipc_msg m;

	memset(&identity, 0, sizeof(identity));
	ipc_begin(&m, IPC_USER_LOOKUP);
	ipc_put_u32(&m, ++last_id);
	ipc_put_str(&m, user);
	assert_true(ipc_post(auth.master, &m, -1));
	until(&identity.come);
	return identity.status;
}

static void
expect_identity(const char *user)
{
	char home[64];

	snprintf(home, sizeof(home), "/mail/%s", user);
	assert_string_equal(identity.user, user);
	assert_string_equal(identity.home, home);
	assert_int_equal(identity.uid, geteuid() == 0 ? MOCK_NOBODY :
	    geteuid());
	assert_int_equal(identity.gid, geteuid() == 0 ? MOCK_NOBODY :
	    getegid());
}

static void
expect_login(struct ipc_chan *c, uint32_t child, const char *user,
    const char *password)
{
	assert_int_equal(plain(c, user, password), IPC_AUTH_OK);
	assert_string_equal(result.user, user);
	assert_int_equal(redeem(child), IPC_OK);
	expect_identity(user);
}

/* --- logins --------------------------------------------------------------- */

static void
test_plain(void **state)
{
	(void)state;
	expect_login(login_a, LOGIN_A, "alice", "secret");
	expect_login(login_b, LOGIN_B, "bob", "secret");
	auth_start(login_a, "PLAIN", "127.0.0.1", true, NULL, 0);
	assert_int_equal(wait_result(), IPC_AUTH_CHALLENGE);
	assert_string_equal(result.challenge, "");
	auth_continue(login_a, last_id, M("\0alice\0secret"));
	assert_int_equal(wait_result(), IPC_AUTH_OK);
	assert_int_equal(redeem(LOGIN_A), IPC_OK);
	auth_start(login_a, "PLAIN", "127.0.0.1", true,
	    M("alice\0alice\0secret"));
	assert_int_equal(wait_result(), IPC_AUTH_OK);
}

static void
test_login(void **state)
{
	(void)state;
	auth_start(login_a, "LOGIN", "127.0.0.1", true, NULL, 0);
	assert_int_equal(wait_result(), IPC_AUTH_CHALLENGE);
	auth_continue(login_a, last_id, M("bob"));
	assert_int_equal(wait_result(), IPC_AUTH_CHALLENGE);
	auth_continue(login_a, last_id, M("secret"));
	assert_int_equal(wait_result(), IPC_AUTH_OK);
	assert_int_equal(redeem(LOGIN_A), IPC_OK);
	expect_identity("bob");
	/* the name with the command */
	auth_start(login_a, "login", "127.0.0.1", true, M("alice"));
	assert_int_equal(wait_result(), IPC_AUTH_CHALLENGE);
	assert_memory_equal(result.challenge, "Pass", 4);
	auth_continue(login_a, last_id, M("secret"));
	assert_int_equal(wait_result(), IPC_AUTH_OK);
	assert_int_equal(redeem(LOGIN_A), IPC_OK);
	expect_identity("alice");
}

/* Nobody who is refused learns why, and all wait. */
static void
test_refusals(void **state)
{
	static const struct {
		const char *ir;
		size_t len;
		const char *code;
	} cases[] = {
		{ M("\0alice\0Secret"), "AUTHENTICATIONFAILED" },
		{ M("\0bob\0Secret"), "AUTHENTICATIONFAILED" },
		{ M("\0nobody\0secret"), "AUTHENTICATIONFAILED" },
		{ M("\0locked\0secret"), "AUTHENTICATIONFAILED" },
		{ M("\0broken\0secret"), "AUTHENTICATIONFAILED" },
		{ M("\0Alice\0secret"), "AUTHENTICATIONFAILED" },
		{ M("\0../alice\0secret"), "AUTHENTICATIONFAILED" },
		{ M("bob\0alice\0wrong"), "AUTHENTICATIONFAILED" },
		{ M("../bob\0alice\0wrong"), "AUTHENTICATIONFAILED" },
		{ M("bob\0alice\0secret"), "AUTHORIZATIONFAILED" },
		{ M("../alice\0alice\0secret"), "AUTHORIZATIONFAILED" },
		{ M("\0alice\0"), NULL },
		{ M("alice"), "" },
		{ M("\0alice\0sec\0ret"), "" },
		{ M(""), "" },
	};
	char text[128] = "";
	int64_t since;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		since = mock_now();
		auth_start(login_a, "PLAIN", "127.0.0.1", true, cases[i].ir,
		    cases[i].len);
		if (wait_result() != IPC_AUTH_FAILED)
			fail_msg("case %zu: status %u", i, result.status);
		if (mock_now() - since < FAILURE_MS)
			fail_msg("case %zu: after %d ms", i,
			    (int)(mock_now() - since));
		assert_string_equal(result.user, "");
		if (cases[i].code == NULL)
			continue;
		assert_string_equal(result.code, cases[i].code);
		if (strcmp(result.code, "AUTHENTICATIONFAILED") != 0)
			continue;
		if (text[0] == '\0')
			snprintf(text, sizeof(text), "%s", result.text);
		assert_string_equal(result.text, text);
	}
	/* each message gets its delay */
	auth_start(login_a, "PLAIN", "127.0.0.1", true, NULL, 0);
	assert_int_equal(wait_result(), IPC_AUTH_CHALLENGE);
	wait_ms(FAILURE_MS + 10);
	since = mock_now();
	auth_continue(login_a, last_id, M(""));
	assert_int_equal(wait_result(), IPC_AUTH_FAILED);
	assert_true(mock_now() - since >= FAILURE_MS);
}

static void
test_repeated_refusals_wait_longer(void **state)
{
	int64_t since = mock_now();

	(void)state;
	for (int i = 0; i < 3; i++) {
		since = mock_now();
		auth_start(login_a, "PLAIN", "192.0.2.1", true,
		    M("\0nobody\0x"));
		assert_int_equal(wait_result(), IPC_AUTH_FAILED);
	}
	assert_true(mock_now() - since >= 4 * FAILURE_MS);
	/* but a success does not wait, nor does a neighbour */
	since = mock_now();
	auth_start(login_a, "PLAIN", "192.0.2.1", true, M("\0alice\0secret"));
	assert_int_equal(wait_result(), IPC_AUTH_OK);
	assert_true(mock_now() - since < 4 * FAILURE_MS);
}

static void
test_not_offered(void **state)
{
	(void)state;
	auth_start(login_a, "PLAIN", "192.0.2.1", false,
	    M("\0alice\0secret"));
	assert_int_equal(wait_result(), IPC_AUTH_FAILED);
	assert_string_equal(result.code, "PRIVACYREQUIRED");
	auth_start(login_a, "PLAIN", "127.0.0.1", false,
	    M("\0alice\0secret"));
	assert_int_equal(wait_result(), IPC_AUTH_OK);
	auth_start(login_a, "ANONYMOUS", "127.0.0.1", true, M("x"));
	assert_int_equal(wait_result(), IPC_AUTH_FAILED);
	auth_start(login_a, "", "127.0.0.1", true, M("x"));
	assert_int_equal(wait_result(), IPC_AUTH_FAILED);
}

static void
test_tickets(void **state)
{
	(void)state;
	assert_int_equal(plain(login_a, "alice", "secret"), IPC_AUTH_OK);
	assert_int_equal(redeem(LOGIN_A), IPC_OK);
	expect_identity("alice");
	assert_int_equal(redeem(LOGIN_A), IPC_NO_SUCH_USER);
	/* shown by another child it is gone for good */
	assert_int_equal(plain(login_a, "alice", "secret"), IPC_AUTH_OK);
	assert_int_equal(redeem(LOGIN_B), IPC_NO_SUCH_USER);
	assert_int_equal(redeem(LOGIN_A), IPC_NO_SUCH_USER);
	/* it outlives its login process's channel */
	assert_int_equal(plain(login_b, "bob", "secret"), IPC_AUTH_OK);
	ipc_chan_free(&login_b);
	wait_ms(20);
	assert_int_equal(redeem(LOGIN_B), IPC_OK);
	expect_identity("bob");
	memset(result.ticket, 0, sizeof(result.ticket));
	assert_int_equal(redeem(LOGIN_A), IPC_NO_SUCH_USER);
}

static void
test_changed_password(void **state)
{
	int64_t since;

	(void)state;
	expect_login(login_a, LOGIN_A, "alice", "secret");
	expect_login(login_a, LOGIN_A, "alice", "secret");
	write_file("passwd", FILE_TEXT("secreT"));
	wait_ms(1100);
	assert_int_equal(plain(login_a, "alice", "secret"), IPC_AUTH_FAILED);
	expect_login(login_a, LOGIN_A, "alice", "secreT");
	/* and a removed user is gone */
	write_file("passwd", "bob:{PLAIN}b\n");
	wait_ms(1100);
	assert_int_equal(plain(login_a, "alice", "secreT"), IPC_AUTH_FAILED);
	expect_login(login_a, LOGIN_A, "bob", "b");
	/* nobody at all, and so no hash to waste time on */
	write_file("passwd", "");
	wait_ms(1100);
	since = mock_now();
	assert_int_equal(plain(login_a, "bob", "b"), IPC_AUTH_FAILED);
	assert_true(mock_now() - since >= FAILURE_MS);
}

static void
test_cancel(void **state)
{
	(void)state;
	/* while its refusal waits */
	auth_start(login_a, "PLAIN", "127.0.0.1", true, M("\0alice\0x"));
	wait_ms(FAILURE_MS / 4);
	auth_cancel(login_a, last_id);
	wait_ms(FAILURE_MS + 50);
	assert_false(result.come);
	/* while it is the client's turn, or the helper's; twice; the id anew */
	auth_start(login_a, "PLAIN", "127.0.0.1", true, NULL, 0);
	assert_int_equal(wait_result(), IPC_AUTH_CHALLENGE);
	auth_cancel(login_a, last_id);
	auth_cancel(login_a, last_id--);
	auth_start(login_a, "PLAIN", "127.0.0.1", true, M("\0bob\0secret"));
	auth_cancel(login_a, last_id--);
	assert_int_equal(plain(login_a, "bob", "secret"), IPC_AUTH_OK);
}

/* A process that makes no sense loses its channel, and nobody else theirs. */
static void
test_a_bad_login_process(void **state)
{
	bool open = true;

	(void)state;
	for (int i = 0; i < 3; i++) {
		open_channel(&login_a, IPC_R_LOGIN, LOGIN_A, login_handlers);
		auth_start(login_a, "PLAIN", "127.0.0.1", true, NULL, 0);
		assert_int_equal(wait_result(), IPC_AUTH_CHALLENGE);
		if (i == 0) {
			last_id--;
			auth_start(login_a, "PLAIN", "127.0.0.1", true, NULL,
			    0);
		} else if (i == 1) {
			auth_continue(login_a, last_id + 1, M("x"));
		} else {
			auth_continue(login_a, last_id, M("\0alice\0x"));
			auth_continue(login_a, last_id, M("\0alice\0secret"));
		}
		for (int n = 0; n < 200 && open; n++) {
			turn(5);
			open = login_a != NULL;
		}
		assert_false(open);
		assert_false(result.come);
		open = true;
	}
	expect_login(login_b, LOGIN_B, "alice", "secret");
}

static void
test_a_helper_dies(void **state)
{
	(void)state;
	expect_login(login_a, LOGIN_A, "alice", "secret");
	end_helper();
	/* the cache needs nobody; a new question waits */
	expect_login(login_b, LOGIN_B, "alice", "secret");
	auth_start(login_a, "PLAIN", "127.0.0.1", true, M("\0bob\0secret"));
	wait_ms(100);
	assert_false(result.come);
	start_helper("hash");
	assert_int_equal(wait_result(), IPC_AUTH_OK);
	/* stopped in the middle of a question, then killed */
	kill(helper.pid, SIGSTOP);
	auth_start(login_b, "PLAIN", "127.0.0.1", true, M("\0bob\0x"));
	wait_ms(50);
	end_helper();
	wait_ms(50);
	assert_false(result.come);
	start_helper("hash");
	assert_int_equal(wait_result(), IPC_AUTH_FAILED);
}

static void
test_recipients(void **state)
{
	static const struct {
		const char *address, *user, *detail;
	} cases[] = {
		{ "alice", "alice", "" },
		{ "alice@example.org", "alice", "" },
		{ "Alice+Lists@example.org", "alice", "Lists" },
		{ "locked@example.org", "locked", "" },
		{ "nobody@example.org", NULL, NULL },
		{ "../alice", NULL, NULL },
		{ "", NULL, NULL },
	};
	struct ipc_msg m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rcpt.come = false;
		ipc_begin(&m, IPC_RCPT_CHECK);
		ipc_put_u32(&m, ++last_id);
		ipc_put_str(&m, cases[i].address);
		assert_true(ipc_post(lmtp, &m, -1));
		until(&rcpt.come);
		assert_int_equal(rcpt.status, cases[i].user != NULL ? IPC_OK :
		    IPC_NO_SUCH_USER);
		assert_string_equal(rcpt.user, cases[i].user != NULL ?
		    cases[i].user : "");
		assert_string_equal(rcpt.detail, cases[i].user != NULL ?
		    cases[i].detail : "");
	}
	assert_int_equal(user_lookup("alice"), IPC_OK);
	expect_identity("alice");
	assert_int_equal(user_lookup("nobody"), IPC_NO_SUCH_USER);
	assert_int_equal(user_lookup("../alice"), IPC_NO_SUCH_USER);
}

static unsigned
users_list(uint64_t generation, uint64_t from)
{
	struct ipc_msg m;

	memset(&users, 0, sizeof(users));
	ipc_begin(&m, IPC_USERS_LIST);
	ipc_put_u32(&m, ++last_id);
	ipc_put_u64(&m, generation);
	ipc_put_u64(&m, from);
	assert_true(ipc_post(auth.master, &m, -1));
	until(&users.come);
	return users.status;
}

static void
test_users(void **state)
{
	(void)state;
	assert_int_equal(users_list(0, 0), IPC_OK);
	assert_true(users.next == 0);
	assert_true(users.n > 0 && users.names[users.n - 1] == '\0');
	assert_string_equal(users.names, "alice");
	assert_int_equal(users_list(users.generation, 0), IPC_OK);
	assert_int_equal(users_list(users.generation + 1, 1), IPC_UNAVAILABLE);
	assert_true(users.next == 0 && users.n == 0);
}

static void
test_stops(void **state)
{
	(void)state;
	/* with one login in each state */
	expect_login(login_a, LOGIN_A, "alice", "secret");
	assert_int_equal(plain(login_a, "alice", "secret"), IPC_AUTH_OK);
	auth_start(login_a, "PLAIN", "127.0.0.1", true, NULL, 0);
	auth_start(login_a, "PLAIN", "127.0.0.1", true, M("\0alice\0x"));
	kill(helper.pid, SIGSTOP);
	auth_start(login_a, "PLAIN", "127.0.0.1", true, M("\0bob\0secret"));
	wait_ms(50);
	mock_send(&auth, IPC_STOP);
	mock_until_exit(&auth);
	kill(helper.pid, SIGCONT);
	mock_until_exit(&helper);
}

static int
setup_range(void **state)
{
	(void)state;
	make_folder();
	write_file("passwd", FILE_TEXT("secret"));
	start_auth("passwd-file", "uid-policy = \"range\"\nfirst-uid = 70000\n"
	    "last-uid = 70001\n");
	start_helper("hash");
	return 0;
}

/* mock.c never leaves a program root: an ordinary user serves as itself, and
 * gives no numbers away. */
static void
test_an_ordinary_user_serves_as_itself(void **state)
{
	char path[128];
	struct stat st;

	(void)state;
	expect_login(login_a, LOGIN_A, "alice", "secret");
	assert_int_equal(user_lookup("bob"), IPC_OK);
	expect_identity("bob");
	snprintf(path, sizeof(path), "%s/auth/uids", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
}

/* --- PAM ------------------------------------------------------------------ */

/* The folder of pam_wrapper's modules; false: not installed. */
static bool
find_pam_wrapper(char modules_r[256], char library_r[256])
{
	static const char *const patterns[] = {
		"/usr/lib/*/pam_wrapper/pam_matrix.so",
		"/usr/lib*/pam_wrapper/pam_matrix.so" };
	bool found = false;
	glob_t g;

	for (size_t i = 0; i < 2 && !found; i++) {
		if (glob(patterns[i], 0, NULL, &g) == 0) {
			snprintf(modules_r, 256, "%.*s",
			    (int)(strrchr(g.gl_pathv[0], '/') -
			    g.gl_pathv[0]), g.gl_pathv[0]);
			snprintf(library_r, 256, "%.*s/libpam_wrapper.so",
			    (int)(strrchr(modules_r, '/') - modules_r),
			    modules_r);
			found = access(library_r, R_OK) == 0;
		}
		globfree(&g);
	}
	return found;
}

static bool
start_pam(const char *service)
{
	char modules[256], library[256], path[128], *text;
	char *conf = xasprintf("uid-policy = \"single\"\n"
	    "pam-service = \"%s\"\n", service);

#ifdef WITH_SANITIZERS
	/* their library must be the first that is loaded */
	free(conf);
	return false;
#endif
	if (!find_pam_wrapper(modules, library)) {
		free(conf);
		return false;
	}
	write_file("users", "alice:secret:postern\nbob:b:other\n");
	snprintf(path, sizeof(path), "%s/services", dir);
	assert_int_equal(mkdir(path, 0755), 0);
	text = xasprintf("auth required %s/pam_matrix.so passdb=%s/users\n"
	    "account required %s/pam_matrix.so passdb=%s/users\n", modules,
	    dir, modules, dir);
	write_file("services/postern", text);
	write_file("services/deny", "auth required pam_deny.so\n"
	    "account required pam_permit.so\n");
	write_file("services/other", "auth required pam_deny.so\n");
	free(text);
	start_auth("pam", conf);
	setenv("LD_PRELOAD", library, 1);
	setenv("PAM_WRAPPER", "1", 1);
	setenv("PAM_WRAPPER_SERVICE_DIR", path, 1);
	start_helper("pam");
	unsetenv("LD_PRELOAD");
	unsetenv("PAM_WRAPPER");
	unsetenv("PAM_WRAPPER_SERVICE_DIR");
	free(conf);
	return true;
}

static int
setup_pam(void **state)
{
	(void)state;
	make_folder();
	return 0;
}

static int
teardown_pam(void **state)
{
	if (auth.base == NULL)
		return rmdir(dir);
	/* pam_wrapper takes its copies of PAM away when it ends in peace */
	mock_send(&helper, IPC_STOP);
	mock_until_exit(&helper);
	return teardown(state);
}

static void
test_pam(void **state)
{
	(void)state;
	if (!start_pam("postern"))
		skip();
	expect_login(login_a, LOGIN_A, "alice", "secret");
	expect_login(login_b, LOGIN_B, "alice", "secret");
	for (int i = 0; i < 4; i++) {
		static const char *const cases[][2] = {
			{ "alice", "Secret" }, { "nobody", "secret" },
			{ "bob", "b" }, { "../alice", "secret" } };
		int64_t since = mock_now();

		assert_int_equal(plain(login_a, cases[i][0], cases[i][1]),
		    IPC_AUTH_FAILED);
		assert_string_equal(result.code, "AUTHENTICATIONFAILED");
		assert_true(mock_now() - since >= FAILURE_MS);
	}
	/* one's failure is nothing to the next */
	expect_login(login_a, LOGIN_A, "alice", "secret");
}

static void
test_pam_denies(void **state)
{
	(void)state;
	if (!start_pam("deny"))
		skip();
	assert_int_equal(plain(login_a, "alice", "secret"), IPC_AUTH_FAILED);
	assert_string_equal(result.code, "AUTHENTICATIONFAILED");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_plain),
		TEST(test_login),
		TEST(test_refusals),
		TEST(test_repeated_refusals_wait_longer),
		TEST(test_not_offered),
		TEST(test_tickets),
		TEST(test_changed_password),
		TEST(test_cancel),
		TEST(test_a_bad_login_process),
		TEST(test_a_helper_dies),
		TEST(test_recipients),
		TEST(test_users),
		TEST(test_stops),
		cmocka_unit_test_setup_teardown(
		    test_an_ordinary_user_serves_as_itself, setup_range,
		    teardown),
		cmocka_unit_test_setup_teardown(test_pam, setup_pam,
		    teardown_pam),
		cmocka_unit_test_setup_teardown(test_pam_denies, setup_pam,
		    teardown_pam),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
