# SPDX-License-Identifier: ISC
noinst_LIBRARIES += libmail.a
libmail_a_CPPFLAGS = $(AM_CPPFLAGS) $(UTF8PROC_CFLAGS)
libmail_a_SOURCES = \
	imap-worker/mail/address.c \
	imap-worker/mail/bodystructure.c \
	imap-worker/mail/charset.c \
	imap-worker/mail/charset_tables.h \
	imap-worker/mail/date.c \
	imap-worker/mail/decode.c \
	imap-worker/mail/envelope.c \
	imap-worker/mail/find.c \
	imap-worker/mail/fold.c \
	imap-worker/mail/header.c \
	imap-worker/mail/mail.h \
	imap-worker/mail/mail_private.h \
	imap-worker/mail/mime.c \
	imap-worker/mail/param.c \
	imap-worker/mail/section.c \
	imap-worker/mail/word.c
EXTRA_DIST += imap-worker/mail/README
