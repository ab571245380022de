/* SPDX-License-Identifier: ISC
 *
 * Salvage of damaged homes: what is whole comes back as it was, the rest is
 * named.
 */
#include "store_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/fault.h"
#include "store/segment.h"
#include "store/snap.h"

#define MESSAGES 3000
#define MAILBOXES 16

/* A row as it was, and what has become of it. */
struct row {
	char mailbox[32];
	uint32_t mbox, uid;
	uint64_t flags, blob;
	bool back;   /* there under its mailbox and UID, flags in now */
	bool told;
	uint64_t now;
};
/* Where a message is in the segments. */
struct place {
	uint32_t no;
	uint64_t at, next, body;
	bool whole;  /* after the damage */
	bool back;   /* in some mailbox, byte for byte */
};

static struct row *rows;
static size_t n_rows;
static struct place places[2 * MESSAGES];
static uint64_t seed;

static uint32_t
dice(uint32_t sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % sides);
}

static size_t
message_make(unsigned char *p, unsigned i)
{
	size_t n = 12 + i % 40;

	for (size_t k = 0; k < n; k++)
		p[k] = (unsigned char)(i * 31 + k * (i % 251));
	memcpy(p, &i, sizeof(i));
	return n;
}

static void
append(struct store *st, const char *mailbox, unsigned first, unsigned n)
{
	static const char *const keywords[] = { "$Work", NULL };
	struct store_append *ap;
	unsigned char text[64];
	uint32_t validity, uid;

	assert_int_equal(store_append_begin(st, mailbox, &ap), STORE_OK);
	for (unsigned i = 0; i < n; i++) {
		struct store_new_message msg = {
			.data = text,
			.len = message_make(text, first + i),
			.keywords = i % 3 == 0 ? keywords : NULL,
			.internaldate = 1700000000 + first + i,
		};

		assert_int_equal(store_append_add(ap, &msg), STORE_OK);
	}
	assert_int_equal(store_append_commit(&ap, &validity, &uid), STORE_OK);
}

/* Random flags, copies, moves and expunges. */
static void
stir(struct store_test *t)
{
	static const char *const names[] = { "INBOX", "Sent", "Trash", "a/b" };

	for (unsigned i = 0; i < 60; i++) {
		struct store_mbox *m = store_test_mbox(t, names[dice(4)]);
		uint32_t first = 1 + dice(store_mbox_info(m)->uidnext), uid, v;
		roaring_bitmap_t *set = store_test_range(first,
		    first + dice(40));

		switch (dice(5)) {
		case 0:
			assert_int_equal(store_expunge(m, set, NULL), STORE_OK);
			break;
		case 1:
		case 2:
			assert_int_equal(store_copy(m, set, names[dice(4)],
			    dice(2) == 0, NULL, &v, &uid), STORE_OK);
			break;
		default:
			assert_int_equal(store_flags_update(m, set,
			    STORE_FLAGS_ADD, 1 + dice(63), UINT64_MAX, NULL,
			    NULL), STORE_OK);
		}
		roaring_bitmap_free(set);
		store_mbox_unref(&m);
	}
	store_flush(t->st);
}

static struct row *
row_find(const char *mailbox, uint32_t uid)
{
	for (size_t i = 0; i < n_rows; i++)
		if (rows[i].uid == uid && strcmp(rows[i].mailbox, mailbox) == 0)
			return &rows[i];
	return NULL;
}

typedef void see_fn(struct store *st, const struct store_info *i,
    const struct store_row *row, const struct store_message *m,
    const unsigned char *data);
struct see {
	struct store *st;
	see_fn *fn;
};

