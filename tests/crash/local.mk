# SPDX-License-Identifier: ISC
# Programs that are killed: what was acknowledged must be there afterwards.
check_PROGRAMS += store_kill
store_kill_SOURCES = tests/crash/store_kill.c
store_kill_LDADD = $(STORE_LIBS)
