/* SPDX-License-Identifier: ISC
 *
 * Running tasks: the order of frames, slices, a reader that does not read, one
 * that goes away, and what the tasks there are say of a store.
 */
#include "tests/unit/store/store_test.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "task/run.h"
#include "task/task.h"

/* --- a task that does as it is told ------------------------------------------ */

static struct fake {
	unsigned rows;         /* to say, one a step, 1,000 bytes each */
	unsigned problems;     /* to say at the end */
	bool fails_to_begin, fails, echoes, dry_run;
	/* what happened */
	unsigned said, steps, frees, datas;
	bool ended;            /* the DATA of no bytes came */
} fake;

static bool
fake_option(struct task *t, const struct task_pair *option)
{
	(void)t;
	return strcmp(option->name, "known") == 0;
}

static bool
fake_begin(struct task *t)
{
	if (fake.fails_to_begin)
		task_fail(t, "no begin");
	fake.dry_run = t->dry_run;
	return !fake.fails_to_begin;
}

static enum task_step
fake_step(struct task *t)
{
	struct task_pairs w;
	char text[1000];

	fake.steps++;
	if (fake.fails) {
		task_fail(t, "half way");
		return TASK_STEP_DONE;
	}
	if (fake.echoes)
		return fake.ended ? TASK_STEP_DONE : TASK_STEP_WAIT;
	if (fake.said < fake.rows) {
		memset(text, 'x', sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		task_row(t, &w, "fake");
		task_pairs_number(&w, "number", fake.said++);
		task_pairs_text(&w, "text", text);
		task_pairs_end(&w);
		return TASK_STEP_MORE;
	}
	for (unsigned i = 0; i < fake.problems; i++)
		task_problem(t, TASK_ERROR, "problem %u", i);
	task_conclude(t, "that was it");
	return TASK_STEP_DONE;
}

static bool
fake_data(struct task *t, const unsigned char *p, size_t n)
{
	fake.datas++;
	fake.ended = n == 0;
	if (n > 0)
		task_data(t, p, n);
	return true;
}

static void
fake_free(struct task *t)
{
	(void)t;
	fake.frees++;
}

static const struct task_def fake_def = {
	.name = "fake",
	.flags = TASK_CHANGES,
	.option = fake_option,
	.begin = fake_begin,
	.step = fake_step,
	.data = fake_data,
	.free = fake_free,
};

static const struct task_def fake_deaf = {
	.name = "deaf",
	.step = fake_step,
	.free = fake_free,
};

/* --- the other end -------------------------------------------------------------- */

struct bench {
	struct event_base *base;
	struct task_run *run;
	bool over;
	int fd;              /* ours; -1: closed */
	struct buf out, in;
	/* what came */
	unsigned frames[TASK_END + 1];
	uint64_t data_bytes;
	int status;          /* of END; -1 */
	char text[256], problem[256], rows[65536];
};

static void
bench_start(struct bench *b, const struct task_def *def, struct store *st,
    const char *home)
{
	int fds[2];

	memset(b, 0, sizeof(*b));
	b->base = event_base_new();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	b->fd = fds[0];
	b->status = -1;
	buf_init(&b->out, 4 * TASK_FRAME_MAX);
	buf_init(&b->in, TASK_FRAME_MAX);
	b->run = task_run_new(b->base, st, home, def, fds[1]);
}

static void
fake_start(struct bench *b, const struct task_def *def, struct fake how)
{
	fake = how;
	bench_start(b, def, NULL, "");
}

static void
bench_end(struct bench *b)
{
	task_run_free(&b->run);
	assert_null(b->run);
	event_base_free(b->base);
	if (b->fd != -1)
		close(b->fd);
	buf_clear(&b->out);
	buf_clear(&b->in);
}

static void
bench_turns(struct bench *b, unsigned n)
{
	for (; n > 0 && !b->over; n--) {
		event_base_loop(b->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		b->over = task_run_turn_end(b->run);
	}
}

static void
bench_send(struct bench *b)
{
	assert_false(b->out.overflow);
	while (b->out.len > 0) {
		ssize_t n = send(b->fd, b->out.data, b->out.len, MSG_NOSIGNAL);

		if (n > 0)
			buf_consume(&b->out, (size_t)n);
		bench_turns(b, 1);
		if (b->over)
			buf_reset(&b->out);
	}
}

static void
bench_request(struct bench *b, const char *option)
{
	struct task_pairs w;

	task_pairs_begin(&w, &b->out, TASK_REQUEST);
	if (option != NULL)
		task_pairs_bool(&w, option, true);
	task_pairs_end(&w);
	bench_send(b);
}

static void
bench_data(struct bench *b, const char *bytes)
{
	task_put_data(&b->out, bytes, strlen(bytes));
	bench_send(b);
}

static void
bench_frame(struct bench *b, const struct task_frame *f)
{
	struct task_pair pair;
	size_t at = 0, n;
	uint8_t code;

	b->frames[f->kind]++;
	switch (f->kind) {
	case TASK_DATA:
		b->data_bytes += f->len;
		break;
	case TASK_ROW:
		while (task_frame_pair(f, &at, &pair)) {
			n = strlen(b->rows);
			if (pair.type == 's')
				snprintf(b->rows + n, sizeof(b->rows) - n,
				    "%s=%s ", pair.name, pair.text);
			else
				snprintf(b->rows + n, sizeof(b->rows) - n,
				    "%s=%llu ", pair.name,
				    (unsigned long long)pair.number);
		}
		break;
	case TASK_PROBLEM:
		snprintf(b->problem, sizeof(b->problem), "%s",
		    task_frame_text(f, &code));
		break;
	case TASK_END:
		snprintf(b->text, sizeof(b->text), "%s",
		    task_frame_text(f, &code));
		b->status = code;
		break;
	default:
		break;
	}
}

/* Reads what is there; false: end of file. */
static bool
bench_read(struct bench *b)
{
	struct task_frame f;
	size_t used;
	ssize_t n;

	n = recv(b->fd, buf_reserve(&b->in, TASK_FRAME_MAX - b->in.len),
	    TASK_FRAME_MAX - b->in.len, 0);
	if (n <= 0)
		return n != 0;
	b->in.len += (size_t)n;
	while (task_frame_next(b->in.data, b->in.len, TASK_FROM_WORKER, &f,
	    &used) == TASK_FOUND_FRAME) {
		assert_int_equal(b->status, -1); /* END is the last */
		bench_frame(b, &f);
		buf_consume(&b->in, used);
	}
	return true;
}

/* Until the run is over and all it said was read. */
static void
bench_finish(struct bench *b)
{
	for (int i = 0; i < 200000 && !b->over; i++) {
		bench_turns(b, 1);
		bench_read(b);
	}
	assert_true(b->over);
	task_run_free(&b->run);
	while (bench_read(b))
		;
	assert_int_equal(b->in.len, 0);
}

/* --- frames and their order ------------------------------------------------------- */

static void
test_rows_and_end(void **state)
{
	struct bench b;

	(void)state;
	fake_start(&b, &fake_def, (struct fake){ .rows = 3 });
	bench_turns(&b, 20);
	assert_int_equal(fake.steps, 0); /* nothing before the REQUEST */
	bench_request(&b, NULL);
	bench_finish(&b);
	assert_int_equal(b.frames[TASK_ROW], 3);
	assert_int_equal(b.status, TASK_OK);
	assert_string_equal(b.text, "that was it");
	assert_int_equal(fake.frees, 1);
	bench_end(&b);
}

static void
test_refused(void **state)
{
	enum { DATA_FIRST, TWICE, GARBAGE, OVERSIZE, NOT_OURS, OPTION, DEAF,
		CASES };

	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct bench b;

		fake_start(&b, i == DEAF ? &fake_deaf : &fake_def,
		    (struct fake){ .rows = 100000 });
		if (i == DATA_FIRST)
			bench_data(&b, "x");
		else
			bench_request(&b, i == OPTION ? "unknown" : NULL);
		if (i == TWICE)
			bench_request(&b, NULL);
		if (i == GARBAGE)
			buf_put(&b.out, "GET / HTTP/1.1\r\n\r\n", 18);
		if (i == OVERSIZE)
			buf_put(&b.out, "\xfd\xff\0\0\2", 5);
		if (i == NOT_OURS)
			task_put_end(&b.out, TASK_OK, "");
		if (i == DEAF)
			task_put_data(&b.out, "x", 1);
		bench_send(&b);
		bench_finish(&b);
		if (b.status != TASK_REFUSED || fake.said >= 100000 ||
		    fake.frees != 1 || fake.datas != 0)
			fail_msg("case %d: status %d, %u rows, %u frees", i,
			    b.status, fake.said, fake.frees);
		bench_end(&b);
	}
}

static void
test_a_byte_at_a_time(void **state)
{
	struct task_pairs w;
	struct bench b;
	struct buf all;

	(void)state;
	fake_start(&b, &fake_def, (struct fake){ .echoes = true });
	buf_init(&all, TASK_FRAME_MAX);
	task_pairs_begin(&w, &all, TASK_REQUEST);
	task_pairs_bool(&w, "dry_run", true);
	task_pairs_end(&w);
	task_put_data(&all, "hello", 5);
	task_put_data(&all, "", 0);
	for (size_t i = 0; i < all.len; i++) {
		assert_int_equal(send(b.fd, all.data + i, 1, 0), 1);
		bench_turns(&b, 2);
	}
	bench_finish(&b);
	assert_true(fake.dry_run);
	assert_int_equal(fake.datas, 2);
	assert_int_equal(b.data_bytes, 5);
	assert_int_equal(b.status, TASK_OK);
	buf_clear(&all);
	bench_end(&b);
}

static void
test_ends(void **state)
{
	static const struct {
		struct fake how;
		enum task_status status;
		const char *text;
	} cases[] = {
		{ { .fails_to_begin = true }, TASK_FAILED, "no begin" },
		{ { .fails = true }, TASK_FAILED, "half way" },
		{ { .problems = 2 }, TASK_PROBLEMS, "that was it" },
		{ { .problems = 5000 }, TASK_PROBLEMS, "that was it" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b;

		fake_start(&b, &fake_def, cases[i].how);
		bench_request(&b, "known");
		bench_finish(&b);
		assert_int_equal(b.status, cases[i].status);
		assert_string_equal(b.text, cases[i].text);
		assert_int_equal(b.frames[TASK_PROBLEM],
		    cases[i].how.problems < TASK_PROBLEMS_SENT ?
		    cases[i].how.problems : TASK_PROBLEMS_SENT);
		bench_end(&b);
	}
}

/* --- flow --------------------------------------------------------------------------- */

static void
test_a_slow_reader_pauses_it(void **state)
{
	unsigned said, steps;
	struct bench b;

	(void)state;
	fake_start(&b, &fake_def, (struct fake){ .rows = 5000 });
	bench_request(&b, NULL);
	bench_turns(&b, 4000);
	said = fake.said;
	steps = fake.steps;
	/* what the socket holds, and what may wait */
	assert_in_range(said, TASK_OUT_HIGH / 1100, 1500);
	bench_turns(&b, 500);
	assert_int_equal(fake.steps, steps);
	bench_finish(&b);
	assert_int_equal(b.frames[TASK_ROW], 5000);
	assert_int_equal(b.status, TASK_OK);
	bench_end(&b);
}

/* A DATA is given to the task when it waits, the next one when it waits again. */
static void
test_data_waits_its_turn(void **state)
{
	static char bytes[TASK_FRAME_DATA];
	struct bench b;

	(void)state;
	fake_start(&b, &fake_def, (struct fake){ .echoes = true });
	bench_request(&b, NULL);
	for (int i = 0; i < 50; i++) {
		task_put_data(&b.out, bytes, sizeof(bytes));
		while (b.out.len > 0) {
			ssize_t n = send(b.fd, b.out.data, b.out.len, 0);

			if (n > 0)
				buf_consume(&b.out, (size_t)n);
			else
				bench_read(&b);
			bench_turns(&b, 1);
		}
	}
	task_put_data(&b.out, "", 0);
	bench_send(&b);
	bench_finish(&b);
	assert_int_equal(fake.datas, 51);
	assert_int_equal(fake.steps, 52);
	assert_true(b.data_bytes == 50 * sizeof(bytes));
	bench_end(&b);
}

static void
test_posternctl_goes_away(void **state)
{
	struct bench b;

	(void)state;
	for (int when = 0; when < 3; when++) {
		fake_start(&b, &fake_def, (struct fake){ .rows = 100000,
		    .echoes = when == 1 });
		if (when > 0)
			bench_request(&b, NULL);
		if (when == 2) /* while much waits to be sent */
			bench_turns(&b, 2000);
		close(b.fd);
		b.fd = -1;
		bench_turns(&b, 10);
		assert_true(b.over);
		assert_true(fake.said < 100000);
		bench_end(&b);
		assert_int_equal(fake.frees, 1);
	}
}

static void
test_stop(void **state)
{
	struct bench b;

	(void)state;
	fake_start(&b, &fake_def, (struct fake){ .rows = 100 });
	bench_request(&b, NULL);
	bench_turns(&b, 10);
	task_run_stop(b.run, "shutting down");
	task_run_free(&b.run);
	while (bench_read(&b))
		;
	assert_int_equal(b.status, TASK_FAILED);
	assert_string_equal(b.text, "shutting down");
	bench_end(&b);
}

/* A descriptor nobody can wait for ends it at once. */
static void
test_not_a_socket(void **state)
{
	struct task_run *run;
	struct bench b;

	(void)state;
	fake_start(&b, &fake_def, (struct fake){ .rows = 1 });
	run = task_run_new(b.base, NULL, "", &fake_def,
	    open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
	assert_true(task_run_turn_end(run));
	task_run_free(&run);
	bench_end(&b);
}

/* --- the tasks there are --------------------------------------------------------------- */

static void
run_task(struct bench *b, struct store_test *t, const char *name)
{
	const struct task_def *def = task_find(name);

	assert_non_null(def);
	bench_start(b, def, t->st, t->home);
	bench_request(b, NULL);
	bench_finish(b);
}

static void
says(const struct bench *b, const char *what)
{
	if (strstr(b->rows, what) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", what, b->rows);
}

static void
test_stats(void **state)
{
	struct store_test t;
	struct bench b;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 5, 300, 0);
	assert_int_equal(store_create(t.st, "Work/2026", STORE_USE_SENT),
	    STORE_OK);
	store_test_append(t.st, "Work/2026", 2, 1000, STORE_DELETED);
	run_task(&b, &t, "stats");
	assert_int_equal(b.status, TASK_OK);
	says(&b, "row=mailbox mailbox=INBOX messages=5 unseen=5 deleted=0 "
	    "bytes=1500 ");
	says(&b, "mailbox=Work/2026 messages=2 unseen=2 deleted=2 bytes=2000 ");
	says(&b, "special_use=sent ");
	says(&b, "messages=7 unseen=7 deleted=2 bytes=3500 ");
	bench_end(&b);
	store_test_end(&t);
}

static void
test_stats_of_many(void **state)
{
	struct store_test t;
	struct bench b;
	char name[900];

	(void)state;
	store_test_start(&t);
	memset(name, 'n', sizeof(name));
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name + 800, 100, "%u", i);
		assert_int_equal(store_create(t.st, name, 0), STORE_OK);
	}
	bench_start(&b, task_find("stats"), t.st, t.home);
	bench_request(&b, NULL);
	bench_turns(&b, 200);
	/* it waits; one that goes meanwhile is left out */
	assert_int_equal(store_delete(t.st, name), STORE_OK);
	bench_finish(&b);
	assert_int_equal(b.status, TASK_OK);
	assert_in_range(b.frames[TASK_ROW], 1001, 1010);
	bench_end(&b);
	store_test_end(&t);
}

static void
test_du(void **state)
{
	roaring_bitmap_t *some = store_test_range(1, 2);
	struct store_mbox *m;
	struct store_test t;
	struct bench b;
	char path[512];
	FILE *f;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 5, 1000, 0);
	m = store_test_mbox(&t, "INBOX");
	assert_int_equal(store_expunge(m, some, NULL), STORE_OK);
	store_mbox_unref(&m);
	roaring_bitmap_free(some);
	snprintf(path, sizeof(path), "%s/left-over", t.home);
	f = fopen(path, "w");
	fputs("12345", f);
	fclose(f);
	run_task(&b, &t, "du");
	assert_int_equal(b.status, TASK_OK);
	says(&b, "row=segment segment=1 bytes=");
	says(&b, "live=3000 dead=2000 live_messages=3 dead_messages=2 ");
	says(&b, "what=segments files=1 ");
	says(&b, "what=reserve files=1 bytes=4194304 ");
	says(&b, "what=other files=3 ");
	says(&b, "row=total ");
	bench_end(&b);
	store_test_end(&t);
}

