/* SPDX-License-Identifier: ISC
 *
 * What the lock file says of the starts before this one, and of the index.
 *
 *   pid N          the store is, or was, in use
 *   opening N      recovery runs, or ended without a fault of its own: a kill, a
 *                  power cut, a full disk. Before it N in a row crashed in it
 *   crashed N      it crashed, or met damage: that makes N
 *   suspect        damage was met while the index was in use: the next start
 *                  reads all of it. It stays so behind the two above
 *
 * Only what recovery does itself is held against the index: two crashes in a row
 * and it is set aside, so a start must never be counted that was killed.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/crash.h"
#include "common/log.h"
#include "store/io.h"
#include "store/store_private.h"

#define DEATHS_MAX 9 /* one digit: both texts have the same length */

/* Of the store that is being opened: a process opens one at a time. */
static struct {
	int fd;
	char text[64];
	int len;
} deaths_last_word;

static void
deaths_write(struct store *st, const char *text, int len)
{
	if (store_io_pwrite(STORE_IO_LOCK_WRITE, st->lock_fd, text,
	    (size_t)len, 0) != len ||
	    store_io_truncate(STORE_IO_LOCK_CUT, st->lock_fd, len) != 0)
		log_warn("store: write: %s/lock: %m", st->home);
}

static int
deaths_text(char *text, size_t size, const char *word, unsigned n, bool suspect)
{
	return snprintf(text, size, "%s %u%s\n", word,
	    n < DEATHS_MAX ? n : DEATHS_MAX, suspect ? " suspect" : "");
}

static void
deaths_crashed(void *ctx)
{
	(void)ctx;
	(void)store_io_pwrite(STORE_IO_LOCK_WRITE, deaths_last_word.fd,
	    deaths_last_word.text, (size_t)deaths_last_word.len, 0);
}

static void
deaths_open(struct store *st, unsigned died, bool suspect)
{
	char text[64];

	deaths_write(st, text,
	    deaths_text(text, sizeof(text), "opening", died, suspect));
	crash_forget();
	deaths_last_word.fd = st->lock_fd;
	deaths_last_word.len = deaths_text(deaths_last_word.text,
	    sizeof(deaths_last_word.text), "crashed", died + 1, suspect);
	crash_notify(deaths_crashed, NULL);
}

void
store_deaths_enter(struct store *st, unsigned *died_r, bool *suspect_r)
{
	char text[64];
	ssize_t n = store_io_pread(STORE_IO_LOCK_READ, st->lock_fd, text,
	    sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	*died_r = 0;
	if (sscanf(text, "opening %u", died_r) != 1)
		sscanf(text, "crashed %u", died_r);
	*suspect_r = strstr(text, "suspect") != NULL;
	deaths_open(st, *died_r, *suspect_r);
}

void
store_deaths_forgive(struct store *st)
{
	deaths_open(st, 0, false);
}

void
store_deaths_leave(struct store *st, bool damage)
{
	char text[64];

	crash_forget();
	if (damage)
		deaths_write(st, deaths_last_word.text, deaths_last_word.len);
	else
		deaths_write(st, text, snprintf(text, sizeof(text), "pid %ld\n",
		    (long)getpid()));
}

void
store_deaths_suspect(struct store *st)
{
	deaths_write(st, "suspect\n", 8);
}
