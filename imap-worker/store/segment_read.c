/* SPDX-License-Identifier: ISC
 *
 * Reading segment files: maps for the readers of messages, and the scanner of
 * recovery, which trusts nothing it reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/crc32c.h"
#include "store/io.h"
#include "store/segment.h"

#define SEGMENT_MAPS 64       /* mapped at a time, unless lately used */
#define SEGMENT_MAP_CALLS 1024 /* how long data stays mapped, in calls */

struct store_segment_map {
	struct store_segment_map *next;
	unsigned char *data;
	size_t len;  /* mapped; may pass the end of a file that grows */
	uint32_t no;
	uint64_t used;
};

/* Drops the maps no caller may use any more, if there are too many. */
static void
segment_map_trim(struct store_segments *s)
{
	struct store_segment_map **mp = &s->maps, *m;
	unsigned n = 0;

	while ((m = *mp) != NULL) {
		if (++n > SEGMENT_MAPS &&
		    s->map_clock - m->used > SEGMENT_MAP_CALLS) {
			*mp = m->next;
			munmap(m->data, m->len);
			free(m);
		} else {
			mp = &m->next;
		}
	}
}

static struct store_segment_map *
segment_map_new(struct store_segments *s, uint32_t no, uint64_t need)
{
	struct store_segment_map *m;
	struct stat sb;
	size_t len;
	void *p;
	int fd = store_segment_fd(s, no);

	if (fd == -1 || fstat(fd, &sb) != 0 || (uint64_t)sb.st_size < need) {
		log_error("store: segment: read: %s/%08u.seg: %s", s->folder,
		    (unsigned)no, fd == -1 ? "cannot open" : "too short");
		if (fd != -1)
			close(fd);
		return NULL;
	}
	len = (size_t)sb.st_size;
	if (no == s->no && len < LIMIT_SEGMENT)
		len = LIMIT_SEGMENT;
	p = store_io_map(STORE_IO_SEGMENT_MAP, fd, len);
	close(fd);
	if (p == NULL) {
		log_error("store: segment: map: %s/%08u.seg: %m", s->folder,
		    (unsigned)no);
		return NULL;
	}
	m = xmalloc(sizeof(*m));
	m->data = p;
	m->len = len;
	m->no = no;
	m->next = s->maps;
	s->maps = m;
	segment_map_trim(s);
	return m;
}

enum store_err
store_segment_data(struct store_segments *s, uint32_t no, uint64_t at,
    uint64_t len, const unsigned char **data_r)
{
	struct store_segment_map *m;

	if (at > UINT64_MAX - len || (no == s->no && at + len > s->end))
		return STORE_CORRUPT;
	s->map_clock++;
	for (m = s->maps; m != NULL; m = m->next)
		if (m->no == no && at + len <= m->len)
			break;
	if (m == NULL && (m = segment_map_new(s, no, at + len)) == NULL)
		return STORE_CORRUPT;
	m->used = s->map_clock;
	*data_r = m->data + at;
	return STORE_OK;
}

void
store_segment_unmap(struct store_segments *s)
{
	struct store_segment_map *m;

	while ((m = s->maps) != NULL) {
		s->maps = m->next;
		munmap(m->data, m->len);
		free(m);
	}
}

bool
store_segment_cookie(const struct store_segments *s, uint32_t no,
    uint64_t *cookie_r)
{
	unsigned char head[LAYOUT_SEGMENT_HEAD];
	int fd = store_segment_fd(s, no);
	uint32_t number;
	bool good;

	if (fd == -1)
		return false;
	good = store_io_pread(STORE_IO_SEGMENT_COOKIE, fd, head, sizeof(head),
	        0) == sizeof(head) &&
	    store_segment_head_check(head, sizeof(head), &number, cookie_r) &&
	    number == no;
	close(fd);
	return good;
}

/* --- scanning ------------------------------------------------------------ */

int
store_segment_view(const struct store_segments *s, uint32_t no,
    struct store_segment_view *v_r)
{
	struct stat sb;
	uint32_t number;
	int fd = store_segment_fd(s, no);

	memset(v_r, 0, sizeof(*v_r));
	v_r->no = no;
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	if (fstat(fd, &sb) != 0) {
		close(fd);
		return -1;
	}
	if (sb.st_size > 0) {
		v_r->data = store_io_map(STORE_IO_SEGMENT_MAP, fd,
		    (size_t)sb.st_size);
		if (v_r->data == NULL) {
			close(fd);
			return -1;
		}
		v_r->len = (size_t)sb.st_size;
	}
	close(fd);
	v_r->valid = store_segment_head_check(v_r->data, v_r->len, &number,
	    &v_r->cookie) && number == no;
	return 0;
}

