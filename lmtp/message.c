/* SPDX-License-Identifier: ISC */
#include "lmtp/message.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/log.h"

void
message_init(struct message *m, uint64_t *total)
{
	*m = (struct message){ .fd = -1, .total = total };
}

void
message_begin(struct message *m)
{
	message_clear(m);
	m->fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (m->fd < 0) {
		log_error("message: no file in memory: %m");
		m->problem = MESSAGE_NO_ROOM;
	}
}

/* Gives the memory back as soon as it is known to be of no use. */
static void
message_fail(struct message *m, enum message_problem problem)
{
	message_clear(m);
	m->problem = problem;
}

void
message_write(struct message *m, const void *p, size_t len, uint64_t max)
{
	const char *at = p;

	if (m->problem != MESSAGE_FINE)
		return;
	if (len > max || m->size > max - len) {
		message_fail(m, MESSAGE_TOO_BIG);
		return;
	}
	if (*m->total + len > LIMIT_LMTP_MEMORY) {
		log_warn("message: too much mail in transit: bytes: %llu",
		    (unsigned long long)*m->total);
		message_fail(m, MESSAGE_NO_ROOM);
		return;
	}
	while (len > 0) {
		ssize_t n = write(m->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			log_error("message: cannot keep it: size: %llu: %m",
			    (unsigned long long)m->size);
			message_fail(m, MESSAGE_NO_ROOM);
			return;
		}
		at += n;
		len -= (size_t)n;
		m->size += (uint64_t)n;
		*m->total += (uint64_t)n;
	}
}

void
message_seal(struct message *m)
{
	if (m->problem != MESSAGE_FINE)
		return;
	if (fcntl(m->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW |
	    F_SEAL_SHRINK | F_SEAL_SEAL) == 0 && lseek(m->fd, 0, SEEK_SET) == 0)
		return;
	log_error("message: cannot seal: %m");
	message_fail(m, MESSAGE_NO_ROOM);
}

int
message_dup(const struct message *m)
{
	return fcntl(m->fd, F_DUPFD_CLOEXEC, 0);
}

void
message_clear(struct message *m)
{
	if (m->fd >= 0)
		close(m->fd);
	*m->total -= m->size;
	*m = (struct message){ .fd = -1, .total = m->total };
}
