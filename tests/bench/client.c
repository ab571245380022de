/* SPDX-License-Identifier: ISC
 *
 * Reads big answers at memory speed: a 256 KB buffer, memchr() for line ends,
 * literals skipped by their length without being looked at.
 */
#include "client.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CLIENT_BUFFER (256 * 1024)

struct client {
	int fd;
	SSL *ssl; /* own; NULL in clear */
	unsigned tag;
	size_t start, end; /* unread bytes in buf */
	char buf[CLIENT_BUFFER];
};

double
client_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static SSL_CTX *
client_ssl_ctx(void)
{
	static SSL_CTX *ctx;

	if (ctx == NULL) {
		ctx = SSL_CTX_new(TLS_client_method());
		if (ctx == NULL)
			errx(1, "SSL_CTX_new");
		/* loopback, and no resumption: every handshake is a full one */
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	}
	return ctx;
}

struct client *
client_open(const char *host, int port, bool tls)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct timeval tv = { .tv_sec = 120 };
	struct client *c = calloc(1, sizeof(*c));
	char line[1024];
	int one = 1;

	if (c == NULL)
		err(1, "calloc");
	sin.sin_port = htons((unsigned short)port);
	if (inet_pton(AF_INET, host, &sin.sin_addr) != 1)
		errx(1, "bad address: %s", host);
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd == -1 ||
	    connect(c->fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		err(1, "connect: %s port %d", host, port);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (tls) {
		c->ssl = SSL_new(client_ssl_ctx());
		if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1 ||
		    SSL_connect(c->ssl) != 1)
			errx(1, "TLS handshake failed");
	}
	client_line(c, line, sizeof(line));
	if (strncmp(line, "* OK", 4) != 0)
		errx(1, "greeting: %s", line);
	return c;
}

void
client_close(struct client **cp)
{
	struct client *c = *cp;

	if (c == NULL)
		return;
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
	*cp = NULL;
}

void
client_send(struct client *c, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = c->ssl != NULL ?
		    SSL_write(c->ssl, p, (int)(len > 1 << 20 ? 1 << 20 : len)) :
		    send(c->fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			err(1, "send");
		p += n;
		len -= (size_t)n;
	}
}

static void
client_fill(struct client *c)
{
	ssize_t n;

	if (c->start == c->end) {
		c->start = c->end = 0;
	} else if (c->end == CLIENT_BUFFER) {
		memmove(c->buf, c->buf + c->start, c->end - c->start);
		c->end -= c->start;
		c->start = 0;
	}
	if (c->end == CLIENT_BUFFER)
		errx(1, "line too long");
	n = c->ssl != NULL ?
	    SSL_read(c->ssl, c->buf + c->end, (int)(CLIENT_BUFFER - c->end)) :
	    recv(c->fd, c->buf + c->end, CLIENT_BUFFER - c->end, 0);
	if (n < 0)
		err(1, "recv");
	if (n == 0)
		errx(1, "server closed the connection");
	c->end += (size_t)n;
}

/* One line, in the buffer; *len_r without its LF. Valid until the next read. */
static const char *
client_raw_line(struct client *c, size_t *len_r)
{
	size_t seen = 0;

	for (;;) {
		char *p = c->buf + c->start;
		char *nl = memchr(p + seen, '\n', c->end - c->start - seen);

		if (nl != NULL) {
			*len_r = (size_t)(nl - p);
			c->start += *len_r + 1;
			return p;
		}
		seen = c->end - c->start;
		client_fill(c);
	}
}

static void
client_skip(struct client *c, size_t len)
{
	while (len > 0) {
		size_t have = c->end - c->start;

		if (have == 0) {
			client_fill(c);
			continue;
		}
		if (have > len)
			have = len;
		c->start += have;
		len -= have;
	}
}

/* Length of the literal a line announces at its end, or -1. */
static long
client_literal(const char *line, size_t len)
{
	size_t i;

	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len < 3 || line[len - 1] != '}')
		return -1;
	for (i = len - 2; i > 0 && line[i] >= '0' && line[i] <= '9'; i--)
		;
	if (line[i] != '{' || i == len - 2)
		return -1;
	return strtol(line + i + 1, NULL, 10);
}

void
client_line(struct client *c, char *out, size_t size)
{
	size_t len;
	const char *line = client_raw_line(c, &len);

	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len >= size)
		len = size - 1;
	memcpy(out, line, len);
	out[len] = '\0';
}

void
client_until(struct client *c, const char *prefix)
{
	char line[256];

	do {
		client_line(c, line, sizeof(line));
	} while (strncmp(line, prefix, strlen(prefix)) != 0);
}

bool
client_ready(struct client *c, int timeout_ms)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLIN };

	if (c->start < c->end || (c->ssl != NULL && SSL_pending(c->ssl) > 0))
		return true;
	return poll(&pfd, 1, timeout_ms) > 0;
}

static void
client_vsend(struct client *c, const char *fmt, va_list ap)
{
	char line[8192];
	int n = snprintf(line, sizeof(line), "t%u ", ++c->tag);

	n += vsnprintf(line + n, sizeof(line) - (size_t)n - 2, fmt, ap);
	if ((size_t)n >= sizeof(line) - 2)
		errx(1, "command too long");
	memcpy(line + n, "\r\n", 2);
	client_send(c, line, (size_t)n + 2);
}

void
client_cmd_send(struct client *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	client_vsend(c, fmt, ap);
	va_end(ap);
}

static size_t
client_count_numbers(const char *line, size_t len)
{
	size_t i, n = 0;

	if (len < 9 || strncmp(line, "* SEARCH", 8) != 0)
		return 0;
	for (i = 8; i < len; i++)
		if (line[i] == ' ' && i + 1 < len && line[i + 1] >= '0' &&
		    line[i + 1] <= '9')
			n++;
	return n;
}

void
client_cmd_wait(struct client *c, struct client_result *r)
{
	struct client_result none;
	char tag[32];
	size_t len,
	    tag_len = (size_t)snprintf(tag, sizeof(tag), "t%u ", c->tag);
	bool inside = false; /* behind a literal: not the start of a response */

	if (r == NULL)
		r = &none;
	memset(r, 0, sizeof(*r));
	for (;;) {
		const char *line = client_raw_line(c, &len);
		long lit;

		r->bytes += len + 1;
		if (!inside && len > tag_len &&
		    memcmp(line, tag, tag_len) == 0) {
			if (strncmp(line + tag_len, "OK", 2) != 0)
				errx(1, "answer: %.*s", (int)len, line);
			return;
		}
		if (!inside && line[0] == '*') {
			r->untagged++;
			r->numbers += client_count_numbers(line, len);
		}
		lit = client_literal(line, len);
		inside = lit >= 0;
		if (inside) {
			r->bytes += (size_t)lit;
			client_skip(c, (size_t)lit);
		}
	}
}

void
client_cmd(struct client *c, struct client_result *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	client_vsend(c, fmt, ap);
	va_end(ap);
	client_cmd_wait(c, r);
}