void
store_segment_unview(struct store_segment_view *v)
{
	if (v->data != NULL)
		munmap(v->data, v->len);
	v->data = NULL;
	v->len = 0;
}

bool
store_segment_head_check(const unsigned char *data, size_t len, uint32_t *no_r,
    uint64_t *cookie_r)
{
	if (len < LAYOUT_SEGMENT_HEAD ||
	    memcmp(data, LAYOUT_SEGMENT_MAGIC, 8) != 0 ||
	    layout_get32(data + 60) != store_crc32c(0, data, 60))
		return false;
	*no_r = layout_get32(data + 8);
	*cookie_r = layout_get64(data + 16);
	return true;
}

enum store_segment_found
store_segment_parse(const unsigned char *data, size_t len, uint64_t cookie,
    uint64_t at, struct store_segment_record *r)
{
	const unsigned char *p;
	uint64_t content;

	if (at == len)
		return STORE_SEGMENT_END;
	if (at > len || len - at < LAYOUT_RECORD_HEAD)
		return STORE_SEGMENT_BAD;
	p = data + at;
	if (!layout_record_unpack(p, &r->h) || r->h.cookie != cookie ||
	    layout_get32(p + LAYOUT_RECORD_HEAD - 4) !=
	    store_crc32c(0, p, LAYOUT_RECORD_HEAD - 4))
		return STORE_SEGMENT_BAD;
	content = (uint64_t)r->h.extra_len + r->h.body_len;
	if (r->h.extra_len > LAYOUT_EXTRA_MAX ||
	    content > len - at - LAYOUT_RECORD_HEAD)
		return STORE_SEGMENT_BAD;
	r->at = at;
	r->extra = p + LAYOUT_RECORD_HEAD;
	r->body = r->extra + r->h.extra_len;
	r->body_at = at + LAYOUT_RECORD_HEAD + r->h.extra_len;
	r->next = r->body_at + r->h.body_len;
	if (store_crc32c(0, r->extra, (size_t)content) != r->h.content_crc)
		return STORE_SEGMENT_BAD;
	/* keywords end in NUL, names have none */
	if (r->h.kind == LAYOUT_MESSAGE
	        ? r->h.extra_len > 0 && r->extra[r->h.extra_len - 1] != 0
	        : r->h.extra_len != 16 || r->h.body_len == 0 ||
	            r->h.body_len > LIMIT_MAILBOX_NAME ||
	            memchr(r->body, 0, r->h.body_len) != NULL)
		return STORE_SEGMENT_BAD;
	return STORE_SEGMENT_FOUND;
}

enum store_segment_found
store_segment_group(const unsigned char *data, size_t len, uint64_t cookie,
    uint64_t at, uint64_t *end_r)
{
	struct store_segment_record r;
	enum store_segment_found f =
	    store_segment_parse(data, len, cookie, at, &r);

	if (f != STORE_SEGMENT_FOUND)
		return f;
	if (!(r.h.group & LAYOUT_GROUP_FIRST))
		return STORE_SEGMENT_BAD;
	while (!(r.h.group & LAYOUT_GROUP_LAST)) {
		f = store_segment_parse(data, len, cookie, r.next, &r);
		if (f != STORE_SEGMENT_FOUND ||
		    (r.h.group & LAYOUT_GROUP_FIRST))
			return STORE_SEGMENT_BAD;
	}
	*end_r = r.next;
	return STORE_SEGMENT_FOUND;
}

uint64_t
store_segment_search(const unsigned char *data, size_t len, uint64_t cookie,
    uint64_t at)
{
	uint64_t end;

	for (; at < len && len - at >= LAYOUT_RECORD_HEAD; at++) {
		/* the cheap part of the test first */
		if (layout_get16(data + at + 4) != LAYOUT_RECORD_HEAD ||
		    layout_get64(data + at + 72) != cookie)
			continue;
		if (store_segment_group(data, len, cookie, at, &end) ==
		    STORE_SEGMENT_FOUND)
			return at;
	}
	return len;
}

uint64_t
store_segment_search_record(const unsigned char *data, size_t len,
    uint64_t cookie, uint64_t at)
{
	struct store_segment_record r;

	for (; at < len && len - at >= LAYOUT_RECORD_HEAD; at++)
		if (layout_get16(data + at + 4) == LAYOUT_RECORD_HEAD &&
		    layout_get64(data + at + 72) == cookie &&
		    store_segment_parse(data, len, cookie, at, &r) ==
		    STORE_SEGMENT_FOUND)
			return at;
	return len;
}
