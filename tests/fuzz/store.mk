# SPDX-License-Identifier: ISC
check_PROGRAMS += fuzz_segment
fuzz_segment_SOURCES = tests/fuzz/fuzz_segment.c $(MAIN_FUZZ)
fuzz_segment_LDADD = $(STORE_LIBS)
fuzz_segment_LDFLAGS = $(LDFLAGS_FUZZ)
check_PROGRAMS += fuzz_coding
fuzz_coding_SOURCES = tests/fuzz/fuzz_coding.c $(MAIN_FUZZ)
fuzz_coding_LDADD = $(STORE_LIBS)
fuzz_coding_LDFLAGS = $(LDFLAGS_FUZZ)
check_PROGRAMS += fuzz_snap
fuzz_snap_SOURCES = tests/fuzz/fuzz_snap.c $(MAIN_FUZZ)
fuzz_snap_LDADD = $(STORE_LIBS)
fuzz_snap_LDFLAGS = $(LDFLAGS_FUZZ)
