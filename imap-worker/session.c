/* SPDX-License-Identifier: ISC */
#include "session.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "append_spool.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "sync.h"
#include "view.h"
#include "worker.h"

#define SESSION_READ (64 * 1024)   /* bytes taken from a socket at once */
#define SESSION_BAD_COMMANDS 20    /* in a row, then BYE */

void
session_touch(struct session *s)
{
	s->touched = true;
	s->worker->touched = true;
}

bool
session_has_news(const struct session *s)
{
	return s->cmd.waiting && s->view != NULL && s->view->changed;
}

void
session_end(struct session *s, const char *bye)
{
	if (s->ending)
		return;
	if (bye != NULL)
		buf_printf(session_out(s), "* BYE %s\r\n", bye);
	s->ending = true;
	event_del(s->readable);
	session_touch(s);
}

void
session_select(struct session *s, struct view *view)
{
	view_free(&s->view);
	s->view = view;
}

/* Reading stops while a command runs or output is not drained: what the client
 * pipelines stays in the socket. */
static void
session_want_input(struct session *s, bool on)
{
	if (on && !s->ending && !s->eof)
		event_add(s->readable, NULL);
	else
		event_del(s->readable);
}

/* --- commands ------------------------------------------------------------- */

static void
session_command_over(struct session *s)
{
	struct cmd *c = &s->cmd;

	if (c->def != NULL && c->def->free != NULL && c->req != NULL)
		c->def->free(c);
	append_spool_free(&s->spool);
	s->append_at = 0;
	arena_reset(&c->arena);
	c->def = NULL;
	c->tag = "*";
	c->req = NULL;
	c->uid = c->replied = c->waiting = false;
	imap_framer_next(&s->framer);
	if (s->framer.text.cap > 4096)
		buf_clear(&s->framer.text);
}

static void
session_run(struct session *s)
{
	struct cmd *c = &s->cmd;
	enum cmd_result r = c->def->run(s, c);

	c->waiting = r == CMD_WAIT;
	if (r != CMD_DONE) {
		session_touch(s);
		return;
	}
	if (!c->replied)
		log_panic("session: no tagged reply: %s", c->def->name);
	session_command_over(s);
}

static void
session_bad(struct session *s, const char *text)
{
	if (!s->cmd.replied)
		(void)reply_bad(s, text);
	session_command_over(s);
	if (++s->bad_commands >= SESSION_BAD_COMMANDS)
		session_end(s, "Too many bad commands");
}

/* May this command run in this state? NULL, or the text for BAD. */
static const char *
session_state_error(const struct session *s, const struct imap_cmd *def)
{
	if ((def->flags & CMD_SELECTED) && s->view == NULL)
		return "Select a mailbox first";
	return NULL;
}

/* Reads "[UID ]NAME" and sets c->def. */
static const char *
session_lookup(struct session *s, struct imap_parser *p)
{
	struct cmd *c = &s->cmd;
	const char *name;

	if (!imap_parse_atom(p, &name))
		return p->error;
	if (strcasecmp(name, "UID") == 0) {
		c->uid = true;
		if (!imap_parse_sp(p) || !imap_parse_atom(p, &name))
			return p->error;
	}
	c->def = cmd_table_lookup(name, c->uid);
	if (c->def == NULL)
		return "Unknown command";
	return session_state_error(s, c->def);
}

/* What the mailbox has to allow and to have ready. False: NO was replied. */
static bool
session_prepare(struct session *s)
{
	unsigned flags = s->cmd.def->flags;
	enum store_err err;

	if ((flags & CMD_WRITES) && s->view != NULL && s->view->readonly) {
		(void)reply_no(s, "READ-ONLY", "The mailbox is open read-only");
		return false;
	}
	if ((flags & CMD_ROWS) &&
	    (err = store_mbox_load(s->view->mbox)) != STORE_OK) {
		(void)reply_store_error(s, err, false);
		return false;
	}
	return true;
}

