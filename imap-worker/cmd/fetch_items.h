/* SPDX-License-Identifier: ISC
 *
 * What a FETCH asks for (RFC 3501 §6.4.5 and its extensions), and writing one
 * message's answer. The command itself is cmd/fetch.c.
 */
#ifndef CMD_FETCH_ITEMS_H
#define CMD_FETCH_ITEMS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/imap/parse.h"
#include "mail/mail.h"
#include "store/store.h"

struct session;

#define FETCH_UID 0x0001
#define FETCH_FLAGS 0x0002
#define FETCH_MODSEQ 0x0004        /* RFC 7162 */
#define FETCH_INTERNALDATE 0x0008
#define FETCH_SIZE 0x0010          /* RFC822.SIZE */
#define FETCH_SAVEDATE 0x0020      /* RFC 8514 */
#define FETCH_EMAILID 0x0040       /* RFC 8474 */
#define FETCH_THREADID 0x0080
#define FETCH_ENVELOPE 0x0100
#define FETCH_BODYSTRUCTURE 0x0200
#define FETCH_BODY 0x0400          /* BODYSTRUCTURE without extension data */

/* One BODY[...], or one of RFC822, RFC822.HEADER, RFC822.TEXT. */
struct fetch_section {
	struct fetch_section *next;
	struct mail_section what;
	const char *label;         /* "BODY[1.TEXT]", as it is answered */
	bool peek;                 /* does not set \Seen */
	bool partial;              /* "<offset.count>" */
	uint32_t offset, count;
};

struct fetch_items {
	unsigned bits;
	struct fetch_section *sections, **tail;
	unsigned n_sections;       /* at most FETCH_SECTIONS */
};

/* What one message's answer may hold bounds the memory and descriptors it takes. */
#define FETCH_SECTIONS 100

/* An item, a macro, or "(" item *(SP item) ")". */
bool fetch_items_parse(struct imap_parser *p, struct fetch_items *items_r);
/* Does it set \Seen? */
bool fetch_items_mark_seen(const struct fetch_items *items);
/* Appends "* n FETCH (...)" for a row; flags: FLAGS too, because they changed. */
enum store_err fetch_items_put(struct session *s, const struct fetch_items *items,
    struct store_reader *reader, const struct store_row *row, uint32_t msn,
    bool flags);

#endif
