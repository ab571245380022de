/* SPDX-License-Identifier: ISC
 *
 * A line client of the program under test, in clear or under TLS.  While it
 * waits, the mock's loop runs, so that master and auth answer.  Everything that
 * goes wrong fails the test.
 */
#ifndef TESTS_LIB_CLIENT_H
#define TESTS_LIB_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <openssl/types.h>

#include "common/buf.h"
#include "tests/lib/mock.h"

struct client {
	struct mock *mock; /* borrowed */
	int fd;            /* own */
	SSL *ssl;          /* own; NULL: in clear */
	struct buf in;     /* read, not expected yet */
	char line[16384];  /* the last line */
};

void client_connect(struct client *c, struct mock *m, int port);
void client_close(struct client *c);
/* Handshake; verifies nothing. alpn: one protocol, or NULL. False: refused. */
bool client_tls(struct client *c, const char *alpn);
/* What goes now; the number of bytes. The rest must come again. */
size_t client_try(struct client *c, const void *data, size_t len);
void client_send(struct client *c, const void *data, size_t len);
void client_put(struct client *c, const char *text);
/* As client_put(), one byte at a time, with turns of the loop in between. */
void client_trickle(struct client *c, const char *text);
/* The next line must match a pattern of fnmatch(3). */
void client_expect(struct client *c, const char *pattern);
/* The connection must end, with nothing before. */
void client_expect_end(struct client *c);
/* Nothing may come for a while. */
void client_expect_silence(struct client *c);
/* Exactly len bytes. */
void client_read(struct client *c, void *to, size_t len);

#endif
