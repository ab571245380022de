noinst_LIBRARIES += libstore.a
libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS)
libstore_a_SOURCES = \
	imap-worker/store/kv_bdb.c imap-worker/store/kv.h
