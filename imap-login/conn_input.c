/* SPDX-License-Identifier: ISC */
#include "imap-login/conn_input.h"

#include <string.h>

#include "imap-login/cmd.h"
#include "common/limits.h"
#include "common/secret.h"
#include "imap-login/conn.h"
#include "imap-login/exchange.h"

#define INPUT_CHUNK 8192
#define INPUT_OUT_HIGH 8192        /* replies are sent before more is run */
#define INPUT_SKIP_MAX (64 * KIB)  /* a larger refused literal ends it all */

static const char input_literal_large[] =
    "Literal is too large before login";

static void
input_bad(struct conn *c, const char *code, const char *text)
{
	conn_reply(c, "BAD", code, text);
	if (++c->errors >= CONN_MAX_ERRORS)
		conn_bye(c, NULL, "Too many bad commands");
}

/* Starts on the framer's text: the tag, NULL (and "*" in replies) where there
 * is none, then *p stands behind it. */
static void
input_tag(struct conn *c, struct imap_parser *p)
{
	arena_reset(&c->arena);
	imap_parse_init(p, c->framer.text.data, c->framer.text.len, &c->arena);
	if (!imap_parse_tag(p, &c->tag) || strlen(c->tag) > LIMIT_TAG)
		c->tag = NULL;
}

/* A command that did not come whole. */
static void
input_too_big(struct conn *c, const char *text)
{
	struct imap_parser p;

	input_tag(c, &p);
	input_bad(c, "TOOBIG", text);
	imap_framer_next(&c->framer);
}

static void
input_command(struct conn *c)
{
	struct cmd_req req = { .mech = NULL };
	const struct cmd *cmd;
	struct imap_parser p;
	const char *name;

	input_tag(c, &p);
	if (c->tag == NULL) {
		input_bad(c, NULL, "Not a command: no tag");
		return;
	}
	if (!imap_parse_sp(&p) || !imap_parse_atom(&p, &name)) {
		input_bad(c, NULL, "Missing command");
		return;
	}
	cmd = cmd_table_lookup(name);
	if (cmd == NULL)
		input_bad(c, NULL, "Log in first (not a command before login)");
	else if (!cmd->parse(&p, &req) || !imap_parse_end(&p))
		input_bad(c, NULL, p.error == NULL ? "Bad arguments" : p.error);
	else
		cmd->run(c, &req);
	secret_free(&req.secret);
}

/* RFC 7888 §4: before login a literal has at most 4096 bytes. One that was
 * sent without asking is skipped, or, where that would take long, the
 * connection ends. */
static void
input_literal(struct conn *c)
{
	struct imap_framer *f = &c->framer;

	if (f->literal_size <= LIMIT_LOGIN_LITERAL && imap_framer_keep(f)) {
		if (f->literal_sync)
			conn_line(c, "+ Go on");
		return;
	}
	if (f->literal_sync) /* the client sends nothing more of it */
		input_too_big(c, input_literal_large);
	else if (f->literal_size > INPUT_SKIP_MAX)
		conn_bye(c, "TOOBIG", input_literal_large);
	else
		imap_framer_refuse(f);
}

/* One event of the framer; bytes used. */
static size_t
input_feed_command(struct conn *c, const unsigned char *in, size_t len)
{
	size_t used;

	switch (imap_framer_feed(&c->framer, in, len, &used)) {
	case IMAP_FRAME_COMMAND:
		input_command(c);
		imap_framer_next(&c->framer);
		break;
	case IMAP_FRAME_LITERAL:
		input_literal(c);
		break;
	case IMAP_FRAME_REFUSED:
		input_too_big(c, input_literal_large);
		break;
	case IMAP_FRAME_TOO_LONG:
		input_too_big(c, "Command is too long");
		break;
	case IMAP_FRAME_FATAL:
		conn_bye(c, NULL, "This is not IMAP");
		break;
	default: /* MORE; DATA comes only after imap_framer_extern() */
		break;
	}
	return used;
}

/* Bytes of a SASL line; bytes used. */
static size_t
input_feed_sasl(struct conn *c, const unsigned char *in, size_t len)
{
	const unsigned char *lf = memchr(in, '\n', len);
	size_t n = lf == NULL ? len : (size_t)(lf - in);

	if (c->sasl.cap == 0)
		buf_reserve(&c->sasl, 1024);
	buf_put(&c->sasl, in, n);
	if (c->sasl.overflow) {
		conn_bye(c, "TOOBIG", "SASL message is too long");
		return n;
	}
	if (lf == NULL)
		return n;
	if (c->sasl.len > 0 && c->sasl.data[c->sasl.len - 1] == '\r')
		c->sasl.len--;
	exchange_line(c, (const char *)c->sasl.data, c->sasl.len);
	buf_wipe(&c->sasl);
	return n + 1;
}

/* Runs what is in in[0..len); keeps what must wait. */
static void
input_use(struct conn *c, const unsigned char *in, size_t len)
{
	size_t at = 0;

	while (at < len && c->out.len < INPUT_OUT_HIGH) {
		if (c->state == CONN_COMMAND)
			at += input_feed_command(c, in + at, len - at);
		else if (c->state == CONN_SASL)
			at += input_feed_sasl(c, in + at, len - at);
		else
			break;
	}
	if (at < len)
		buf_put(&c->in, in + at, len - at);
}

bool
conn_input_step(struct conn *c)
{
	static unsigned char chunk[INPUT_CHUNK];
	enum io_status status = IO_OK;
	size_t n = c->in.len;

	if (n > 0) {
		memcpy(chunk, c->in.data, n);
		buf_wipe(&c->in);
	} else {
		status = io_read(&c->io, chunk, sizeof(chunk), &n);
	}
	if (n > 0) {
		input_use(c, chunk, n);
		explicit_bzero(chunk, n);
	}
	if (status == IO_EOF || status == IO_FAILED)
		conn_set_state(c,
		    status == IO_EOF ? CONN_CLOSING : CONN_DEAD);
	return status != IO_AGAIN;
}
