/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/passwd_file.h"
#include "common/buf.h"
#include "common/log.h"

#define M(s) s, sizeof(s) - 1

static char dir[] = "/tmp/postern-test-XXXXXX";
static char path[64], other[64];

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/passwd", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	return rmdir(dir);
}

static void
write_file(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* NULL: not there; "": there, but may not log in. */
static const char *
verifier(struct passwd_file *f, const char *user, uint64_t now_ms)
{
	const struct passwd_entry *e = passwd_file_find(f, user, now_ms);

	if (e == NULL)
		return NULL;
	assert_string_equal(e->user, user);
	return e->verifier != NULL ? e->verifier : "";
}

static void
expect(struct passwd_file *f, const char *user, const char *want,
    uint64_t now_ms)
{
	const char *got = verifier(f, user, now_ms);

	if (want == NULL)
		assert_null(got);
	else if (got == NULL || strcmp(got, want) != 0)
		fail_msg("%s: %s, not %s", user, got != NULL ? got : "nobody",
		    want);
}

static void
test_lines(void **state)
{
	static const char text[] =
	    "# a comment: not a user\n"
	    "\n"
	    "alice:{PLAIN}a\n"
	    "bob:{PLAIN}b:1000:1000:Bob:/home/bob:/bin/sh:quota=1 x\r\n"
	    "carol@Example.ORG:{PLAIN}c::::::\n"
	    "nofields\n"
	    ":{PLAIN}x\n"
	    "../etc:{PLAIN}x\n"
	    "..:{PLAIN}x\n"
	    "nul\0byte:{PLAIN}x\n"
	    "nul:{PLAIN}x\0y\n"
	    "end:{PLAIN}x\0\n"
	    "empty:\n"
	    "locked:!{PLAIN}x\n"
	    "star:*\n"
	    "no1:{PLAIN}x::::::nologin\n"
	    "no2:{PLAIN}x::::::a=b nologin=y\n"
	    "no3:{PLAIN}x::::::allow_nets=192.0.2.0/24\n"
	    "no4:{PLAIN}x::::::\tnopassword\n"
	    "yes:{PLAIN}y::::::allow=1\n"
	    "alice:{PLAIN}again\n"
	    " space:{PLAIN}s\n"
	    "#off:{PLAIN}x\n"
	    "last:{PLAIN}l";
	struct passwd_file *f;

	(void)state;
	write_file(path, M(text));
	f = passwd_file_new(path, "", 0);
	expect(f, "alice", "{PLAIN}a", 0);
	expect(f, "bob", "{PLAIN}b", 0);
	expect(f, "carol@example.org", "{PLAIN}c", 0);
	expect(f, "carol@Example.ORG", NULL, 0);
	expect(f, "nofields", NULL, 0);
	expect(f, "", NULL, 0);
	expect(f, "../etc", NULL, 0);
	expect(f, "..", NULL, 0);
	expect(f, "nul", NULL, 0);
	expect(f, "end", NULL, 0);
	expect(f, "byte", NULL, 0);
	expect(f, "empty", "", 0);
	expect(f, "locked", "", 0);
	expect(f, "star", "", 0);
	expect(f, "no1", "", 0);
	expect(f, "no2", "", 0);
	expect(f, "no3", "", 0);
	expect(f, "no4", "", 0);
	expect(f, "yes", "{PLAIN}y", 0);
	expect(f, " space", "{PLAIN}s", 0);
	expect(f, "space", NULL, 0);
	expect(f, "off", NULL, 0);
	expect(f, "#off", NULL, 0);
	expect(f, "last", "{PLAIN}l", 0);
	expect(f, "Alice", NULL, 0);
	passwd_file_free(&f);
	assert_null(f);
	passwd_file_free(&f);
}

static void
test_default_domain(void **state)
{
	struct passwd_file *f;

	(void)state;
	write_file(path, M("alice:a\nbob@other.org:b\nalice@x.org:twin\n"));
	f = passwd_file_new(path, "x.org", 0);
	expect(f, "alice@x.org", "a", 0);
	expect(f, "bob@other.org", "b", 0);
	expect(f, "alice", NULL, 0);
	passwd_file_free(&f);
}

static void
test_overlong_password_field(void **state)
{
	char text[1100];
	struct passwd_file *f;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "a:", 2);
	memcpy(text + 2 + 1025, "\nb:z\n", 5);
	write_file(path, text, 2 + 1025 + 5);
	f = passwd_file_new(path, "", 0);
	expect(f, "a", NULL, 0);
	expect(f, "b", "z", 0);
	passwd_file_free(&f);
}

