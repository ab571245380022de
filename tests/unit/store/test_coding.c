/* SPDX-License-Identifier: ISC */
#include "store_test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/coding.h"

#define HEAD 100

/* Text that packs well, behind a header; len bytes. */
static void
make_text(unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (unsigned char)"all work and no play\r\n"[i * 7 % 22];
}

/* Nothing to gain. */
static void
make_noise(unsigned char *p, size_t len)
{
	uint32_t x = 1;

	for (size_t i = 0; i < len; i++)
		p[i] = (unsigned char)((x = x * 1664525 + 1013904223) >> 24);
}

static void
test_round_trip(void **state)
{
	static unsigned char msg[70000], out[70000];
	static const uint32_t sizes[] = { 700, 5000, 70000, 701 };
	struct store_coder c = { 0 };
	struct store_coded m;
	const unsigned char *bytes;

	(void)state;
	make_text(msg, sizeof(msg));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
#ifndef HAVE_ZSTD
		assert_false(store_coding_pack(&c, msg, sizes[i], HEAD, 3, &m,
		    &bytes));
		continue;
#endif
		assert_true(store_coding_pack(&c, msg, sizes[i], HEAD, 3, &m,
		    &bytes));
		assert_true(store_coding_check(&m, sizes[i]));
		assert_false(store_coding_check(&m, sizes[i] - 1));
		assert_true(m.stored < sizes[i] / 2);
		assert_int_equal(m.len, sizes[i]);
		assert_memory_equal(bytes, msg, HEAD);
		assert_true(store_coding_unpack(&c, &m, bytes, out));
		assert_memory_equal(out, msg, sizes[i]);
	}
	store_coder_clear(&c);
}

/* Too short, not shorter by a tenth, too long: stored as it came. */
static void
test_no_gain(void **state)
{
	static unsigned char msg[LIMIT_COMPRESS + 1];
	struct store_coder c = { 0 };
	struct store_coded m;
	const unsigned char *bytes;

	(void)state;
	make_noise(msg, 5000);
	assert_false(store_coding_pack(&c, msg, 5000, HEAD, 3, &m, &bytes));
	make_text(msg, sizeof(msg));
	assert_false(store_coding_pack(&c, msg, HEAD + 100, HEAD, 3, &m,
	    &bytes));
	assert_false(store_coding_pack(&c, msg, 5000, 4900, 3, &m, &bytes));
	assert_false(store_coding_pack(&c, msg, 5000, 5001, 3, &m, &bytes));
	assert_false(store_coding_pack(&c, msg, sizeof(msg), HEAD, 3, &m,
	    &bytes));
	store_coder_clear(&c);
}

#ifdef HAVE_ZSTD
/* Every bit turned, every length: refused, or the right number of bytes. */
static void
test_damaged(void **state)
{
	static unsigned char msg[3000], stored[3000], out[3000];
	struct store_coder c = { 0 };
	struct store_coded m, wrong;
	const unsigned char *bytes;

	(void)state;
	make_text(msg, sizeof(msg));
	assert_true(store_coding_pack(&c, msg, sizeof(msg), HEAD, 3, &m,
	    &bytes));
	memcpy(stored, bytes, m.stored);
	for (uint32_t i = m.head * 8; i < m.stored * 8; i++) {
		stored[i / 8] ^= (unsigned char)(1 << i % 8);
		(void)store_coding_unpack(&c, &m, stored, out);
		assert_memory_equal(out, msg, HEAD);
		stored[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	for (wrong = m; wrong.stored > m.head; wrong.stored--)
		assert_true(store_coding_unpack(&c, &wrong, stored, out) ==
		    (wrong.stored == m.stored));
	wrong = m;
	wrong.len--;
	assert_false(store_coding_unpack(&c, &wrong, stored, out));
	store_coder_clear(&c);
}

/* Through the store: packed messages among others, read in any order, copied,
 * and made out again when the index is lost. */
static void
test_store(void **state)
{
	static unsigned char text[3000], noise[3000];
	struct store_new_message msg = { .len = sizeof(text) };
	const unsigned char *data;
	struct store_message m;
	struct store_append *ap;
	struct store_reader *r;
	struct store_mbox *mbox;
	struct store_test t;
	uint32_t validity, first;
	uint64_t at;
	char db[300];
	int fd;

	(void)state;
	make_text(text, sizeof(text));
	make_noise(noise, sizeof(noise));
	store_test_start(&t);
	t.o.compress = 3;
	store_test_reopen(&t);
	for (unsigned i = 0; i < 100; i++) {
		msg.data = i % 3 == 0 ? noise : text;
		assert_int_equal(store_append_begin(t.st, "INBOX", &ap),
		    STORE_OK);
		assert_int_equal(store_append_add(ap, &msg), STORE_OK);
		assert_int_equal(store_append_commit(&ap, &validity, &first),
		    STORE_OK);
	}
	for (unsigned pass = 0; pass < 2; pass++) {
		mbox = store_test_mbox(&t, "INBOX");
		r = store_reader_new(mbox);
		for (uint32_t i = 0; i < 100; i++) {
			uint32_t uid = i * 37 % 100 + 1;
			bool packed = (uid - 1) % 3 != 0;

			assert_int_equal(store_reader_get(r, uid,
			    STORE_WANT_BLOB, &m), STORE_OK);
			assert_int_equal(m.size, sizeof(text));
			assert_int_equal(store_reader_bytes(r, &m, &data),
			    STORE_OK);
			assert_memory_equal(data, packed ? text : noise,
			    sizeof(text));
			assert_int_equal(store_reader_file(r, &m, m.size, &fd,
			    &at), packed ? STORE_NOT_FOUND : STORE_OK);
			if (!packed)
				close(fd);
		}
		store_reader_free(&r);
		store_mbox_unref(&mbox);
		store_test_check(&t);
		if (pass == 1)
			break;
		store_close(&t.st);
		snprintf(db, sizeof(db), "rm -r %s/db", t.home);
		assert_int_equal(system(db), 0);
		store_test_open(&t);
	}
	store_test_end(&t);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_no_gain),
#ifdef HAVE_ZSTD
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_store),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
