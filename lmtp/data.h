/* SPDX-License-Identifier: ISC
 *
 * The message after DATA (RFC 5321 §4.5.2): dots are taken off, the end is
 * found.  Pure; resumable at any byte.
 *
 * Only CRLF "." CRLF ends a message, and only a dot after CRLF is taken off.
 * A line feed without CR is an end of line for the message's reader (it is
 * stored as CRLF) but never for the protocol: taking it for one is what made
 * message smuggling possible.
 *
 *   START  after CRLF       -- "." --> DOT, else as TEXT
 *   DOT    "." is held back -- CR --> DOT_CR, else the dot is gone, as TEXT
 *   DOT_CR ".", CR held     -- LF --> DONE, else the dot is gone, CR as TEXT
 *   TEXT   in a line        -- CR --> CR
 *   CR     CR was written   -- LF --> START, else as TEXT
 */
#ifndef LMTP_DATA_H
#define LMTP_DATA_H

#include <stdbool.h>
#include <stddef.h>

enum data_state {
	DATA_START,
	DATA_DOT,
	DATA_DOT_CR,
	DATA_TEXT,
	DATA_CR,
	DATA_DONE,
};

/* Room data_feed() needs for len bytes of input. */
#define DATA_ROOM(len) (2 * (len) + 2)

/* Eats in[0..len) up to the message's end and writes what is message to out;
 * returns the number eaten. *state is DATA_START at first, DATA_DONE at the
 * end. */
size_t data_feed(enum data_state *state, const unsigned char *in, size_t len,
    unsigned char *out, size_t *out_len_r);

#endif
