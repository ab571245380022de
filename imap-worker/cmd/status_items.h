/* SPDX-License-Identifier: ISC
 *
 * STATUS items (RFC 3501 §6.3.10, RFC 7162 §3.1.7, RFC 8438, RFC 8474 §4.3, RFC
 * 7889 §5): shared by STATUS and LIST RETURN (STATUS ...).
 */
#ifndef CMD_STATUS_ITEMS_H
#define CMD_STATUS_ITEMS_H

#include <stdbool.h>

#include "common/imap/parse.h"

struct session;
struct store_info;

/* "(" item *(SP item) ")" as bits. */
bool status_items_parse(struct imap_parser *p, unsigned *items_r);
/* "* STATUS mailbox (...)" from the mailbox's record; no rows are read. */
void status_items_put(struct session *s, const struct store_info *info,
    unsigned items);

#endif
