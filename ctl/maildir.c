/* SPDX-License-Identifier: ISC */
#include "ctl/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/imap/names.h"
#include "common/xalloc.h"
#include "ctl/ctl.h"

#define FOLDER_MAX 250   /* bytes of a folder's name */
#define KEYWORDS_MAX 26  /* letters a to z */
#define HOST_MAX 64

struct maildir {
	int fd;              /* own; the whole */
	char *path;          /* own */
	bool begun;          /* a mailbox has come */
	FILE *subscriptions; /* own */
	char host[HOST_MAX];
	char error[300];
	unsigned problems;
	/* the mailbox at hand */
	int box;             /* own; -1: none, or left out */
	FILE *uidlist;       /* own */
	char *name;          /* own; NULL: none */
	char *keywords[KEYWORDS_MAX]; /* own */
	bool too_many;       /* keywords; has been said */
	/* the message at hand */
	bool open;
	FILE *file;          /* own; NULL: the mailbox is left out */
	struct maildir_message msg;
	char flags[32 + KEYWORDS_MAX];
	char temp[32];
	uint64_t left, written, lines; /* lines: those that lost a CR */
	bool cr;             /* one waits for what follows */
};

__attribute__((format(printf, 2, 3))) static bool
maildir_fail(struct maildir *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->error, sizeof(m->error), fmt, ap);
	va_end(ap);
	return false;
}

const char *
maildir_error(const struct maildir *m)
{
	return m->error;
}

unsigned
maildir_problems(const struct maildir *m)
{
	return m->problems;
}

/* A new file for writing below a folder; NULL: errno. */
static FILE *
maildir_open(int folder, const char *name)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	FILE *f = fd == -1 ? NULL : fdopen(fd, "w");

	if (f == NULL && fd != -1)
		close(fd);
	return f;
}

/* --- names ---------------------------------------------------------------- */

/* "Work/2026.1" becomes "Work.2026\2e1" in modified UTF-7; false: too long. */
static bool
maildir_encode(const char *name, struct buf *out)
{
	size_t at = out->len, n;

	for (;;) {
		n = strcspn(name, "/.\\");
		if (n > 0 && !imap_mutf7_encode(name, n, out))
			return false;
		name += n;
		if (*name == '\0')
			break;
		buf_puts(out, *name == '/' ? "." :
		    *name == '.' ? "\\2e" : "\\5c");
		name++;
	}
	return !out->overflow && out->len - at <= FOLDER_MAX;
}

/* --- mailboxes ------------------------------------------------------------ */

static bool
maildir_make_folders(int box)
{
	static const char *const folders[] = { "cur", "new", "tmp" };

	for (size_t i = 0; i < 3; i++)
		if (mkdirat(box, folders[i], 0700) != 0)
			return false;
	return true;
}

static bool
maildir_write_keywords(struct maildir *m)
{
	FILE *f = NULL;
	bool good = true;

	for (unsigned i = 0; i < KEYWORDS_MAX && m->box != -1; i++) {
		if (m->keywords[i] == NULL)
			continue;
		if (f == NULL)
			f = maildir_open(m->box, "dovecot-keywords");
		if (f == NULL)
			return maildir_fail(m, "dovecot-keywords: %s",
			    strerror(errno));
		fprintf(f, "%u %s\n", i, m->keywords[i]);
	}
	if (f != NULL)
		good = fclose(f) == 0;
	return good || maildir_fail(m, "dovecot-keywords: %s", strerror(errno));
}

static bool
maildir_leave(struct maildir *m)
{
	bool good = maildir_write_keywords(m);

	if (m->uidlist != NULL && fclose(m->uidlist) != 0)
		good = maildir_fail(m, "dovecot-uidlist: %s", strerror(errno));
	m->uidlist = NULL;
	for (unsigned i = 0; i < KEYWORDS_MAX; i++) {
		free(m->keywords[i]);
		m->keywords[i] = NULL;
	}
	if (m->box != -1)
		close(m->box);
	m->box = -1;
	free(m->name);
	m->name = NULL;
	m->too_many = false;
	return good;
}