static void
test_is_read_anew(void **state)
{
	struct passwd_file *f;

	(void)state;
	write_file(path, M("alice:a\n"));
	f = passwd_file_new(path, "", 0);
	/* another size; looked at once a second */
	write_file(path, M("alice:a2\nbob:b\n"));
	expect(f, "alice", "a", 999);
	expect(f, "alice", "a2", 1000);
	expect(f, "bob", "b", 1000);
	assert_int_equal(passwd_file_count(f), 2);
	/* a file put in its place, all else the same */
	write_file(other, M("alice:a3\nbob:c\n"));
	assert_int_equal(rename(other, path), 0);
	expect(f, "alice", "a2", 1999);
	expect(f, "alice", "a3", 2000);
	expect(f, "bob", "c", 2000);
	/* nobody left */
	write_file(path, "", 0);
	expect(f, "alice", NULL, 3000);
	assert_int_equal(passwd_file_count(f), 0);
	assert_null(passwd_file_decoy(f, "alice"));
	passwd_file_free(&f);
}

/* Who keeps the time of the file, and its size, has changed it nevertheless. */
static void
test_an_old_time_hides_no_change(void **state)
{
	struct timespec times[2];
	struct passwd_file *f;
	struct stat st;

	(void)state;
	write_file(path, M("alice:a\n"));
	f = passwd_file_new(path, "", 0);
	assert_int_equal(stat(path, &st), 0);
	times[0] = times[1] = st.st_mtim;
	usleep(20000);
	write_file(path, M("alice:b\n"));
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	expect(f, "alice", "b", 1000);
	passwd_file_free(&f);
}

/* A second change within the resolution of the file's times is seen too. */
static void
test_changes_in_one_instant(void **state)
{
	struct passwd_file *f;
	char text[] = "alice:a\n";

	(void)state;
	for (int i = 0; i < 50; i++) {
		text[6] = 'a';
		write_file(path, text, 8);
		f = passwd_file_new(path, "", 0);
		text[6] = 'b';
		write_file(path, text, 8);
		expect(f, "alice", "b", 1000);
		passwd_file_free(&f);
	}
}

static void
test_keeps_the_last_good_content(void **state)
{
	struct passwd_file *f;

	(void)state;
	write_file(path, M("alice:a\n"));
	f = passwd_file_new(path, "", 0);
	assert_int_equal(unlink(path), 0);
	expect(f, "alice", "a", 1000);
	assert_int_equal(mkdir(path, 0700), 0);
	expect(f, "alice", "a", 2000);
	assert_int_equal(rmdir(path), 0);
	/* a fifo does not hold us up */
	assert_int_equal(mkfifo(path, 0600), 0);
	expect(f, "alice", "a", 3000);
	assert_int_equal(unlink(path), 0);
	write_file(path, M("alice:b\n"));
	expect(f, "alice", "b", 4000);
	passwd_file_free(&f);
	/* from the start */
	assert_int_equal(unlink(path), 0);
	f = passwd_file_new(path, "", 0);
	expect(f, "alice", NULL, 0);
	assert_null(passwd_file_decoy(f, "alice"));
	write_file(path, M("alice:c\n"));
	expect(f, "alice", "c", 1000);
	passwd_file_free(&f);
}

