/* SPDX-License-Identifier: ISC
 *
 * The index interface.
 */
#include "store_test.h"

#include <stdio.h>
#include <string.h>

#include "store/kv.h"

static struct kv *kv;
static char folder[256];

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof(folder), "%s/postern.XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(kv_open(folder, &kv), KV_OK);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	kv_close(&kv);
	assert_null(kv);
	store_test_remove(folder);
	return 0;
}

static void
fill(unsigned n, size_t size)
{
	static unsigned char value[4096];
	unsigned char key[4];

	assert_int_equal(kv_begin(kv), KV_OK);
	for (unsigned i = 0; i < n; i++) {
		key[0] = (unsigned char)(i >> 24);
		key[1] = (unsigned char)(i >> 16);
		key[2] = (unsigned char)(i >> 8);
		key[3] = (unsigned char)i;
		memcpy(value, key, 4);
		assert_int_equal(kv_put(kv, KV_HOT, key, 4, value, size),
		    KV_OK);
	}
	assert_int_equal(kv_commit(kv), KV_OK);
}

static void
test_transactions(void **state)
{
	struct kv_item v;

	(void)state;
	assert_int_equal(kv_get(kv, KV_META, "a", 1, &v), KV_NOT_FOUND);
	assert_int_equal(kv_begin(kv), KV_OK);
	assert_int_equal(kv_put(kv, KV_META, "a", 1, "one", 3), KV_OK);
	assert_int_equal(kv_get(kv, KV_META, "a", 1, &v), KV_OK);
	assert_int_equal(v.len, 3);
	kv_abort(kv);
	assert_int_equal(kv_get(kv, KV_META, "a", 1, &v), KV_NOT_FOUND);
	assert_int_equal(kv_begin(kv), KV_OK);
	assert_int_equal(kv_put(kv, KV_META, "a", 1, "two", 3), KV_OK);
	assert_int_equal(kv_delete(kv, KV_META, "b", 1), KV_NOT_FOUND);
	assert_int_equal(kv_commit(kv), KV_OK);
	assert_int_equal(kv_flush(kv), KV_OK);
	assert_int_equal(kv_checkpoint(kv, true), KV_OK);
	kv_close(&kv);
	assert_int_equal(kv_open(folder, &kv), KV_OK);
	assert_int_equal(kv_get(kv, KV_META, "a", 1, &v), KV_OK);
	assert_memory_equal(v.data, "two", 3);
}

static void
test_floor(void **state)
{
	static const struct {
		const char *key, *want; /* NULL: none */
	} cases[] = {
		{ "a", NULL }, { "b", "b" }, { "c", "b" }, { "d", "d" },
		{ "da", "d" }, { "f", "f" }, { "z", "f" },
	};
	struct kv_item k, v;

	(void)state;
	assert_int_equal(kv_begin(kv), KV_OK);
	kv_put(kv, KV_LOC, "b", 1, "", 0);
	kv_put(kv, KV_LOC, "d", 1, "", 0);
	kv_put(kv, KV_LOC, "f", 1, "", 0);
	assert_int_equal(kv_commit(kv), KV_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum kv_err e = kv_floor(kv, KV_LOC, cases[i].key,
		    strlen(cases[i].key), &k, &v);

		assert_int_equal(e, cases[i].want == NULL ? KV_NOT_FOUND
		                                          : KV_OK);
		if (e == KV_OK)
			assert_memory_equal(k.data, cases[i].want, 1);
	}
}

static void
test_scan(void **state)
{
	static const size_t sizes[] = { 4, 100, 900, 3000 };
	static const unsigned steps[] = { 1, 2, 7, 100, 999 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct kv_item k, v;
		struct kv_scan s;
		unsigned n = 0;
		enum kv_err e;

		fill(3000, sizes[i]);
		kv_scan_init(&s, kv, KV_HOT);
		for (e = kv_scan_to(&s, "", 0, &k, &v); e == KV_OK;
		    e = kv_scan_next(&s, &k, &v), n++) {
			assert_int_equal(k.len, 4);
			assert_int_equal(v.len, sizes[i]);
			assert_memory_equal(k.data, v.data, 4);
			assert_int_equal(k.data[2] << 8 | k.data[3], n);
		}
		assert_int_equal(e, KV_NOT_FOUND);
		assert_int_equal(n, 3000);
		for (size_t j = 0; j < 5; j++)
			for (n = 0; n < 3000; n += steps[j]) {
				unsigned char key[4] = { 0, 0,
					(unsigned char)(n >> 8),
					(unsigned char)n };

				assert_int_equal(kv_scan_to(&s, key, 4, &k, &v),
				    KV_OK);
				assert_memory_equal(k.data, key, 4);
				assert_memory_equal(v.data, key, 4);
			}
		kv_scan_clear(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_transactions, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_floor, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scan, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