static bool
see_mailbox(void *ctx, const struct store_info *i)
{
	struct see *s = ctx;
	const struct store_row *r;
	const unsigned char *data;
	struct store_reader *reader;
	struct store_message m;
	struct store_mbox *b;
	size_t n;

	assert_int_equal(store_mbox_open(s->st, i->name, &b), STORE_OK);
	assert_int_equal(store_mbox_load(b), STORE_OK);
	reader = store_reader_new(b);
	r = store_mbox_rows(b, &n);
	for (size_t k = 0; k < n; k++) {
		assert_int_equal(store_reader_get(reader, r[k].uid,
		    STORE_WANT_BLOB, &m), STORE_OK);
		assert_int_equal(store_reader_bytes(reader, &m, &data),
		    STORE_OK);
		s->fn(s->st, i, &r[k], &m, data);
	}
	store_reader_free(&reader);
	store_mbox_unref(&b);
	return true;
}

static void
see_all(struct store *st, see_fn *fn)
{
	struct see s = { st, fn };

	store_list(st, see_mailbox, &s);
}

static void
note_row(struct store *st, const struct store_info *i,
    const struct store_row *row, const struct store_message *m,
    const unsigned char *data)
{
	struct row *r;

	(void)st;
	(void)data;
	rows = realloc(rows, (n_rows + 1) * sizeof(*rows));
	r = &rows[n_rows++];
	memset(r, 0, sizeof(*r));
	snprintf(r->mailbox, sizeof(r->mailbox), "%s", i->name);
	r->mbox = i->id;
	r->uid = row->uid;
	r->flags = store_row_flags(row);
	r->blob = m->blob_id;
}

/* Finds every record of the segments of a home. */
static void
note_places(const char *home)
{
	struct store_segments s;
	uint32_t *list;
	char path[512];
	size_t n;

	memset(places, 0, sizeof(places));
	snprintf(path, sizeof(path), "%s/seg", home);
	store_segment_init(&s, path);
	assert_int_equal(store_segment_list(&s, &list, &n), 0);
	for (size_t i = 0; i < n; i++) {
		uint64_t at = LAYOUT_SEGMENT_HEAD;
		struct store_segment_view v;
		struct store_segment_record r;

		assert_int_equal(store_segment_view(&s, list[i], &v), 0);
		for (; store_segment_parse(v.data, v.len, v.cookie, at, &r) ==
		    STORE_SEGMENT_FOUND; at = r.next)
			if (r.h.kind == LAYOUT_MESSAGE)
				places[r.h.blob] = (struct place){ list[i], at,
					r.next, r.body_at, false, false };
		assert_int_equal(at, v.len);
		store_segment_unview(&v);
	}
	free(list);
	store_segment_clear(&s);
}

/* A home with a history, and a copy of it. */
static void
make_home(struct store_test *t, char *copy)
{
	char command[1200];

	store_segment_set_limit(128 * 1024);
	store_test_start(t);
	assert_int_equal(store_create(t->st, "a/b", 0), STORE_OK);
	for (unsigned i = 0; i < MESSAGES;) {
		unsigned n = dice(10) == 0 ? 5 : 1;

		append(t->st, dice(3) == 0 ? "a/b" : "INBOX", i, n);
		i += n;
		if (i / 1000 != (i - n) / 1000)
			stir(t);
	}
	store_close(&t->st);
	store_test_open(t);
	stir(t);
	store_close(&t->st); /* with a snapshot */
	store_test_open(t);
	free(rows);
	rows = NULL;
	n_rows = 0;
	see_all(t->st, note_row);
	store_close(&t->st);
	store_segment_set_limit(LIMIT_SEGMENT);
	note_places(t->home);
	snprintf(copy, 300, "%s.was", t->home);
	snprintf(command, sizeof(command), "cp -r %s %s", t->home, copy);
	assert_int_equal(system(command), 0);
}

/* --- damage -------------------------------------------------------------- */

enum damage { BYTES, RUNS, SECTORS };

static void
damage_file(const char *path, enum damage how)
{
	int fd = open(path, O_RDWR);
	struct stat sb;
	uint64_t done = 0;

	assert_true(fd != -1);
	assert_int_equal(fstat(fd, &sb), 0);
	while (done * 20 < (uint64_t)sb.st_size) {
		unsigned char junk[4096];
		size_t n = how == BYTES ? 1 : how == RUNS ? 1 + dice(1000)
		                                          : 512;
		uint64_t at = dice((uint32_t)sb.st_size);

		if (how == SECTORS)
			at -= at % 512;
		if (n > (uint64_t)sb.st_size - at)
			n = (size_t)((uint64_t)sb.st_size - at);
		for (size_t i = 0; i < n; i++)
			junk[i] = (unsigned char)dice(256);
		assert_int_equal(pwrite(fd, junk, n, (off_t)at), n);
		done += n;
	}
	close(fd);
}

