/* SPDX-License-Identifier: ISC
 *
 * The queue is a list of (bytes, file range) pairs and the bytes behind the last
 * file. A session that has nothing to send holds no memory here.
 */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/log.h"
#include "common/xalloc.h"

/* The hard end: OUTPUT_HIGH plus the largest single element a command adds
 * between two looks at the queue (a message part that is copied). */
#define OUTPUT_MAX (LIMIT_OUTPUT + 4 * MIB + LIMIT_MESSAGE)
#define OUTPUT_KEEP 4096 /* bytes of buffer an idle session may keep */

struct output_file {
	struct output_file *next;
	struct buf before;
	int fd;
	uint64_t at, left;
};

void
output_init(struct output *o)
{
	*o = (struct output){ 0 };
	buf_init(&o->bytes, OUTPUT_MAX);
	o->tail = &o->files;
}

static void
output_drop_file(struct output *o)
{
	struct output_file *f = o->files;

	o->files = f->next;
	if (o->files == NULL)
		o->tail = &o->files;
	close(f->fd);
	buf_clear(&f->before);
	free(f);
}

void
output_clear(struct output *o)
{
	while (o->files != NULL)
		output_drop_file(o);
	buf_clear(&o->bytes);
	o->sent = o->queued = 0;
}

size_t
output_size(const struct output *o)
{
	return o->queued + o->bytes.len - (o->files == NULL ? o->sent : 0);
}

void
output_file(struct output *o, int fd, uint64_t at, uint64_t len)
{
	struct output_file *f = xmalloc(sizeof(*f));

	f->before = o->bytes;
	f->fd = fd;
	f->at = at;
	f->left = len;
	o->queued += f->before.len + len - (o->files == NULL ? o->sent : 0);
	buf_init(&o->bytes, OUTPUT_MAX);
	*o->tail = f;
	o->tail = &f->next;
}

enum output_step { OUTPUT_DONE, OUTPUT_FULL, OUTPUT_GONE };

/* Sends b from o->sent on; DONE when all of it went. */
static enum output_step
output_send_bytes(struct output *o, int fd, const struct buf *b, bool more)
{
	while (o->sent < b->len) {
		ssize_t n = send(fd, b->data + o->sent, b->len - o->sent,
		    MSG_NOSIGNAL | (more ? MSG_MORE : 0));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? OUTPUT_FULL : OUTPUT_GONE;
		o->sent += (size_t)n;
		o->total += (uint64_t)n;
	}
	return OUTPUT_DONE;
}

static enum output_step
output_send_file(struct output *o, int fd, struct output_file *f)
{
	while (f->left > 0) {
		off_t at = (off_t)f->at;
		ssize_t n = sendfile(fd, f->fd, &at,
		    f->left < MIB ? (size_t)f->left : MIB);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return OUTPUT_FULL;
		if (n == 0)
			log_error("output: message file ends too early");
		if (n <= 0)
			return OUTPUT_GONE;
		f->at += (uint64_t)n;
		f->left -= (uint64_t)n;
		o->queued -= (size_t)n;
		o->total += (uint64_t)n;
	}
	return OUTPUT_DONE;
}

/* Bytes are missing: what follows would be taken for something else. */
static bool
output_overflow(void)
{
	log_error("output: more than %zu bytes queued", (size_t)OUTPUT_MAX);
	return false;
}

bool
output_send(struct output *o, int fd)
{
	enum output_step step;

	while (o->files != NULL) {
		struct output_file *f = o->files;
		size_t before = o->sent;

		if (f->before.overflow)
			return output_overflow();
		step = output_send_bytes(o, fd, &f->before, true);
		o->queued -= o->sent - before;
		if (step == OUTPUT_DONE)
			step = output_send_file(o, fd, f);
		if (step != OUTPUT_DONE)
			return step == OUTPUT_FULL;
		o->sent = 0;
		output_drop_file(o);
	}
	if (o->bytes.overflow)
		return output_overflow();
	step = output_send_bytes(o, fd, &o->bytes, false);
	if (step == OUTPUT_DONE) {
		o->sent = 0;
		if (o->bytes.cap > OUTPUT_KEEP)
			buf_clear(&o->bytes);
		else
			buf_reset(&o->bytes);
	} else if (o->sent > o->bytes.len / 2) {
		buf_consume(&o->bytes, o->sent);
		o->sent = 0;
	}
	return step != OUTPUT_GONE;
}
