noinst_LIBRARIES += libcommon.a
libcommon_a_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS) $(EVENT_CFLAGS) \
	$(CONFUSE_CFLAGS)
libcommon_a_SOURCES = \
	common/addr.c common/addr.h \
	common/arena.c common/arena.h \
	common/auth_client.c common/auth_client.h \
	common/buf.c common/buf.h \
	common/client.c common/client.h \
	common/conf.c common/conf.h common/conf_private.h \
	common/conf_check.c \
	common/conf_child.c \
	common/conf_dump.c \
	common/conf_file.c \
	common/conf_value.c \
	common/crash.c common/crash.h \
	common/import_item.c common/import_item.h \
	common/ipc.h common/ipc_msgs.def common/ipc_private.h \
	common/ipc_chan.c common/ipc_msg.c common/ipc_table.c \
	common/limits.h \
	common/listener.c common/listener.h \
	common/log.c common/log.h \
	common/master_client.c common/master_client.h \
	common/secret.c common/secret.h \
	common/service.c common/service.h \
	common/task_frame.c common/task_frame.h \
	common/user.c common/user.h \
	common/xalloc.c common/xalloc.h
EXTRA_DIST += common/README
COMMON_LIBS = libcommon.a $(EVENT_LIBS) $(SODIUM_LIBS) $(CONFUSE_LIBS)

# The jail: apart from libcommon.a, so that only programs that shut one link
# libseccomp.
noinst_LIBRARIES += libproc.a
libproc_a_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS)
libproc_a_SOURCES = \
	common/proc.c common/proc.h common/proc_private.h \
	common/proc_home.c \
	common/proc_landlock.c \
	common/proc_seccomp.c
PROC_LIBS = libproc.a $(SECCOMP_LIBS)
