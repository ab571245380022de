# SPDX-License-Identifier: ISC
pkglibexec_PROGRAMS += libexec/imap-login
libexec_imap_login_CPPFLAGS = $(AM_CPPFLAGS) \
	$(OPENSSL_CFLAGS) $(EVENT_CFLAGS) $(SODIUM_CFLAGS)
libexec_imap_login_SOURCES = \
	imap-login/blocks.c imap-login/blocks.h \
	imap-login/cmd.h \
	imap-login/cmd/authenticate.c \
	imap-login/cmd/capability.c \
	imap-login/cmd/id.c \
	imap-login/cmd/login.c \
	imap-login/cmd/logout.c \
	imap-login/cmd/noop.c \
	imap-login/cmd/starttls.c \
	imap-login/cmd_table.c \
	imap-login/conn.c imap-login/conn.h \
	imap-login/conn_input.c imap-login/conn_input.h \
	imap-login/exchange.c imap-login/exchange.h \
	imap-login/handoff.c imap-login/handoff.h \
	imap-login/io.c imap-login/io.h \
	imap-login/ipc_handlers.c imap-login/ipc_handlers.h \
	imap-login/farewell.c imap-login/farewell.h \
	imap-login/login.c imap-login/login.h \
	imap-login/main.c \
	imap-login/relay.c imap-login/relay.h \
	imap-login/tls.c imap-login/tls.h
libexec_imap_login_LDADD = libimap.a $(PROC_LIBS) $(COMMON_LIBS) \
	$(OPENSSL_LIBS)
EXTRA_DIST += imap-login/README
