/* SPDX-License-Identifier: ISC
 *
 * Writing a Maildir++ that Dovecot would go on with: INBOX is the folder itself,
 * other mailboxes are ".Name.Sub" in it (modified UTF-7; a dot or backslash in a
 * name is "\2e", "\5c", as Dovecot's listescape has it). Flags and up to 26
 * keywords are in the file names, names of keywords in dovecot-keywords, UIDs
 * and UIDVALIDITY in dovecot-uidlist, subscriptions in subscriptions; the time a
 * message came is its file's. Lines end in LF, as Dovecot stores them.
 *
 * All of it lies in a folder that is made here, open to nobody else. What is
 * written comes from a process that need not be believed: names of mailboxes
 * are checked, and lead nowhere else.
 *
 * Functions answer false when they cannot go on: maildir_error() says why.
 */
#ifndef CTL_MAILDIR_H
#define CTL_MAILDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct maildir;

/* Makes the folder, which must not be there yet. NULL: it has been said why. */
struct maildir *maildir_new(const char *path);
/* Takes the folder away again if no mailbox came. Accepts NULL. */
void maildir_free(struct maildir **m);
const char *maildir_error(const struct maildir *m);
/* What is missing in what was written, and has been said on standard error. */
unsigned maildir_problems(const struct maildir *m);

/* Ends the mailbox before. */
bool maildir_mailbox(struct maildir *m, const char *name, uint32_t uidvalidity,
    uint32_t uidnext, bool subscribed);
bool maildir_keyword(struct maildir *m, uint64_t number, const char *name);

struct maildir_message {
	uint32_t uid;
	uint64_t size;         /* bytes that will come */
	uint64_t received;     /* seconds since 1970 */
	const char *flags;     /* words with blanks between */
	uint64_t keywords;     /* a bit for each number */
};
bool maildir_message(struct maildir *m, const struct maildir_message *msg);
bool maildir_data(struct maildir *m, const unsigned char *p, size_t n);
/* The message at hand will not be whole: away with it. */
bool maildir_dropped(struct maildir *m);
/* Ends all, and waits until it is on the disk. */
bool maildir_finish(struct maildir *m);

#endif
