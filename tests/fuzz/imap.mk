# SPDX-License-Identifier: ISC
check_PROGRAMS += fuzz_imap_framer fuzz_imap_names fuzz_imap_parse \
	fuzz_search_parse
fuzz_imap_framer_SOURCES = tests/fuzz/fuzz_imap_framer.c $(MAIN_FUZZ)
fuzz_imap_framer_LDADD = libimap.a $(COMMON_LIBS)
fuzz_imap_framer_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_imap_names_SOURCES = tests/fuzz/fuzz_imap_names.c $(MAIN_FUZZ)
fuzz_imap_names_LDADD = libimap.a $(COMMON_LIBS)
fuzz_imap_names_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_imap_parse_SOURCES = tests/fuzz/fuzz_imap_parse.c $(MAIN_FUZZ)
fuzz_imap_parse_LDADD = libimap.a $(COMMON_LIBS)
fuzz_imap_parse_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_search_parse_SOURCES = tests/fuzz/fuzz_search_parse.c $(MAIN_FUZZ)
fuzz_search_parse_LDADD = libsearch.a libimap.a $(COMMON_LIBS)
fuzz_search_parse_LDFLAGS = $(LDFLAGS_FUZZ)
