# SPDX-License-Identifier: ISC
if HAVE_CMOCKA
MAIL_TEST_LIBS = libmail.a $(COMMON_LIBS) $(UTF8PROC_LIBS) $(TEST_LIBS)

check_PROGRAMS += test_mail_date
test_mail_date_SOURCES = tests/unit/mail/test_mail_date.c
test_mail_date_LDADD = $(MAIL_TEST_LIBS)

check_PROGRAMS += test_mail_find
test_mail_find_SOURCES = tests/unit/mail/test_mail_find.c
test_mail_find_LDADD = $(MAIL_TEST_LIBS)

check_PROGRAMS += test_mail_header
test_mail_header_SOURCES = tests/unit/mail/test_mail_header.c
test_mail_header_LDADD = $(MAIL_TEST_LIBS)

check_PROGRAMS += test_mail_structure
test_mail_structure_SOURCES = tests/unit/mail/test_mail_structure.c
test_mail_structure_LDADD = $(MAIL_TEST_LIBS)

check_PROGRAMS += test_mail_text
test_mail_text_SOURCES = tests/unit/mail/test_mail_text.c
test_mail_text_LDADD = $(MAIL_TEST_LIBS)
endif
