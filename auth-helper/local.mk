# SPDX-License-Identifier: ISC
noinst_LIBRARIES += libauthhelper.a
libauthhelper_a_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS) $(EVENT_CFLAGS) \
	$(CRYPT_CFLAGS)
libauthhelper_a_SOURCES = \
	auth-helper/ipc_handlers.c auth-helper/ipc_handlers.h \
	auth-helper/verify_hash.c auth-helper/verify_hash.h \
	auth-helper/verify_pam.h
if HAVE_PAM
libauthhelper_a_SOURCES += auth-helper/verify_pam.c
endif
AUTH_HELPER_LIBS = libauthhelper.a $(PROC_LIBS) $(COMMON_LIBS) $(CRYPT_LIBS) $(PAM_LIBS)

pkglibexec_PROGRAMS += libexec/auth-helper
libexec_auth_helper_CPPFLAGS = $(libauthhelper_a_CPPFLAGS)
libexec_auth_helper_SOURCES = auth-helper/main.c
libexec_auth_helper_LDADD = $(AUTH_HELPER_LIBS)
EXTRA_DIST += auth-helper/README
