/* SPDX-License-Identifier: ISC
 *
 * The only place that tells a client of changes in its mailbox: EXPUNGE, FETCH
 * (FLAGS), EXISTS, RECENT, FLAGS (RFC 3501 §7.3, §7.4). Knows when EXPUNGE may be
 * sent (§7.4.1).
 */
#ifndef WORKER_SYNC_H
#define WORKER_SYNC_H

#include <stdint.h>

struct buf;
struct session;
struct store_row;

/* Tells everything that the running command (none: IDLE) allows to tell. */
void sync_send(struct session *s);
/* Appends "FLAGS (...)" of one row as this session sees it. */
void sync_put_flags(struct session *s, struct buf *out,
    const struct store_row *row);
/* Appends "* n FETCH (FLAGS (...))" with UID and MODSEQ where they are due, and
 * forgets that the row was dirty. */
void sync_put_fetch_flags(struct session *s, const struct store_row *row);
/* Appends the mailbox's "FLAGS" and "OK [PERMANENTFLAGS ...]" responses and notes
 * the keywords as told. */
void sync_put_flag_names(struct session *s);
/* The same, if there are keywords the client has not heard of: before a FETCH that
 * may name them. */
void sync_keywords(struct session *s);

#endif
