# SPDX-License-Identifier: ISC
sbin_PROGRAMS += postern
postern_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(SYSTEMD_CFLAGS)
postern_SOURCES = \
	master/children.c master/children.h \
	master/control.c master/control.h \
	master/deliveries.c master/deliveries.h \
	master/ipc_handlers.c master/ipc_handlers.h \
	master/job.c master/job.h \
	master/listeners.c master/listeners.h \
	master/main.c \
	master/master.c master/master.h \
	master/notify.c master/notify.h \
	master/proc_table.c master/proc_table.h \
	master/sessions.c master/sessions.h \
	master/tasks.c master/tasks.h \
	master/user_list.c master/user_list.h \
	master/workers.c master/workers.h
postern_LDADD = $(PROC_LIBS) $(COMMON_LIBS) $(SYSTEMD_LIBS)
EXTRA_DIST += master/README
