noinst_LIBRARIES += libimap.a
libimap_a_CPPFLAGS = $(AM_CPPFLAGS)
libimap_a_SOURCES = \
	common/imap/framer.c common/imap/framer.h \
	common/imap/names.c common/imap/names.h \
	common/imap/parse.c common/imap/parse.h \
	common/imap/reply.c common/imap/reply.h \
	common/imap/seqset.c common/imap/seqset.h
