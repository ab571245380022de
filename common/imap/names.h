/* SPDX-License-Identifier: ISC
 *
 * Mailbox names on the wire: modified UTF-7 (RFC 3501 §5.1.3) and LIST
 * patterns (§6.3.8).  Inside Postern names are UTF-8 with "/" between levels.
 * Pure.
 */
#ifndef COMMON_IMAP_NAMES_H
#define COMMON_IMAP_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/* Longer patterns match nothing. */
#define IMAP_PATTERN_MAX 4096

/* Modified UTF-7 to UTF-8, appended to out. False: not valid (bad base64, lone
 * surrogates, 8-bit bytes and control characters outside base64, encoded ASCII
 * printables, two base64 runs in a row): every name has one encoding only. */
bool imap_mutf7_decode(const char *in, size_t len, struct buf *out);
/* UTF-8 (must be valid) to modified UTF-7, appended to out. */
bool imap_mutf7_encode(const char *in, size_t len, struct buf *out);
enum imap_utf8 {
	IMAP_UTF8_BAD,     /* not UTF-8 (overlong, surrogate, past U+10FFFF) */
	IMAP_UTF8_CONTROL, /* valid, with some of U+0000-001F or U+007F-009F */
	IMAP_UTF8_OK,
};
enum imap_utf8 imap_utf8_check(const char *s, size_t len);
/* Valid UTF-8 without control characters, not empty, no empty level, no level
 * "." or "..", no leading or trailing "/", at most LIMIT_MAILBOX_NAME bytes.
 * Returns NULL, or a text that says what is wrong. */
const char *imap_mailbox_name_check(const char *name);

/* How a name and a LIST pattern meet. "*" matches anything, "%" anything but
 * "/". Time is O(name * pattern) at worst, no recursion. INBOX matches without
 * case. */
enum imap_match {
	IMAP_MATCH_NO,
	IMAP_MATCH_YES,
	IMAP_MATCH_PARENT, /* no, but a name below this one could match */
};
enum imap_match imap_match_mailbox(const char *pattern, const char *name);

#endif
