# SPDX-License-Identifier: ISC
WORKER_LIBS = libworker.a libsearch.a libstore.a libmail.a libimap.a \
	$(PROC_LIBS) $(COMMON_LIBS) \
	$(UTF8PROC_LIBS) $(BDB_LIBS) $(ROARING_LIBS) $(ZSTD_LIBS)
if HAVE_CMOCKA
check_PROGRAMS += test_append_literal test_append_spool test_derive \
	test_fetch_items test_import test_import_parse test_list_names test_output test_task test_view
test_append_literal_SOURCES = tests/unit/worker/test_append_literal.c \
	$(STORE_TEST)
test_append_literal_LDADD = $(WORKER_LIBS) $(TEST_LIBS)
test_append_spool_SOURCES = tests/unit/worker/test_append_spool.c
test_append_spool_LDADD = $(WORKER_LIBS) $(TEST_LIBS)
test_derive_SOURCES = tests/unit/worker/test_derive.c
test_derive_LDADD = $(WORKER_LIBS) $(TEST_LIBS)
test_fetch_items_SOURCES = tests/unit/worker/test_fetch_items.c
test_fetch_items_LDADD = $(WORKER_LIBS) $(TEST_LIBS)
test_import_SOURCES = tests/unit/worker/test_import.c $(STORE_TEST)
test_import_LDADD = $(WORKER_LIBS) $(TEST_LIBS)
test_import_parse_SOURCES = tests/unit/worker/test_import_parse.c
test_import_parse_LDADD = $(WORKER_LIBS) $(TEST_LIBS)
test_list_names_SOURCES = tests/unit/worker/test_list_names.c $(STORE_TEST)
test_list_names_LDADD = $(WORKER_LIBS) $(TEST_LIBS)
test_output_SOURCES = tests/unit/worker/test_output.c
test_output_LDADD = $(WORKER_LIBS) $(TEST_LIBS)
test_task_SOURCES = tests/unit/worker/test_task.c $(STORE_TEST)
test_task_LDADD = $(WORKER_LIBS) $(TEST_LIBS)
test_view_SOURCES = tests/unit/worker/test_view.c $(STORE_TEST)
test_view_LDADD = $(WORKER_LIBS) $(TEST_LIBS)
endif
