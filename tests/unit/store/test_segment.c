/* SPDX-License-Identifier: ISC
 *
 * Segment files and their scanner.
 */
#include "store_test.h"

#include <stdio.h>
#include <string.h>

#include "store/crc32c.h"
#include "store/segment.h"

static struct store_segments seg;
static char folder[256];

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof(folder), "%s/postern.XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(folder));
	store_segment_init(&seg, folder);
	assert_int_equal(store_segment_create(&seg, 1), STORE_OK);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	store_segment_clear(&seg);
	store_test_remove(folder);
	return 0;
}

static void
test_crc32c(void **state)
{
	static const struct {
		const char *text;
		uint32_t crc;
	} cases[] = {
		{ "", 0 }, { "a", 0xc1d04330 }, { "123456789", 0xe3069283 },
	};
	unsigned char data[777];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(store_crc32c(0, cases[i].text,
		    strlen(cases[i].text)), cases[i].crc);
	store_test_message(data, sizeof(data), 3);
	for (size_t n = 0; n < sizeof(data); n++) {
		assert_int_equal(store_crc32c(0, data, n),
		    store_crc32c_portable(0, data, n));
		assert_int_equal(store_crc32c(0, data, n),
		    store_crc32c(store_crc32c(0, data, n / 3), data + n / 3,
		    n - n / 3));
	}
}

static void
add(const char *body)
{
	const struct layout_record r = { .kind = LAYOUT_MESSAGE, .extra_len = 3,
		.body_len = (uint32_t)strlen(body), .blob = 5, .uid = 6,
		.coded.len = (uint32_t)strlen(body) };
	uint64_t at;

	assert_int_equal(store_segment_add(&seg, &r, "kw", body, &at),
	    STORE_OK);
}

/* Groups found from the start, as text. */
static void
assert_groups(const char *want)
{
	char got[256] = "";
	struct store_segment_record r;
	struct store_segment_view v;
	uint64_t at = LAYOUT_SEGMENT_HEAD, end;

	assert_int_equal(store_segment_view(&seg, 1, &v), 0);
	assert_true(v.valid);
	while (store_segment_group(v.data, v.len, v.cookie, at, &end) ==
	    STORE_SEGMENT_FOUND) {
		for (; at < end; at = r.next) {
			assert_int_equal(store_segment_parse(v.data, v.len,
			    v.cookie, at, &r), STORE_SEGMENT_FOUND);
			strncat(got, (const char *)r.body, r.h.body_len);
			assert_memory_equal(r.extra, "kw", 3);
		}
		strcat(got, "|");
	}
	assert_string_equal(got, want);
	store_segment_unview(&v);
}

static void
test_groups(void **state)
{
	uint64_t sealed;

	(void)state;
	assert_groups("");
	assert_int_equal(store_segment_begin(&seg), STORE_OK);
	add("one");
	assert_groups("");
	assert_int_equal(store_segment_seal(&seg), STORE_OK);
	assert_groups("one|");
	assert_int_equal(store_segment_begin(&seg), STORE_OK);
	sealed = seg.sealed;
	add("two");
	add("three");
	assert_groups("one|");
	assert_int_equal(store_segment_seal(&seg), STORE_OK);
	assert_groups("one|twothree|");
	assert_int_equal(store_segment_cancel(&seg, sealed), STORE_OK);
	assert_groups("one|");
	assert_int_equal(store_segment_begin(&seg), STORE_OK);
	add("four");
	assert_int_equal(store_segment_seal(&seg), STORE_OK);
	assert_int_equal(store_segment_sync(&seg), STORE_OK);
	assert_int_equal(store_segment_resume(&seg, 1, seg.end, true),
	    STORE_OK);
	assert_groups("one|four|");
}

/* Any byte changed ends what is found there, and nothing behind is lost. */
static void
test_damage(void **state)
{
	struct store_segment_view v;
	uint64_t end;

	(void)state;
	store_segment_begin(&seg);
	add("one");
	add("two");
	store_segment_seal(&seg);
	store_segment_begin(&seg);
	add("three");
	store_segment_seal(&seg);
	assert_int_equal(store_segment_view(&seg, 1, &v), 0);
	assert_int_equal(store_segment_group(v.data, v.len, v.cookie, 64, &end),
	    STORE_SEGMENT_FOUND);
	for (uint64_t at = 64; at < end; at++) {
		unsigned char *copy = malloc(v.len);
		uint64_t e;

		memcpy(copy, v.data, v.len);
		copy[at] ^= 0x10;
		assert_int_equal(store_segment_group(copy, v.len, v.cookie, 64,
		    &e), STORE_SEGMENT_BAD);
		assert_int_equal(store_segment_search(copy, v.len, v.cookie,
		    64), end);
		free(copy);
	}
	for (size_t len = 65; len < end; len++)
		assert_int_equal(store_segment_group(v.data, len, v.cookie, 64,
		    &(uint64_t){ 0 }), STORE_SEGMENT_BAD);
	assert_int_equal(store_segment_group(v.data, v.len, v.cookie + 1, 64,
	    &end), STORE_SEGMENT_BAD);
	store_segment_unview(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_crc32c, setup, teardown),
		cmocka_unit_test_setup_teardown(test_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
