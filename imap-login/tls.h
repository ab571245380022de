/* SPDX-License-Identifier: ISC
 *
 * TLS of clients: the context, made from certificate and key before the jail
 * is shut, and what the rest wants to know of a connection.
 *
 * TLS 1.2 or later (tls-min), only suites with forward secrecy and AEAD, our
 * order with ChaCha20 for those who prefer it, tickets for resumption (keys of
 * this process), no renegotiation, no compression, no early data (it can be
 * replayed).  A client that uses ALPN must offer "imap" (RFC 7301, RFC 9325):
 * a browser tricked into talking to us ends in the handshake.
 */
#ifndef IMAP_LOGIN_TLS_H
#define IMAP_LOGIN_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <openssl/types.h>

#define TLS_BINDING_SIZE 32

struct conf;

/* Reads the files named in conf and makes one handshake with itself, so that
 * nothing is left to be loaded later (and a key that does not fit is found
 * now). NULL: *error_r is a text, malloc'ed. */
SSL_CTX *tls_context_new(const struct conf *conf, char **error_r);
/* The server's end of a connection on fd, handshake not begun. */
SSL *tls_accept(SSL_CTX *ctx, int fd);
/* After login: stop wiping every buffer that was handed out. */
void tls_relaxed(SSL *ssl);
/* "TLSv1.3/TLS_AES_256_GCM_SHA384"; "none" for NULL. */
void tls_describe(const SSL *ssl, char *text_r, size_t size);
/* Server name the client asked for, or "". Lives with ssl. */
const char *tls_server_name(const SSL *ssl);
/* tls-exporter (RFC 9266). False: this connection has no safe one. */
bool tls_binding(SSL *ssl, unsigned char binding_r[TLS_BINDING_SIZE]);

#endif
