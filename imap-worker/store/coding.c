/* SPDX-License-Identifier: ISC
 *
 * Compression of messages: see coding.h.
 */
#include "store/coding.h"

#include <stdlib.h>
#include <string.h>
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "common/limits.h"
#include "common/log.h"
#include "common/xalloc.h"

#define CODING_LEAST 512         /* bytes of body worth a try */
#define CODING_KEEP (256 * KIB)  /* of the buffer, between two messages */

bool
store_coding_check(const struct store_coded *m, uint32_t max)
{
	switch (m->coding) {
	case STORE_CODING_PLAIN:
		return m->stored == m->len && m->head == 0;
	case STORE_CODING_ZSTD:
		return m->len <= max && m->head < m->len &&
		    m->head < m->stored && m->stored < m->len;
	default:
		return false;
	}
}

#ifdef HAVE_ZSTD

void
store_coder_clear(struct store_coder *c)
{
	ZSTD_freeCCtx(c->pack);
	ZSTD_freeDCtx(c->unpack);
	free(c->buf);
	*c = (struct store_coder){ 0 };
}

static void
coding_reserve(struct store_coder *c, size_t n)
{
	if (n <= c->size && c->size <= CODING_KEEP)
		return;
	if (n < CODING_KEEP)
		n = CODING_KEEP;
	free(c->buf);
	c->buf = xreallocarray(NULL, 1, n);
	c->size = n;
}

bool
store_coding_pack(struct store_coder *c, const unsigned char *msg,
    uint32_t len, uint32_t head, int level, struct store_coded *coded_r,
    const unsigned char **bytes_r)
{
	size_t body, room, n;

	if (head > len || len - head < CODING_LEAST || len > LIMIT_COMPRESS)
		return false;
	if (c->pack == NULL && (c->pack = ZSTD_createCCtx()) == NULL)
		return false;
	body = len - head;
	room = body - len / 10 < body ? body - len / 10 : 0;
	coding_reserve(c, head + room);
	n = room == 0 ? 0 : ZSTD_compressCCtx(c->pack, c->buf + head, room,
	    msg + head, body, level);
	if (n == 0 || ZSTD_isError(n)) /* mostly: it does not fit */
		return false;
	memcpy(c->buf, msg, head);
	*coded_r = (struct store_coded){
		.coding = STORE_CODING_ZSTD,
		.stored = head + (uint32_t)n,
		.len = len,
		.head = head,
	};
	*bytes_r = c->buf;
	return true;
}

static bool
coding_unpack_zstd(struct store_coder *c, const struct store_coded *m,
    const unsigned char *stored, unsigned char *out)
{
	size_t body = m->len - m->head, n;

	if (c->unpack == NULL && (c->unpack = ZSTD_createDCtx()) == NULL)
		return false;
	memcpy(out, stored, m->head);
	n = ZSTD_decompressDCtx(c->unpack, out + m->head, body,
	    stored + m->head, m->stored - m->head);
	return n == body;
}

#else

void
store_coder_clear(struct store_coder *c)
{
	free(c->buf);
	*c = (struct store_coder){ 0 };
}

bool
store_coding_pack(struct store_coder *c, const unsigned char *msg,
    uint32_t len, uint32_t head, int level, struct store_coded *coded_r,
    const unsigned char **bytes_r)
{
	(void)c;
	(void)msg;
	(void)len;
	(void)head;
	(void)level;
	(void)coded_r;
	(void)bytes_r;
	return false;
}

static bool
coding_unpack_zstd(struct store_coder *c, const struct store_coded *m,
    const unsigned char *stored, unsigned char *out)
{
	(void)c;
	(void)m;
	(void)stored;
	(void)out;
	log_error("store: a message is compressed, and this build has no zstd");
	return false;
}

#endif

bool
store_coding_unpack(struct store_coder *c, const struct store_coded *m,
    const unsigned char *stored, unsigned char *out)
{
	if (m->coding == STORE_CODING_PLAIN) {
		memcpy(out, stored, m->len);
		return true;
	}
	return coding_unpack_zstd(c, m, stored, out);
}
