/* SPDX-License-Identifier: ISC */
#include "ctl/import_source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/import_item.h"
#include "common/xalloc.h"
#include "ctl/ctl.h"

#define SOURCE_DEPTH 16 /* of a folder of mboxes */

/* --- opening -------------------------------------------------------------------------- */

/* Opens without following any symbolic link; nothing is waited for. */
static int
source_openat(int at, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(O_RDONLY | O_CLOEXEC | O_NOCTTY |
		    O_NONBLOCK | O_NOFOLLOW | flags),
		.resolve = resolve | RESOLVE_NO_SYMLINKS,
	};

	return (int)syscall(SYS_openat2, at, path, &how, sizeof(how));
}

int
source_file(const struct source *s, const char *path, struct stat *st_r)
{
	int fd;

	if (s->single) {
		fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 3);
		if (fd == -1 || fstat(fd, st_r) != 0)
			return -1;
		return fd;
	}
	/* not opened just to see what it is: that can have effects */
	if (fstatat(s->fd, path, st_r, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(st_r->st_mode))
		return -1;
	fd = source_openat(s->fd, path, 0, RESOLVE_BENEATH);
	if (fd != -1 && (fstat(fd, st_r) != 0 || !S_ISREG(st_r->st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* A folder below PATH; NULL: none. */
static DIR *
source_folder(const struct source *s, const char *path)
{
	int fd = source_openat(s->fd, *path == '\0' ? "." : path, O_DIRECTORY,
	    RESOLVE_BENEATH);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);

	if (fd != -1 && d == NULL)
		close(fd);
	return d;
}

static bool
source_become_owner(const struct stat *st)
{
	if (geteuid() != 0)
		return true;
	return setgroups(0, NULL) == 0 &&
	    setresgid(st->st_gid, st->st_gid, st->st_gid) == 0 &&
	    setresuid(st->st_uid, st->st_uid, st->st_uid) == 0;
}

int
source_open(struct source *s, const char *text)
{
	const char *path = strchr(text, ':');
	struct stat st;

	*s = (struct source){ .fd = -1, .mbox = strncmp(text, "mbox:", 5) == 0 };
	if (path == NULL || path[1] == '\0' || (!s->mbox &&
	    strncmp(text, "maildir:", 8) != 0)) {
		ctl_error("import: \"%s\" is neither maildir:PATH nor "
		    "mbox:PATH", text);
		return CTL_USAGE;
	}
	path++;
	if (lstat(path, &st) == 0 && !S_ISDIR(st.st_mode) &&
	    !(s->mbox && S_ISREG(st.st_mode)))
		errno = S_ISLNK(st.st_mode) ? ELOOP : ENOTDIR;
	else
		s->fd = source_openat(AT_FDCWD, path, 0, 0);
	if (s->fd == -1 || fstat(s->fd, &st) != 0 ||
	    !(S_ISDIR(st.st_mode) || (s->mbox && S_ISREG(st.st_mode)))) {
		ctl_error("import: %s: %s", path, errno == ELOOP ? "a symbolic "
		    "link; give the path that realpath(1) prints" :
		    strerror(errno));
		source_close(s);
		return CTL_NOT_DONE;
	}
	s->single = S_ISREG(st.st_mode);
	if (!source_become_owner(&st)) {
		ctl_error("import: cannot become the owner of %s: %s", path,
		    strerror(errno));
		source_close(s);
		return CTL_NOT_DONE;
	}
	return 0;
}

static void
source_forget_names(struct source *s)
{
	for (size_t i = 0; i < s->n_names; i++)
		free(s->names[i].name);
	s->n_names = 0;
}

void
source_close(struct source *s)
{
	source_forget_names(s);
	free(s->names);
	for (size_t i = 0; i < s->n_folders; i++)
		free(s->folders[i]);
	free(s->folders);
	if (s->fd != -1)
		close(s->fd);
	*s = (struct source){ .fd = -1 };
}

/* --- folders -------------------------------------------------------------------------- */

static void
source_add_folder(struct source *s, char *path)
{
	if (s->n_folders >= SOURCE_FOLDERS_MAX ||
	    strlen(path) > IMPORT_FOLDER_MAX) {
		ctl_error("import: %s: too many folders, or too long a path; "
		    "left out", path);
		free(path);
		return;
	}
	if (s->n_folders == s->folders_cap) {
		s->folders_cap = s->folders_cap == 0 ? 64 : s->folders_cap * 2;
		s->folders = xreallocarray(s->folders, s->folders_cap,
		    sizeof(*s->folders));
	}
	s->folders[s->n_folders++] = path;
}

static int
source_compare_folder(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* How many names cur/ and new/ have. */
static uint64_t
source_count(const struct source *s, const char *folder)
{
	static const char *const places[] = { "cur", "new" };
	uint64_t n = 0;

	for (int i = 0; i < 2; i++) {
		char *path = xasprintf("%s%s%s", folder,
		    *folder == '\0' ? "" : "/", places[i]);
		DIR *d = source_folder(s, path);

		while (d != NULL && (errno = 0, readdir(d)) != NULL)
			n++;
		n -= d != NULL && n >= 2 ? 2 : 0; /* "." and ".." */
		if (d != NULL)
			closedir(d);
		free(path);
	}
	return n;
}

static bool
source_is_maildir(const struct source *s, const char *folder)
{
	char *path = xasprintf("%s%scur", folder, *folder == '\0' ? "" : "/");
	struct stat st;
	bool is = fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);

	free(path);
	return is;
}

static bool
source_scan_maildir(struct source *s)
{
	DIR *d = source_folder(s, "");
	const struct dirent *e;

	if (d == NULL || !source_is_maildir(s, "")) {
		ctl_error("import: not a Maildir: %s", d == NULL ?
		    strerror(errno) : "it has no folder cur");
		if (d != NULL)
			closedir(d);
		return false;
	}
	source_add_folder(s, xstrdup(""));
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] == '.' && e->d_name[1] != '\0' &&
		    strcmp(e->d_name, "..") != 0 &&
		    source_is_maildir(s, e->d_name))
			source_add_folder(s, xstrdup(e->d_name));
	closedir(d);
	qsort(s->folders, s->n_folders, sizeof(*s->folders),
	    source_compare_folder);
	for (size_t i = 0; i < s->n_folders; i++)
		s->total += source_count(s, s->folders[i]);
	return true;
}

static bool
source_is_lock(const char *name)
{
	size_t n = strlen(name);

	return n >= 5 && strcmp(name + n - 5, ".lock") == 0;
}

static void
source_scan_mboxes(struct source *s, const char *folder, unsigned depth)
{
	DIR *d = depth < SOURCE_DEPTH ? source_folder(s, folder) : NULL;
	const struct dirent *e;
	struct stat st;

	if (d == NULL) {
		ctl_error("import: %s: cannot be read, left out",
		    *folder == '\0' ? "." : folder);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		char *path;

		if (e->d_name[0] == '.' || source_is_lock(e->d_name) ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		path = xasprintf("%s%s%s", folder, *folder == '\0' ? "" : "/",
		    e->d_name);
		if (S_ISDIR(st.st_mode))
			source_scan_mboxes(s, path, depth + 1);
		if (S_ISREG(st.st_mode)) {
			source_add_folder(s, path);
			s->total += (uint64_t)st.st_size;
		} else {
			free(path);
		}
	}
	closedir(d);
}

bool
source_scan(struct source *s)
{
	struct stat st;

	if (!s->mbox)
		return source_scan_maildir(s);
	if (s->single) {
		source_add_folder(s, xstrdup(""));
		if (fstat(s->fd, &st) == 0)
			s->total = (uint64_t)st.st_size;
		return true;
	}
	source_scan_mboxes(s, "", 0);
	if (s->n_folders > 0)
		qsort(s->folders, s->n_folders, sizeof(*s->folders),
		    source_compare_folder);
	return true;
}

/* --- names ---------------------------------------------------------------------------- */

static int
source_compare_name(const void *a, const void *b)
{
	const struct source_name *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
source_add_name(struct source *s, const char *name, unsigned char place)
{
	if (s->n_names == s->names_cap) {
		s->names_cap = s->names_cap == 0 ? 256 : s->names_cap * 2;
		s->names = xreallocarray(s->names, s->names_cap,
		    sizeof(*s->names));
	}
	s->names[s->n_names++] = (struct source_name){ xstrdup(name), place };
}

bool
source_list(struct source *s, const char *folder)
{
	static const char *const places[] = { "cur", "new" };
	bool good = true;

	source_forget_names(s);
	for (unsigned char i = IMPORT_CUR; i <= IMPORT_NEW; i++) {
		char *path = xasprintf("%s%s%s", folder,
		    *folder == '\0' ? "" : "/", places[i]);
		DIR *d = source_folder(s, path);
		const struct dirent *e;

		free(path);
		good = good && d != NULL;
		/* further ones are left to the worker to complain of */
		while (d != NULL && s->n_names <= SOURCE_NAMES_MAX &&
		    (e = readdir(d)) != NULL)
			if (e->d_name[0] != '.')
				source_add_name(s, e->d_name, i);
		if (d != NULL)
			closedir(d);
	}
	if (s->n_names > 0)
		qsort(s->names, s->n_names, sizeof(*s->names),
		    source_compare_name);
	return good;
}
