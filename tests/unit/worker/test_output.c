/* SPDX-License-Identifier: ISC
 *
 * The queue towards a client that reads slowly, or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/limits.h"
#include "output.h"

#define FILE_SIZE (300 * KIB)

struct fixture {
	struct output o;
	int fd, peer;
	struct buf want, got;
	int file;
};

static unsigned char
file_byte(size_t at)
{
	return (unsigned char)(at * 11 + (at >> 8));
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fds[2], size = 1;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	f->fd = fds[0];
	f->peer = fds[1];
	/* as small as the kernel lets them be */
	setsockopt(f->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(f->peer, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	f->file = memfd_create("message", MFD_CLOEXEC);
	for (size_t at = 0; at < FILE_SIZE;) {
		unsigned char block[4096];

		for (size_t i = 0; i < sizeof(block); i++)
			block[i] = file_byte(at + i);
		assert_int_equal(write(f->file, block, sizeof(block)),
		    sizeof(block));
		at += sizeof(block);
	}
	buf_init(&f->want, 16 * MIB);
	buf_init(&f->got, 16 * MIB);
	output_init(&f->o);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	output_clear(&f->o);
	assert_int_equal(output_size(&f->o), 0);
	buf_clear(&f->want);
	buf_clear(&f->got);
	close(f->fd);
	if (f->peer != -1)
		close(f->peer);
	close(f->file);
	free(f);
	return 0;
}

static void
put_bytes(struct fixture *f, size_t n, char c)
{
	for (size_t i = 0; i < n; i++) {
		buf_putc(output_buf(&f->o), (unsigned char)(c + i % 23));
		buf_putc(&f->want, (unsigned char)(c + i % 23));
	}
}

static int
put_file(struct fixture *f, size_t at, size_t len)
{
	int fd = fcntl(f->file, F_DUPFD_CLOEXEC, 0);

	output_file(&f->o, fd, at, len);
	for (size_t i = 0; i < len; i++)
		buf_putc(&f->want, file_byte(at + i));
	return fd;
}

/* Reads at most n bytes at the other end. */
static void
take(struct fixture *f, size_t n)
{
	unsigned char *to = buf_reserve(&f->got, n);
	ssize_t r = recv(f->peer, to, n, 0);

	if (r < 0)
		assert_int_equal(errno, EAGAIN);
	else
		f->got.len += (size_t)r;
}

/* Sends and reads by turns; the size must be right at every step. */
static void
drain(struct fixture *f, size_t step)
{
	while (f->got.len < f->want.len) {
		size_t before = f->got.len;

		assert_true(output_send(&f->o, f->fd));
		assert_int_equal(output_size(&f->o),
		    f->want.len - f->o.total);
		take(f, step);
		assert_true(f->got.len > before);
	}
	assert_memory_equal(f->got.data, f->want.data, f->want.len);
	assert_true(output_send(&f->o, f->fd));
	assert_int_equal(output_size(&f->o), 0);
	assert_int_equal(f->o.total, f->want.len);
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static void
test_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(output_size(&f->o), 0);
	assert_true(output_send(&f->o, f->fd));
	assert_null(f->o.bytes.data);
}

static void
test_bytes(void **state)
{
	struct fixture *f = *state;

	put_bytes(f, 100, 'a');
	assert_int_equal(output_size(&f->o), 100);
	drain(f, 7);
	put_bytes(f, 200000, 'A');
	drain(f, 5000);
}

/* Bytes are added while earlier ones wait. */
static void
test_bytes_between(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 200; i++) {
		put_bytes(f, 1000 + i * 13, 'a');
		assert_true(output_send(&f->o, f->fd));
		assert_int_equal(output_size(&f->o),
		    f->want.len - f->o.total);
		take(f, 700);
	}
	drain(f, 9999);
}

static const struct {
	const char *name;
	size_t step;
	/* bytes, then file bytes, by turns; 0 ends unless first */
	size_t sizes[8];
} cases[] = {
	{ "file first", 5000, { 0, 100, 10 } },
	{ "file last", 5000, { 10, 100000 } },
	{ "between", 3000, { 30000, 100000, 20000 } },
	{ "tiny", 1, { 3, 5, 2, 1, 1 } },
	{ "several", 8000, { 5, 250000, 3, 4096, 70000, 9, 1 } },
	{ "whole file", 100000, { 1, FILE_SIZE, 1 } },
};

