/* SPDX-License-Identifier: ISC
 *
 * The passwd-file, as auth reads it and as posternctl edits it: they see the
 * same users; a new password is in force, whatever else is in the file; of a
 * user taken out nothing stays.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auth/passwd_file.h"
#include "common/log.h"
#include "ctl/passwd_edit.h"

#define NEW_PASSWORD "{PLAIN}new"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

/* passwd_edit.c's; the files it would name are not touched here. */
void ctl_error(const char *fmt, ...);
void
ctl_error(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

static struct passwd_file *
load(const void *data, size_t len, const char *domain)
{
	static int fd = -1;
	char path[64];

	if (fd < 0) {
		if (sodium_init() < 0)
			abort();
		log_init("fuzz", LOG_LEVEL_ERROR);
		fd = memfd_create("passwd", MFD_CLOEXEC);
	}
	if (fd < 0 || ftruncate(fd, 0) != 0 ||
	    pwrite(fd, data, len, 0) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return passwd_file_new(path, domain, 0);
}

static struct passwd_file *
reload(const struct passwd_edit *e)
{
	return load(e->text.len > 0 ? (const void *)e->text.data : "",
	    e->text.len, e->default_domain);
}

/* The verifier auth has for the user; NULL: no user, or may not log in. */
static const char *
verifier(struct passwd_file *f, const char *user)
{
	const struct passwd_entry *e = passwd_file_find(f, user, 0);

	if (e != NULL && strcmp(e->user, user) != 0)
		abort();
	return e != NULL ? e->verifier : NULL;
}

/* Every line posternctl shows is a user of auth's, but for one whose password
 * is too long; returns how many lines there are. */
static size_t
compare(const struct passwd_edit *e, struct passwd_file *f)
{
	struct passwd_line l, first;
	size_t n = 0;

	for (size_t at = 0; passwd_edit_next(e, &at, &l); n++) {
		const char *has = verifier(f, l.normal);

		if (!passwd_edit_find(e, l.user, &first) ||
		    first.start > l.start)
			abort();
		if (strlen(first.password) <= 1024) {
			if (passwd_file_find(f, l.normal, 0) == NULL ||
			    (has != NULL && strcmp(has, first.password) != 0))
				abort();
		}
		passwd_line_clear(&first);
		passwd_line_clear(&l);
	}
	if (passwd_file_count(f) > n)
		abort();
	return n;
}

static void
edit(struct passwd_edit *e)
{
	struct passwd_line l;
	struct passwd_file *f;
	char user[USER_MAX + 1];
	size_t at = 0;

	if (!passwd_edit_next(e, &at, &l))
		return;
	memcpy(user, l.normal, sizeof(user));
	passwd_edit_replace(e, &l, l.user, NEW_PASSWORD, "");
	passwd_line_clear(&l);
	f = reload(e);
	if (verifier(f, user) == NULL ||
	    strcmp(verifier(f, user), NEW_PASSWORD) != 0)
		abort();
	passwd_file_free(&f);
	passwd_edit_remove(e, user);
	f = reload(e);
	if (passwd_file_find(f, user, 0) != NULL)
		abort();
	compare(e, f);
	passwd_file_free(&f);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	static const char *const domains[] = { "", "example.org" };

	for (size_t i = 0; i < 2; i++) {
		struct passwd_edit e = { .default_domain = domains[i],
			.fd = -1 };
		struct passwd_file *f = load(data, len, domains[i]);
		const char *decoy = passwd_file_decoy(f, "x");

		if (decoy != NULL && *decoy == '\0')
			abort();
		buf_init(&e.text, len + 1024);
		buf_put(&e.text, data, len);
		if (len > 0 && data[len - 1] != '\n')
			buf_putc(&e.text, '\n');
		compare(&e, f);
		passwd_file_free(&f);
		edit(&e);
		passwd_edit_close(&e);
	}
	return 0;
}
