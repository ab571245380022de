/* SPDX-License-Identifier: ISC
 *
 * The grammar of LMTP commands (RFC 2033, RFC 5321 §4.1; SIZE: RFC 1870,
 * BODY: RFC 6152).  Pure: one line in, one struct out.
 *
 * Taken leniently, because senders in the field differ: any case, spaces
 * around and after the colon, trailing spaces, a recipient without a domain.
 * Not taken: paths without < >, control bytes, bytes above 0x7e (SMTPUTF8 is
 * not offered).
 */
#ifndef LMTP_COMMAND_H
#define LMTP_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMMAND_PATH_SIZE 321 /* local part 64, "@", domain 255, NUL */

enum command_verb {
	COMMAND_LHLO,
	COMMAND_MAIL,
	COMMAND_RCPT,
	COMMAND_DATA,
	COMMAND_RSET,
	COMMAND_NOOP,
	COMMAND_QUIT,
	COMMAND_VRFY,
	COMMAND_HELP,
};

struct command {
	enum command_verb verb;
	/* MAIL, RCPT: what is between < and >, without a source route; quotes
	 * of a quoted local part are kept. "" for <>, which only MAIL has */
	char path[COMMAND_PATH_SIZE];
	uint64_t size; /* MAIL SIZE=, 0: not said */
};

/* One line without its CRLF. NULL, or the reply that refuses it ("501 5.5.4
 * ..."; static). */
const char *command_parse(const char *line, size_t len, struct command *c_r);

#endif
