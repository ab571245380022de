# SPDX-License-Identifier: ISC
if HAVE_CMOCKA
check_PROGRAMS += test_search_parse
test_search_parse_SOURCES = tests/unit/search/test_search_parse.c
test_search_parse_LDADD = libsearch.a libimap.a $(COMMON_LIBS) $(TEST_LIBS)
endif
