noinst_LIBRARIES += libstore.a
libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS)
libstore_a_SOURCES = \
	imap-worker/store/append.c \
	imap-worker/store/blob.c \
	imap-worker/store/check.c \
	imap-worker/store/check_snap.c \
	imap-worker/store/copy.c \
	imap-worker/store/crc32c.c \
	imap-worker/store/crc32c.h \
	imap-worker/store/expunge.c \
	imap-worker/store/fault.c \
	imap-worker/store/fault.h \
	imap-worker/store/flags.c \
	imap-worker/store/home.c \
	imap-worker/store/keywords.c \
	imap-worker/store/kv.h \
	imap-worker/store/kv_bdb.c \
	imap-worker/store/layout.h \
	imap-worker/store/layout_snap.h \
	imap-worker/store/mailbox.c \
	imap-worker/store/names.c \
	imap-worker/store/reader.c \
	imap-worker/store/rebuild.c \
	imap-worker/store/rebuild.h \
	imap-worker/store/rebuild_read.c \
	imap-worker/store/recover.c \
	imap-worker/store/recover.h \
	imap-worker/store/recover_lost.c \
	imap-worker/store/replay.c \
	imap-worker/store/rows.c \
	imap-worker/store/salvage.c \
	imap-worker/store/salvage.h \
	imap-worker/store/salvage_file.c \
	imap-worker/store/segment.c \
	imap-worker/store/segment.h \
	imap-worker/store/segment_read.c \
	imap-worker/store/snap.c \
	imap-worker/store/snap.h \
	imap-worker/store/snap_file.c \
	imap-worker/store/snap_merge.c \
	imap-worker/store/snap_read.c \
	imap-worker/store/store.c \
	imap-worker/store/store.h \
	imap-worker/store/store_private.h \
	imap-worker/store/thread.c \
	imap-worker/store/txn.c
STORE_LIBS = libstore.a libcommon.a $(BDB_LIBS) $(ROARING_LIBS) \
	$(EVENT_LIBS) $(SODIUM_LIBS)
