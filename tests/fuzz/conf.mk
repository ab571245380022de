# SPDX-License-Identifier: ISC
check_PROGRAMS += fuzz_conf
fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c $(MAIN_FUZZ)
fuzz_conf_LDADD = $(COMMON_LIBS)
fuzz_conf_LDFLAGS = $(LDFLAGS_FUZZ)
