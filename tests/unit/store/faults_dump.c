/* SPDX-License-Identifier: ISC
 *
 * A store as text: see faults_ops.h.
 */
#include "faults_ops.h"

#include <stdio.h>

#include "store/crc32c.h"

struct dump {
	struct store *st;
	char *p, *end;
	bool rebuilt, good;
};

__attribute__((format(printf, 2, 3))) static void
dump_line(struct dump *d, const char *fmt, ...)
{
	size_t room = (size_t)(d->end - d->p);
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(d->p, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		d->good = false;
	else
		d->p += n;
}

static void
dump_rows(struct dump *d, struct store_mbox *m)
{
	struct store_reader *r = store_reader_new(m);
	const struct store_row *rows;
	const unsigned char *data;
	struct store_message msg;
	size_t n;

	rows = store_mbox_rows(m, &n);
	for (size_t i = 0; d->good && i < n; i++) {
		d->good = store_reader_get(r, rows[i].uid, STORE_WANT_BLOB,
		    &msg) == STORE_OK &&
		    store_reader_bytes(r, &msg, &data) == STORE_OK;
		if (!d->good)
			break;
		dump_line(d, " %u %llx %u %08x\n", (unsigned)rows[i].uid,
		    (unsigned long long)store_row_flags(&rows[i]),
		    (unsigned)msg.size, store_crc32c(0, data, msg.size));
	}
	store_reader_free(&r);
}

static bool
dump_mailbox(void *ctx, const struct store_info *info)
{
	struct dump *d = ctx;
	struct store_mbox *m;
	const char *const *words;
	unsigned n;

	dump_line(d, "%s%s %u/%u/%u/%llu use %u", info->name,
	    info->subscribed ? "*" : "", (unsigned)info->messages,
	    (unsigned)info->unseen, (unsigned)info->deleted,
	    (unsigned long long)info->bytes, (unsigned)info->use);
	if (!d->rebuilt && info->id <= 4) /* later ones take the time */
		dump_line(d, " v %u", (unsigned)info->uidvalidity);
	if (store_mbox_open(d->st, info->name, &m) != STORE_OK) {
		d->good = false;
		return false;
	}
	if (store_mbox_load(m) != STORE_OK) {
		store_mbox_unref(&m);
		d->good = false;
		return false;
	}
	words = store_mbox_keywords(m, &n);
	for (unsigned i = 0; i < n; i++)
		dump_line(d, " %s", words[i]);
	dump_line(d, "\n");
	dump_rows(d, m);
	store_mbox_unref(&m);
	return d->good;
}

bool
faults_dump(struct store *st, bool rebuilt, char *text_r, size_t size)
{
	struct dump d = { .st = st, .p = text_r, .end = text_r + size,
		.rebuilt = rebuilt, .good = true };

	text_r[0] = '\0';
	return store_list(st, dump_mailbox, &d) == STORE_OK && d.good;
}
