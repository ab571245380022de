/* SPDX-License-Identifier: ISC */
#include "auth/passwd_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/log.h"
#include "common/user.h"
#include "common/xalloc.h"

#define PASSWD_FILE_CHECK_MS 1000
#define PASSWD_FILE_FIELDS 8
#define PASSWD_FILE_VERIFIER_MAX 1024

/* One reading of the file. */
struct passwd_table {
	char *text;                   /* own; sodium_malloc; NULL: empty */
	struct arena names;           /* normalized user names */
	struct passwd_entry *entries; /* own */
	size_t n, cap;
	uint32_t *slots;  /* own; open addressing; 1 + index, 0: free */
	size_t n_slots;   /* a power of two, at least twice n; 0: empty */
	uint32_t *decoys; /* own; indices of entries with a verifier */
	size_t n_decoys;
};

struct passwd_file {
	char *path;           /* own */
	char *default_domain; /* own */
	unsigned char key[crypto_shorthash_KEYBYTES];
	struct passwd_table table;
	struct stat seen;     /* of the file the table came from */
	bool young;           /* read while its times might not tell a change */
	int last_errno;       /* of the last try; 0: it worked */
	uint64_t next_check;
	uint64_t generation;  /* counts readings */
};

static uint64_t
passwd_file_hash(const struct passwd_file *f, const char *user)
{
	unsigned char hash[crypto_shorthash_BYTES];
	uint64_t h;

	crypto_shorthash(hash, (const unsigned char *)user, strlen(user),
	    f->key);
	memcpy(&h, hash, sizeof(h));
	return h;
}

static void
passwd_table_clear(struct passwd_table *t)
{
	sodium_free(t->text); /* wipes */
	arena_clear(&t->names);
	free(t->entries);
	free(t->slots);
	free(t->decoys);
	*t = (struct passwd_table){ 0 };
}

static size_t
passwd_table_slot(const struct passwd_file *f, const struct passwd_table *t,
    const char *user)
{
	size_t i = passwd_file_hash(f, user) & (t->n_slots - 1);

	while (t->slots[i] != 0 &&
	    strcmp(t->entries[t->slots[i] - 1].user, user) != 0)
		i = (i + 1) & (t->n_slots - 1);
	return i;
}

/* An extra field that takes the right to log in away, or makes it depend on
 * something not known here. */
static bool
passwd_file_restricts(char *extra)
{
	static const char *const words[] = { "nologin", "nopassword",
		"allow_nets", "allow_real_nets" };
	char *save = NULL;

	for (char *w = strtok_r(extra, " \t", &save); w != NULL;
	     w = strtok_r(NULL, " \t", &save))
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strncmp(w, words[i], strlen(words[i])) == 0)
				return true;
	return false;
}

/* Makes an entry of one line (cut into fields in place); NULL or what is wrong
 * with it. */
static const char *
passwd_file_line(const struct passwd_file *f, struct passwd_table *t,
    char *line, unsigned number)
{
	char *field[PASSWD_FILE_FIELDS] = { line }, user[USER_MAX + 1];
	struct passwd_entry *e;
	unsigned n = 1;

	while (n < PASSWD_FILE_FIELDS && (line = strchr(line, ':')) != NULL) {
		*line++ = '\0';
		field[n++] = line;
	}
	if (n < 2)
		return "no password field";
	if (strlen(field[1]) > PASSWD_FILE_VERIFIER_MAX)
		return "its password field is too long";
	if (!user_normalize(field[0], f->default_domain, user))
		return "not a user name";
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->entries = xreallocarray(t->entries, t->cap,
		    sizeof(*t->entries));
	}
	e = &t->entries[t->n++];
	e->user = arena_strdup(&t->names, user);
	e->verifier = strchr("!*", field[1][0]) != NULL ? NULL : field[1];
	if (n > 7 && e->verifier != NULL && passwd_file_restricts(field[7])) {
		log_warn("passwd-file: restricted user may not log in: %s:%u: "
			 "%s", f->path, number, user);
		e->verifier = NULL;
	}
	return NULL;
}

static void
passwd_file_lines(const struct passwd_file *f, struct passwd_table *t,
    size_t len)
{
	unsigned number = 1;

	for (char *p = t->text, *end; p < t->text + len;
	     p = end + 1, number++) {
		const char *wrong = NULL;
		size_t text_len;

		end = memchr(p, '\n', (size_t)(t->text + len - p));
		if (end == NULL)
			end = t->text + len;
		text_len = (size_t)(end - p);
		if (text_len > 0 && end[-1] == '\r')
			text_len--;
		if (memchr(p, '\0', text_len) != NULL)
			wrong = "a NUL byte";
		p[text_len] = '\0';
		if (wrong == NULL && p[0] != '\0' && p[0] != '#')
			wrong = passwd_file_line(f, t, p, number);
		if (wrong != NULL)
			log_warn("passwd-file: line left out: %s:%u: %s",
			    f->path, number, wrong);
	}
}

static void
passwd_file_index(const struct passwd_file *f, struct passwd_table *t)
{
	t->n_slots = 16;
	while (t->n_slots < t->n * 2)
		t->n_slots *= 2;
	t->slots = xcalloc(t->n_slots, sizeof(*t->slots));
	t->decoys = xcalloc(t->n, sizeof(*t->decoys));
	for (uint32_t i = 0; i < t->n; i++) {
		size_t slot = passwd_table_slot(f, t, t->entries[i].user);

		if (t->slots[slot] != 0) {
			log_warn("passwd-file: second line of a user left out: "
				 "%s: %s", f->path, t->entries[i].user);
			continue;
		}
		t->slots[slot] = i + 1;
		if (t->entries[i].verifier != NULL)
			t->decoys[t->n_decoys++] = i;
	}
}

