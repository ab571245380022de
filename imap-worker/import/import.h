/* SPDX-License-Identifier: ISC
 *
 * Mail as other servers keep it: the parsers of the task "import". Pure.
 */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"

#define IMPORT_UID_MAX 0xff000000u /* higher ones are not believed */
#define IMPORT_LINE_MAX 4096       /* bytes of a line of an index file */
#define IMPORT_ENTRIES_MAX 1000000 /* messages of a folder */
#define IMPORT_LETTERS 26          /* keywords of a Maildir: a to z */

/* The same bits as STORE_SEEN and so on. */
#define IMPORT_SEEN 0x01u
#define IMPORT_ANSWERED 0x02u
#define IMPORT_FLAGGED 0x04u
#define IMPORT_DELETED 0x08u
#define IMPORT_DRAFT 0x10u

/* --- uidlist.c: which message has which UID -------------------------------- */

struct import_uidlist_entry {
	const char *key; /* of the arena; NULL: free */
	uint32_t len, uid;
};
/* Fed with a file's bytes as they come. */
struct import_uidlist {
	struct arena arena;
	struct buf line;      /* begun, not ended */
	struct import_uidlist_entry *table; /* own; hashed, open addressing */
	size_t n, cap;
	bool head, long_line; /* the first line was read; this one is too long */
	uint32_t last;        /* UID of the last good line */
	unsigned version;
	/* what came of it */
	bool valid;           /* the first line is right */
	uint32_t uidvalidity, uidnext; /* uidnext: above every UID in it */
	uint64_t bad;         /* lines left out: not readable, UIDs that do not
	                       * ascend, 0 or too high, a name that was there */
};

void import_uidlist_init(struct import_uidlist *u);
void import_uidlist_feed(struct import_uidlist *u, const unsigned char *p,
    size_t n);
/* After the last byte. */
void import_uidlist_end(struct import_uidlist *u);
/* The UID of a file of cur/ or new/; 0: not known. */
uint32_t import_uidlist_find(const struct import_uidlist *u,
    const unsigned char *name, size_t n);
void import_uidlist_clear(struct import_uidlist *u);

/* --- maildir.c ------------------------------------------------------------------- */

struct import_maildir_name {
	size_t key;        /* bytes that name the message, without size and flags */
	uint8_t flags;     /* IMPORT_SEEN ... */
	uint32_t keywords; /* bit 0: letter a */
};
/* "KEY,S=123,W=125:2,FSab", or with ";2,". */
void import_maildir_name(const unsigned char *p, size_t n,
    struct import_maildir_name *name_r);

/* The mailbox of a folder ".A.B" ("A/B") or a path "A/B" (when separator is
 * '/'): modified UTF-7, or UTF-8 if it is that, becomes UTF-8, below prefix ("":
 * none). What a name cannot have becomes "_". False: that was so, or the name had
 * to be cut; the name is good all the same. */
bool import_maildir_mailbox(const unsigned char *p, size_t n, char separator,
    const char *prefix, struct arena *a, const char **name_r);

/* dovecot-keywords: lines "NUMBER NAME". Names are of the arena, NULL where there
 * is none; one that is no IMAP keyword is left out. */
void import_maildir_keywords(const unsigned char *p, size_t n, struct arena *a,
    const char *names_r[IMPORT_LETTERS]);
bool import_keyword_good(const char *name);

/* Lines of `subscriptions` (Dovecot, versions 1 and 2) or courierimapsubscribed.
 * *at starts with 0. False: no more. levels_r: a folder with "." between levels,
 * as import_maildir_mailbox() takes it, in the arena. */
bool import_maildir_subscription(const unsigned char *p, size_t n, size_t *at,
    struct arena *a, const char **levels_r, size_t *len_r);

/* --- mbox.c ---------------------------------------------------------------------- */

#define IMPORT_MBOX_KEYWORDS 64

struct import_mbox_message {
	int64_t date;       /* of the "From " line */
	int16_t zone;
	uint8_t flags;      /* of Status and X-Status */
	bool recent;        /* Status has no O */
	bool internal;      /* not a message, but the mailbox's own data */
	uint32_t uid;       /* of X-UID; 0 */
	uint32_t uidvalidity, uidnext; /* of X-IMAPbase; 0 */
	const char *keywords[IMPORT_MBOX_KEYWORDS + 1]; /* NULL at the end */
};
struct import_mbox_events {
	/* Bytes of the message, without the fields that only tell of flags. */
	void (*bytes)(void *ctx, const unsigned char *p, size_t n);
	/* It is whole. m lives during the call. */
	void (*message)(void *ctx, const struct import_mbox_message *m);
	void *ctx;
};
/* Fed with a file's bytes as they come; a line longer than IMPORT_LINE_MAX is
 * passed on in pieces. */
struct import_mbox {
	const struct import_mbox_events *events; /* borrowed */
	struct arena arena;   /* of one message */
	struct buf line;
	struct import_mbox_message m;
	unsigned n_keywords;
	bool begun;           /* within a message */
	bool not_mbox;        /* does not begin with a "From " line */
	bool header, skip;    /* this field is left out */
	bool mid_line;        /* line continues one that was passed on */
	bool blank;           /* an empty line that is not passed on yet */
	bool blank_cr;        /* and it had a CR */
};
void import_mbox_init(struct import_mbox *x, const struct import_mbox_events *e);
void import_mbox_feed(struct import_mbox *x, const unsigned char *p, size_t n);
void import_mbox_end(struct import_mbox *x);
void import_mbox_clear(struct import_mbox *x);
/* "From who Mon Jan  2 15:04:05 2006 [+0100]". False: no such line. */
bool import_mbox_from(const char *line, int64_t *date_r, int16_t *zone_r);

#endif