/* Opens its folder, a new one unless it is INBOX's. */
static bool
maildir_enter(struct maildir *m, const char *folder)
{
	bool inbox = strcmp(folder, "") == 0;
	FILE *f;

	if (!inbox && mkdirat(m->fd, folder, 0700) != 0)
		return false;
	m->box = openat(m->fd, inbox ? "." : folder,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (m->box == -1 || !maildir_make_folders(m->box))
		return false;
	if (!inbox) {
		f = maildir_open(m->box, "maildirfolder");
		if (f == NULL || fclose(f) != 0)
			return false;
	}
	m->uidlist = maildir_open(m->box, "dovecot-uidlist");
	return m->uidlist != NULL;
}

static void
maildir_head(struct maildir *m, uint32_t uidvalidity, uint32_t uidnext)
{
	unsigned char guid[16];

	if (getrandom(guid, sizeof(guid), 0) != sizeof(guid))
		memset(guid, 0, sizeof(guid));
	fprintf(m->uidlist, "3 V%u N%u G", (unsigned)uidvalidity,
	    (unsigned)uidnext);
	for (size_t i = 0; i < sizeof(guid); i++)
		fprintf(m->uidlist, "%02x", guid[i]);
	putc('\n', m->uidlist);
}

bool
maildir_mailbox(struct maildir *m, const char *name, uint32_t uidvalidity,
    uint32_t uidnext, bool subscribed)
{
	bool inbox = strcmp(name, "INBOX") == 0, good = true;
	struct buf folder;

	if (m->open || imap_mailbox_name_check(name) != NULL)
		return maildir_fail(m, "the user's worker makes no sense");
	if (!maildir_leave(m))
		return false;
	m->begun = true;
	m->name = xstrdup(name);
	buf_init(&folder, 4096);
	buf_putc(&folder, '.');
	if (!inbox && !maildir_encode(name, &folder)) {
		ctl_error("a mailbox is left out, its name is too long for a "
			  "folder: %.60s...", name);
		m->problems++;
	} else if (!maildir_enter(m, inbox ? "" : buf_cstr(&folder))) {
		good = maildir_fail(m, "%s: %s", buf_cstr(&folder),
		    strerror(errno));
	} else {
		maildir_head(m, uidvalidity, uidnext);
		if (subscribed)
			fprintf(m->subscriptions, "%s\n", inbox ? "INBOX" :
			    buf_cstr(&folder) + 1);
	}
	buf_clear(&folder);
	return good;
}

bool
maildir_keyword(struct maildir *m, uint64_t number, const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return maildir_fail(m, "a keyword that is none");
	if (m->name == NULL)
		return maildir_fail(m, "the user's worker makes no sense");
	if (number < KEYWORDS_MAX) {
		free(m->keywords[number]);
		m->keywords[number] = xstrdup(name);
	} else if (!m->too_many) {
		ctl_error("%s: more than %d keywords: only the first are kept",
		    m->name, KEYWORDS_MAX);
		m->problems++;
		m->too_many = true;
	}
	return true;
}

/* --- messages ------------------------------------------------------------- */

static void
maildir_flags(struct maildir *m, const char *words, uint64_t keywords)
{
	static const struct {
		const char *word;
		char letter;
	} letters[] = { /* in the order of the letters */
		{ "draft", 'D' }, { "flagged", 'F' }, { "answered", 'R' },
		{ "seen", 'S' }, { "deleted", 'T' },
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (strstr(words, letters[i].word) != NULL)
			m->flags[n++] = letters[i].letter;
	for (unsigned i = 0; i < KEYWORDS_MAX; i++)
		if (keywords >> i & 1)
			m->flags[n++] = (char)('a' + i);
	m->flags[n] = '\0';
}

/* Gives the file its time and its name. */
static bool
maildir_close(struct maildir *m)
{
	struct timespec times[2] = { { .tv_sec = (time_t)m->msg.received },
		{ .tv_sec = (time_t)m->msg.received } };
	FILE *f = m->file;
	char base[256], name[384];
	bool good;

	m->open = false;
	m->file = NULL;
	if (f == NULL)
		return true;
	if (m->cr)
		putc('\r', f);
	m->written += m->cr;
	good = fflush(f) == 0 && futimens(fileno(f), times) == 0;
	good = fclose(f) == 0 && good;
	/* W: the size with CRLF everywhere, which is what clients see */
	snprintf(base, sizeof(base), "%llu.M%uP%u.%s,S=%llu,W=%llu",
	    (unsigned long long)m->msg.received, (unsigned)m->msg.uid,
	    (unsigned)getpid(), m->host, (unsigned long long)m->written,
	    (unsigned long long)(m->written + m->lines));
	snprintf(name, sizeof(name), "cur/%s:2,%s", base, m->flags);
	if (!good || renameat(m->box, m->temp, m->box, name) != 0)
		return maildir_fail(m, "%s: UID %u: %s", m->name,
		    (unsigned)m->msg.uid, strerror(errno));
	fprintf(m->uidlist, "%u :%s\n", (unsigned)m->msg.uid, base);
	return true;
}

bool
maildir_message(struct maildir *m, const struct maildir_message *msg)
{
	if (m->open || m->name == NULL || msg->uid == 0)
		return maildir_fail(m, "the user's worker makes no sense");
	m->open = true;
	m->msg = *msg;
	m->left = msg->size;
	m->written = m->lines = 0;
	m->cr = false;
	maildir_flags(m, msg->flags, msg->keywords);
	if (m->box != -1) {
		snprintf(m->temp, sizeof(m->temp), "tmp/%u",
		    (unsigned)msg->uid);
		m->file = maildir_open(m->box, m->temp);
		if (m->file == NULL)
			return maildir_fail(m, "%s: UID %u: %s", m->name,
			    (unsigned)msg->uid, strerror(errno));
	}
	return m->left > 0 || maildir_close(m);
}

/* CRLF becomes LF. */
static void
maildir_put(struct maildir *m, const unsigned char *p, size_t n)
{
	const unsigned char *cr;
	size_t run;

	while (n > 0) {
		if (m->cr && *p != '\n') {
			putc('\r', m->file);
			m->written++;
		}
		m->cr = false;
		cr = memchr(p, '\r', n);
		run = cr == NULL ? n : (size_t)(cr - p);
		for (size_t i = 0; i < run; i++)
			m->lines += p[i] == '\n';
		fwrite(p, 1, run, m->file);
		m->written += run;
		p += run;
		n -= run;
		if (n > 0) { /* a CR */
			m->cr = true;
			p++;
			n--;
		}
	}
}

bool
maildir_data(struct maildir *m, const unsigned char *p, size_t n)
{
	if (!m->open || n > m->left || n == 0)
		return maildir_fail(m, "the user's worker makes no sense");
	m->left -= n;
	if (m->file != NULL)
		maildir_put(m, p, n);
	return m->left > 0 || maildir_close(m);
}

bool
maildir_dropped(struct maildir *m)
{
	if (!m->open)
		return maildir_fail(m, "the user's worker makes no sense");
	m->open = false;
	if (m->file != NULL) {
		fclose(m->file);
		unlinkat(m->box, m->temp, 0);
	}
	m->file = NULL;
	return true;
}

/* --- the whole ------------------------------------------------------------ */

/* Other characters mean something in a file's name. */
static void
maildir_host(struct maildir *m)
{
	if (gethostname(m->host, sizeof(m->host)) != 0)
		m->host[0] = '\0';
	m->host[sizeof(m->host) - 1] = '\0';
	m->host[strspn(m->host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
	    "UVWXYZ0123456789.-")] = '\0';
	if (m->host[0] == '\0')
		snprintf(m->host, sizeof(m->host), "localhost");
}

struct maildir *
maildir_new(const char *path)
{
	struct maildir *m = xmalloc(sizeof(*m));

	m->fd = m->box = -1;
	m->path = xstrdup(path);
	maildir_host(m);
	if (mkdir(path, 0700) == 0)
		m->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
	if (m->fd != -1)
		m->subscriptions = maildir_open(m->fd, "subscriptions");
	if (m->subscriptions != NULL)
		return m;
	ctl_error("%s: %s", path, strerror(errno));
	maildir_free(&m);
	return NULL;
}

bool
maildir_finish(struct maildir *m)
{
	FILE *f = m->subscriptions;
	bool good;

	if (m->open)
		return maildir_fail(m, "the user's worker makes no sense");
	if (!maildir_leave(m))
		return false;
	m->subscriptions = NULL;
	good = fclose(f) == 0 && syncfs(m->fd) == 0;
	return good || maildir_fail(m, "%s", strerror(errno));
}

void
maildir_free(struct maildir **mp)
{
	struct maildir *m = *mp;

	if (m == NULL)
		return;
	*mp = NULL;
	if (m->open)
		maildir_dropped(m);
	maildir_leave(m);
	if (m->subscriptions != NULL)
		fclose(m->subscriptions);
	if (m->fd != -1) {
		/* there was nothing to be exported, or nobody */
		if (!m->begun && unlinkat(m->fd, "subscriptions", 0) == 0)
			rmdir(m->path);
		close(m->fd);
	}
	free(m->path);
	free(m);
}
