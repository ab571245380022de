# SPDX-License-Identifier: ISC
# All but main.c is a library, which the unit tests link.
noinst_LIBRARIES += libauth.a
libauth_a_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS) $(EVENT_CFLAGS) \
	$(GSASL_CFLAGS)
libauth_a_SOURCES = \
	auth/auth.c auth/auth.h \
	auth/cache.c auth/cache.h \
	auth/helpers.c auth/helpers.h \
	auth/home.c auth/home.h \
	auth/ipc_handlers.c auth/ipc_handlers.h \
	auth/passwd_file.c auth/passwd_file.h \
	auth/penalty.c auth/penalty.h \
	auth/prejail.c auth/prejail.h \
	auth/rcpt.c auth/rcpt.h \
	auth/request.c auth/request.h \
	auth/sasl.c auth/sasl.h \
	auth/tickets.c auth/tickets.h \
	auth/uid_table.c auth/uid_table.h \
	auth/userdb.c auth/userdb.h
AUTH_LIBS = libauth.a $(PROC_LIBS) $(COMMON_LIBS) $(GSASL_LIBS)

pkglibexec_PROGRAMS += libexec/auth
libexec_auth_CPPFLAGS = $(libauth_a_CPPFLAGS)
libexec_auth_SOURCES = auth/main.c
libexec_auth_LDADD = $(AUTH_LIBS)
EXTRA_DIST += auth/README
