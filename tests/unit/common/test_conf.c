/* SPDX-License-Identifier: ISC
 *
 * Configuration files: what they are read as, and what is said about bad ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/conf.h"
#include "common/limits.h"

static char folder[] = "/tmp/test_conf.XXXXXX";
static char path[64];

static struct conf *
load(const char *text, char **error_r)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	*error_r = NULL;
	return conf_load(path, error_r);
}

static struct conf *
load_good(const char *text)
{
	char *error;
	struct conf *c = load(text, &error);

	if (c == NULL)
		fail_msg("%s", error);
	return c;
}

static void
test_defaults(void **state)
{
	struct conf *c = load_good("");

	(void)state;
	assert_string_equal(c->state_dir, LOCALSTATEDIR "/lib/postern");
	assert_string_equal(c->control_socket, RUNSTATEDIR "/postern/control");
	assert_string_equal(c->log, "stderr");
	assert_int_equal(c->failure_delay_ms, 2000);
	assert_int_equal(c->auth_cache_seconds, 300);
	assert_int_equal(c->linger_seconds, 60);
	assert_int_equal(c->sessions_per_user, 50);
	assert_int_equal(c->idle_seconds, LIMIT_IDLE_SECONDS);
	assert_int_equal(c->message_size, LIMIT_MESSAGE);
	assert_int_equal(c->recipient_delimiter, '+');
	assert_false(c->durability_relaxed);
	assert_int_equal(c->n_listeners, 3); /* without TLS no imaps */
	assert_string_equal(c->listeners[2].address,
	    RUNSTATEDIR "/postern/lmtp");
	assert_int_equal(c->n_mailboxes, 5);
	assert_string_equal(c->mailboxes[1].special_use, "\\Sent");
	assert_true(c->mailboxes[1].subscribe);
	conf_free(&c);
	assert_null(c);
	c = load_good("tls-cert = a.pem\ntls-key = \"/etc/b.pem\"\n");
	assert_int_equal(c->n_listeners, 4);
	assert_string_equal(c->listeners[2].protocol, "imaps");
	assert_int_equal(c->listeners[2].port, 993);
	assert_string_equal(c->tls_key, "/etc/b.pem");
	assert_true(strncmp(c->tls_cert, folder, strlen(folder)) == 0);
	assert_string_equal(c->tls_cert + strlen(folder), "/a.pem");
	conf_free(&c);
}

static void
test_values(void **state)
{
	struct conf *c = load_good(
	    "# a comment\n"
	    "login-mode = isolated\nlogin-mode = shared\n"
	    "login-mode = isolated\n"
	    "uid-policy = range\nfirst-uid = 5000\nlast-uid = 6000\n"
	    "durability = relaxed\npassdb = passwd-file\npasswd-file = users\n"
	    "message-size = 10M\nquota-bytes = \"2G\"\nquota-messages = 5k\n"
	    "idle-seconds = 1h\nlogin-seconds = 2m\nlinger-seconds = 5s\n"
	    "failure-delay-ms = 0\nplaintext-login = yes\n"
	    "recipient-delimiter = \"-\"\nhome = \"mail/%d/%n\"\n"
	    "log = run.log\nstate-dir = .\n"
	    "listener main { protocol = imap address = \"127.0.0.1\"\n"
	    "  port = 1143 }\n"
	    "listener drop { protocol = lmtp address = \"./lmtp\" "
	    "mode = 0660 }\n"
	    "listener main { protocol = imap address = \"::1\" port = 2143 }\n"
	    "mailbox \"Sent Mail\" { special-use = \"\\\\Sent\" "
	    "subscribe = no }\n");
	char want[128];

	(void)state;
	assert_true(c->login_isolated);
	assert_int_equal(c->uid_policy, CONF_UID_RANGE);
	assert_int_equal(c->last_uid, 6000);
	assert_true(c->durability_relaxed);
	assert_int_equal(c->message_size, 10 * MIB);
	assert_int_equal(c->quota_bytes, 2048ull * MIB);
	assert_int_equal(c->quota_messages, 5120);
	assert_int_equal(c->idle_seconds, 3600);
	assert_int_equal(c->login_seconds, 120);
	assert_int_equal(c->linger_seconds, 5);
	assert_int_equal(c->failure_delay_ms, 0);
	assert_true(c->plaintext_login);
	assert_int_equal(c->recipient_delimiter, '-');
	snprintf(want, sizeof(want), "%s/mail/%%d/%%n", folder);
	assert_string_equal(c->home, want);
	assert_int_equal(c->n_listeners, 2);
	assert_string_equal(c->listeners[0].name, "main");
	assert_string_equal(c->listeners[0].address, "::1");
	assert_int_equal(c->listeners[0].port, 2143);
	snprintf(want, sizeof(want), "%s/./lmtp", folder);
	assert_string_equal(c->listeners[1].address, want);
	assert_int_equal(c->listeners[1].mode, 0660);
	assert_int_equal(c->n_mailboxes, 1);
	assert_string_equal(c->mailboxes[0].name, "Sent Mail");
	assert_string_equal(c->mailboxes[0].special_use, "\\Sent");
	assert_false(c->mailboxes[0].subscribe);
	conf_free(&c);
}

