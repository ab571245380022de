/* SPDX-License-Identifier: ISC
 *
 * Cuts a byte stream into IMAP commands (RFC 3501 §2.2.1, §4.3; RFC 7888).
 * Resumable at any byte; pure: it does no I/O and keeps no global state.
 * Shared by imap-login (small limits, LITERAL-) and imap-worker.
 *
 * Feed it bytes; it eats some and says what happened.  The text of the command
 * so far is in `text`, in wire form: a kept literal stands there as
 * "{n}\r\n" and its n bytes, an external one (APPEND's message, streamed
 * elsewhere) as "{n}" and one NUL.  A NUL cannot stand anywhere else outside
 * a kept literal, because the framer refuses it.  The final CRLF (or bare LF,
 * which is accepted) is not part of the text.
 *
 * States and transitions (only framer.c changes them):
 *   LINE --CRLF after "{n}" or "{n+}" or "~{n}"--> ASK
 *   LINE --CRLF--> DONE (next command starts after imap_framer_next())
 *   LINE --a limit passed--> SKIP
 *   ASK --keep--> KEEP, --extern--> EXTERN, --refuse--> DONE (the client
 *   waits) or SKIP
 *   KEEP, EXTERN --n bytes--> LINE
 *   SKIP (a refused non-synchronizing literal, or the rest of an overlong
 *   line) --end of that command, or a literal the client waits for--> DONE
 */
#ifndef COMMON_IMAP_FRAMER_H
#define COMMON_IMAP_FRAMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

enum imap_frame {
	IMAP_FRAME_MORE,    /* all input eaten, nothing to report */
	IMAP_FRAME_COMMAND, /* a whole command is in text */
	IMAP_FRAME_LITERAL, /* announced a literal: keep, extern or refuse */
	IMAP_FRAME_DATA,    /* bytes of an external literal: data, data_len */
	IMAP_FRAME_DATA_END,/* the external literal is complete */
	IMAP_FRAME_TOO_LONG,/* the command passed a limit and was skipped to its
	                       end; text holds its first bytes (for the tag) */
	IMAP_FRAME_REFUSED, /* a command with a refused literal came to its end
	                       (also at once, for a synchronizing literal) */
	IMAP_FRAME_FATAL,   /* cannot go on: NUL in a line, or a literal size no
	                       number can hold; close the connection */
};

struct imap_framer {
	struct buf text;        /* the command so far, see above */
	size_t max_line;        /* bytes outside literals */
	/* of the literal last announced */
	uint64_t literal_size;
	bool literal_sync;      /* the client waits for "+ " */
	bool literal_binary;    /* "~{n}" (RFC 3516) */
	/* of IMAP_FRAME_DATA; borrowed from the input */
	const unsigned char *data;
	size_t data_len;
	/* private to framer.c */
	int state;
	size_t max_total;
	size_t line_bytes;      /* of this command, outside literals */
	uint64_t left;          /* of the literal being read */
	bool refused;
	unsigned char prev;     /* last byte of this line, 0 at its start */
	int mark;               /* how much of "{n+}" ends the line */
	uint64_t mark_size;
	size_t mark_at;         /* where in text its "{" is */
};

/* max_line: bytes of a command outside its literals; max_total: with kept
 * literals. */
void imap_framer_init(struct imap_framer *f, size_t max_line, size_t max_total);
/* Wipes and frees. */
void imap_framer_clear(struct imap_framer *f);
/* Eats bytes of in[0..len) up to the next event; *used_r says how many. After
 * COMMAND, TOO_LONG and REFUSED call imap_framer_next(); after LITERAL decide
 * first; then feed again, even with no bytes left, until MORE comes: REFUSED
 * and DATA_END may need none. At LITERAL the text ends in "{n}". */
enum imap_frame imap_framer_feed(struct imap_framer *f, const unsigned char *in,
    size_t len, size_t *used_r);
/* Answers to IMAP_FRAME_LITERAL. keep returns false (and the caller should
 * refuse) when the literal does not fit max_total. */
bool imap_framer_keep(struct imap_framer *f);
void imap_framer_extern(struct imap_framer *f);
/* A synchronizing literal: the command ends here (the client sends nothing
 * more of it). Otherwise its bytes and the rest of the command are skipped.
 * REFUSED is reported at the end in both cases. */
void imap_framer_refuse(struct imap_framer *f);
/* Forgets the command (wipes the text: it may hold a password) and starts on
 * the next one. */
void imap_framer_next(struct imap_framer *f);

#endif
