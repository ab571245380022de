/* SPDX-License-Identifier: ISC */
#include "auth/uid_table.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/log.h"
#include "common/user.h"
#include "common/xalloc.h"

#define UID_TABLE_LINE (USER_MAX + 16)

struct uid_row {
	const char *user; /* borrowed from names */
	uid_t uid;
};

struct uid_table {
	char *path; /* own */
	int fd;     /* own; O_APPEND */
	off_t size; /* of the file's good part */
	bool broken; /* a write or sync failed: no new uids */
	bool warned; /* said that the range is used up */
	uid_t first, last, next;
	struct arena names;
	struct uid_row *rows; /* own */
	size_t n, cap;
	uint32_t *slots; /* own; open addressing; 1 + index, 0: free */
	size_t n_slots;  /* a power of two, at least twice n */
	unsigned char key[crypto_shorthash_KEYBYTES];
};

static size_t
uid_table_slot(const struct uid_table *t, const char *user)
{
	unsigned char hash[crypto_shorthash_BYTES];
	uint64_t h;
	size_t i;

	crypto_shorthash(hash, (const unsigned char *)user, strlen(user),
	    t->key);
	memcpy(&h, hash, sizeof(h));
	i = h & (t->n_slots - 1);
	while (t->slots[i] != 0 &&
	    strcmp(t->rows[t->slots[i] - 1].user, user) != 0)
		i = (i + 1) & (t->n_slots - 1);
	return i;
}

static void
uid_table_grow(struct uid_table *t)
{
	t->cap = t->cap ? t->cap * 2 : 64;
	t->rows = xreallocarray(t->rows, t->cap, sizeof(*t->rows));
	free(t->slots);
	t->n_slots = t->cap * 2;
	t->slots = xcalloc(t->n_slots, sizeof(*t->slots));
	for (uint32_t i = 0; i < t->n; i++)
		t->slots[uid_table_slot(t, t->rows[i].user)] = i + 1;
}

/* False: the user is there already. */
static bool
uid_table_add(struct uid_table *t, const char *user, uid_t uid)
{
	size_t slot;

	if (t->n == t->cap)
		uid_table_grow(t);
	slot = uid_table_slot(t, user);
	if (t->slots[slot] != 0)
		return false;
	t->rows[t->n].user = arena_strdup(&t->names, user);
	t->rows[t->n].uid = uid;
	t->slots[slot] = (uint32_t)++t->n;
	if (uid >= t->next)
		t->next = uid + 1;
	return true;
}

/* One whole line, its newline made a NUL; NULL or what is wrong. */
static const char *
uid_table_line(struct uid_table *t, const char *line, size_t len)
{
	char user[USER_MAX + 1], *end;
	unsigned long uid;

	if (strlen(line) != len)
		return "it has a NUL byte";
	if (line[0] < '0' || line[0] > '9')
		return "it does not start with a uid";
	errno = 0;
	uid = strtoul(line, &end, 10);
	if (errno != 0 || uid == 0 || uid >= UINT32_MAX || *end != ' ')
		return "it does not start with a uid";
	if (!user_normalize(end + 1, "", user) || strcmp(user, end + 1) != 0)
		return "it has no user name";
	if (!uid_table_add(t, user, (uid_t)uid))
		return "its user has a line already";
	return NULL;
}

static int
uid_table_compare(const void *a, const void *b)
{
	uid_t x = *(const uid_t *)a, y = *(const uid_t *)b;

	return x < y ? -1 : x > y;
}

static bool
uid_table_has_twins(const struct uid_table *t, uid_t *uid_r)
{
	uid_t *all = xcalloc(t->n, sizeof(*all));
	bool found = false;

	for (size_t i = 0; i < t->n; i++)
		all[i] = t->rows[i].uid;
	qsort(all, t->n, sizeof(*all), uid_table_compare);
	for (size_t i = 1; i < t->n && !found; i++)
		if (all[i] == all[i - 1]) {
			*uid_r = all[i];
			found = true;
		}
	free(all);
	return found;
}

/* Each good line is a row, and there are no others. */
static int
uid_table_parse(struct uid_table *t, char *text, size_t len, char **error_r)
{
	size_t number = t->n + 1;
	const off_t start = t->size;
	uid_t twin;
	char *end;

	for (char *p = text; (end = memchr(p, '\n',
	    (size_t)(text + len - p))) != NULL; p = end + 1, number++) {
		const char *wrong;

		*end = '\0';
		wrong = uid_table_line(t, p, (size_t)(end - p));
		if (wrong != NULL) {
			*error_r = xasprintf("%s:%zu is damaged (%s): repair "
			    "it by hand, no uid may be given twice",
			    t->path, number, wrong);
			return -1;
		}
		t->size = start + (end + 1 - text);
	}
	if (uid_table_has_twins(t, &twin)) {
		*error_r = xasprintf("%s: two users have uid %u", t->path,
		    (unsigned)twin);
		return -1;
	}
	return 0;
}

/* Takes over the lines that were not there before, then cuts a torn last one
 * off. The file is locked, so nobody is writing that one. */
