/* SPDX-License-Identifier: ISC
 *
 * Every row of the table, misused in every way, over a real channel: the
 * channel must end, the handler must not be called, and no descriptor may stay
 * open. The same message well-formed must arrive. One test case a row.
 *
 * The abuser is a bare socket, since ipc_post() would not send any of this.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/ipc_private.h"
#include "common/limits.h"
#include "common/log.h"

#define PACKET_MAX (IPC_HEADER + LIMIT_IPC_BODY + 4096)

struct packet {
	unsigned char bytes[PACKET_MAX];
	size_t len;
	unsigned fds; /* how many descriptors go with it */
};

struct bench {
	struct event_base *base;
	struct ipc_chan *chan; /* the receiver, under test */
	int fd;                /* the abuser's end */
	int pipe[2];           /* copies of [1] are what is sent along */
	unsigned calls, closes, opens;
	unsigned fds_before;
};

static unsigned
fds_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static bool
on_message(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	(void)c;
	(void)m;
	((struct bench *)ctx)->calls++;
	return true;
}

static void
on_close(struct ipc_chan *c, void *ctx)
{
	(void)c;
	((struct bench *)ctx)->closes++;
}

static void
on_open(struct ipc_chan *c, void *ctx)
{
	(void)c;
	((struct bench *)ctx)->opens++;
}

/* --- packets -------------------------------------------------------------- */

static void
packet_header(struct packet *p, unsigned number)
{
	ipc_store(p->bytes, p->len - IPC_HEADER, 4);
	ipc_store(p->bytes + 4, number, 4);
}

static void
packet_number(struct packet *p, uint64_t v, size_t n)
{
	ipc_store(p->bytes + p->len, v, n);
	p->len += n;
}

/* Well-formed; the role of HELLO is the sender's. */
static void
packet_valid(struct packet *p, const struct ipc_row *row, unsigned from)
{
	const char *fields = row->body;
	struct ipc_field f;

	p->len = IPC_HEADER;
	p->fds = row->fd;
	if (row->type == IPC_HELLO) {
		packet_number(p, from, 1);
		packet_number(p, ipc_table_hash(), 8);
		packet_number(p, strlen(PACKAGE_STRING), 4);
		memcpy(p->bytes + p->len, PACKAGE_STRING,
		    sizeof(PACKAGE_STRING));
		p->len += sizeof(PACKAGE_STRING);
		fields = "";
	}
	while (ipc_field_next(&fields, &f)) {
		switch (f.type) {
		case IPC_F_U8:
			packet_number(p, 1, 1);
			break;
		case IPC_F_U32:
			packet_number(p, 7, 4);
			break;
		case IPC_F_U64:
			packet_number(p, 7, 8);
			break;
		case IPC_F_STR:
			packet_number(p, 3, 4);
			memcpy(p->bytes + p->len, "abc", 4);
			p->len += 4;
			break;
		case IPC_F_BLOB:
		case IPC_F_SECRET:
			packet_number(p, 2, 4);
			packet_number(p, 0, 2);
			break;
		}
	}
	packet_header(p, row->type);
}

/* Where the first field of a kind begins in a valid packet; 0: none. */
static size_t
field_at(const struct packet *p, const struct ipc_row *row, bool str)
{
	static const size_t fixed[] = { 1, 4, 8 };
	const char *fields = row->body;
	size_t at = IPC_HEADER;
	struct ipc_field f;

	while (ipc_field_next(&fields, &f)) {
		if (str ? f.type == IPC_F_STR : f.type > IPC_F_STR)
			return at;
		at += f.type <= IPC_F_U64 ? fixed[f.type] :
		    4 + ipc_load32(p->bytes + at) + (f.type == IPC_F_STR);
	}
	return 0;
}

/* Makes the field at this place longer, until the body has n bytes. */
static void
packet_grow(struct packet *p, size_t at, size_t n)
{
	size_t more = IPC_HEADER + n - p->len;
	unsigned char *from = p->bytes + at + 4;

	memmove(from + more, from, p->len - at - 4);
	memset(from, 'a', more);
	ipc_store(p->bytes + at, ipc_load32(p->bytes + at) + more, 4);
	p->len += more;
	packet_header(p, ipc_load32(p->bytes + 4));
}

