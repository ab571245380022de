# SPDX-License-Identifier: ISC
if HAVE_CMOCKA
check_PROGRAMS += test_buf
test_buf_SOURCES = tests/unit/common/test_buf.c
test_buf_LDADD = $(COMMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += test_conf
test_conf_SOURCES = tests/unit/common/test_conf.c
test_conf_LDADD = $(COMMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += test_import_item
test_import_item_SOURCES = tests/unit/common/test_import_item.c
test_import_item_LDADD = $(COMMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += test_ipc
test_ipc_SOURCES = tests/unit/common/test_ipc.c
test_ipc_LDADD = $(COMMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += test_ipc_abuse
test_ipc_abuse_SOURCES = tests/unit/common/test_ipc_abuse.c
test_ipc_abuse_LDADD = $(COMMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += test_proc
test_proc_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS)
test_proc_SOURCES = tests/unit/common/test_proc.c
test_proc_LDADD = $(PROC_LIBS) $(COMMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += test_task_frame
test_task_frame_SOURCES = tests/unit/common/test_task_frame.c
test_task_frame_LDADD = $(COMMON_LIBS) $(TEST_LIBS)
endif
