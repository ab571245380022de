# SPDX-License-Identifier: ISC
if HAVE_CMOCKA
check_PROGRAMS += test_proc_table test_master
test_proc_table_SOURCES = tests/unit/master/test_proc_table.c \
	master/proc_table.c master/proc_table.h
test_proc_table_LDADD = $(COMMON_LIBS) $(TEST_LIBS)
test_master_SOURCES = tests/unit/master/test_master.c
test_master_LDADD = $(COMMON_LIBS) $(TEST_LIBS)
EXTRA_test_master_DEPENDENCIES = fake_child$(EXEEXT) postern$(EXEEXT)
noinst_PROGRAMS += fake_child
fake_child_SOURCES = tests/unit/master/fake_child.c
fake_child_LDADD = $(COMMON_LIBS)
endif
