# SPDX-License-Identifier: ISC
if HAVE_CMOCKA
check_PROGRAMS += test_lmtp test_lmtp_command test_lmtp_data
test_lmtp_SOURCES = tests/unit/lmtp/test_lmtp.c $(TEST_MOCK)
test_lmtp_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(EVENT_CFLAGS)
test_lmtp_LDADD = $(COMMON_LIBS) $(OPENSSL_LIBS) $(TEST_LIBS)
EXTRA_test_lmtp_DEPENDENCIES = libexec/lmtp
test_lmtp_command_SOURCES = tests/unit/lmtp/test_lmtp_command.c lmtp/command.c
test_lmtp_command_LDADD = $(TEST_LIBS)
test_lmtp_data_SOURCES = tests/unit/lmtp/test_lmtp_data.c lmtp/data.c
test_lmtp_data_LDADD = $(TEST_LIBS)
endif
