/* SPDX-License-Identifier: ISC
 *
 * What the unit tests of the store share: a home in a temporary folder, a
 * derive function that invents, and short forms of calls.
 */
#ifndef STORE_TEST_H
#define STORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "store/store.h"

struct store_test {
	char home[256];
	struct store_options o;
	struct store *st;
};

/* A fresh home; opened. */
void store_test_start(struct store_test *t);
/* Closes, removes the home. */
void store_test_end(struct store_test *t);
void store_test_open(struct store_test *t);
void store_test_reopen(struct store_test *t);
/* store_check() finds nothing. */
void store_test_check(struct store_test *t);
/* Runs fn in a child that dies without closing the store. The store must not
 * be open here. */
void store_test_crash(struct store_test *t, void (*fn)(struct store_test *t));
/* Appends n messages of a size; returns the first UID. */
uint32_t store_test_append(struct store *st, const char *mailbox, unsigned n,
    size_t size, uint64_t flags);
/* The bytes of the message store_test_append() made as number i of a call. */
void store_test_message(unsigned char *p, size_t size, unsigned i);
struct store_mbox *store_test_mbox(struct store_test *t, const char *name);
roaring_bitmap_t *store_test_range(uint32_t first, uint32_t last);
/* Removes a folder and all in it. */
void store_test_remove(const char *path);

#endif