static void
damage_home(const char *home, enum damage how)
{
	char command[600], path[512];
	FILE *f;

	snprintf(command, sizeof(command), "find %s -type f | sort", home);
	f = popen(command, "r");
	assert_non_null(f);
	while (fgets(path, sizeof(path), f) != NULL) {
		path[strcspn(path, "\n")] = '\0';
		if (strstr(path, "reserve") == NULL)
			damage_file(path, how);
	}
	pclose(f);
}

static unsigned char *
file_read(const char *home, const char *name, size_t *len_r)
{
	char path[600];
	struct stat sb;
	unsigned char *p;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", home, name);
	fd = open(path, O_RDONLY);
	assert_true(fd != -1);
	assert_int_equal(fstat(fd, &sb), 0);
	p = malloc((size_t)sb.st_size + 1);
	assert_int_equal(read(fd, p, (size_t)sb.st_size), sb.st_size);
	close(fd);
	*len_r = (size_t)sb.st_size;
	return p;
}

/* Which records are as they were. */
static size_t
note_damage(const char *copy, const char *home)
{
	size_t len = 0, len2, whole = 0;
	unsigned char *was = NULL, *is = NULL;
	uint32_t no = 0;

	for (size_t b = 1; b < 2 * MESSAGES; b++) {
		struct place *p = &places[b];
		char name[64];

		if (p->no == 0)
			continue;
		if (p->no != no) {
			free(was);
			free(is);
			no = p->no;
			snprintf(name, sizeof(name), "seg/%08u.seg", no);
			was = file_read(copy, name, &len);
			is = file_read(home, name, &len2);
			assert_int_equal(len, len2);
		}
		p->whole = memcmp(was + p->at, is + p->at,
		    (size_t)(p->next - p->at)) == 0;
		whole += p->whole;
	}
	free(was);
	free(is);
	return whole;
}

/* Is the newest snapshot still readable as far as it speaks of this row? Both
 * files as they were and are. */
struct snap_pair {
	unsigned char *was, *is;
	size_t len;
};

static bool
snap_block_whole(const struct snap_pair *p, enum layout_snap_kind kind,
    const struct row *row)
{
	struct store_snap_block b;
	uint64_t at = 0, skipped;

	while (store_snap_next(p->was, p->len, 0, &at, &b, &skipped)) {
		uint64_t from = at - b.len - LAYOUT_SNAP_HEAD;
		struct store_snap_rows r;

		if (b.kind != kind || (row != NULL && b.mbox != row->mbox))
			continue;
		if (kind == LAYOUT_SNAP_ROW && (!store_snap_rows_init(&r, &b) ||
		    row->uid < r.from || row->uid >= r.to))
			continue;
		return memcmp(p->was + from, p->is + from,
		    (size_t)(at - from)) == 0;
	}
	return kind == LAYOUT_SNAP_KEYWORDS; /* there are none */
}

/* --- afterwards ---------------------------------------------------------- */

static unsigned losses;

static void
note_loss(void *ctx, const struct store_loss *l)
{
	struct row *r;

	(void)ctx;
	losses++;
	assert_non_null(l->text);
	if (l->mailbox == NULL)
		return;
	r = row_find(l->mailbox, l->uid);
	if (r != NULL && r->blob == l->blob_id)
		r->told = true;
}

