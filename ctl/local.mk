# SPDX-License-Identifier: ISC
bin_PROGRAMS += posternctl
posternctl_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(SODIUM_CFLAGS)
posternctl_SOURCES = \
	ctl/all_users.c \
	ctl/config.c \
	ctl/connect.c \
	ctl/ctl.h \
	ctl/export.c \
	ctl/maildir.c ctl/maildir.h \
	ctl/import.c \
	ctl/import_source.c ctl/import_source.h \
	ctl/main.c \
	ctl/passwd_edit.c ctl/passwd_edit.h \
	ctl/password.c ctl/password.h \
	ctl/print.c \
	ctl/runtime.c \
	ctl/task.c ctl/task.h \
	ctl/task_print.c ctl/task_print.h \
	ctl/users.c
posternctl_LDADD = libimap.a $(COMMON_LIBS)
EXTRA_DIST += ctl/README