static void
test_export(void **state)
{
	roaring_bitmap_t *some = store_test_range(2, 2);
	struct store_mbox *m;
	struct store_test t;
	struct bench b;
	uint64_t mask;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 3, 1000, STORE_SEEN);
	m = store_test_mbox(&t, "INBOX");
	assert_int_equal(store_mbox_keyword_add(m, "$Junk", &mask), STORE_OK);
	assert_int_equal(store_flags_update(m, some, STORE_FLAGS_ADD,
	    mask | STORE_DRAFT, UINT64_MAX, NULL, NULL), STORE_OK);
	store_mbox_unref(&m);
	roaring_bitmap_free(some);
	store_test_append(t.st, "Sent", 1, 200000, 0);
	run_task(&b, &t, "export");
	assert_int_equal(b.status, TASK_OK);
	assert_true(b.data_bytes == 3000 + 200000);
	assert_int_equal(b.frames[TASK_DATA], 3 + 4);
	says(&b, "row=mailbox mailbox=INBOX messages=3 uidvalidity=");
	says(&b, "row=keyword number=0 keyword=$Junk row=message uid=1 "
	    "size=1000 received=1700000000 flags=seen  keywords=0 ");
	says(&b, "uid=2 size=1000 received=1700000001 flags=seen draft  "
	    "keywords=1 ");
	says(&b, "row=message uid=1 size=200000 ");
	bench_end(&b);
	store_test_end(&t);
}