static int
uid_table_load(struct uid_table *t, char **error_r)
{
	struct stat st;
	char *text;
	ssize_t n;
	size_t more;
	int rc = -1;

	if (fstat(t->fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size < t->size) {
		*error_r = xasprintf("%s: not a file, or not the one it was",
		    t->path);
		return -1;
	}
	if (st.st_size == t->size)
		return 0;
	more = (size_t)(st.st_size - t->size);
	text = xmalloc(more + 1);
	n = pread(t->fd, text, more, t->size);
	if (n != (ssize_t)more)
		*error_r = xasprintf("%s: cannot read: %s", t->path,
		    n < 0 ? strerror(errno) : "short");
	else
		rc = uid_table_parse(t, text, (size_t)n, error_r);
	free(text);
	if (rc != 0 || t->size == st.st_size)
		return rc;
	log_warn("uid-table: torn last line cut off: %s: %lld bytes", t->path,
	    (long long)(st.st_size - t->size));
	if (ftruncate(t->fd, t->size) != 0 || fdatasync(t->fd) != 0) {
		*error_r = xasprintf("%s: cannot cut off its torn last line: "
		    "%s", t->path, strerror(errno));
		return -1;
	}
	return 0;
}

static int
uid_table_lock(struct uid_table *t, char **error_r)
{
	while (flock(t->fd, LOCK_EX) != 0)
		if (errno != EINTR) {
			*error_r = xasprintf("%s: cannot lock: %s", t->path,
			    strerror(errno));
			return -1;
		}
	return 0;
}

/* A new file is there for good only when its folder is synced too. */
static int
uid_table_sync_folder(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		close(fd);
	free(copy);
	return rc;
}

struct uid_table *
uid_table_open(const char *path, uid_t first, uid_t last, uid_t owner,
    gid_t group, char **error_r)
{
	struct uid_table *t = xmalloc(sizeof(*t));

	t->path = xstrdup(path);
	t->first = t->next = first;
	t->last = last;
	arena_init(&t->names);
	crypto_shorthash_keygen(t->key);
	uid_table_grow(t);
	t->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (t->fd < 0 || (geteuid() == 0 && fchown(t->fd, owner, group) != 0)) {
		*error_r = xasprintf("%s: cannot open: %s", path,
		    strerror(errno));
		goto err;
	}
	if (uid_table_sync_folder(path) != 0) {
		*error_r = xasprintf("%s: cannot sync its folder: %s", path,
		    strerror(errno));
		goto err;
	}
	if (uid_table_lock(t, error_r) != 0 || uid_table_load(t, error_r) != 0)
		goto err;
	flock(t->fd, LOCK_UN);
	return t;
err:
	uid_table_free(&t);
	return NULL;
}

void
uid_table_free(struct uid_table **t)
{
	if (*t == NULL)
		return;
	if ((*t)->fd >= 0)
		close((*t)->fd);
	arena_clear(&(*t)->names);
	free((*t)->rows);
	free((*t)->slots);
	free((*t)->path);
	free(*t);
	*t = NULL;
}

int
uid_table_fd(const struct uid_table *t)
{
	return t->fd;
}

/* Appends and syncs one line. What a failed write left is cut off; after a
 * failed sync nothing is known of the file, so no further uid is given. */
static int
uid_table_append(struct uid_table *t, const char *user, uid_t uid)
{
	char line[UID_TABLE_LINE];
	int len = snprintf(line, sizeof(line), "%u %s\n", (unsigned)uid, user);

	if (write(t->fd, line, (size_t)len) != len) {
		log_error("uid-table: cannot write: %s: %m", t->path);
		if (ftruncate(t->fd, t->size) != 0)
			t->broken = true;
		return -1;
	}
	if (fdatasync(t->fd) != 0) {
		log_error("uid-table: cannot sync, no new uids until restart: "
			  "%s: %m", t->path);
		t->broken = true;
		return -1;
	}
	t->size += len;
	return 0;
}

static bool
uid_table_find(const struct uid_table *t, const char *user, uid_t *uid_r)
{
	uint32_t i = t->slots[uid_table_slot(t, user)];

	if (i != 0)
		*uid_r = t->rows[i - 1].uid;
	return i != 0;
}

/* The next uid, unless another process gave the user one; locked. */
static int
uid_table_give(struct uid_table *t, const char *user, uid_t *uid_r)
{
	if (uid_table_find(t, user, uid_r))
		return 0;
	if (t->next > t->last) {
		if (!t->warned)
			log_error("uid-table: no uid left: %u to %u: %s",
			    (unsigned)t->first, (unsigned)t->last, user);
		t->warned = true;
		return -1;
	}
	*uid_r = t->next;
	if (uid_table_append(t, user, *uid_r) != 0)
		return -1;
	uid_table_add(t, user, *uid_r);
	return 0;
}

const char *
uid_table_user(const struct uid_table *t, uint64_t i)
{
	return i < t->n ? t->rows[i].user : NULL;
}

int
uid_table_get(struct uid_table *t, const char *user, uid_t *uid_r)
{
	char *error = NULL;
	int rc = -1;

	if (uid_table_find(t, user, uid_r))
		return 0;
	if (t->broken)
		return -1;
	if (uid_table_lock(t, &error) != 0 || uid_table_load(t, &error) != 0) {
		log_error("uid-table: no new uids until restart: %s", error);
		t->broken = true;
		free(error);
	} else {
		rc = uid_table_give(t, user, uid_r);
	}
	flock(t->fd, LOCK_UN);
	return rc;
}
