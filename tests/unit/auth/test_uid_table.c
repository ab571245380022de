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

#include "auth/uid_table.h"
#include "common/log.h"

#define M(s) s, sizeof(s) - 1

static char dir[] = "/tmp/postern-test-XXXXXX";
static char path[64];

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/uids", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static int
start_anew(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static void
write_file(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void
expect_file(const char *want)
{
	char got[1024];
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	fclose(f);
	assert_string_equal(got, want);
}

static struct uid_table *
table_open(uid_t first, uid_t last)
{
	char *error = NULL;
	struct uid_table *t;

	t = uid_table_open(path, first, last, getuid(), getgid(), &error);
	if (t == NULL)
		fail_msg("%s", error);
	return t;
}

static uid_t
get(struct uid_table *t, const char *user)
{
	uid_t uid = 0;

	return uid_table_get(t, user, &uid) == 0 ? uid : 0;
}

static void
test_gives_and_keeps(void **state)
{
	struct uid_table *t = table_open(70000, 70002);
	struct stat st;

	(void)state;
	assert_int_equal(get(t, "alice"), 70000);
	assert_int_equal(get(t, "bob@example.org"), 70001);
	assert_int_equal(get(t, "alice"), 70000);
	expect_file("70000 alice\n70001 bob@example.org\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	uid_table_free(&t);
	assert_null(t);
	uid_table_free(&t);
	t = table_open(70000, 70002);
	assert_int_equal(get(t, "bob@example.org"), 70001);
	assert_int_equal(get(t, "carol"), 70002);
	/* used up; who has one keeps it */
	assert_int_equal(get(t, "dave"), 0);
	assert_int_equal(get(t, "dave"), 0);
	assert_int_equal(get(t, "carol"), 70002);
	assert_string_equal(uid_table_user(t, 0), "alice");
	assert_string_equal(uid_table_user(t, 2), "carol");
	assert_null(uid_table_user(t, 3));
	assert_null(uid_table_user(t, UINT64_MAX));
	uid_table_free(&t);
	expect_file("70000 alice\n70001 bob@example.org\n70002 carol\n");
}

/* Gaps are numbers of somebody once, and a moved range starts above them. */
static void
test_never_gives_a_number_twice(void **state)
{
	struct uid_table *t;

	(void)state;
	write_file(M("70005 gone\n70001 alice\n"));
	t = table_open(70000, 70009);
	assert_int_equal(get(t, "bob"), 70006);
	assert_int_equal(get(t, "alice"), 70001);
	assert_int_equal(get(t, "gone"), 70005);
	uid_table_free(&t);
	t = table_open(60000, 70009);
	assert_int_equal(get(t, "carol"), 70007);
	uid_table_free(&t);
	t = table_open(80000, 80001);
	assert_int_equal(get(t, "dave"), 80000);
	assert_int_equal(get(t, "bob"), 70006);
	uid_table_free(&t);
	t = table_open(60000, 60009);
	assert_int_equal(get(t, "erin"), 0);
	assert_int_equal(get(t, "dave"), 80000);
	uid_table_free(&t);
}

static void
test_torn_last_line(void **state)
{
	static const char *const torn[] = { "7", "70001", "70001 ",
		"70001 bo", "70001 bob", "garbage" };
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(torn) / sizeof(torn[0]); i++) {
		struct uid_table *t;
		int n = snprintf(text, sizeof(text), "70000 alice\n%s",
		    torn[i]);

		write_file(text, (size_t)n);
		t = table_open(70000, 70009);
		expect_file("70000 alice\n");
		assert_int_equal(get(t, "bob"), 70001);
		uid_table_free(&t);
		expect_file("70000 alice\n70001 bob\n");
		t = table_open(70000, 70009);
		assert_int_equal(get(t, "bob"), 70001);
		uid_table_free(&t);
	}
}

static void
test_damage_stops_the_start(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *says;
	} cases[] = {
		{ M("x alice\n"), "uids:1 " },
		{ M("70000 a\n\n70001 b\n"), "uids:2 " },
		{ M("70000\n"), "uids:1 " },
		{ M("70000 \n"), "uids:1 " },
		{ M("0 root\n"), "uids:1 " },
		{ M("-1 a\n"), "uids:1 " },
		{ M(" 70000 a\n"), "uids:1 " },
		{ M("4294967295 a\n"), "uids:1 " },
		{ M("4294967296 a\n"), "uids:1 " },
		{ M("99999999999999999999999 a\n"), "uids:1 " },
		{ M("70000x a\n"), "uids:1 " },
		{ M("70000 ../a\n"), "uids:1 " },
		{ M("70000 a@X.org\n"), "uids:1 " },
		{ M("70000 a\0b\n"), "uids:1 " },
		{ M("70000 a\n70001 a\n"), "uids:2 " },
		{ M("70000 a\n70001 b\n70000 c\n"), "uid 70000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *error = NULL;

		write_file(cases[i].text, cases[i].len);
		assert_null(uid_table_open(path, 70000, 70009, getuid(),
		    getgid(), &error));
		assert_non_null(error);
		if (strstr(error, cases[i].says) == NULL)
			fail_msg("case %zu: %s", i, error);
		free(error);
	}
}

/* During a reload the old auth process and the new one both give uids out. */
static void
test_two_at_a_time(void **state)
{
	struct uid_table *a = table_open(70000, 70009);
	struct uid_table *b = table_open(70000, 70009);
	FILE *f;

	(void)state;
	assert_int_equal(get(a, "alice"), 70000);
	assert_int_equal(get(b, "bob"), 70001);
	assert_int_equal(get(a, "carol"), 70002);
	assert_int_equal(get(a, "bob"), 70001);
	assert_int_equal(get(b, "alice"), 70000);
	assert_int_equal(get(b, "carol"), 70002);
	/* one that died while it wrote */
	f = fopen(path, "a");
	assert_non_null(f);
	fputs("70003 da", f);
	fclose(f);
	assert_int_equal(get(a, "erin"), 70003);
	assert_int_equal(get(b, "dave"), 70004);
	uid_table_free(&a);
	expect_file("70000 alice\n70001 bob\n70002 carol\n70003 erin\n"
	    "70004 dave\n");
	/* damage: what was known stays good, nothing new is given */
	f = fopen(path, "a");
	assert_non_null(f);
	fputs("70000 twin\n", f);
	fclose(f);
	assert_int_equal(get(b, "frank"), 0);
	assert_int_equal(get(b, "grace"), 0);
	assert_int_equal(get(b, "dave"), 70004);
	uid_table_free(&b);
}

static void
test_a_file_cut_short(void **state)
{
	struct uid_table *t = table_open(70000, 70009);

	(void)state;
	assert_int_equal(get(t, "alice"), 70000);
	write_file(M(""));
	assert_int_equal(get(t, "bob"), 0);
	assert_int_equal(get(t, "alice"), 70000);
	uid_table_free(&t);
}

static void
test_follows_no_link(void **state)
{
	char *error = NULL;

	(void)state;
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_null(uid_table_open(path, 70000, 70009, getuid(), getgid(),
	    &error));
	assert_non_null(error);
	free(error);
}

static void
test_a_failed_write_gives_nothing(void **state)
{
	struct uid_table *t = table_open(70000, 70009);
	int full = open("/dev/full", O_WRONLY), saved;

	(void)state;
	if (full < 0)
		skip();
	assert_int_equal(get(t, "alice"), 70000);
	saved = dup(uid_table_fd(t));
	assert_int_equal(dup2(full, uid_table_fd(t)), uid_table_fd(t));
	assert_int_equal(get(t, "bob"), 0);
	assert_int_equal(get(t, "alice"), 70000);
	assert_int_equal(dup2(saved, uid_table_fd(t)), uid_table_fd(t));
	close(saved);
	close(full);
	uid_table_free(&t);
	expect_file("70000 alice\n");
}

static void
test_many_users(void **state)
{
	const uid_t n = 5000;
	struct uid_table *t;
	FILE *f = fopen(path, "w");
	char name[32];

	(void)state;
	assert_non_null(f);
	for (uid_t i = 0; i < n; i++)
		fprintf(f, "%u user%u\n", 70000 + (unsigned)i, (unsigned)i);
	fclose(f);
	t = table_open(70000, 80000);
	for (uid_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "user%u", (unsigned)i);
		assert_int_equal(get(t, name), 70000 + i);
	}
	assert_int_equal(get(t, "one-more"), 70000 + n);
	uid_table_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_gives_and_keeps, start_anew),
		cmocka_unit_test_setup(test_never_gives_a_number_twice,
		    start_anew),
		cmocka_unit_test_setup(test_torn_last_line, start_anew),
		cmocka_unit_test_setup(test_damage_stops_the_start, start_anew),
		cmocka_unit_test_setup(test_two_at_a_time, start_anew),
		cmocka_unit_test_setup(test_a_file_cut_short, start_anew),
		cmocka_unit_test_setup(test_follows_no_link, start_anew),
		cmocka_unit_test_setup(test_a_failed_write_gives_nothing,
		    start_anew),
		cmocka_unit_test_setup(test_many_users, start_anew),
	};

	log_init("test_uid_table", LOG_LEVEL_ERROR);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
