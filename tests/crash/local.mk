# SPDX-License-Identifier: ISC
# Programs that are killed: what was acknowledged must be there afterwards.
check_PROGRAMS += power store_kill
CRASH_ORACLE = tests/crash/oracle.c tests/crash/oracle.h \
	tests/crash/image.c tests/crash/image.h
store_kill_SOURCES = tests/crash/store_kill.c $(CRASH_ORACLE)
store_kill_LDADD = $(STORE_LIBS)
power_SOURCES = tests/crash/power.c tests/crash/disk.c tests/crash/disk.h \
	tests/crash/disk_private.h tests/crash/disk_record.c \
	$(CRASH_ORACLE)
power_LDADD = $(STORE_LIBS)
