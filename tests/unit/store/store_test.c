/* SPDX-License-Identifier: ISC
 *
 * See store_test.h.
 */
#include "store_test.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
test_derive(const unsigned char *msg, size_t len, struct arena *a,
    struct store_derived *d)
{
	/* the first byte scales the texts, so that some need parts */
	size_t n = len == 0 ? 1 : 10 + (size_t)msg[0] * 20;
	char *text = arena_alloc(a, n);

	memset(text, 'e', n);
	d->envelope = text;
	d->envelope_len = n;
	d->structure = arena_strdup(a, "(\"TEXT\" \"PLAIN\")");
	d->structure_len = strlen(d->structure);
	d->header_len = len < 10 ? (uint32_t)len : 10;
	d->sent_day = 20000;
	d->n_thread_ids = 1;
	d->thread_ids[0] = len == 0 ? 7 : msg[0];
}

static int
test_remove_one(const char *path, const struct stat *sb, int kind,
    struct FTW *f)
{
	(void)sb;
	(void)kind;
	(void)f;
	return remove(path);
}

void
store_test_remove(const char *path)
{
	nftw(path, test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
store_test_open(struct store_test *t)
{
	assert_int_equal(store_open(t->home, &t->o, &t->st), STORE_OK);
}

void
store_test_start(struct store_test *t)
{
	static const struct store_default_mailbox defaults[] = {
		{ "Sent", STORE_USE_SENT, true },
		{ "Trash", STORE_USE_TRASH, true },
		{ NULL, 0, false },
	};
	const char *tmp = getenv("TMPDIR");

	memset(t, 0, sizeof(*t));
	snprintf(t->home, sizeof(t->home), "%s/postern.XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(t->home));
	t->o.derive = test_derive;
	t->o.defaults = defaults;
	store_test_open(t);
}

void
store_test_end(struct store_test *t)
{
	store_close(&t->st);
	store_test_remove(t->home);
}

void
store_test_reopen(struct store_test *t)
{
	store_close(&t->st);
	store_test_open(t);
}

static void
test_report(void *ctx, const char *text)
{
	(void)ctx;
	print_message("# check: %s\n", text);
}

void
store_test_check(struct store_test *t)
{
	assert_int_equal(store_check(t->st, test_report, NULL), 0);
}

void
store_test_crash(struct store_test *t, void (*fn)(struct store_test *t))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (store_open(t->home, &t->o, &t->st) != STORE_OK)
			_exit(9);
		fn(t);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
}

void
store_test_message(unsigned char *p, size_t size, unsigned i)
{
	for (size_t k = 0; k < size; k++)
		p[k] = (unsigned char)(i * 7 + k * 13);
}

uint32_t
store_test_append(struct store *st, const char *mailbox, unsigned n,
    size_t size, uint64_t flags)
{
	unsigned char *p = malloc(size + 1);
	struct store_append *ap;
	uint32_t validity, first = 0;

	assert_int_equal(store_append_begin(st, mailbox, &ap), STORE_OK);
	for (unsigned i = 0; i < n; i++) {
		struct store_new_message msg = {
			.data = p,
			.len = size,
			.system_flags = flags,
			.internaldate = 1700000000 + i,
			.zone = 60,
		};

		store_test_message(p, size, i);
		assert_int_equal(store_append_add(ap, &msg), STORE_OK);
	}
	assert_int_equal(store_append_commit(&ap, &validity, &first), STORE_OK);
	assert_null(ap);
	free(p);
	return first;
}

struct store_mbox *
store_test_mbox(struct store_test *t, const char *name)
{
	struct store_mbox *m;

	assert_int_equal(store_mbox_open(t->st, name, &m), STORE_OK);
	assert_int_equal(store_mbox_load(m), STORE_OK);
	return m;
}

roaring_bitmap_t *
store_test_range(uint32_t first, uint32_t last)
{
	roaring_bitmap_t *b = roaring_bitmap_create();

	roaring_bitmap_add_range_closed(b, first, last);
	return b;
}
