/* SPDX-License-Identifier: ISC
 *
 * One end of a channel: reading, checking and dispatching, queueing and
 * writing, and an end that happens once.
 *
 * States: NEW (HELLO sent; what is posted waits) -> OPEN (the peer's HELLO
 * fits) -> OWNED (ipc_set_phase) -> ended (fd -1, queue empty). chan_end() is
 * the only way into the last one; on_close follows from the event loop, never
 * from within ipc_post(). A handler may free its channel: the memory stays
 * until the dispatch that called it returns (`busy`).
 *
 * A peer that exits may leave messages behind for us while our own write fails:
 * EPIPE and ECONNRESET only stop the writing, and the channel ends when reading
 * has come to the end of file.
 */
#include "common/ipc_private.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/log.h"
#include "common/xalloc.h"

#define IPC_BURST 32   /* messages read before other events get their turn */
#define IPC_FDS_READ 4 /* room for more than the one allowed, to notice them */
#define IPC_ITEM_COST 64 /* counted for each queued message besides its body */

struct ipc_item {
	STAILQ_ENTRY(ipc_item) next;
	unsigned char header[IPC_HEADER];
	unsigned char *body; /* own */
	size_t len;
	int fd;              /* own; -1 */
	bool wipe;
};

struct ipc_chan {
	struct ipc_chan_options o;
	char *name; /* own */
	int fd;     /* -1: ended */
	struct event *readable, *writable, *closing;
	STAILQ_HEAD(, ipc_item) queue;
	size_t queued;
	enum ipc_phase phase;  /* after HELLO, for what is sent before it too */
	bool open, broken, closed_told, freed;
	unsigned busy;
	uint64_t got, sent; /* one bit a row: ONCE messages */
};

static unsigned char ipc_packet[IPC_HEADER + LIMIT_IPC_BODY];

static void
item_free(struct ipc_item *item)
{
	if (item->fd != -1)
		close(item->fd);
	if (item->wipe)
		explicit_bzero(item->body, item->len);
	free(item->body);
	free(item);
}

