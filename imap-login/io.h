/* SPDX-License-Identifier: ISC
 *
 * A client's descriptor, in clear or under TLS, read and written the same way,
 * never blocking.  OpenSSL is driven directly: its buffers are released while
 * nothing is in them, and an idle connection has no others.
 */
#ifndef IMAP_LOGIN_IO_H
#define IMAP_LOGIN_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <openssl/types.h>

struct io {
	int fd;        /* own; -1: none */
	SSL *ssl;      /* own; NULL: in clear */
	/* the last read (or handshake) that could not go on waits to write,
	 * the last write waits to read: TLS's own messages */
	bool read_wants_write, write_wants_read;
};

enum io_status {
	IO_OK,     /* done; for reads and writes at least one byte */
	IO_AGAIN,  /* nothing now; wait for the event */
	IO_EOF,    /* the peer has ended its direction */
	IO_FAILED, /* the connection is gone */
};

enum io_status io_read(struct io *io, void *p, size_t size, size_t *n_r);
/* Writes what goes now, IO_AGAIN where that is not all; *n_r is valid in both
 * cases. After IO_AGAIN the rest must come again (it may have moved). */
enum io_status io_write(struct io *io, const void *p, size_t len, size_t *n_r);
/* The server's part of a TLS handshake, up to IO_OK. */
enum io_status io_handshake(struct io *io);
/* Bytes are decrypted or buffered: no event will tell of them. */
bool io_has_pending(const struct io *io);
/* Ends our direction: TLS's goodbye, then FIN. */
void io_end(struct io *io);
/* Frees both; fd becomes -1. */
void io_close(struct io *io);

#endif