static void
test_files(void **state)
{
	struct fixture *f = *state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		size_t at = 17;
		int fd = -1;

		print_message("# %s\n", cases[c].name);
		buf_reset(&f->want);
		buf_reset(&f->got);
		f->o.total = 0;
		for (unsigned i = 0; i < 8; i++) {
			size_t n = cases[c].sizes[i];

			if (i > 0 && n == 0)
				break;
			if (i % 2 == 0)
				put_bytes(f, n, 'a');
			else
				fd = put_file(f, n + at > FILE_SIZE ? 0 : at, n);
		}
		assert_int_equal(output_size(&f->o), f->want.len);
		drain(f, cases[c].step);
		assert_false(is_open(fd));
	}
}

/* A file comes when part of the bytes before it has gone. */
static void
test_file_after_partial(void **state)
{
	struct fixture *f = *state;

	put_bytes(f, 100000, 'a');
	assert_true(output_send(&f->o, f->fd));
	assert_true(f->o.total > 0 && f->o.total < 100000);
	(void)put_file(f, 0, 60000);
	assert_int_equal(output_size(&f->o), f->want.len - f->o.total);
	assert_true(output_send(&f->o, f->fd));
	put_bytes(f, 10, 'b');
	(void)put_file(f, 1000, 300);
	put_bytes(f, 10, 'c');
	assert_int_equal(output_size(&f->o), f->want.len - f->o.total);
	drain(f, 3333);
}

static void
test_empty_file(void **state)
{
	struct fixture *f = *state;

	put_bytes(f, 5, 'a');
	(void)put_file(f, 0, 0);
	put_bytes(f, 5, 'b');
	drain(f, 3);
}

static void
test_memory_given_back(void **state)
{
	struct fixture *f = *state;

	put_bytes(f, 200000, 'a');
	(void)put_file(f, 0, 10);
	put_bytes(f, 200000, 'b');
	drain(f, 50000);
	assert_null(f->o.bytes.data);
	assert_null(f->o.files);
	/* a little may stay, for the next reply */
	put_bytes(f, 100, 'c');
	drain(f, 1000);
	assert_true(f->o.bytes.cap <= 4096);
	/* what has gone is not kept until the rest has gone too */
	put_bytes(f, 100000, 'd');
	assert_true(output_send(&f->o, f->fd));
	while (f->o.sent == 0 || output_size(&f->o) > 10000) {
		take(f, 1000);
		assert_true(output_send(&f->o, f->fd));
		assert_true(f->o.bytes.len <= 2 * output_size(&f->o));
		if (output_size(&f->o) < 50000)
			break;
	}
	drain(f, 9000);
}

static void
test_gone(void **state)
{
	struct fixture *f = *state;
	int fd;

	put_bytes(f, 10, 'a');
	fd = put_file(f, 0, 1000);
	close(f->peer);
	f->peer = -1;
	assert_false(output_send(&f->o, f->fd));
	output_clear(&f->o);
	assert_false(is_open(fd));
	assert_int_equal(output_size(&f->o), 0);
	/* only a file: sendfile(2) meets the closed end */
	fd = put_file(f, 0, 1000);
	assert_false(output_send(&f->o, f->fd));
	output_clear(&f->o);
	assert_false(is_open(fd));
}

/* The file has less than was announced: the client must not wait for it. */
static void
test_file_too_short(void **state)
{
	struct fixture *f = *state;

	(void)put_file(f, FILE_SIZE - 100, 100);
	output_file(&f->o, fcntl(f->file, F_DUPFD_CLOEXEC, 0), FILE_SIZE - 10,
	    20);
	assert_false(output_send(&f->o, f->fd));
	assert_int_equal(f->o.total, 110);
}

/* What did not fit must not leave a hole in the stream. */
static void
test_overflow(void **state)
{
	struct fixture *f = *state;

	f->o.bytes.max = 1000;
	put_bytes(f, 900, 'a');
	assert_true(output_send(&f->o, f->fd));
	put_bytes(f, 1200, 'a');
	assert_false(output_send(&f->o, f->fd));
	assert_int_equal(f->o.total, 900);
	output_clear(&f->o);
	/* and in front of a file */
	f->o.bytes.max = 1000;
	put_bytes(f, 1200, 'a');
	(void)put_file(f, 0, 10);
	assert_false(output_send(&f->o, f->fd));
	assert_int_equal(f->o.total, 900);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing),
		TEST(test_bytes),
		TEST(test_bytes_between),
		TEST(test_files),
		TEST(test_file_after_partial),
		TEST(test_empty_file),
		TEST(test_memory_given_back),
		TEST(test_gone),
		TEST(test_file_too_short),
		TEST(test_overflow),
	};

	signal(SIGPIPE, SIG_IGN); /* as proc_enter() does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
