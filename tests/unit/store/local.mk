# SPDX-License-Identifier: ISC
if HAVE_CMOCKA
check_PROGRAMS += test_faults test_kv test_mailbox test_recover test_rows test_segment
STORE_TEST = tests/unit/store/store_test.c tests/unit/store/store_test.h
test_faults_SOURCES = tests/unit/store/test_faults.c \
	tests/unit/store/faults_case.c tests/unit/store/faults_case.h \
	tests/unit/store/faults_dump.c \
	tests/unit/store/faults_ops.c tests/unit/store/faults_ops.h \
	tests/crash/image.c tests/crash/image.h $(STORE_TEST)
test_faults_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_kv_SOURCES = tests/unit/store/test_kv.c $(STORE_TEST)
test_kv_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_mailbox_SOURCES = tests/unit/store/test_mailbox.c $(STORE_TEST)
test_mailbox_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_recover_SOURCES = tests/unit/store/test_recover.c $(STORE_TEST)
test_recover_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_rows_SOURCES = tests/unit/store/test_rows.c $(STORE_TEST)
test_rows_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_segment_SOURCES = tests/unit/store/test_segment.c $(STORE_TEST)
test_segment_LDADD = $(STORE_LIBS) $(TEST_LIBS)
endif
