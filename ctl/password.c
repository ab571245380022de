/* SPDX-License-Identifier: ISC
 *
 * See password.h. The bytes are only ever in guarded memory; the terminal gets
 * its echo back also when a signal ends us.
 */
#include "ctl/password.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "ctl/ctl.h"

static volatile sig_atomic_t password_signal;

static void
password_on_signal(int sig)
{
	password_signal = sig;
}

/* One line, without its newline, byte by byte so that nothing more is taken.
 * -1: an error or signal; -2: too long. */
static ssize_t
password_read_line(int fd, unsigned char *p)
{
	size_t n = 0;
	ssize_t got;
	unsigned char c;

	for (;;) {
		got = read(fd, &c, 1);
		if (got < 0)
			return -1;
		if (got == 0 || c == '\n')
			break;
		if (n == CTL_PASSWORD_MAX)
			return -2;
		p[n++] = c;
	}
	if (n > 0 && p[n - 1] == '\r')
		n--;
	return (ssize_t)n;
}

/* Asks on the terminal with echo off. */
static ssize_t
password_prompt(int tty, const char *prompt, const char *user, unsigned char *p)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
		SIGTSTP };
	struct sigaction sa = { .sa_handler = password_on_signal }, old[5];
	struct termios with_echo, without;
	ssize_t n;

	if (tcgetattr(tty, &with_echo) != 0)
		return -1;
	without = with_echo;
	without.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	password_signal = 0;
	for (size_t i = 0; i < 5; i++)
		sigaction(signals[i], &sa, &old[i]);
	tcsetattr(tty, TCSAFLUSH, &without);
	dprintf(tty, "%s for %s: ", prompt, user);
	n = password_read_line(tty, p);
	dprintf(tty, "\n");
	tcsetattr(tty, TCSAFLUSH, &with_echo);
	for (size_t i = 0; i < 5; i++)
		sigaction(signals[i], &old[i], NULL);
	if (password_signal != 0)
		raise(password_signal);
	return n;
}

static struct secret *
password_accept(const unsigned char *p, ssize_t n)
{
	if (n == -1)
		ctl_error("cannot read the password: %s", strerror(errno));
	else if (n == -2)
		ctl_error("a password has at most %d bytes", CTL_PASSWORD_MAX);
	else if (n == 0)
		ctl_error("an empty password would let nobody in");
	else if (memchr(p, 0, (size_t)n) != NULL)
		ctl_error("a password has no NUL byte in it");
	else
		return secret_new(p, (size_t)n);
	return NULL;
}

struct secret *
ctl_password_ask(const char *user, bool from_stdin)
{
	unsigned char *p = sodium_malloc(2 * CTL_PASSWORD_MAX);
	unsigned char *again = p + CTL_PASSWORD_MAX;
	struct secret *secret = NULL;
	ssize_t n, m;
	int tty;

	if (p == NULL) {
		ctl_error("no memory");
		return NULL;
	}
	if (from_stdin) {
		n = password_read_line(STDIN_FILENO, p);
		secret = password_accept(p, n);
		sodium_free(p);
		return secret;
	}
	tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0) {
		ctl_error("no terminal to ask for the password; --stdin reads "
			  "it from standard input");
		sodium_free(p);
		return NULL;
	}
	n = password_prompt(tty, "New password", user, p);
	secret = password_accept(p, n);
	if (secret != NULL) {
		m = password_prompt(tty, "Again", user, again);
		if (m != n || sodium_memcmp(p, again, (size_t)n) != 0) {
			ctl_error("the two are not the same");
			secret_free(&secret);
		}
	}
	close(tty);
	sodium_free(p);
	return secret;
}

char *
ctl_password_hash(const struct secret *password)
{
	char hash[crypto_pwhash_STRBYTES];

	if (crypto_pwhash_str(hash, (const char *)password->data, password->len,
		crypto_pwhash_OPSLIMIT_INTERACTIVE,
		crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
		return NULL;
	return xasprintf("{ARGON2ID}%s", hash);
}
