noinst_LIBRARIES += libstore.a
libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS) $(ZSTD_CFLAGS)
libstore_a_SOURCES = \
	imap-worker/store/append.c \
	imap-worker/store/blob.c \
	imap-worker/store/blobs.c \
	imap-worker/store/check.c \
	imap-worker/store/check_blobs.c \
	imap-worker/store/check_private.h \
	imap-worker/store/coding.c \
	imap-worker/store/coding.h \
	imap-worker/store/copy.c \
	imap-worker/store/crc32c.c \
	imap-worker/store/crc32c.h \
	imap-worker/store/expunge.c \
	imap-worker/store/fault.c \
	imap-worker/store/fault.h \
	imap-worker/store/flags.c \
	imap-worker/store/home.c \
	imap-worker/store/io.c \
	imap-worker/store/io.h \
	imap-worker/store/keywords.c \
	imap-worker/store/kv.h \
	imap-worker/store/kv_bdb.c \
	imap-worker/store/kv_io.c \
	imap-worker/store/kv_io.h \
	imap-worker/store/layout.h \
	imap-worker/store/mailbox.c \
	imap-worker/store/names.c \
	imap-worker/store/reader.c \
	imap-worker/store/recover.c \
	imap-worker/store/rows.c \
	imap-worker/store/segment.c \
	imap-worker/store/segment.h \
	imap-worker/store/segment_read.c \
	imap-worker/store/store.c \
	imap-worker/store/store.h \
	imap-worker/store/store_private.h \
	imap-worker/store/thread.c \
	imap-worker/store/txn.c \
	imap-worker/store/unseen.c
STORE_LIBS = libstore.a libcommon.a $(BDB_LIBS) $(ROARING_LIBS) $(ZSTD_LIBS) \
	$(EVENT_LIBS) $(SODIUM_LIBS)
