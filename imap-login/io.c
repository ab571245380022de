/* SPDX-License-Identifier: ISC */
#include "imap-login/io.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

static enum io_status
io_errno(void)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return IO_AGAIN;
	return IO_FAILED;
}

/* What a failed call on io->ssl means. *turned_r: it waits for the other
 * direction than its own. */
static enum io_status
io_ssl_error(struct io *io, int result, int own, bool *turned_r)
{
	int error = SSL_get_error(io->ssl, result);

	*turned_r = false;
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		*turned_r = error != own;
		return IO_AGAIN;
	}
	return error == SSL_ERROR_ZERO_RETURN ? IO_EOF : IO_FAILED;
}

enum io_status
io_read(struct io *io, void *p, size_t size, size_t *n_r)
{
	ssize_t n;

	*n_r = 0;
	if (io->ssl != NULL) {
		ERR_clear_error();
		if (SSL_read_ex(io->ssl, p, size, n_r) == 1)
			return IO_OK;
		return io_ssl_error(io, 0, SSL_ERROR_WANT_READ,
		    &io->read_wants_write);
	}
	n = read(io->fd, p, size);
	if (n < 0)
		return io_errno();
	*n_r = (size_t)n;
	return n == 0 ? IO_EOF : IO_OK;
}

static enum io_status
io_write_some(struct io *io, const void *p, size_t len, size_t *n_r)
{
	ssize_t n;

	if (io->ssl != NULL) {
		ERR_clear_error();
		if (SSL_write_ex(io->ssl, p, len, n_r) == 1)
			return IO_OK;
		return io_ssl_error(io, 0, SSL_ERROR_WANT_WRITE,
		    &io->write_wants_read);
	}
	n = send(io->fd, p, len, MSG_NOSIGNAL);
	if (n < 0)
		return io_errno();
	*n_r = (size_t)n;
	return IO_OK;
}

enum io_status
io_write(struct io *io, const void *p, size_t len, size_t *n_r)
{
	const unsigned char *at = p;
	enum io_status status;
	size_t n;

	*n_r = 0;
	while (*n_r < len) {
		n = 0;
		status = io_write_some(io, at + *n_r, len - *n_r, &n);
		if (status != IO_OK)
			return status;
		*n_r += n;
	}
	return IO_OK;
}

enum io_status
io_handshake(struct io *io)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(io->ssl);
	if (result == 1) {
		io->read_wants_write = false;
		return IO_OK;
	}
	return io_ssl_error(io, result, SSL_ERROR_WANT_READ,
	    &io->read_wants_write);
}

bool
io_has_pending(const struct io *io)
{
	return io->ssl != NULL && SSL_has_pending(io->ssl) == 1;
}

void
io_end(struct io *io)
{
	if (io->ssl != NULL && SSL_is_init_finished(io->ssl)) {
		ERR_clear_error();
		SSL_shutdown(io->ssl);
	}
	if (io->fd >= 0)
		shutdown(io->fd, SHUT_WR);
}

void
io_close(struct io *io)
{
	SSL_free(io->ssl);
	io->ssl = NULL;
	if (io->fd >= 0)
		close(io->fd);
	io->fd = -1;
}