static void
test_decoys(void **state)
{
	const char *first;
	struct passwd_file *f;
	bool seen[2] = { false, false };
	char name[32];

	(void)state;
	write_file(path, M("a:!\nb:vb\nc:vc\nd:\nb:twin\n"));
	f = passwd_file_new(path, "", 0);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "nobody%d", i);
		first = passwd_file_decoy(f, name);
		assert_non_null(first);
		assert_true(strcmp(first, "vb") == 0 ||
		    strcmp(first, "vc") == 0);
		seen[first[1] == 'c'] = true;
		assert_ptr_equal(passwd_file_decoy(f, name), first);
	}
	assert_true(seen[0] && seen[1]);
	passwd_file_free(&f);
}

static void
test_many_users(void **state)
{
	const unsigned n = 20000;
	struct passwd_file *f;
	FILE *out = fopen(path, "w");
	char name[32], want[32];

	(void)state;
	assert_non_null(out);
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "user%u:v%u\n", i, i);
	fclose(out);
	f = passwd_file_new(path, "", 0);
	assert_int_equal(passwd_file_count(f), n);
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		snprintf(want, sizeof(want), "v%u", i);
		expect(f, name, want, 0);
	}
	expect(f, "user20000", NULL, 0);
	passwd_file_free(&f);
}

/* All names of one reading, in parts of so many bytes; how many parts. */
static unsigned
list_all(struct passwd_file *f, size_t part, struct buf *all)
{
	uint64_t generation = 0, from = 0;
	unsigned parts = 0;
	struct buf names;

	do {
		buf_init(&names, part);
		assert_true(passwd_file_list(f, &generation, &from, &names, 0));
		assert_false(names.overflow);
		buf_put(all, names.data, names.len);
		buf_clear(&names);
		parts++;
	} while (from != 0);
	return parts;
}

static void
test_list(void **state)
{
	uint64_t generation = 0, from = 0;
	struct buf all, names;
	struct passwd_file *f;

	(void)state;
	write_file(path, M("alice:x\n# no\nbob:!\nalice:again\nbroken\n"
	    "carol@Example.ORG:x\n"));
	f = passwd_file_new(path, "", 0);
	buf_init(&all, 1000);
	assert_int_equal(list_all(f, 1000, &all), 1);
	assert_int_equal(all.len, 28);
	assert_memory_equal(all.data, "alice\0bob\0carol@example.org", 28);
	buf_reset(&all);
	assert_int_equal(list_all(f, 18, &all), 2);
	assert_int_equal(all.len, 28);
	buf_clear(&all);
	/* another reading: what was begun cannot go on */
	buf_init(&names, 7);
	assert_true(passwd_file_list(f, &generation, &from, &names, 0));
	assert_true(from > 0);
	write_file(other, M("zoe:x\n"));
	assert_int_equal(rename(other, path), 0);
	assert_false(passwd_file_list(f, &generation, &from, &names, 5000));
	buf_reset(&names);
	generation = from = 0;
	assert_true(passwd_file_list(f, &generation, &from, &names, 5000));
	assert_memory_equal(names.data, "zoe", 4);
	assert_true(from == 0);
	/* a number behind the end, from whoever made it up */
	from = UINT64_MAX;
	assert_true(passwd_file_list(f, &generation, &from, &names, 5000));
	assert_true(from == 0);
	buf_clear(&names);
	passwd_file_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_default_domain),
		cmocka_unit_test(test_overlong_password_field),
		cmocka_unit_test(test_is_read_anew),
		cmocka_unit_test(test_an_old_time_hides_no_change),
		cmocka_unit_test(test_changes_in_one_instant),
		cmocka_unit_test(test_keeps_the_last_good_content),
		cmocka_unit_test(test_decoys),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_many_users),
	};

	log_init("test_passwd_file", LOG_LEVEL_ERROR);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