/* Every line of `say` must be found in the message, in this order. */
static const struct {
	const char *text, *say;
} bad[] = {
	{ "login-mod = shared\n",
	    ":1: unknown setting \"login-mod\", did you mean \"login-mode\"?" },
	{ "zzzzzzzzzzz = 1\n", ":1: unknown setting \"zzzzzzzzzzz\"" },
	{ "\nmessage-size = lots\n",
	    ":2: message-size: \"lots\" is not a size" },
	{ "login-processes = -1\n", "is not a number" },
	{ "login-processes = 99999\n", "is not within 0 and 256" },
	{ "login-mode = \"\"\n", "is not one of shared|isolated" },
	{ "plaintext-login = maybe\n", "is not yes or no" },
	{ "idle-seconds = 5w\n", "is not a time" },
	{ "quota-bytes = 99999999999999999999\n", "is not a size" },
	{ "quota-bytes = 18446744073709551615k\n", "is not a size" },
	{ "recipient-delimiter = \"ab\"\n", "more than one character" },
	{ "home = \"/mail/%x\"\n", "%x is none of" },
	{ "home = \"/mail\"\n", "all users would share it" },
	{ "home = \"/mail/%\"\n", "is none of" },
	{ "tls-key = a\n", ":1: tls-key without tls-cert" },
	{ "\ntls-cert = a\n", ":2: tls-cert without tls-key" },
	{ "first-uid = 99\n", "below 100" },
	{ "first-uid = 500\nlast-uid = 400\n", ":2: last-uid 400 is less" },
	{ "listener a { protocol = imaps address = \"*\" }\n",
	    "imaps needs tls-cert" },
	{ "listener a { protocol = imap }\n", "has no address" },
	{ "listener a { protocol = pop3 address = \"*\" }\n",
	    "\"pop3\" is not one of imap|imaps|lmtp" },
	{ "listener a { protocol = imap address = \"localhost\" }\n",
	    "\"localhost\" is no IP address" },
	{ "listener a { protocol = imap address = \"::1\" port = 1 }\n"
	  "listener b { protocol = imap address = \"*\" port = 1 }\n",
	    "listeners \"a\" and \"b\" are at the same place" },
	{ "listener a { protocol = lmtp address = \"/x\" }\n"
	  "listener b { protocol = lmtp address = \"/x\" }\n",
	    "at the same place" },
	{ "listener a { protocol = lmtp address = \"/x\" mode = 999 }\n",
	    "permissions in octal" },
	{ "listener a { protocol = lmtp address = \"/x\" colour = red }\n",
	    ":1: unknown setting \"colour\" in a listener section" },
	{ "mailbox Sent { special-use = \"\\\\Snt\" }\n", "is no special use" },
	{ "mailbox inbox { }\n", "INBOX is always there" },
	{ "uid-policy = range\nhome = \"%h/mail\"\n", "needs uid-policy" },
	{ "uid-policy = single\nvirtual-user = \"\"\n",
	    "needs a virtual-user" },
	{ "passdb = passwd-file\npasswd-file = \"\"\n", "needs a passwd-file" },
	{ "control-socket = \"\"\n", "must be a path" },
	{ "idle-seconds 5\n", "missing equal sign" },
	{ "idle-seconds = \"5\n", ":2: " },
	{ "listener a {\n", ":2: " },
	{ "listner a { x = 1 }\nlog-level = none\n",
	    ":1: unknown setting \"listner\", did you mean \"listener\"?\n"
	    ":2: log-level: \"none\" is not one of" },
	/* all of it, in the order of the lines */
	{ "login-mode = both\nspare-worker = 3\nidle-seconds = soon\nx = 1\n"
	  "passdb = ldap\n",
	    ":1: login-mode\n:2: unknown setting \"spare-worker\", did you "
	    "mean \"spare-workers\"?\n:3: idle-seconds\n:4: unknown\n"
	    ":5: passdb" },
};

static void
test_bad_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *error, *say = strdup(bad[i].say), *save, *line;
		struct conf *c = load(bad[i].text, &error);
		const char *at = error;

		if (c != NULL)
			fail_msg("accepted: %s", bad[i].text);
		assert_true(strncmp(error, path, strlen(path)) == 0);
		for (line = strtok_r(say, "\n", &save); line != NULL;
		     line = strtok_r(NULL, "\n", &save)) {
			at = strstr(at, line);
			if (at == NULL)
				fail_msg("not said: %s\nbut: %s", line, error);
		}
		free(say);
		free(error);
	}
}

