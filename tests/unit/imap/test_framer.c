/* SPDX-License-Identifier: ISC
 *
 * Each case is a client's bytes and the events they make, written down as
 * text; it runs whole, in steps of one byte and of three.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/imap/framer.h"

#define MAX_LINE 40
#define MAX_TOTAL 60

/* What the test does with literals. */
enum policy { KEEP, EXTERN, REFUSE };

struct framer_case {
	const char *name;
	enum policy policy;
	const char *in;
	size_t in_len;
	const char *events; /* C[..] command, L<n><+|s><b> literal, D[..] data,
	                       E data end, T[..] too long, R refused, F fatal */
};

#define IN(s) s, sizeof(s) - 1

static const struct framer_case cases[] = {
	{ "one command", KEEP, IN("a NOOP\r\n"), "C[a NOOP]" },
	{ "bare LF", KEEP, IN("a NOOP\nb X\n"), "C[a NOOP]C[b X]" },
	{ "one CR goes", KEEP, IN("a\r\r\n"), "C[a\\r]" },
	{ "empty lines", KEEP, IN("\r\n\n"), "C[]C[]" },
	{ "pipelined", KEEP, IN("a NOOP\r\nb NOOP\r\nc"),
	    "C[a NOOP]C[b NOOP]" },
	{ "kept literal", KEEP, IN("a X {3}\r\nb\nc d\r\n"),
	    "L3sC[a X {3}\\r\\nb\\nc d]" },
	{ "kept literal with LF only", KEEP, IN("a X {1}\nb\n"),
	    "L1sC[a X {1}\\r\\nb]" },
	{ "kept literal ends in CR", KEEP, IN("a {2}\r\nb\r\n"),
	    "L2sC[a {2}\\r\\nb\\r]" },
	{ "kept literal ends in an announcement", KEEP,
	    IN("a {3+}\r\n{1}\r\n"), "L3+C[a {3}\\r\\n{1}]" },
	{ "plus is left out", KEEP, IN("a {1+}\r\nb c {01+}\r\nd\r\n"),
	    "L1+L1+C[a {1}\\r\\nb c {1}\\r\\nd]" },
	{ "empty literal", KEEP, IN("a {0}\r\n\r\n"), "L0sC[a {0}\\r\\n]" },
	{ "literal8", KEEP, IN("a ~{1}\r\n\0\r\n"), "L1sbC[a ~{1}\\r\\n\\0]" },
	{ "no literal", KEEP, IN("a {x}\r\na {}\r\na {1}b\r\na {1 }\r\n"
	    "a {+}\r\na 1}\r\n"),
	    "C[a {x}]C[a {}]C[a {1}b]C[a {1 }]C[a {+}]C[a 1}]" },
	{ "CR after an announcement, twice", KEEP, IN("a {1}\r\r\n"),
	    "C[a {1}\\r]" },
	{ "external", EXTERN, IN("a APPEND x {5}\r\n12\0\r\n\r\nb\n"),
	    "L5sD[12\\0\\r\\n]EC[a APPEND x {5}\\0]C[b]" },
	{ "external and more of the command", EXTERN,
	    IN("a ({2+}\r\nxy) {0+}\r\n z\r\n"),
	    "L2+D[xy]EL0+EC[a ({2}\\0) {0}\\0 z]" },
	{ "refused, waiting client", REFUSE, IN("a X {9999}\r\nb Y\r\n"),
	    "L9999sRC[b Y]" },
	{ "refused, sending client", REFUSE,
	    IN("a X {4+}\r\nb\r\nc d {2+}\r\n\r\n\r\nb Y\r\n"),
	    "L4+RC[b Y]" },
	{ "refused, then a waiting literal", REFUSE,
	    IN("a {1+}\r\nx {7}\r\nb\r\n"), "L1+RC[b]" },
	{ "kept does not fit", KEEP, IN("a {53}\r\nb\r\n"), "L53sRC[b]" },
	{ "kept just fits", KEEP, IN("a {52+}\r\n"
	    "1234567890123456789012345678901234567890123456789012\r\nb\r\n"),
	    "L52+C[a {52}\\r\\n"
	    "1234567890123456789012345678901234567890123456789012]C[b]" },
	{ "line just fits", KEEP,
	    IN("a234567890123456789012345678901234567890\r\nb\r\n"),
	    "C[a234567890123456789012345678901234567890]C[b]" },
	{ "line too long", KEEP,
	    IN("a2345678901234567890123456789012345678901\r\nb\r\n"),
	    "T[a234567890123456789012345678901234567890]C[b]" },
	{ "line too long, then a waiting literal", KEEP,
	    IN("a23456789012345678901234567890123456789012 {5}\r\nb\r\n"),
	    "T[a234567890123456789012345678901234567890]C[b]" },
	{ "line too long, then a sent literal", KEEP,
	    IN("a2345678901234567890123456789012345678 {5+}\r\n1\r\n45 z\nb\n"),
	    "T[a2345678901234567890123456789012345678 {]C[b]" },
	{ "command too long after a literal", KEEP, IN("a {50+}\r\n"
	    "12345678901234567890123456789012345678901234567890 yz\r\nb\n"),
	    "L50+T[a {50}\\r\\n"
	    "12345678901234567890123456789012345678901234567890 y]C[b]" },
	{ "NUL", KEEP, IN("a \0\r\nb\r\n"), "F" },
	{ "NUL in a line nobody wants", KEEP,
	    IN("a2345678901234567890123456789012345678901\0\r\n"), "F" },
	{ "most a number can hold", REFUSE, IN("a {9223372036854775807}\r\n"),
	    "L9223372036854775807sR" },
	{ "more than a number can hold", REFUSE,
	    IN("a {9223372036854775808}\r\nb\r\n"), "F" },
	{ "far more", REFUSE, IN("a {99999999999999999999999+}\r\nb\r\n"),
	    "F" },
};

