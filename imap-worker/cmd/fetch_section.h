/* SPDX-License-Identifier: ISC
 *
 * BODY[...]<...> of FETCH (RFC 3501 §6.4.5): reading the section's name, writing its
 * bytes.
 */
#ifndef CMD_FETCH_SECTION_H
#define CMD_FETCH_SECTION_H

#include "cmd/fetch_items.h"
#include "common/arena.h"
#include "common/buf.h"

/* The message that is answered; parsed only when a section needs the structure. */
struct fetch_message {
	struct session *session;
	struct store_reader *reader;
	const struct store_message *facts;
	struct mail_bytes bytes;
	struct arena arena;
	struct mail_part *root; /* arena */
};

/* NULL without an error: what is next is no section. */
struct fetch_section *fetch_section_parse(struct imap_parser *p);
/* "BODY[...] {n}" and the bytes and a space. Large ones go out by sendfile(2). */
void fetch_section_put(struct fetch_message *m, const struct fetch_section *x);
/* "BODY (...)" and a space. */
void fetch_section_put_body(struct buf *out, struct fetch_message *m);

#endif
