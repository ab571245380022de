# SPDX-License-Identifier: ISC
if HAVE_CMOCKA
check_PROGRAMS += test_rows
STORE_TEST = tests/unit/store/store_test.c tests/unit/store/store_test.h
test_rows_SOURCES = tests/unit/store/test_rows.c $(STORE_TEST)
test_rows_LDADD = $(STORE_LIBS) $(TEST_LIBS)
endif
