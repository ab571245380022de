/* SPDX-License-Identifier: ISC
 *
 * Writing IMAP data: each function appends one element to a buffer.  Pure.
 */
#ifndef COMMON_IMAP_REPLY_H
#define COMMON_IMAP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* A quoted string where RFC 3501 allows one (7-bit, no NUL, CR, LF, at most
 * 1,000 bytes), else a literal. */
void imap_put_string(struct buf *out, const char *s, size_t len);
/* NIL when s is NULL, else like imap_put_string(). */
void imap_put_nstring(struct buf *out, const char *s, size_t len);
/* An atom where possible, else like imap_put_string(). "NIL" is quoted. */
void imap_put_astring(struct buf *out, const char *s, size_t len);
/* UTF-8 mailbox name as modified UTF-7 (or UTF-8 quoted when utf8 is on). */
void imap_put_mailbox(struct buf *out, const char *name, bool utf8);
/* "17-Jul-1996 02:44:25 -0700" with quotes. zone: minutes east. */
void imap_put_date_time(struct buf *out, int64_t t, int16_t zone);
/* Days since 1970-01-01 of a civil date, and back (proleptic Gregorian). */
int32_t imap_days_from_civil(int year, unsigned month, unsigned day);
void imap_civil_from_days(int32_t days, int *year_r, unsigned *month_r,
    unsigned *day_r);
extern const char imap_months[12][4];

#endif
