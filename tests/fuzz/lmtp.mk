# SPDX-License-Identifier: ISC
check_PROGRAMS += fuzz_lmtp
fuzz_lmtp_SOURCES = tests/fuzz/fuzz_lmtp.c lmtp/command.c lmtp/data.c \
	$(MAIN_FUZZ)
fuzz_lmtp_LDFLAGS = $(LDFLAGS_FUZZ)
