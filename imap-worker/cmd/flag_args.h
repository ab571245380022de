/* SPDX-License-Identifier: ISC
 *
 * Flags as arguments of APPEND and STORE: system flags as bits, keywords by name.
 */
#ifndef CMD_FLAG_ARGS_H
#define CMD_FLAG_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/imap/parse.h"

struct flag_args {
	uint64_t system;             /* STORE_SEEN ... */
	const char *const *keywords; /* arena; NULL-terminated; may be NULL */
};

/* A flag list, or (bare_ok) bare flags. A system flag that no client may set
 * (\Recent) or nobody knows is BAD. */
bool flag_args_parse(struct imap_parser *p, bool bare_ok, struct flag_args *f_r);

#endif