/* A whole command is in the framer's text. */
static void
session_command(struct session *s)
{
	struct cmd *c = &s->cmd;
	struct imap_parser p;
	const char *error;

	imap_parse_init(&p, s->framer.text.data, s->framer.text.len, &c->arena);
	if (!imap_parse_tag(&p, &c->tag) || !imap_parse_sp(&p)) {
		if (c->tag == NULL || *c->tag == '\0')
			c->tag = "*";
		session_bad(s, p.error);
		return;
	}
	error = session_lookup(s, &p);
	if (error != NULL) {
		session_bad(s, error);
		return;
	}
	if (c->def->parse != NULL ? !c->def->parse(s, c, &p)
				  : !imap_parse_end(&p)) {
		session_bad(s, p.error != NULL ? p.error : "Bad arguments");
		return;
	}
	s->bad_commands = 0;
	if (session_prepare(s))
		session_run(s);
	else
		session_command_over(s);
}

/* The tag of a command that could not be framed. */
static void
session_tag_of_text(struct session *s)
{
	struct imap_parser p;

	imap_parse_init(&p, s->framer.text.data, s->framer.text.len,
	    &s->cmd.arena);
	if (!imap_parse_tag(&p, &s->cmd.tag))
		s->cmd.tag = "*";
}

/* --- input ------------------------------------------------------------------ */

static void
session_literal(struct session *s)
{
	struct imap_framer *f = &s->framer;
	enum append_literal what = APPEND_LITERAL_KEEP;

	if (!f->literal_binary)
		what = append_literal(s);
	if (what == APPEND_LITERAL_SPOOL) {
		imap_framer_extern(f);
	} else if (what == APPEND_LITERAL_REFUSED || !imap_framer_keep(f)) {
		if (what != APPEND_LITERAL_REFUSED) {
			session_tag_of_text(s);
			(void)reply_no(s, "TOOBIG", "The literal is too big");
		}
		s->refused = true;
		imap_framer_refuse(f);
		return;
	}
	if (f->literal_sync) {
		buf_puts(session_out(s), "+ OK\r\n");
		session_touch(s);
	}
}

static void
session_frame(struct session *s, enum imap_frame frame)
{
	switch (frame) {
	case IMAP_FRAME_MORE:
		break;
	case IMAP_FRAME_COMMAND:
		session_command(s);
		break;
	case IMAP_FRAME_LITERAL:
		session_literal(s);
		break;
	case IMAP_FRAME_DATA:
		append_spool_put(s->spool, s->framer.data, s->framer.data_len);
		break;
	case IMAP_FRAME_DATA_END:
		append_spool_end(s->spool);
		break;
	case IMAP_FRAME_TOO_LONG:
		session_tag_of_text(s);
		session_bad(s, "The command is too long");
		break;
	case IMAP_FRAME_REFUSED:
		if (!s->refused) {
			session_tag_of_text(s);
			(void)reply_no(s, "TOOBIG", "The literal is too big");
		}
		s->refused = false;
		session_command_over(s);
		break;
	case IMAP_FRAME_FATAL:
		session_tag_of_text(s);
		(void)reply_bad(s, "Not IMAP");
		session_end(s, "Not IMAP");
		break;
	}
}

static bool
session_busy(const struct session *s)
{
	return s->cmd.def != NULL && !s->cmd.waiting;
}

/* Eats in[0..len) while commands finish at once. Returns how much was eaten. */
static size_t
session_eat(struct session *s, const unsigned char *in, size_t len)
{
	size_t at = 0, used;

	session_touch(s);
	while (!session_busy(s) && !s->ending &&
	    output_size(&s->out) < OUTPUT_HIGH) {
		enum imap_frame frame =
		    imap_framer_feed(&s->framer, in + at, len - at, &used);

		at += used;
		if (frame == IMAP_FRAME_MORE)
			break;
		if (s->cmd.waiting && frame != IMAP_FRAME_FATAL)
			session_run(s); /* IDLE: DONE, or anything, ends it */
		else
			session_frame(s, frame);
	}
	return at;
}

/* Goes on with input that came earlier. */
static void
session_process(struct session *s)
{
	static const unsigned char none[1];

	buf_consume(&s->input,
	    session_eat(s, s->input.data != NULL ? s->input.data : none,
		s->input.len));
	if (s->input.len == 0)
		buf_clear(&s->input);
	if (s->input.len == 0 && s->eof && !session_busy(s))
		session_end(s, NULL);
}

