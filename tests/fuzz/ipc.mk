# SPDX-License-Identifier: ISC
check_PROGRAMS += fuzz_ipc
fuzz_ipc_SOURCES = tests/fuzz/fuzz_ipc.c $(MAIN_FUZZ)
fuzz_ipc_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_ipc_LDADD = $(COMMON_LIBS)
check_PROGRAMS += fuzz_task_frame
fuzz_task_frame_SOURCES = tests/fuzz/fuzz_task_frame.c $(MAIN_FUZZ)
fuzz_task_frame_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_task_frame_LDADD = $(COMMON_LIBS)
check_PROGRAMS += fuzz_import_item
fuzz_import_item_SOURCES = tests/fuzz/fuzz_import_item.c $(MAIN_FUZZ)
fuzz_import_item_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_import_item_LDADD = $(COMMON_LIBS)