static void
note_back(struct store *st, const struct store_info *i,
    const struct store_row *row, const struct store_message *m,
    const unsigned char *data)
{
	struct row *r = row_find(i->name, row->uid);
	unsigned char want[64];
	unsigned id;

	(void)st;
	/* nothing comes back but whole messages */
	assert_true(m->blob_id < 2 * MESSAGES);
	assert_true(places[m->blob_id].whole);
	memcpy(&id, data, sizeof(id));
	assert_int_equal(id, m->blob_id - 1);
	assert_int_equal(message_make(want, id), m->size);
	assert_memory_equal(data, want, m->size);
	places[m->blob_id].back = true;
	if (r != NULL && r->blob == m->blob_id) {
		r->back = true;
		r->now = store_row_flags(row);
	}
}

static void
check_rows(const struct snap_pair *p, unsigned *strict_r)
{
	bool head = snap_block_whole(p, LAYOUT_SNAP_FIRST, NULL) ||
	    snap_block_whole(p, LAYOUT_SNAP_END, NULL);

	for (size_t i = 0; i < n_rows; i++) {
		const struct row *r = &rows[i];
		bool known = head &&
		    snap_block_whole(p, LAYOUT_SNAP_ROW, r) &&
		    snap_block_whole(p, LAYOUT_SNAP_MAILBOX, r);
		uint64_t mask = snap_block_whole(p, LAYOUT_SNAP_KEYWORDS, r)
		    ? STORE_ALL_FLAGS : STORE_SYSTEM_FLAGS;

		if (places[r->blob].whole) {
			assert_true(places[r->blob].back);
			assert_false(r->told);
			if (known) {
				assert_true(r->back);
				assert_int_equal(r->now & mask,
				    r->flags & mask);
				++*strict_r;
			}
		} else {
			assert_false(r->back);
			if (known) {
				assert_true(r->told);
				++*strict_r;
			}
		}
	}
}

/* Returns of how many rows more had to be right than that no message is
 * lost. */
static unsigned
salvage(struct store_test *t, const char *copy)
{
	struct store_snap_file *files;
	struct snap_pair p;
	struct store_test to = { .o = t->o };
	char path[512], name[64], command[1600];
	unsigned strict = 0;
	size_t n, whole, len;

	whole = note_damage(copy, t->home);
	snprintf(path, sizeof(path), "%s/snap", copy);
	assert_int_equal(store_snap_list(path, &files, &n), 0);
	assert_int_equal(n, 2);
	snprintf(name, sizeof(name), "snap/%08u.snap", files[0].no);
	free(files);
	p.was = file_read(copy, name, &p.len);
	p.is = file_read(t->home, name, &len);
	assert_int_equal(len, p.len);
	snprintf(to.home, sizeof(to.home), "%.200s.to", t->home);
	assert_int_equal(mkdir(to.home, 0700), 0);
	snprintf(command, sizeof(command), "cp -r %s %s.is", t->home, t->home);
	assert_int_equal(system(command), 0);
	losses = 0;
	assert_int_equal(store_salvage(t->home, to.home, &t->o, note_loss,
	    NULL), STORE_OK);
	snprintf(command, sizeof(command), "diff -r %s %s.is && rm -r %s.is",
	    t->home, t->home, t->home);
	assert_int_equal(system(command), 0);
	store_test_open(&to);
	store_test_check(&to);
	see_all(to.st, note_back);
	check_rows(&p, &strict);
	print_message("# %zu rows, %u of them known, %zu records whole, %u "
	    "losses told\n", n_rows, strict, whole, losses);
	store_test_end(&to);
	free(p.was);
	free(p.is);
	return strict;
}

static void
test_damaged(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 5; round++) {
		struct store_test t;
		char copy[300];
		unsigned known;

		seed = round + 1;
		make_home(&t, copy);
		damage_home(t.home, (enum damage)(round % 3));
		known = salvage(&t, copy);
		assert_true(losses > 0);
		/* single bytes leave no block of a snapshot whole */
		assert_true(round % 3 == BYTES || known > MESSAGES / 4);
		store_test_remove(copy);
		store_test_end(&t);
	}
}