static void
session_readable(evutil_socket_t fd, short what, void *ctx)
{
	static unsigned char in[SESSION_READ];
	struct session *s = ctx;
	size_t eaten;
	ssize_t n;

	(void)what;
	n = recv(fd, in, sizeof(in), 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		s->eof = true;
		session_want_input(s, false);
		session_process(s);
		session_touch(s);
		return;
	}
	s->bytes_in += (uint64_t)n;
	s->last_input = time(NULL);
	eaten = session_eat(s, in, (size_t)n);
	if (eaten < (size_t)n && !s->ending)
		buf_put(&s->input, in + eaten, (size_t)n - eaten);
}

/* --- the end of a turn -------------------------------------------------------- */

static void
session_writable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	session_touch(ctx);
}

static void
session_wait_writable(struct session *s)
{
	if (s->writable == NULL)
		s->writable = event_new(s->worker->base, s->fd, EV_WRITE,
		    session_writable, s);
	event_add(s->writable, NULL);
}

void
session_turn_end(struct session *s)
{
	s->touched = false;
	if (session_has_news(s) && !s->ending)
		sync_send(s);
	if (output_size(&s->out) > 0 && !output_send(&s->out, s->fd)) {
		output_clear(&s->out);
		session_end(s, NULL);
		return;
	}
	if (output_size(&s->out) > 0)
		session_wait_writable(s);
	if (s->ending)
		return;
	session_want_input(s, !session_busy(s) && s->input.len == 0 &&
		output_size(&s->out) < OUTPUT_HIGH);
	/* go on in a further turn, so that the other sessions get theirs */
	if (output_size(&s->out) < OUTPUT_LOW &&
	    (session_busy(s) || s->input.len > 0 || s->eof ||
		session_has_news(s)))
		event_active(s->readable, EV_TIMEOUT, 0);
}

/* The readable event stands for both: bytes came, or it is this session's turn. */
static void
session_event(evutil_socket_t fd, short what, void *ctx)
{
	struct session *s = ctx;

	if (what & EV_TIMEOUT) {
		session_touch(s);
		if (session_busy(s))
			session_run(s);
		if (!session_busy(s))
			session_process(s);
		return;
	}
	session_readable(fd, what, ctx);
}

/* --- life ---------------------------------------------------------------------- */

struct session *
session_new(struct worker *w, uint32_t id, const char *name, const char *addr,
    int fd, const char *tag, const unsigned char *pending, size_t pending_len)
{
	struct session *s = xmalloc(sizeof(*s));

	s->worker = w;
	s->id = id;
	s->name = xstrdup(name);
	s->addr = xstrdup(addr);
	s->fd = fd;
	s->cmd.tag = "*";
	s->last_input = time(NULL);
	arena_init(&s->cmd.arena);
	imap_framer_init(&s->framer, LIMIT_COMMAND_LINE, LIMIT_COMMAND_TOTAL);
	buf_init(&s->input, SESSION_READ + LIMIT_PENDING);
	output_init(&s->out);
	evutil_make_socket_nonblocking(fd);
	s->readable = event_new(w->base, fd, EV_READ | EV_PERSIST, session_event,
	    s);
	event_add(s->readable, NULL);
	buf_printf(session_out(s), "%s OK [CAPABILITY %s] Logged in\r\n", tag,
	    capability_list(w->conf));
	if (pending_len > 0) {
		buf_put(&s->input, pending, pending_len);
		event_active(s->readable, EV_TIMEOUT, 0);
	}
	session_touch(s);
	return s;
}

void
session_free(struct session **sp)
{
	struct session *s = *sp;

	session_command_over(s);
	view_free(&s->view);
	arena_clear(&s->cmd.arena);
	imap_framer_clear(&s->framer);
	buf_clear(&s->input);
	output_clear(&s->out);
	event_free(s->readable);
	if (s->writable != NULL)
		event_free(s->writable);
	shutdown(s->fd, SHUT_RDWR);
	close(s->fd);
	free(s->name);
	free(s->addr);
	free(s);
	*sp = NULL;
}