static void
queue_drop(struct ipc_chan *c)
{
	struct ipc_item *item;

	while ((item = STAILQ_FIRST(&c->queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&c->queue, next);
		item_free(item);
	}
	c->queued = 0;
}

/* Closes the descriptor and the queue; on_close comes from the loop. */
static void
chan_end(struct ipc_chan *c)
{
	if (c->fd == -1)
		return;
	event_del(c->readable);
	event_del(c->writable);
	close(c->fd);
	c->fd = -1;
	queue_drop(c);
	event_active(c->closing, EV_TIMEOUT, 0);
}

static void
chan_release(struct ipc_chan *c)
{
	event_free(c->readable);
	event_free(c->writable);
	event_free(c->closing);
	free(c->name);
	free(c);
}

static void
chan_on_closing(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_chan *c = arg;

	(void)fd;
	(void)what;
	if (c->closed_told || c->freed)
		return;
	c->closed_told = true;
	c->busy++;
	if (c->o.on_close != NULL)
		c->o.on_close(c, c->o.ctx);
	if (--c->busy == 0 && c->freed)
		chan_release(c);
}

/* --- writing -------------------------------------------------------------- */

enum ipc_sent { IPC_SENT, IPC_SENT_LATER, IPC_SENT_NEVER };

static enum ipc_sent
item_send(int fd, struct ipc_item *item)
{
	union {
		struct cmsghdr align;
		unsigned char space[CMSG_SPACE(sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec iov[2] = {
		{ item->header, IPC_HEADER },
		{ item->body, item->len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr *cmsg;
	ssize_t n;

	if (item->fd != -1) {
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &item->fd, sizeof(int));
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return IPC_SENT;
	return errno == EAGAIN ? IPC_SENT_LATER : IPC_SENT_NEVER;
}

/* Sends what may be sent now. */
static void
chan_write(struct ipc_chan *c)
{
	struct ipc_item *item;
	enum ipc_sent sent;

	while (c->fd != -1 && (item = STAILQ_FIRST(&c->queue)) != NULL) {
		if (!c->open && ipc_load32(item->header + 4) != IPC_HELLO)
			return;
		sent = item_send(c->fd, item);
		if (sent == IPC_SENT_LATER) {
			event_add(c->writable, NULL);
			return;
		}
		if (sent == IPC_SENT_NEVER) {
			if (errno != EPIPE && errno != ECONNRESET) {
				log_warn("ipc: %s: cannot send: %m", c->name);
				chan_end(c);
				return;
			}
			c->broken = true;
			queue_drop(c);
			return;
		}
		STAILQ_REMOVE_HEAD(&c->queue, next);
		c->queued -= item->len + IPC_ITEM_COST;
		item_free(item);
	}
}

static void
chan_on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	chan_write(arg);
}

/* What would be a bug of the sender: ends it here instead of at the peer. */
static void
post_check(const struct ipc_chan *c, const struct ipc_row *row,
    const struct ipc_msg *m, int fd)
{
	const char *bug = NULL;

	if (*m->fields != '\0')
		bug = "fields missing";
	else if (row->fd != (fd != -1))
		bug = row->fd ? "descriptor missing" : "descriptor not wanted";
	else if ((row->from & c->o.self) == 0 || (row->to & c->o.peer) == 0)
		bug = "wrong roles";
	else if (row->type != IPC_HELLO && (row->phase & c->phase) == 0)
		bug = "wrong phase";
	else if (row->once && (c->sent >> ipc_row_index(row) & 1) != 0)
		bug = "sent twice";
	if (bug != NULL)
		log_panic("ipc: %s: %s: %s", c->name, row->name, bug);
}

static void
chan_trace(const struct ipc_chan *c, const char *arrow,
    const struct ipc_row *row, const unsigned char *body, size_t len)
{
	char text[1024];

	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	ipc_trace(row, body, len, text, sizeof(text));
	log_debug("ipc: %s %s %s%s", arrow, c->name, row->name, text);
}

bool
ipc_post(struct ipc_chan *c, struct ipc_msg *m, int fd)
{
	const struct ipc_row *row = ipc_row_find((unsigned)m->type);
	struct ipc_item *item = xmalloc(sizeof(*item));

	*item = (struct ipc_item){ .body = m->body, .len = m->len, .fd = fd,
		.wipe = ipc_row_secret(row) };
	m->body = NULL;
	if (c->fd == -1 || c->broken) {
		item_free(item);
		return false;
	}
	post_check(c, row, m, fd);
	chan_trace(c, "to", row, item->body, item->len);
	c->sent |= (uint64_t)row->once << ipc_row_index(row);
	ipc_store(item->header, item->len, 4);
	ipc_store(item->header + 4, (uint64_t)row->type, 4);
	STAILQ_INSERT_TAIL(&c->queue, item, next);
	c->queued += item->len + IPC_ITEM_COST;
	if (!event_pending(c->writable, EV_WRITE, NULL))
		chan_write(c);
	if (c->fd != -1 && c->queued > LIMIT_IPC_QUEUE) {
		log_warn("ipc: %s: too much waits for this peer", c->name);
		chan_end(c);
	}
	return c->fd != -1 && !c->broken;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

void
ipc_chan_flush(struct ipc_chan *c, unsigned milliseconds)
{
	int64_t end, left;

	end = now_ms() + milliseconds;
	chan_write(c);
	while (c->fd != -1 && c->open && !STAILQ_EMPTY(&c->queue)) {
		struct pollfd p = { .fd = c->fd, .events = POLLOUT };

		left = end - now_ms();
		if (left <= 0)
			return;
		poll(&p, 1, (int)left);
		chan_write(c);
	}
}

/* --- reading -------------------------------------------------------------- */

static void
hello_send(struct ipc_chan *c)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_HELLO);
	ipc_put_u8(&m, (uint8_t)c->o.self);
	ipc_put_u64(&m, ipc_table_hash());
	ipc_put_str(&m, PACKAGE_STRING);
	ipc_post(c, &m, -1);
}

/* NULL, or what does not fit. */
static const char *
hello_take(struct ipc_chan *c, struct ipc_msg *m)
{
	if (ipc_get_u8(m) != c->o.peer)
		return "another role";
	if (ipc_get_u64(m) != ipc_table_hash() ||
	    strcmp(ipc_get_str(m), PACKAGE_STRING) != 0)
		return "another build";
	c->open = true;
	chan_write(c);
	if (c->o.on_open != NULL && c->fd != -1)
		c->o.on_open(c, c->o.ctx);
	return NULL;
}

/* Calls the handler; NULL, or why the channel ends. */
static const char *
chan_dispatch(struct ipc_chan *c, const struct ipc_row *row, struct ipc_msg *m)
{
	const struct ipc_handler *h;
	uint64_t bit = UINT64_C(1) << ipc_row_index(row);

	if (row->once && (c->got & bit) != 0)
		return "came twice";
	c->got |= bit;
	chan_trace(c, "from", row, m->body, m->len);
	if (row->type == IPC_HELLO)
		return hello_take(c, m);
	for (h = c->o.handlers; h->fn != NULL; h++)
		if (h->type == row->type)
			return h->fn(c, m, c->o.ctx) ? NULL : "made no sense";
	return "nobody here takes it";
}

/* Checks one packet and dispatches it. fds are ours to close. */
static void
chan_packet(struct ipc_chan *c, size_t len, int *fds, size_t n_fds, int flags)
{
	enum ipc_phase phase = c->open ? c->phase : IPC_P_NEW;
	const struct ipc_row *row = NULL;
	struct ipc_msg m = { .fd = -1 };
	const char *wrong;

	if (len >= IPC_HEADER)
		row = ipc_row_find(ipc_load32(ipc_packet + 4));
	if ((flags & MSG_TRUNC) != 0)
		wrong = "too long";
	else if ((flags & MSG_CTRUNC) != 0 || n_fds > 1)
		wrong = "descriptor not wanted";
	else
		wrong = ipc_check(c->o.peer, c->o.self, phase, ipc_packet, len,
		    n_fds == 1);
	if (wrong == NULL) {
		m = (struct ipc_msg){ .type = row->type, .fields = row->body,
			.body = ipc_packet + IPC_HEADER,
			.len = len - IPC_HEADER,
			.fd = n_fds == 1 ? fds[0] : -1 };
		wrong = chan_dispatch(c, row, &m);
		if (m.fd != -1)
			close(m.fd);
		n_fds = 0;
	}
	while (n_fds > 0)
		close(fds[--n_fds]);
	if (row == NULL || ipc_row_secret(row))
		explicit_bzero(ipc_packet, sizeof(ipc_packet));
	if (wrong != NULL && !c->freed) {
		log_warn("ipc: %s: %s: %s: channel ended", c->name,
		    row == NULL ? "message" : row->name, wrong);
		chan_end(c);
	}
}

static size_t
fds_of(struct msghdr *msg, int fds[IPC_FDS_READ])
{
	struct cmsghdr *cmsg;
	size_t n = 0, here;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL;
	    cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		here = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds + n, CMSG_DATA(cmsg), here * sizeof(int));
		n += here;
	}
	return n;
}

/* One packet; false when there is none left, or the channel ended. */
static bool
chan_read(struct ipc_chan *c)
{
	union {
		struct cmsghdr align;
		unsigned char space[CMSG_SPACE(IPC_FDS_READ * sizeof(int))];
	} control;
	struct iovec iov = { ipc_packet, sizeof(ipc_packet) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space) };
	int fds[IPC_FDS_READ];
	size_t n_fds;
	ssize_t n;

	n = recvmsg(c->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0 && errno == ECONNRESET && !c->broken) {
		c->broken = true; /* what it sent before is still there */
		queue_drop(c);
		return true;
	}
	if (n < 0 && errno != ECONNRESET)
		log_warn("ipc: %s: cannot receive: %m", c->name);
	if (n < 0) {
		chan_end(c);
		return false;
	}
	n_fds = fds_of(&msg, fds);
	if (n == 0) {
		while (n_fds > 0)
			close(fds[--n_fds]);
		chan_end(c);
		return false;
	}
	chan_packet(c, (size_t)n, fds, n_fds, msg.msg_flags);
	return !c->freed && c->fd != -1;
}

static void
chan_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_chan *c = arg;

	(void)fd;
	(void)what;
	c->busy++;
	for (unsigned i = 0; i < IPC_BURST && chan_read(c); i++)
		;
	if (--c->busy == 0 && c->freed)
		chan_release(c);
}

