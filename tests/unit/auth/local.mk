# SPDX-License-Identifier: ISC
if HAVE_CMOCKA
AUTH_TEST_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS) $(EVENT_CFLAGS)
check_PROGRAMS += test_auth_process test_cache test_home test_passwd_file \
	test_penalty test_rcpt test_sasl test_tickets test_uid_table test_verify_hash
test_auth_process_SOURCES = tests/unit/auth/test_auth_process.c $(TEST_MOCK)
test_auth_process_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS) $(EVENT_CFLAGS)
test_auth_process_LDADD = $(COMMON_LIBS) $(OPENSSL_LIBS) $(TEST_LIBS)
EXTRA_test_auth_process_DEPENDENCIES = libexec/auth libexec/auth-helper
test_cache_SOURCES = tests/unit/auth/test_cache.c
test_cache_CPPFLAGS = $(AUTH_TEST_CPPFLAGS)
test_cache_LDADD = $(AUTH_LIBS) $(TEST_LIBS)
test_home_SOURCES = tests/unit/auth/test_home.c
test_home_LDADD = $(AUTH_LIBS) $(TEST_LIBS)
check_PROGRAMS += test_helpers
test_helpers_SOURCES = tests/unit/auth/test_helpers.c
test_helpers_CPPFLAGS = $(AUTH_TEST_CPPFLAGS)
test_helpers_LDADD = $(AUTH_LIBS) $(TEST_LIBS)
test_passwd_file_SOURCES = tests/unit/auth/test_passwd_file.c
test_passwd_file_CPPFLAGS = $(AUTH_TEST_CPPFLAGS)
test_passwd_file_LDADD = $(AUTH_LIBS) $(TEST_LIBS)
test_penalty_SOURCES = tests/unit/auth/test_penalty.c
test_penalty_CPPFLAGS = $(AUTH_TEST_CPPFLAGS)
test_penalty_LDADD = $(AUTH_LIBS) $(TEST_LIBS)
test_rcpt_SOURCES = tests/unit/auth/test_rcpt.c
test_rcpt_CPPFLAGS = $(AUTH_TEST_CPPFLAGS)
test_rcpt_LDADD = $(AUTH_LIBS) $(TEST_LIBS)
test_sasl_SOURCES = tests/unit/auth/test_sasl.c
test_sasl_LDADD = $(AUTH_LIBS) $(TEST_LIBS)
test_tickets_SOURCES = tests/unit/auth/test_tickets.c
test_tickets_CPPFLAGS = $(AUTH_TEST_CPPFLAGS)
test_tickets_LDADD = $(AUTH_LIBS) $(TEST_LIBS)
test_uid_table_SOURCES = tests/unit/auth/test_uid_table.c
test_uid_table_CPPFLAGS = $(AUTH_TEST_CPPFLAGS)
test_uid_table_LDADD = $(AUTH_LIBS) $(TEST_LIBS)
test_verify_hash_SOURCES = tests/unit/auth/test_verify_hash.c
test_verify_hash_CPPFLAGS = $(AUTH_TEST_CPPFLAGS)
test_verify_hash_LDADD = $(AUTH_HELPER_LIBS) $(TEST_LIBS)
endif
