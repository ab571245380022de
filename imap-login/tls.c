/* SPDX-License-Identifier: ISC */
#include "imap-login/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/xalloc.h"

#define TLS_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!eNULL"

static const unsigned char tls_session_context[] = "postern-imap";

/* The most telling of OpenSSL's queued errors, with what failed. */
static char *
tls_error(const char *what, const char *object)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(code);
	char *text;

	text = xasprintf("%s: %s: %s", what, object,
	    reason == NULL ? "unknown error" : reason);
	ERR_clear_error();
	return text;
}

/* An encrypted key cannot be used: nobody is there to type a password. */
static int
tls_no_password(char *to, int size, int writing, void *arg)
{
	(void)to, (void)size, (void)writing, (void)arg;
	return 0;
}

/* Picks "imap" from the client's list, or ends the handshake. */
static int
tls_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg)
{
	(void)ssl, (void)arg;
	for (unsigned at = 0; at < in_len; at += 1u + in[at])
		if (in[at] == 4 && at + 5 <= in_len &&
		    memcmp(in + at + 1, "imap", 4) == 0) {
			*out = in + at + 1;
			*out_len = 4;
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void
tls_set_options(SSL_CTX *ctx, const struct conf *conf)
{
	SSL_CTX_set_min_proto_version(ctx,
	    strcasecmp(conf->tls_min, "TLSv1.3") == 0 ? TLS1_3_VERSION :
	    TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE |
	    SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF |
	    SSL_OP_CLEANSE_PLAINTEXT);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(ctx, 1);
	/* resumption by tickets only: no memory for sessions here */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(ctx, tls_session_context,
	    sizeof(tls_session_context) - 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_alpn_select_cb(ctx, tls_alpn, NULL);
}

static bool
tls_load(SSL_CTX *ctx, const struct conf *conf, char **error_r)
{
	const char *ciphers = conf->tls_ciphers;

	SSL_CTX_set_default_passwd_cb(ctx, tls_no_password);
	if (ciphers == NULL || ciphers[0] == '\0')
		ciphers = TLS_CIPHERS;
	if (SSL_CTX_set_cipher_list(ctx, ciphers) != 1)
		*error_r = tls_error("tls-ciphers", ciphers);
	else if (SSL_CTX_use_certificate_chain_file(ctx, conf->tls_cert) != 1)
		*error_r = tls_error("certificate", conf->tls_cert);
	else if (SSL_CTX_use_PrivateKey_file(ctx, conf->tls_key,
	    SSL_FILETYPE_PEM) != 1)
		*error_r = tls_error("private key", conf->tls_key);
	else if (SSL_CTX_check_private_key(ctx) != 1)
		*error_r = tls_error("private key does not fit certificate",
		    conf->tls_key);
	else
		return true;
	return false;
}

/* Both ends of a handshake in memory. */
static bool
tls_rehearse(SSL_CTX *ctx)
{
	SSL_CTX *other = SSL_CTX_new(TLS_client_method());
	SSL *server = SSL_new(ctx), *client = SSL_new(other);
	BIO *near, *far;
	bool done = false;

	if (server == NULL || client == NULL ||
	    BIO_new_bio_pair(&near, 0, &far, 0) != 1)
		log_panic("tls: no memory");
	SSL_set_bio(server, near, near);
	SSL_set_bio(client, far, far);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	for (int i = 0; i < 16 && !done; i++) {
		SSL_do_handshake(client);
		done = SSL_do_handshake(server) == 1 &&
		    SSL_is_init_finished(client);
	}
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(other);
	return done;
}

SSL_CTX *
tls_context_new(const struct conf *conf, char **error_r)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL) {
		*error_r = tls_error("cannot start", "OpenSSL");
		return NULL;
	}
	tls_set_options(ctx, conf);
	if (!tls_load(ctx, conf, error_r))
		goto err;
	if (!tls_rehearse(ctx)) {
		*error_r = tls_error("no handshake is possible with",
		    conf->tls_cert);
		goto err;
	}
	ERR_clear_error();
	return ctx;
err:
	SSL_CTX_free(ctx);
	return NULL;
}

SSL *
tls_accept(SSL_CTX *ctx, int fd)
{
	SSL *ssl = SSL_new(ctx);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
		log_panic("tls: no memory for a connection");
	SSL_set_accept_state(ssl);
	return ssl;
}

void
tls_relaxed(SSL *ssl)
{
	SSL_clear_options(ssl, SSL_OP_CLEANSE_PLAINTEXT);
}

void
tls_describe(const SSL *ssl, char *text_r, size_t size)
{
	if (ssl == NULL)
		snprintf(text_r, size, "none");
	else
		snprintf(text_r, size, "%s/%s", SSL_get_version(ssl),
		    SSL_get_cipher_name(ssl));
}

const char *
tls_server_name(const SSL *ssl)
{
	const char *name = NULL;

	if (ssl != NULL)
		name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	return name == NULL ? "" : name;
}

bool
tls_binding(SSL *ssl, unsigned char binding_r[TLS_BINDING_SIZE])
{
	static const char label[] = "EXPORTER-Channel-Binding";
	static const unsigned char context[1];

	if (ssl == NULL)
		return false;
	/* RFC 9266 §4.2: without extended master secret it is not unique */
	if (SSL_version(ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(ssl) != 1)
		return false;
	return SSL_export_keying_material(ssl, binding_r, TLS_BINDING_SIZE,
	    label, strlen(label), context, 0, 1) == 1;
}