/* Nothing is damaged but the heads of all segments: nothing is lost. */
static void
test_heads(void **state)
{
	char copy[300], path[512];
	struct store_test t;

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		seed = 100 + round;
		make_home(&t, copy);
		for (unsigned no = 1; round > 0; no++) {
			int fd;

			snprintf(path, sizeof(path), "%s/seg/%08u.seg", t.home,
			    no);
			if ((fd = open(path, O_WRONLY)) == -1)
				break;
			assert_int_equal(pwrite(fd, "\0\0\0\0", 4, 20), 4);
			close(fd);
		}
		if (round == 2) { /* nor does a snapshot know their cookies */
			snprintf(path, sizeof(path), "%s/snap", t.home);
			store_test_remove(path);
			assert_int_equal(mkdir(path, 0700), 0);
		}
		if (round < 2) {
			assert_int_equal(salvage(&t, copy), n_rows);
			assert_int_equal(losses, 0);
			for (size_t i = 0; i < n_rows; i++)
				assert_true(rows[i].back);
		} else {
			struct store_test to = { .o = t.o };

			snprintf(to.home, sizeof(to.home), "%.200s.to", t.home);
			assert_int_equal(mkdir(to.home, 0700), 0);
			note_damage(copy, t.home);
			assert_int_equal(store_salvage(t.home, to.home, &t.o,
			    note_loss, NULL), STORE_OK);
			store_test_open(&to);
			store_test_check(&to);
			see_all(to.st, note_back);
			for (size_t i = 0; i < n_rows; i++)
				assert_true(places[rows[i].blob].back);
			store_test_end(&to);
		}
		store_test_remove(copy);
		store_test_end(&t);
	}
}

static void
work_half_deleted(struct store_test *t)
{
	setenv("POSTERN_FAULT", "name-written", 1);
	store_fault_init();
	store_delete(t->st, "Sent");
	_exit(7);
}

static bool
find_sent(void *ctx, const struct store_info *i)
{
	*(bool *)ctx |= strcmp(i->name, "Sent") == 0 && i->messages == 3;
	return true;
}

/* A deletion that was never sealed did not happen. */
static void
test_half_deleted(void **state)
{
	struct store_test t, to;
	bool found = false;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "Sent", 3, 50, 0);
	store_close(&t.st);
	store_test_crash(&t, work_half_deleted);
	to = (struct store_test){ .o = t.o };
	snprintf(to.home, sizeof(to.home), "%.200s.to", t.home);
	assert_int_equal(mkdir(to.home, 0700), 0);
	assert_int_equal(store_salvage(t.home, to.home, &t.o, NULL, NULL),
	    STORE_OK);
	store_test_open(&to);
	store_test_check(&to);
	store_list(to.st, find_sent, &found);
	assert_true(found);
	store_test_end(&to);
	store_test_end(&t);
}

static void
test_refused(void **state)
{
	struct store_test t, to;
	char path[512];
	FILE *f;

	(void)state;
	store_test_start(&t);
	store_test_start(&to);
	store_close(&to.st);
	assert_int_equal(store_salvage(t.home, to.home, &t.o, NULL, NULL),
	    STORE_BUSY);
	store_close(&t.st);
	assert_int_equal(store_salvage(t.home, to.home, &t.o, NULL, NULL),
	    STORE_EXISTS);
	snprintf(path, sizeof(path), "%s/VERSION", t.home);
	f = fopen(path, "w");
	fprintf(f, "format=%d\nid=00\n", LAYOUT_FORMAT + 1);
	fclose(f);
	assert_int_equal(store_salvage(t.home, to.home, &t.o, NULL, NULL),
	    STORE_NEWER);
	/* nothing at all is left of it */
	store_test_remove(t.home);
	assert_int_equal(mkdir(t.home, 0700), 0);
	store_test_remove(to.home);
	assert_int_equal(mkdir(to.home, 0700), 0);
	assert_int_equal(store_salvage(t.home, to.home, &t.o, NULL, NULL),
	    STORE_OK);
	store_test_open(&to);
	store_test_check(&to);
	store_test_end(&to);
	store_test_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_half_deleted),
		cmocka_unit_test(test_refused),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	free(rows);
	return rc;
}
