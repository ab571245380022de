/* SPDX-License-Identifier: ISC */
#include "tests/lib/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

enum got { GOT_BYTES, GOT_NOTHING, GOT_END };

void
client_connect(struct client *c, struct mock *m, int port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	const int on = 1;

	memset(c, 0, sizeof(*c));
	c->mock = m;
	buf_init(&c->in, 32 << 20);
	sin.sin_port = htons((uint16_t)port);
	assert_int_equal(inet_pton(AF_INET, m->address, &sin.sin_addr), 1);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&sin, sizeof(sin)),
	    0);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

void
client_close(struct client *c)
{
	SSL_free(c->ssl);
	c->ssl = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	buf_clear(&c->in);
}

bool
client_tls(struct client *c, const char *alpn)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int64_t end = mock_now() + MOCK_SECONDS * 1000;
	unsigned char wire[64];
	int r = 0, error = 0;

	c->ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_fd(c->ssl, c->fd);
	SSL_set_tlsext_host_name(c->ssl, "mail.example");
	SSL_set_mode(c->ssl, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	    SSL_MODE_ENABLE_PARTIAL_WRITE);
	if (alpn != NULL) {
		wire[0] = (unsigned char)strlen(alpn);
		memcpy(wire + 1, alpn, wire[0]);
		SSL_set_alpn_protos(c->ssl, wire, wire[0] + 1u);
	}
	while (mock_now() < end) {
		ERR_clear_error();
		r = SSL_connect(c->ssl);
		if (r == 1)
			return true;
		error = SSL_get_error(c->ssl, r);
		if (error != SSL_ERROR_WANT_READ &&
		    error != SSL_ERROR_WANT_WRITE)
			return false;
		mock_turn(c->mock, 1);
	}
	fail_msg("TLS handshake does not end");
	return false;
}

static enum got
client_get(struct client *c)
{
	unsigned char *to = buf_reserve(&c->in, 65536);
	ssize_t n;

	assert_non_null(to);
	if (c->ssl != NULL) {
		ERR_clear_error();
		n = SSL_read(c->ssl, to, 65536);
		if (n <= 0 &&
		    SSL_get_error(c->ssl, (int)n) == SSL_ERROR_WANT_READ)
			return GOT_NOTHING;
	} else {
		n = read(c->fd, to, 65536);
		if (n < 0 && errno == EAGAIN)
			return GOT_NOTHING;
	}
	if (n <= 0)
		return GOT_END;
	c->in.len += (size_t)n;
	return GOT_BYTES;
}

size_t
client_try(struct client *c, const void *data, size_t len)
{
	ssize_t n;

	ERR_clear_error();
	n = c->ssl != NULL ? SSL_write(c->ssl, data, (int)len) :
	    send(c->fd, data, len, MSG_NOSIGNAL);
	return n > 0 ? (size_t)n : 0;
}

void
client_send(struct client *c, const void *data, size_t len)
{
	int64_t end = mock_now() + MOCK_SECONDS * 1000;
	const char *at = data;

	while (len > 0) {
		size_t n = client_try(c, at, len);

		at += n;
		len -= n;
		if (n > 0)
			continue;
		assert_true(mock_now() < end);
		client_get(c);
		mock_turn(c->mock, 1);
	}
}

void
client_put(struct client *c, const char *text)
{
	client_send(c, text, strlen(text));
}

void
client_trickle(struct client *c, const char *text)
{
	for (; *text != '\0'; text++) {
		client_send(c, text, 1);
		mock_turn(c->mock, 1);
	}
}

/* Moves the first line to c->line; false: there is no whole one. */
static bool
client_take_line(struct client *c)
{
	unsigned char *lf = NULL;
	size_t n;

	if (c->in.len > 0)
		lf = memchr(c->in.data, '\n', c->in.len);
	if (lf == NULL)
		return false;
	n = (size_t)(lf - c->in.data);
	assert_true(n > 0 && n < sizeof(c->line) && lf[-1] == '\r');
	memcpy(c->line, c->in.data, n - 1);
	c->line[n - 1] = '\0';
	buf_consume(&c->in, n + 1);
	return true;
}

void
client_expect(struct client *c, const char *pattern)
{
	int64_t end = mock_now() + MOCK_SECONDS * 1000;

	while (!client_take_line(c)) {
		if (mock_now() > end)
			fail_msg("nothing came for: %s", pattern);
		switch (client_get(c)) {
		case GOT_END:
			fail_msg("connection ended before: %s", pattern);
			break;
		case GOT_NOTHING:
			mock_turn(c->mock, 1);
			break;
		case GOT_BYTES:
			break;
		}
	}
	if (fnmatch(pattern, c->line, 0) != 0)
		fail_msg("expected: %s\ngot: %s", pattern, c->line);
}

void
client_expect_end(struct client *c)
{
	int64_t end = mock_now() + MOCK_SECONDS * 1000;

	while (mock_now() < end) {
		if (client_get(c) == GOT_END) {
			assert_int_equal(c->in.len, 0);
			return;
		}
		if (client_take_line(c))
			fail_msg("expected the end, got: %s", c->line);
		mock_turn(c->mock, 1);
	}
	fail_msg("connection does not end");
}

void
client_expect_silence(struct client *c)
{
	int64_t end = mock_now() + 150;

	while (mock_now() < end) {
		assert_int_equal(client_get(c), GOT_NOTHING);
		assert_int_equal(c->in.len, 0);
		mock_turn(c->mock, 5);
	}
}

void
client_read(struct client *c, void *to, size_t len)
{
	int64_t end = mock_now() + MOCK_SECONDS * 1000;

	while (c->in.len < len) {
		assert_true(mock_now() < end);
		if (client_get(c) == GOT_NOTHING)
			mock_turn(c->mock, 1);
	}
	memcpy(to, c->in.data, len);
	buf_consume(&c->in, len);
}
