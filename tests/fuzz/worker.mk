# SPDX-License-Identifier: ISC
check_PROGRAMS += fuzz_fetch_items
fuzz_fetch_items_SOURCES = tests/fuzz/fuzz_fetch_items.c $(MAIN_FUZZ)
fuzz_fetch_items_LDADD = $(WORKER_LIBS)
fuzz_fetch_items_LDFLAGS = $(LDFLAGS_FUZZ)
check_PROGRAMS += fuzz_import_maildir
fuzz_import_maildir_SOURCES = tests/fuzz/fuzz_import_maildir.c $(MAIN_FUZZ)
fuzz_import_maildir_LDADD = $(WORKER_LIBS)
fuzz_import_maildir_LDFLAGS = $(LDFLAGS_FUZZ)
check_PROGRAMS += fuzz_import_mbox
fuzz_import_mbox_SOURCES = tests/fuzz/fuzz_import_mbox.c $(MAIN_FUZZ)
fuzz_import_mbox_LDADD = $(WORKER_LIBS)
fuzz_import_mbox_LDFLAGS = $(LDFLAGS_FUZZ)
check_PROGRAMS += fuzz_import_uidlist
fuzz_import_uidlist_SOURCES = tests/fuzz/fuzz_import_uidlist.c $(MAIN_FUZZ)
fuzz_import_uidlist_LDADD = $(WORKER_LIBS)
fuzz_import_uidlist_LDFLAGS = $(LDFLAGS_FUZZ)
