# SPDX-License-Identifier: ISC
check_PROGRAMS += fuzz_fetch_items
fuzz_fetch_items_SOURCES = tests/fuzz/fuzz_fetch_items.c $(MAIN_FUZZ)
fuzz_fetch_items_LDADD = $(WORKER_LIBS)
fuzz_fetch_items_LDFLAGS = $(LDFLAGS_FUZZ)
