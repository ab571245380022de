# SPDX-License-Identifier: ISC
# Each target is a fuzz_<parser>.c with LLVMFuzzerTestOneInput() and a folder of
# seeds under corpus/. With --enable-fuzzers (clang) it is a libFuzzer program;
# otherwise replay.c feeds it every file of its corpus folder.
if WITH_FUZZERS
MAIN_FUZZ =
LDFLAGS_FUZZ = $(AM_LDFLAGS) -fsanitize=fuzzer
else
MAIN_FUZZ = tests/fuzz/replay.c
LDFLAGS_FUZZ = $(AM_LDFLAGS)
endif
EXTRA_DIST += tests/fuzz/README tests/fuzz/replay.c tests/fuzz/corpus
include tests/fuzz/imap.mk
include tests/fuzz/mail.mk
include tests/fuzz/store.mk
include tests/fuzz/ipc.mk
include tests/fuzz/lmtp.mk
include tests/fuzz/conf.mk
include tests/fuzz/auth.mk
include tests/fuzz/worker.mk