static void
test_unreadable(void **state)
{
	char *error = NULL, *long_file = malloc(2 * MIB);

	(void)state;
	assert_null(conf_load("/nonexistent/postern.conf", &error));
	assert_string_equal(error,
	    "/nonexistent/postern.conf: No such file or directory");
	free(error);
	memset(long_file, '#', 2 * MIB - 1);
	long_file[2 * MIB - 1] = '\0';
	assert_null(load(long_file, &error));
	assert_non_null(strstr(error, "too long"));
	free(error);
	free(long_file);
}

static char *
dump(const struct conf *c, bool json)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	conf_dump(c, out, json);
	fclose(out);
	return text;
}

/* A dump read again gives the same dump, but for the origins. */
static void
test_dump(void **state)
{
	struct conf *c = load_good(
	    "tls-ciphers = \"a\\\"b\\\\c\\$x\\n\"\nmessage-size = 1M\n"
	    "mailbox \"Entw\xc3\xbcrfe\" { special-use = \"\\\\Drafts\" }\n"
	    "recipient-delimiter = \"\"\nuid-policy = single\n");
	char *first = dump(c, false), *json = dump(c, true), *second, *p;
	char origin[128];

	(void)state;
	assert_string_equal(c->tls_ciphers, "a\"b\\c$x\n");
	snprintf(origin, sizeof(origin), "message-size = 1048576 # %s:2\n",
	    c->path);
	assert_non_null(strstr(first, origin));
	assert_non_null(strstr(first, "idle-seconds = 1800 # default\n"));
	assert_non_null(strstr(json, "\"message-size\": {\"value\": 1048576, "
				     "\"origin\": \""));
	assert_non_null(strstr(json, "\\\"b\\\\c$x\\u000a\""));
	conf_free(&c);
	c = load_good(first);
	second = dump(c, false);
	for (char *text = first;; text = second) {
		for (p = text; (p = strstr(p, " # ")) != NULL;)
			memset(p, '\n', strcspn(p, "\n"));
		if (text == second)
			break;
	}
	for (p = first; *p != '\0'; p += strcspn(p, "\n") + 1)
		if (*p != '\n' && strstr(second, "\n") != NULL) {
			char *line = strndup(p, strcspn(p, "\n"));

			if (strstr(second, line) == NULL)
				fail_msg("lost: %s", line);
			free(line);
		}
	free(first);
	free(second);
	free(json);
	conf_free(&c);
}

static char *
read_source(const char *top, const char *name)
{
	char file[PATH_MAX], *text = calloc(1, 65536);
	FILE *f;

	snprintf(file, sizeof(file), "%s/%s", top, name);
	f = fopen(file, "r");
	if (f == NULL)
		fail_msg("%s is missing", file);
	assert_true(fread(text, 1, 65535, f) < 65535);
	fclose(f);
	return text;
}

/* Each setting stands in the manual, and in the sample with its default; and
 * the sample is a configuration. */
static void
test_documented(void **state)
{
	const char *top = getenv("top_srcdir");
	char *sample, *manual, *text, *save, *line, *p;
	struct conf *c = load_good("");

	(void)state;
	if (top == NULL) {
		conf_free(&c);
		skip();
	}
	sample = read_source(top, "etc/postern.conf.in");
	manual = read_source(top, "doc/postern.conf.5");
	text = dump(c, false);
	conf_free(&c);
	for (line = strtok_r(text, "\n", &save);
	     line != NULL && strncmp(line, "listener ", 9) != 0;
	     line = strtok_r(NULL, "\n", &save)) {
		char in_sample[128], in_manual[128];
		int n = (int)strcspn(line, " ");

		if (*line == '#')
			continue;
		snprintf(in_sample, sizeof(in_sample), "\n#%.*s = ", n, line);
		snprintf(in_manual, sizeof(in_manual), "\n.It Cm %.*s No = ",
		    n, line);
		if (strstr(sample, in_sample) == NULL ||
		    strstr(manual, in_manual) == NULL)
			fail_msg("not documented: %.*s", n, line);
	}
	free(text);
	/* "#name = " and "#listener" are settings, "# text" is text */
	for (p = sample; p != NULL; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (*p == '#' && p[1] != ' ' && p[1] != '#')
			*p = ' ';
	}
	for (p = sample; (p = strchr(p, '@')) != NULL;)
		*p = '/';
	p = strstr(sample, " listener imaps {"); /* has no certificate */
	assert_non_null(p);
	memset(p, '\n', (size_t)(strchr(p, '}') + 1 - p));
	c = load_good(sample);
	assert_int_equal(c->n_listeners, 3);
	assert_int_equal(c->n_mailboxes, 5);
	assert_int_equal(c->message_size, LIMIT_MESSAGE);
	conf_free(&c);
	free(sample);
	free(manual);
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/postern.conf", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_documented),
	};

	return cmocka_run_group_tests_name("conf", tests, set_up, tear_down);
}
