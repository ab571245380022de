# SPDX-License-Identifier: ISC
# Unit tests: tests/unit/<folder>/test_<module>.c, one program a module.
# Fuzz targets: tests/fuzz/fuzz_<parser>.c, their corpus replayed by make check.
TEST_LIBS = $(CMOCKA_LIBS)
include tests/unit/common/local.mk
include tests/unit/ctl/local.mk
include tests/unit/imap/local.mk
include tests/unit/mail/local.mk
include tests/unit/search/local.mk
include tests/unit/store/local.mk
include tests/unit/auth/local.mk
include tests/unit/login/local.mk
include tests/unit/lmtp/local.mk
include tests/unit/master/local.mk
include tests/unit/worker/local.mk
include tests/crash/local.mk
include tests/fuzz/local.mk
dist_check_SCRIPTS += tests/style/check-layers.sh
EXTRA_DIST += etc/quickstart tests/README tests/run tests/bench tests/clients tests/crash \
	tests/lib tests/system tests/transcripts
