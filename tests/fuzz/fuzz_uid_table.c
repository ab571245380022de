/* SPDX-License-Identifier: ISC
 *
 * The uid table: a file is refused with a reason and left as it is, or read.
 * Then every line's user keeps its uid, only a torn last line is gone, a new
 * user gets a uid nobody has, and after a restart all of it is the same, as it
 * is for a process that had the file open.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/uid_table.h"
#include "common/log.h"

#define FIRST 1000
#define LAST 4294967293u
#define NEWCOMER "a new user of the test"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static char folder[] = "/tmp/postern-fuzz-XXXXXX", path[64];

static void
clean_up(void)
{
	unlink(path);
	rmdir(folder);
}

static void
start(void)
{
	if (sodium_init() < 0 || mkdtemp(folder) == NULL)
		abort();
	log_init("fuzz", LOG_LEVEL_ERROR);
	snprintf(path, sizeof(path), "%s/uids", folder);
	atexit(clean_up);
}

static void
write_file(const unsigned char *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	close(fd);
}

static size_t
file_size(void)
{
	FILE *f = fopen(path, "r");
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		abort();
	fclose(f);
	return (size_t)size;
}

static struct uid_table *
open_table(void)
{
	char *error = NULL;
	struct uid_table *t = uid_table_open(path, FIRST, LAST, geteuid(),
	    getegid(), &error);

	if ((t == NULL) != (error != NULL))
		abort();
	free(error);
	return t;
}

/* Each line's user has the uid of its line, and not that of the newcomer. */
static void
check_lines(struct uid_table *t, const char *text, size_t len, uid_t newcomer)
{
	const char *end;
	uid_t uid;

	for (; (end = memchr(text, '\n', len)) != NULL;
	     len -= (size_t)(end + 1 - text), text = end + 1) {
		char *line = strndup(text, (size_t)(end - text)), *space;
		unsigned long want = strtoul(line, &space, 10);

		if (*space != ' ' || want == 0 || want == newcomer ||
		    uid_table_get(t, space + 1, &uid) != 0 || uid != want)
			abort();
		free(line);
	}
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	const char *text = (const char *)data;
	struct uid_table *t, *other;
	uid_t uid = 0, again;
	size_t whole = len;

	if (path[0] == '\0')
		start();
	write_file(data, len);
	t = open_table();
	if (t == NULL) {
		if (file_size() != len)
			abort();
		return 0;
	}
	while (whole > 0 && data[whole - 1] != '\n')
		whole--;
	if (file_size() != whole)
		abort();
	other = open_table();
	if (other == NULL)
		abort();
	if (memmem(text, whole, " " NEWCOMER "\n",
	    strlen(NEWCOMER) + 2) != NULL ||
	    uid_table_get(t, NEWCOMER, &uid) != 0)
		uid = 0;
	if (uid != 0 && (uid < FIRST || uid > LAST))
		abort();
	check_lines(t, text, len, uid);
	uid_table_free(&t);
	t = open_table();
	if (t == NULL)
		abort();
	check_lines(t, text, len, uid);
	if (uid != 0 && (uid_table_get(t, NEWCOMER, &again) != 0 ||
	    again != uid || uid_table_get(other, NEWCOMER, &again) != 0 ||
	    again != uid))
		abort();
	uid_table_free(&t);
	uid_table_free(&other);
	return 0;
}