static void
put_bytes(struct buf *out, const char *before, const void *data, size_t len)
{
	const unsigned char *c = data;

	buf_puts(out, before);
	for (size_t i = 0; i < len; i++) {
		if (c[i] == '\r')
			buf_puts(out, "\\r");
		else if (c[i] == '\n')
			buf_puts(out, "\\n");
		else if (c[i] == '\0')
			buf_puts(out, "\\0");
		else
			buf_putc(out, c[i]);
	}
}

/* Notes one event down and answers it; false: nothing more to feed now. */
static bool
note(struct imap_framer *f, enum policy policy, enum imap_frame event,
    bool *in_data, struct buf *out)
{
	if (*in_data && event == IMAP_FRAME_DATA_END)
		buf_putc(out, ']');
	switch (event) {
	case IMAP_FRAME_MORE:
		return false;
	case IMAP_FRAME_COMMAND:
		put_bytes(out, "C[", f->text.data, f->text.len);
		buf_putc(out, ']');
		imap_framer_next(f);
		break;
	case IMAP_FRAME_LITERAL:
		buf_printf(out, "L%llu%s%s", (unsigned long long)
		    f->literal_size, f->literal_sync ? "s" : "+",
		    f->literal_binary ? "b" : "");
		if (policy == EXTERN)
			imap_framer_extern(f);
		else if (policy == REFUSE || !imap_framer_keep(f))
			imap_framer_refuse(f);
		break;
	case IMAP_FRAME_DATA:
		put_bytes(out, *in_data ? "" : "D[", f->data, f->data_len);
		*in_data = true;
		break;
	case IMAP_FRAME_DATA_END:
		buf_putc(out, 'E');
		*in_data = false;
		break;
	case IMAP_FRAME_TOO_LONG:
		put_bytes(out, "T[", f->text.data, f->text.len);
		buf_putc(out, ']');
		imap_framer_next(f);
		break;
	case IMAP_FRAME_REFUSED:
		buf_putc(out, 'R');
		imap_framer_next(f);
		break;
	case IMAP_FRAME_FATAL:
		buf_putc(out, 'F');
		return false;
	}
	return true;
}

static void
run_case(const struct framer_case *c, size_t step, struct buf *out)
{
	struct imap_framer f;
	bool in_data = false, fatal = false;
	enum imap_frame event;
	size_t at = 0, n, used;

	imap_framer_init(&f, MAX_LINE, MAX_TOTAL);
	while (at < c->in_len && !fatal) {
		n = c->in_len - at < step ? c->in_len - at : step;
		do {
			event = imap_framer_feed(&f,
			    (const unsigned char *)c->in + at, n, &used);
			assert_true(used <= n);
			at += used;
			n -= used;
			fatal = event == IMAP_FRAME_FATAL;
		} while (note(&f, c->policy, event, &in_data, out));
	}
	imap_framer_clear(&f);
}

static void
test_cases(void **state)
{
	static const size_t steps[] = { SIZE_MAX, 1, 3 };
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t s = 0; s < 3; s++) {
			buf_reset(&out);
			run_case(&cases[i], steps[s], &out);
			if (strcmp(buf_cstr(&out), cases[i].events) != 0)
				fail_msg("%s, step %zu: %s", cases[i].name,
				    steps[s], buf_cstr(&out));
		}
	}
	buf_clear(&out);
}

static void
test_long_literals_stream(void **state)
{
	static const unsigned char megabyte[1024 * 1024];
	enum imap_frame event;
	struct imap_framer f;
	uint64_t seen = 0;
	size_t used;

	(void)state;
	imap_framer_init(&f, MAX_LINE, MAX_TOTAL);
	event = imap_framer_feed(&f, (const unsigned char *)
	    "a {4294967297+}\r\n", 17, &used);
	assert_int_equal(event, IMAP_FRAME_LITERAL);
	imap_framer_extern(&f);
	while (imap_framer_feed(&f, megabyte, sizeof(megabyte), &used) ==
	    IMAP_FRAME_DATA)
		seen += f.data_len;
	assert_true(seen == 4294967297);
	assert_int_equal(used, 0);
	imap_framer_clear(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long_literals_stream),
	};

	return cmocka_run_group_tests_name("framer", tests, NULL, NULL);
}
