# SPDX-License-Identifier: ISC
if HAVE_CMOCKA
check_PROGRAMS += test_posternctl
test_posternctl_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS)
test_posternctl_SOURCES = tests/unit/ctl/test_posternctl.c
test_posternctl_LDADD = $(COMMON_LIBS) $(TEST_LIBS)
EXTRA_test_posternctl_DEPENDENCIES = posternctl$(EXEEXT)
endif
