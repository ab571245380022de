/* SPDX-License-Identifier: ISC
 *
 * Modified UTF-7 must come back as it went, in both directions, and matching
 * must agree with a second, recursive matcher.  The first byte cuts the input
 * into a pattern and a name.
 */
#include <stdlib.h>
#include <string.h>

#include "common/imap/names.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
check_same(struct buf *b, const char *s, size_t len)
{
	if (b->len != len || (len > 0 && memcmp(b->data, s, len) != 0))
		abort();
}

static void
check_mutf7(const char *s, size_t len)
{
	struct buf there, back;

	buf_init(&there, 1024 * 1024);
	buf_init(&back, 1024 * 1024);
	if (imap_mutf7_encode(s, len, &there)) {
		if (!imap_mutf7_decode(buf_cstr(&there), there.len, &back))
			abort();
		check_same(&back, s, len);
	} else if (imap_utf8_check(s, len) != IMAP_UTF8_BAD) {
		abort();
	}
	buf_reset(&there);
	buf_reset(&back);
	if (imap_mutf7_decode(s, len, &there)) {
		if (!imap_mutf7_encode(buf_cstr(&there), there.len, &back))
			abort();
		check_same(&back, s, len);
	}
	buf_clear(&there);
	buf_clear(&back);
}

static bool
match_slowly(const char *pattern, const char *name, unsigned *steps)
{
	if (++*steps > 20000)
		return false;
	if (*pattern == '\0')
		return *name == '\0';
	if (*pattern != '*' && *pattern != '%')
		return *name == *pattern &&
		    match_slowly(pattern + 1, name + 1, steps);
	if (match_slowly(pattern + 1, name, steps))
		return true;
	return *name != '\0' && (*pattern == '*' || *name != '/') &&
	    match_slowly(pattern, name + 1, steps);
}

static void
check_match(const char *pattern, const char *name)
{
	enum imap_match got = imap_match_mailbox(pattern, name);
	unsigned steps = 0;
	bool want;

	if (strncmp(name, "INBOX", 5) == 0 || strlen(pattern) > 200 ||
	    strlen(name) > 200)
		return;
	want = match_slowly(pattern, name, &steps);
	if (steps <= 20000 && want != (got == IMAP_MATCH_YES))
		abort();
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	char *text;
	size_t cut;

	if (len < 1 || len > 8192)
		return 0;
	text = malloc(len + 1);
	if (text == NULL)
		abort();
	memcpy(text, data, len);
	text[len] = '\0';
	check_mutf7(text, len);
	check_mutf7(text + 1, len - 1);
	imap_mailbox_name_check(text);
	cut = 1 + data[0] % len;
	if (cut < len) {
		text[cut] = '\0';
		check_match(text + 1, text + cut + 1);
	}
	free(text);
	return 0;
}