/* Reads all of fd into guarded memory; the length, or -1 with errno. */
static ssize_t
passwd_file_read(int fd, struct passwd_table *t, struct stat *st_r)
{
	size_t len = 0, size;
	ssize_t n;

	if (fstat(fd, st_r) != 0)
		return -1;
	if (!S_ISREG(st_r->st_mode) || st_r->st_size > PASSWD_FILE_MAX) {
		errno = S_ISREG(st_r->st_mode) ? EFBIG : EINVAL;
		return -1;
	}
	size = (size_t)st_r->st_size;
	t->text = sodium_malloc(size + 1);
	if (t->text == NULL)
		return -1;
	while (len < size) {
		n = read(fd, t->text + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static bool
passwd_file_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* ctime too: mtime can be set back. */
static bool
passwd_file_same(const struct stat *a, const struct stat *b)
{
	return passwd_file_same_time(&a->st_mtim, &b->st_mtim) &&
	    passwd_file_same_time(&a->st_ctim, &b->st_ctim) &&
	    a->st_size == b->st_size && a->st_ino == b->st_ino &&
	    a->st_dev == b->st_dev;
}

/* The clock of a file system may stand still for some milliseconds: what
 * changes in the moment after it was read leaves the same times. Not said of
 * the same file twice, as the clock of a file server may be ahead. */
static bool
passwd_file_is_young(const struct passwd_file *f, const struct stat *st)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return st->st_ctim.tv_sec + 1 >= now.tv_sec &&
	    !passwd_file_same(st, &f->seen);
}

/* Reads the file anew; keeps the old table where that fails. */
static int
passwd_file_load(struct passwd_file *f)
{
	struct passwd_table fresh = { 0 };
	struct stat st;
	ssize_t len;
	int fd, saved;

	fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -1;
	arena_init(&fresh.names);
	len = passwd_file_read(fd, &fresh, &st);
	saved = errno;
	close(fd);
	if (len < 0) {
		passwd_table_clear(&fresh);
		errno = saved;
		return -1;
	}
	passwd_file_lines(f, &fresh, (size_t)len);
	passwd_file_index(f, &fresh);
	sodium_mprotect_readonly(fresh.text);
	passwd_table_clear(&f->table);
	f->table = fresh;
	f->generation++;
	f->young = passwd_file_is_young(f, &st);
	f->seen = st;
	log_info("passwd-file: read: %s: %zu users", f->path, f->table.n);
	return 0;
}

static void
passwd_file_try(struct passwd_file *f)
{
	int failed = passwd_file_load(f) != 0 ? errno : 0;

	if (failed != 0 && failed != f->last_errno)
		log_error("passwd-file: cannot read, %s: %s: %m",
		    f->table.n > 0 ? "last content stays" : "no users",
		    f->path);
	f->last_errno = failed;
}

static bool
passwd_file_changed(const struct passwd_file *f)
{
	struct stat st;

	if (f->last_errno != 0 || f->young || stat(f->path, &st) != 0)
		return true;
	return !passwd_file_same(&st, &f->seen);
}

struct passwd_file *
passwd_file_new(const char *path, const char *default_domain, uint64_t now_ms)
{
	struct passwd_file *f = xmalloc(sizeof(*f));

	f->path = xstrdup(path);
	f->default_domain = xstrdup(default_domain);
	crypto_shorthash_keygen(f->key);
	arena_init(&f->table.names);
	passwd_file_try(f);
	f->next_check = now_ms + PASSWD_FILE_CHECK_MS;
	return f;
}

void
passwd_file_free(struct passwd_file **f)
{
	if (*f == NULL)
		return;
	passwd_table_clear(&(*f)->table);
	free((*f)->path);
	free((*f)->default_domain);
	free(*f);
	*f = NULL;
}

static void
passwd_file_refresh(struct passwd_file *f, uint64_t now_ms)
{
	if (now_ms < f->next_check)
		return;
	f->next_check = now_ms + PASSWD_FILE_CHECK_MS;
	if (passwd_file_changed(f))
		passwd_file_try(f);
}

const struct passwd_entry *
passwd_file_find(struct passwd_file *f, const char *user, uint64_t now_ms)
{
	uint32_t i;

	passwd_file_refresh(f, now_ms);
	if (f->table.n == 0)
		return NULL;
	i = f->table.slots[passwd_table_slot(f, &f->table, user)];
	return i != 0 ? &f->table.entries[i - 1] : NULL;
}

const char *
passwd_file_decoy(const struct passwd_file *f, const char *user)
{
	const struct passwd_table *t = &f->table;

	if (t->n_decoys == 0)
		return NULL;
	return t->entries[t->decoys[passwd_file_hash(f, user) % t->n_decoys]]
	    .verifier;
}

size_t
passwd_file_count(const struct passwd_file *f)
{
	return f->table.n;
}

bool
passwd_file_list(struct passwd_file *f, uint64_t *generation, uint64_t *from,
    struct buf *names, uint64_t now_ms)
{
	const struct passwd_table *t = &f->table;

	passwd_file_refresh(f, now_ms);
	if (*generation != 0 && *generation != f->generation)
		return false;
	*generation = f->generation;
	for (; *from < t->n; (*from)++) {
		const char *user = t->entries[*from].user;

		/* a second line of a user is no user */
		if (t->slots[passwd_table_slot(f, t, user)] != *from + 1)
			continue;
		if (strlen(user) + 1 > names->max - names->len)
			return true;
		buf_put(names, user, strlen(user) + 1);
	}
	*from = 0;
	return true;
}
