# SPDX-License-Identifier: ISC
noinst_LIBRARIES += libsearch.a
libsearch_a_SOURCES = \
	imap-worker/search/run.c imap-worker/search/run.h \
	imap-worker/search/search.h \
	imap-worker/search/search_order.c \
	imap-worker/search/search_parse.c