/* --- life ----------------------------------------------------------------- */

struct ipc_chan *
ipc_chan_new(struct event_base *base, int fd, const struct ipc_chan_options *o)
{
	struct ipc_chan *c = xmalloc(sizeof(*c));
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		log_panic("ipc: %s: not a channel: %m", o->name);
	c->o = *o;
	c->name = xstrdup(o->name);
	c->o.name = c->name;
	c->fd = fd;
	c->phase = IPC_P_OPEN;
	STAILQ_INIT(&c->queue);
	c->readable = event_new(base, fd, EV_READ | EV_PERSIST,
	    chan_on_readable, c);
	c->writable = event_new(base, fd, EV_WRITE, chan_on_writable, c);
	c->closing = event_new(base, -1, 0, chan_on_closing, c);
	if (c->readable == NULL || c->writable == NULL || c->closing == NULL ||
	    event_add(c->readable, NULL) != 0)
		log_panic("ipc: %s: no event", c->name);
	hello_send(c);
	return c;
}

void
ipc_chan_free(struct ipc_chan **cp)
{
	struct ipc_chan *c = *cp;

	if (c == NULL)
		return;
	*cp = NULL;
	c->freed = true;
	chan_end(c);
	event_del(c->closing);
	if (c->busy == 0)
		chan_release(c);
}

void
ipc_set_phase(struct ipc_chan *c, enum ipc_phase phase)
{
	c->phase = phase;
}

bool
ipc_chan_is_open(const struct ipc_chan *c)
{
	return c->open && c->fd != -1;
}

size_t
ipc_chan_queued(const struct ipc_chan *c)
{
	return c->queued;
}

void *
ipc_chan_ctx(const struct ipc_chan *c)
{
	return c->o.ctx;
}

int
ipc_pair(int fds_r[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds_r);
}
