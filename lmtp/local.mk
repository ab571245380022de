# SPDX-License-Identifier: ISC
pkglibexec_PROGRAMS += libexec/lmtp
libexec_lmtp_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(SODIUM_CFLAGS)
libexec_lmtp_SOURCES = \
	lmtp/command.c lmtp/command.h \
	lmtp/data.c lmtp/data.h \
	lmtp/deliver.c lmtp/deliver.h \
	lmtp/ipc_handlers.c lmtp/ipc_handlers.h \
	lmtp/lmtp.c lmtp/lmtp.h \
	lmtp/main.c \
	lmtp/message.c lmtp/message.h \
	lmtp/session.c lmtp/session.h \
	lmtp/verbs.c lmtp/verbs.h
libexec_lmtp_LDADD = $(PROC_LIBS) $(COMMON_LIBS)
EXTRA_DIST += lmtp/README
