# SPDX-License-Identifier: ISC
if HAVE_CMOCKA
check_PROGRAMS += test_framer test_names test_parse test_reply test_seqset
test_framer_SOURCES = tests/unit/imap/test_framer.c
test_framer_LDADD = libimap.a $(COMMON_LIBS) $(TEST_LIBS)
test_names_SOURCES = tests/unit/imap/test_names.c
test_names_LDADD = libimap.a $(COMMON_LIBS) $(TEST_LIBS)
test_parse_SOURCES = tests/unit/imap/test_parse.c
test_parse_LDADD = libimap.a $(COMMON_LIBS) $(TEST_LIBS)
test_reply_SOURCES = tests/unit/imap/test_reply.c
test_reply_LDADD = libimap.a $(COMMON_LIBS) $(TEST_LIBS)
test_seqset_SOURCES = tests/unit/imap/test_seqset.c
test_seqset_LDADD = libimap.a $(COMMON_LIBS) $(TEST_LIBS)
endif
