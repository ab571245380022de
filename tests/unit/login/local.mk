# SPDX-License-Identifier: ISC
TEST_MOCK = tests/lib/cert.c tests/lib/cert.h tests/lib/client.c \
	tests/lib/client.h tests/lib/mock.c tests/lib/mock.h
if HAVE_CMOCKA
check_PROGRAMS += test_login test_blocks
test_login_SOURCES = tests/unit/login/test_login.c $(TEST_MOCK)
test_login_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(EVENT_CFLAGS)
test_login_LDADD = $(COMMON_LIBS) $(OPENSSL_LIBS) $(TEST_LIBS)
EXTRA_test_login_DEPENDENCIES = libexec/imap-login
test_blocks_SOURCES = tests/unit/login/test_blocks.c imap-login/blocks.c
test_blocks_LDADD = $(COMMON_LIBS) $(TEST_LIBS)
endif
