# SPDX-License-Identifier: ISC
MAIL_FUZZ_LIBS = libmail.a $(COMMON_LIBS) $(UTF8PROC_LIBS)

check_PROGRAMS += fuzz_mail
fuzz_mail_SOURCES = tests/fuzz/fuzz_mail.c $(MAIN_FUZZ)
fuzz_mail_LDADD = $(MAIL_FUZZ_LIBS)
fuzz_mail_LDFLAGS = $(LDFLAGS_FUZZ)

check_PROGRAMS += fuzz_mail_date
fuzz_mail_date_SOURCES = tests/fuzz/fuzz_mail_date.c $(MAIN_FUZZ)
fuzz_mail_date_LDADD = $(MAIL_FUZZ_LIBS)
fuzz_mail_date_LDFLAGS = $(LDFLAGS_FUZZ)

check_PROGRAMS += fuzz_mail_header
fuzz_mail_header_SOURCES = tests/fuzz/fuzz_mail_header.c $(MAIN_FUZZ)
fuzz_mail_header_LDADD = $(MAIL_FUZZ_LIBS)
fuzz_mail_header_LDFLAGS = $(LDFLAGS_FUZZ)
