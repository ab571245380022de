/* SPDX-License-Identifier: ISC
 *
 * A message from lmtp, in a sealed memfd, becomes a message in INBOX. The result is
 * told only after the turn was made durable: 250 means it is on disk.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/ipc.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "worker.h"

struct deliver_result {
	struct deliver_result *next;
	uint32_t id;
	uint32_t code;
	const char *text; /* static */
};

static const struct {
	enum store_err err;
	uint32_t code;
	const char *text;
} deliver_codes[] = {
	{ STORE_OK, 250, "2.0.0 Delivered" },
	{ STORE_OVERQUOTA, 552, "5.2.2 Mailbox is full" },
	{ STORE_TOO_BIG, 552, "5.3.4 Message is too big" },
	{ STORE_NO_SPACE, 452, "4.3.1 No room on the server" },
	{ STORE_IO, 451, "4.3.0 Mail store cannot be written" },
};

static void
deliver_note(struct worker *w, uint32_t id, enum store_err err)
{
	struct deliver_result *r = xmalloc(sizeof(*r));
	size_t n = sizeof(deliver_codes) / sizeof(*deliver_codes), i = 0;

	while (i < n - 1 && deliver_codes[i].err != err)
		i++;
	r->id = id;
	r->code = deliver_codes[i].code;
	r->text = deliver_codes[i].text;
	r->next = w->delivered;
	w->delivered = r;
}

void
deliver_tell(struct worker *w)
{
	struct deliver_result *r;
	struct ipc_msg m;

	while ((r = w->delivered) != NULL) {
		w->delivered = r->next;
		ipc_begin(&m, IPC_DELIVER_RESULT);
		ipc_put_u32(&m, r->id);
		ipc_put_u32(&m, r->code);
		ipc_put_str(&m, r->text);
		(void)ipc_post(w->master, &m, -1);
		free(r);
	}
}

/* The message with the fields a final delivery adds (RFC 5321 §4.4). */
static enum store_err
deliver_read(int fd, const char *sender, const char *recipient, struct buf *out)
{
	struct stat st;
	void *map;

	if (fstat(fd, &st) != 0)
		return STORE_IO;
	if (!buf_printf(out, "Return-Path: <%s>\r\nDelivered-To: %s\r\n", sender,
		recipient))
		return STORE_TOO_BIG;
	if (st.st_size == 0)
		return STORE_OK;
	if ((uint64_t)st.st_size > out->max - out->len)
		return STORE_TOO_BIG;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		log_error("deliver: cannot map message: %m");
		return STORE_IO;
	}
	(void)buf_put(out, map, (size_t)st.st_size);
	munmap(map, (size_t)st.st_size);
	return STORE_OK;
}

static enum store_err
deliver_append(struct worker *w, const struct buf *message)
{
	struct store_new_message msg = { 0 };
	struct store_append *ap = NULL;
	uint32_t uidvalidity, uid;
	time_t now = time(NULL);
	enum store_err err;
	struct tm local;

	localtime_r(&now, &local);
	msg.data = message->data;
	msg.len = message->len;
	msg.internaldate = now;
	msg.zone = (int16_t)(local.tm_gmtoff / 60);
	err = store_append_begin(w->store, "INBOX", &ap);
	if (err == STORE_OK)
		err = store_append_add(ap, &msg);
	if (err == STORE_OK)
		err = store_append_commit(&ap, &uidvalidity, &uid);
	store_append_abort(&ap);
	return err;
}

bool
deliver_handler(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct worker *w = ctx;
	uint32_t id = ipc_get_u32(m);
	const char *session = ipc_get_str(m), *sender = ipc_get_str(m);
	const char *recipient = ipc_get_str(m);
	struct buf message;
	enum store_err err;
	int fd;

	(void)c;
	(void)ipc_get_str(m); /* detail: INBOX takes all */
	if (w->store == NULL)
		return false;
	fd = ipc_take_fd(m);
	buf_init(&message, (size_t)w->conf->message_size + 4 * KIB);
	err = deliver_read(fd, sender, recipient, &message);
	close(fd);
	if (err == STORE_OK)
		err = deliver_append(w, &message);
	buf_clear(&message);
	log_info("%s: delivered to <%s> from <%s>: %s", session, recipient,
	    sender, err == STORE_OK ? "ok" : store_err_text(err));
	w->served = true;
	if (w->n_sessions == 0)
		w->empty_since = time(NULL);
	deliver_note(w, id, err);
	return true;
}
