/* SPDX-License-Identifier: ISC
 *
 * See passwd_edit.h. The lock is on the file itself, and the file is replaced:
 * so after getting the lock one looks whether the name still stands for what
 * was locked, and starts over if not.
 */
#include "ctl/passwd_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/user.h"
#include "common/xalloc.h"
#include "ctl/ctl.h"

#define EDIT_MAX (256 * MIB)

static bool
edit_say(const char *path, const char *text)
{
	ctl_error("%s: %s", path, text);
	return false;
}

static bool
edit_read(struct passwd_edit *e)
{
	for (;;) {
		unsigned char *to = buf_reserve(&e->text, 65536);
		ssize_t n;

		if (to == NULL)
			return edit_say(e->path, "too long");
		n = read(e->fd, to, 65536);
		if (n < 0 && errno != EINTR)
			return edit_say(e->path, strerror(errno));
		if (n == 0)
			break;
		if (n > 0)
			e->text.len += (size_t)n;
	}
	if (e->text.len > 0 && e->text.data[e->text.len - 1] != '\n')
		buf_putc(&e->text, '\n');
	return true;
}

/* Makes an empty file nobody else sees before its owner and mode are right. */
static bool
edit_create(const char *path, gid_t reader)
{
	char *temp = xasprintf("%s.XXXXXX", path);
	int fd = mkostemp(temp, O_CLOEXEC);
	bool good = fd >= 0;

	if (good && reader != (gid_t)-1)
		good = fchown(fd, (uid_t)-1, reader) == 0 &&
		    fchmod(fd, 0640) == 0;
	/* not over one that has come meanwhile */
	if (good && link(temp, path) != 0)
		good = errno == EEXIST;
	if (!good)
		edit_say(path, strerror(errno));
	if (fd >= 0) {
		unlink(temp);
		close(fd);
	}
	free(temp);
	return good;
}

static bool
edit_lock(struct passwd_edit *e, bool create, gid_t reader)
{
	struct stat locked, named;

	for (;;) {
		e->fd = open(e->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (e->fd < 0 && errno == ENOENT && create) {
			if (!edit_create(e->path, reader))
				return false;
			continue;
		}
		if (e->fd < 0 || flock(e->fd, LOCK_EX) != 0 ||
		    fstat(e->fd, &locked) != 0)
			return edit_say(e->path, strerror(errno));
		if (!S_ISREG(locked.st_mode))
			return edit_say(e->path, "is not a file");
		if (stat(e->path, &named) == 0 &&
		    named.st_dev == locked.st_dev &&
		    named.st_ino == locked.st_ino)
			return true;
		close(e->fd);
	}
}

bool
passwd_edit_open(struct passwd_edit *e, const char *path,
    const char *default_domain, bool create, gid_t reader)
{
	char *copy = xstrdup(path);

	*e = (struct passwd_edit){ .default_domain = default_domain, .fd = -1 };
	buf_init(&e->text, EDIT_MAX);
	if (create)
		mkdir(dirname(copy), 0755);
	free(copy);
	e->path = realpath(path, NULL);
	if (e->path == NULL)
		e->path = xstrdup(path);
	if (edit_lock(e, create, reader) && edit_read(e))
		return true;
	passwd_edit_close(e);
	return false;
}

void
passwd_edit_close(struct passwd_edit *e)
{
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
	buf_wipe(&e->text);
	buf_clear(&e->text);
	free(e->path);
	e->path = NULL;
}

static bool
edit_write(int fd, const unsigned char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return true;
}

/* Makes the new name durable. */
static bool
edit_sync_folder(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	free(copy);
	return good;
}

bool
passwd_edit_save(struct passwd_edit *e)
{
	char *temp = xasprintf("%s.XXXXXX", e->path);
	int fd = mkostemp(temp, O_CLOEXEC);
	struct stat st;
	bool good;

	/* fchown() says so where the owner is somebody else */
	good = fd >= 0 && fstat(e->fd, &st) == 0 &&
	    edit_write(fd, e->text.data, e->text.len) &&
	    fchown(fd, st.st_uid, st.st_gid) == 0 &&
	    fchmod(fd, st.st_mode & 07777) == 0 && fsync(fd) == 0 &&
	    rename(temp, e->path) == 0;
	if (!good) {
		edit_say(e->path, strerror(errno));
		if (fd >= 0)
			unlink(temp);
	} else if (!edit_sync_folder(e->path)) {
		good = edit_say(e->path, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	free(temp);
	return good;
}

/* --- lines ---------------------------------------------------------------- */

/* As auth/passwd_file.c reads it: what that leaves out is no line here. */
static bool
line_parse(const struct passwd_edit *e, size_t start, size_t len,
    struct passwd_line *l)
{
	const char *text = (const char *)e->text.data + start;
	char *field[8], *p;
	size_t n = 0;

	*l = (struct passwd_line){ .start = start, .len = len };
	len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	if (len == 0 || *text == '#' || memchr(text, '\0', len) != NULL ||
	    memchr(text, ':', len) == NULL)
		return false;
	p = l->copy = xstrndup(text, len);
	while (n < 8) {
		field[n++] = p;
		p += strcspn(p, ":");
		if (*p == '\0')
			break;
		*p++ = '\0';
	}
	while (n < 8)
		field[n++] = p + strlen(p);
	l->user = field[0];
	l->password = field[1];
	l->home = field[5];
	if (user_normalize(l->user, e->default_domain, l->normal))
		return true;
	passwd_line_clear(l);
	return false;
}

bool
passwd_edit_next(const struct passwd_edit *e, size_t *at, struct passwd_line *l)
{
	while (*at < e->text.len) {
		size_t start = *at;
		const unsigned char *end =
		    memchr(e->text.data + start, '\n', e->text.len - start);

		*at = (size_t)(end - e->text.data) + 1;
		if (line_parse(e, start, *at - start, l))
			return true;
	}
	return false;
}

bool
passwd_edit_find(const struct passwd_edit *e, const char *user,
    struct passwd_line *l)
{
	char normal[USER_MAX + 1];
	size_t at = 0;

	if (!user_normalize(user, e->default_domain, normal))
		return false;
	while (passwd_edit_next(e, &at, l)) {
		if (strcmp(l->normal, normal) == 0)
			return true;
		passwd_line_clear(l);
	}
	return false;
}

void
passwd_edit_remove(struct passwd_edit *e, const char *user)
{
	struct passwd_line l;

	while (passwd_edit_find(e, user, &l)) {
		passwd_edit_replace(e, &l, NULL, NULL, NULL);
		passwd_line_clear(&l);
	}
}

void
passwd_line_clear(struct passwd_line *l)
{
	if (l->copy != NULL)
		explicit_bzero(l->copy, strlen(l->copy));
	free(l->copy);
	*l = (struct passwd_line){ 0 };
}

void
passwd_edit_replace(struct passwd_edit *e, const struct passwd_line *l,
    const char *user, const char *password, const char *rest)
{
	size_t start = l == NULL ? e->text.len : l->start;
	size_t end = l == NULL ? start : l->start + l->len;
	struct buf b;

	buf_init(&b, EDIT_MAX);
	buf_put(&b, e->text.data, start);
	if (password != NULL)
		buf_printf(&b, "%s:%s:%s\n", user, password, rest);
	buf_put(&b, e->text.data + end, e->text.len - end);
	buf_wipe(&e->text);
	buf_clear(&e->text);
	e->text = b;
}