/* One that is expunged while it is sent is taken back. */
static void
test_export_in_use(void **state)
{
	struct store_mbox *m;
	roaring_bitmap_t *all;
	struct store_test t;
	struct bench b;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 2, 3000000, 0);
	bench_start(&b, task_find("export"), t.st, t.home);
	bench_request(&b, NULL);
	bench_turns(&b, 50);
	store_test_append(t.st, "INBOX", 1, 100, 0);
	m = store_test_mbox(&t, "INBOX");
	all = store_test_range(1, 2);
	assert_int_equal(store_expunge(m, all, NULL), STORE_OK);
	roaring_bitmap_free(all);
	store_mbox_unref(&m);
	bench_finish(&b);
	assert_int_equal(b.status, TASK_OK);
	says(&b, "row=message uid=1 size=3000000 ");
	says(&b, "row=dropped uid=1 row=mailbox ");
	assert_null(strstr(b.rows, "uid=3"));
	bench_end(&b);
	store_test_end(&t);
}

static void
test_fsck(void **state)
{
	unsigned char body[1000], *file;
	struct store_test t;
	struct bench b;
	char path[512];
	size_t n, at;
	FILE *f;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 5, 1000, 0);
	run_task(&b, &t, "fsck");
	assert_int_equal(b.status, TASK_OK);
	says(&b, "row=check messages=5 problems=0 ");
	bench_end(&b);
	/* the fourth message, wherever it is */
	store_test_message(body, sizeof(body), 3);
	snprintf(path, sizeof(path), "%s/seg/00000001.seg", t.home);
	f = fopen(path, "r+");
	file = malloc(100000);
	n = fread(file, 1, 100000, f);
	for (at = 0; at + sizeof(body) < n &&
	    memcmp(file + at, body, sizeof(body)) != 0; at++)
		;
	assert_int_equal(fseek(f, (long)at + 10, SEEK_SET), 0);
	fputc('?', f);
	fclose(f);
	free(file);
	run_task(&b, &t, "fsck");
	assert_int_equal(b.status, TASK_PROBLEMS);
	assert_int_equal(b.frames[TASK_PROBLEM], 1);
	assert_non_null(strstr(b.problem, "INBOX UID 4"));
	says(&b, "messages=5 problems=1 ");
	bench_end(&b);
	store_test_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_and_end),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_a_byte_at_a_time),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_a_slow_reader_pauses_it),
		cmocka_unit_test(test_data_waits_its_turn),
		cmocka_unit_test(test_posternctl_goes_away),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_not_a_socket),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_stats_of_many),
		cmocka_unit_test(test_du),
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_export_in_use),
		cmocka_unit_test(test_fsck),
	};

	log_init("test_task", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