static void
packet_send(struct bench *b, const struct packet *p)
{
	union {
		struct cmsghdr align;
		unsigned char space[CMSG_SPACE(8 * sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)p->bytes, p->len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (p->fds > 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(p->fds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(p->fds * sizeof(int));
		for (unsigned i = 0; i < p->fds; i++)
			memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &b->pipe[1],
			    sizeof(int));
	}
	assert_int_equal(sendmsg(b->fd, &msg, MSG_NOSIGNAL), p->len);
}

/* --- the bench ------------------------------------------------------------ */

static void
bench_run(struct bench *b)
{
	for (int i = 0; i < 8; i++)
		event_base_loop(b->base, EVLOOP_NONBLOCK);
}

static void
bench_open(struct bench *b, unsigned from, unsigned to, unsigned phase)
{
	static struct ipc_handler handlers[65];
	static struct packet hello;
	const struct ipc_row *rows;
	int fds[2];
	size_t n, h = 0;

	rows = ipc_table(&n);
	for (size_t i = 0; i < n; i++)
		if (rows[i].type != IPC_HELLO)
			handlers[h++] = (struct ipc_handler){ rows[i].type,
				on_message };
	*b = (struct bench){ .fds_before = fds_open() };
	b->base = event_base_new();
	assert_int_equal(ipc_pair(fds), 0);
	assert_int_equal(pipe(b->pipe), 0);
	b->fd = fds[1];
	b->chan = ipc_chan_new(b->base, fds[0], &(struct ipc_chan_options){
		.self = to, .peer = from, .handlers = handlers,
		.on_close = on_close, .on_open = on_open, .ctx = b,
		.name = "abuser" });
	if (phase == IPC_P_NEW)
		return;
	packet_valid(&hello, ipc_row_find(IPC_HELLO), from);
	packet_send(b, &hello);
	bench_run(b);
	assert_int_equal(b->opens, 1);
	if (phase == IPC_P_OWNED)
		ipc_set_phase(b->chan, IPC_P_OWNED);
}

/* Every copy that was sent along must be closed again. */
static void
bench_close(struct bench *b)
{
	struct pollfd p = { .fd = b->pipe[0], .events = POLLIN };

	close(b->pipe[1]);
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_true((p.revents & POLLHUP) != 0);
	close(b->pipe[0]);
	close(b->fd);
	ipc_chan_free(&b->chan);
	event_base_free(b->base);
	assert_int_equal(fds_open(), b->fds_before);
}

static unsigned
lowest(unsigned bits)
{
	return bits & -bits;
}

static unsigned
phase_of(const struct ipc_row *row)
{
	return lowest(row->phase);
}

static void
expect(const char *what, const struct ipc_row *row, bool ok)
{
	if (!ok)
		fail_msg("%s: %s", row->name, what);
}

/* Sends p where all but p is right; the channel must end, unhandled. */
static void
refused(const char *what, const struct ipc_row *row, unsigned from, unsigned to,
    unsigned phase, const struct packet *p)
{
	struct bench b;

	bench_open(&b, from, to, phase);
	packet_send(&b, p);
	bench_run(&b);
	expect(what, row, b.calls == 0 && b.closes == 1);
	bench_close(&b);
}

static void
accepted(const struct ipc_row *row, unsigned from, unsigned to)
{
	static struct packet p;
	struct bench b;
	bool hello = row->type == IPC_HELLO;

	bench_open(&b, from, to, phase_of(row));
	packet_valid(&p, row, from);
	packet_send(&b, &p);
	bench_run(&b);
	expect("accepted", row, (hello ? b.opens : b.calls) == 1 &&
	    b.closes == 0);
	packet_send(&b, &p);
	bench_run(&b);
	if (row->once)
		expect("twice", row, (hello ? b.opens : b.calls) == 1 &&
		    b.closes == 1);
	else
		expect("again", row, b.calls == 2 && b.closes == 0);
	bench_close(&b);
}

/* The longest body the row allows, and one byte more. */
static void
test_longest(const struct ipc_row *row, unsigned from, unsigned to)
{
	static struct packet p;
	struct bench b;
	size_t at;

	packet_valid(&p, row, from);
	at = field_at(&p, row, true);
	if (at == 0)
		at = field_at(&p, row, false);
	if (at == 0 || row->type == IPC_HELLO)
		return;
	packet_grow(&p, at, row->max);
	bench_open(&b, from, to, phase_of(row));
	packet_send(&b, &p);
	bench_run(&b);
	expect("the longest", row, b.calls == 1 && b.closes == 0);
	bench_close(&b);
	packet_grow(&p, at, row->max + 1);
	refused("one byte too long", row, from, to, phase_of(row), &p);
}

/* A row being misused: from lowest sender to lowest receiver. */
struct abuse {
	const struct ipc_row *row;
	unsigned from, to, phase;
	struct packet p;
};

static void
valid(struct abuse *a)
{
	packet_valid(&a->p, a->row, a->from);
}

static void
abused(const char *what, struct abuse *a)
{
	refused(what, a->row, a->from, a->to, a->phase, &a->p);
}

static void
abuse_roles_and_phases(struct abuse *a)
{
	const struct ipc_row *row = a->row;

	valid(a);
	for (unsigned role = 1; role <= IPC_R_CTL; role <<= 1) {
		if ((row->from & role) == 0)
			refused("wrong sender", row, role, a->to, a->phase,
			    &a->p);
		if ((row->to & role) == 0)
			refused("wrong receiver", row, a->from, role, a->phase,
			    &a->p);
	}
	if (row->type == IPC_HELLO) {
		a->p.bytes[IPC_HEADER] ^= 0x7f;
		abused("another role", a);
	} else {
		refused("before HELLO", row, a->from, a->to, IPC_P_NEW, &a->p);
	}
	if (a->phase == IPC_P_OWNED)
		refused("before OWNED", row, a->from, a->to, IPC_P_OPEN, &a->p);
	if ((row->phase & IPC_P_OWNED) == 0 && a->phase == IPC_P_OPEN)
		refused("after OWNED", row, a->from, a->to, IPC_P_OWNED, &a->p);
}

static void
abuse_length(struct abuse *a)
{
	struct packet *p = &a->p;

	valid(a);
	p->len--;
	abused("short of its header", a);
	if (p->len >= IPC_HEADER)
		packet_header(p, a->row->type);
	abused("short", a);
	valid(a);
	p->len++;
	abused("longer than its header", a);
	packet_header(p, a->row->type);
	abused("trailing", a);
	valid(a);
	memset(p->bytes + p->len, 0, sizeof(p->bytes) - p->len);
	p->len = IPC_HEADER + a->row->max + 1;
	packet_header(p, a->row->type);
	abused("long", a);
	p->len = IPC_HEADER + LIMIT_IPC_BODY + 100;
	packet_header(p, a->row->type);
	abused("longer than any", a);
	valid(a);
	p->bytes[7] = 1;
	abused("unknown number", a);
}

static void
abuse_descriptors(struct abuse *a)
{
	valid(a);
	a->p.fds = a->row->fd ? 0 : 1;
	abused(a->row->fd ? "descriptor missing" : "descriptor not wanted", a);
	a->p.fds = 2;
	abused("two descriptors", a);
	a->p.fds = 8;
	abused("eight descriptors", a);
}

static void
abuse_fields(struct abuse *a)
{
	struct packet *p = &a->p;
	size_t at;

	valid(a);
	at = field_at(p, a->row, true);
	if (at != 0) {
		p->bytes[at + 5] = '\0';
		abused("NUL inside a str", a);
		valid(a);
		p->bytes[at + 4 + ipc_load32(p->bytes + at)] = 'x';
		abused("str without its NUL", a);
		valid(a);
		ipc_store(p->bytes + at, p->len, 4);
		abused("str past the end", a);
		ipc_store(p->bytes + at, 0xffffffff, 4);
		abused("str of 4 GiB", a);
	}
	valid(a);
	at = field_at(p, a->row, false);
	if (at != 0) {
		ipc_store(p->bytes + at, p->len, 4);
		abused("blob past the end", a);
		ipc_store(p->bytes + at, 0xfffffffc, 4);
		abused("blob of 4 GiB", a);
	}
}

static void
test_row(void **state)
{
	static struct abuse a;

	a.row = *state;
	a.from = lowest(a.row->from);
	a.to = lowest(a.row->to);
	a.phase = phase_of(a.row);
	if (a.to == a.from)
		a.to = lowest(a.row->to & ~a.to);
	accepted(a.row, a.from, a.to);
	test_longest(a.row, a.from, a.to);
	abuse_roles_and_phases(&a);
	abuse_length(&a);
	abuse_descriptors(&a);
	abuse_fields(&a);
}

static void
test_no_message_at_all(void **state)
{
	static struct packet p;

	(void)state;
	for (unsigned number = 0; number < 0x10000; number += 0x55) {
		struct ipc_row none = { .name = "unknown number" };

		if (ipc_row_find(number) != NULL)
			continue;
		p.len = IPC_HEADER;
		packet_header(&p, number);
		refused("refused", &none, IPC_R_LOGIN, IPC_R_MASTER, IPC_P_OPEN,
		    &p);
	}
}

int
main(void)
{
	static struct CMUnitTest tests[65];
	const struct ipc_row *rows;
	size_t n;

	log_init("test_ipc_abuse", LOG_LEVEL_ERROR);
	rows = ipc_table(&n);
	for (size_t i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = test_row,
			.initial_state = (void *)(uintptr_t)&rows[i] };
	tests[n++] = (struct CMUnitTest){ .name = "unknown numbers",
		.test_func = test_no_message_at_all };
	return _cmocka_run_group_tests("ipc_abuse", tests, n, NULL, NULL);
}
