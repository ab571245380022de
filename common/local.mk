noinst_LIBRARIES += libcommon.a
libcommon_a_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS) $(EVENT_CFLAGS) \
	$(CONFUSE_CFLAGS)
libcommon_a_SOURCES = \
	common/arena.c common/arena.h \
	common/buf.c common/buf.h \
	common/conf.c common/conf.h common/conf_private.h \
	common/conf_check.c \
	common/conf_dump.c \
	common/conf_file.c \
	common/conf_value.c \
	common/ipc.h common/ipc_msgs.def common/ipc_private.h \
	common/ipc_chan.c common/ipc_msg.c common/ipc_table.c \
	common/limits.h \
	common/log.c common/log.h \
	common/secret.c common/secret.h \
	common/xalloc.c common/xalloc.h
COMMON_LIBS = libcommon.a $(EVENT_LIBS) $(SODIUM_LIBS) $(CONFUSE_LIBS)
