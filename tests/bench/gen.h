/* SPDX-License-Identifier: ISC
 *
 * Messages for the benchmark: the same for the same number, on every machine.
 */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <stddef.h>

struct gen_buf {
	char *data; /* own */
	size_t len;
	size_t size;
};

/* Message number n, varied in kind and size (mean about 8 KB), with CRLF. The
 * buffer is emptied first, and grows as needed. */
void gen_message(unsigned n, struct gen_buf *out);
/* A plain message of about `size` bytes; n makes it differ. */
void gen_plain(unsigned n, size_t size, struct gen_buf *out);
/* Flags and INTERNALDATE for APPEND of message n; "" or with a space behind. */
const char *gen_flags(unsigned n);
void gen_date(unsigned n, char *date, size_t size);

#endif
