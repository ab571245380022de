/* SPDX-License-Identifier: ISC */
#include "cmd/status_items.h"

#include <inttypes.h>

#include "cmd/object_id.h"
#include "common/imap/reply.h"
#include "session.h"
#include "worker.h"

static void
status_items_mailboxid(struct buf *out, const struct store_info *info)
{
	buf_putc(out, '(');
	object_id_put_mailbox(out, info);
	buf_putc(out, ')');
}

/* New messages are those no SELECT has taken yet; some may be expunged already. */
static uint32_t
status_items_recent(const struct store_info *info)
{
	uint32_t fresh = info->uidnext > info->recent_uid
	    ? info->uidnext - info->recent_uid
	    : 0;

	return fresh < info->messages ? fresh : info->messages;
}

static void
status_items_number(struct buf *out, const struct store_info *info, char what,
    const struct conf *conf)
{
	switch (what) {
	case 'm':
		buf_put_u64(out, info->messages);
		break;
	case 'r':
		buf_put_u64(out, status_items_recent(info));
		break;
	case 'n':
		buf_put_u64(out, info->uidnext);
		break;
	case 'v':
		buf_put_u64(out, info->uidvalidity);
		break;
	case 'u':
		buf_put_u64(out, info->unseen);
		break;
	case 'd':
		buf_put_u64(out, info->deleted);
		break;
	case 'h':
		buf_put_u64(out, info->highestmodseq);
		break;
	case 's':
		buf_put_u64(out, info->bytes);
		break;
	case 'a':
		buf_put_u64(out, conf->message_size);
		break;
	default:
		status_items_mailboxid(out, info);
	}
}

static const struct {
	const char *name;
	char what;
} status_items[] = {
	{ "MESSAGES", 'm' },
	{ "RECENT", 'r' },
	{ "UIDNEXT", 'n' },
	{ "UIDVALIDITY", 'v' },
	{ "UNSEEN", 'u' },
	{ "DELETED", 'd' },
	{ "HIGHESTMODSEQ", 'h' },
	{ "SIZE", 's' },
	{ "APPENDLIMIT", 'a' },
	{ "MAILBOXID", 'i' },
};
#define STATUS_ITEMS (sizeof(status_items) / sizeof(*status_items))

bool
status_items_parse(struct imap_parser *p, unsigned *items_r)
{
	*items_r = 0;
	if (!imap_parse_char(p, '('))
		return false;
	do {
		size_t i = 0;

		while (i < STATUS_ITEMS &&
		    !imap_parse_word(p, status_items[i].name))
			i++;
		if (i == STATUS_ITEMS)
			return imap_parse_fail(p, "Unknown STATUS item");
		*items_r |= 1u << i;
	} while (imap_parse_maybe(p, ' '));
	return imap_parse_char(p, ')');
}

void
status_items_put(struct session *s, const struct store_info *info,
    unsigned items)
{
	struct buf *out = session_out(s);
	bool first = true;

	buf_puts(out, "* STATUS ");
	imap_put_mailbox(out, info->name, false);
	buf_puts(out, " (");
	for (size_t i = 0; i < STATUS_ITEMS; i++) {
		if (!(items & 1u << i))
			continue;
		if (!first)
			buf_putc(out, ' ');
		first = false;
		buf_puts(out, status_items[i].name);
		buf_putc(out, ' ');
		status_items_number(out, info, status_items[i].what,
		    s->worker->conf);
		if (status_items[i].what == 'h') /* RFC 7162 §3.1.7 */
			s->condstore = true;
	}
	buf_puts(out, ")\r\n");
}
