/* SPDX-License-Identifier: ISC
 *
 * A blocking IMAP client of the load generator: cheap, and trusts the server.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct client;

struct client_result {
	size_t bytes;     /* of the answer, with its tagged line */
	size_t untagged;  /* lines that start with "* ", not in literals */
	size_t numbers;   /* in "* SEARCH" lines */
};

/* Connects and reads the greeting; exits with a text on any failure, as all of
 * these do. */
struct client *client_open(const char *host, int port, bool tls);
void client_close(struct client **c);
void client_send(struct client *c, const void *data, size_t len);
/* Sends one command (no tag, no CRLF), reads up to its tagged OK. `r` may be
 * NULL. Exits when the answer is not OK. */
void client_cmd(struct client *c, struct client_result *r, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The two halves of it. */
void client_cmd_send(struct client *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void client_cmd_wait(struct client *c, struct client_result *r);
/* Reads one line (no CRLF, NUL ended, cut at the buffer's size). */
void client_line(struct client *c, char *line, size_t size);
/* Reads lines up to one that starts with `prefix`. */
void client_until(struct client *c, const char *prefix);
/* Waits for bytes to read; false after timeout_ms. */
bool client_ready(struct client *c, int timeout_ms);
double client_now(void);

#endif
