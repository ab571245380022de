# SPDX-License-Identifier: ISC
check_PROGRAMS += fuzz_ipc
fuzz_ipc_SOURCES = tests/fuzz/fuzz_ipc.c $(MAIN_FUZZ)
fuzz_ipc_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_ipc_LDADD = $(COMMON_LIBS)
