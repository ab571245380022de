# SPDX-License-Identifier: ISC
if HAVE_CMOCKA
check_PROGRAMS += test_check test_coding test_deaths test_faults test_kv \
	test_late test_mailbox test_recover test_rows test_salvage \
	test_segment test_snap
STORE_TEST = tests/unit/store/store_test.c tests/unit/store/store_test.h
test_coding_SOURCES = tests/unit/store/test_coding.c $(STORE_TEST)
test_coding_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_deaths_SOURCES = tests/unit/store/test_deaths.c $(STORE_TEST)
test_deaths_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_faults_SOURCES = tests/unit/store/test_faults.c \
	tests/unit/store/faults_case.c tests/unit/store/faults_case.h \
	tests/unit/store/faults_dump.c \
	tests/unit/store/faults_ops.c tests/unit/store/faults_ops.h \
	tests/crash/image.c tests/crash/image.h $(STORE_TEST)
test_faults_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_kv_SOURCES = tests/unit/store/test_kv.c $(STORE_TEST)
test_kv_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_late_SOURCES = tests/unit/store/test_late.c $(STORE_TEST)
test_late_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_mailbox_SOURCES = tests/unit/store/test_mailbox.c $(STORE_TEST)
test_mailbox_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_recover_SOURCES = tests/unit/store/test_recover.c $(STORE_TEST)
test_recover_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_rows_SOURCES = tests/unit/store/test_rows.c $(STORE_TEST)
test_rows_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_segment_SOURCES = tests/unit/store/test_segment.c $(STORE_TEST)
test_segment_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_check_SOURCES = tests/unit/store/test_check.c $(STORE_TEST)
test_check_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_salvage_SOURCES = tests/unit/store/test_salvage.c $(STORE_TEST)
test_salvage_LDADD = $(STORE_LIBS) $(TEST_LIBS)
test_snap_SOURCES = tests/unit/store/test_snap.c $(STORE_TEST)
test_snap_LDADD = $(STORE_LIBS) $(TEST_LIBS)
endif
