/* SPDX-License-Identifier: ISC
 *
 * What a client sends before login: read into one shared buffer, which is
 * wiped after each use, cut into commands or SASL lines, and run.  What was
 * read and is not used yet (because an answer must come first) is kept in
 * conn->in, at most one read's worth.
 */
#ifndef IMAP_LOGIN_CONN_INPUT_H
#define IMAP_LOGIN_CONN_INPUT_H

#include <stdbool.h>

#define CONN_SASL_LINE 16384 /* base64 of one SASL message */

struct conn;

/* In COMMAND or SASL, with no output waiting: uses what is kept, or reads.
 * False: nothing more to do before an event. */
bool conn_input_step(struct conn *c);

#endif
