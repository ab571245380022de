# SPDX-License-Identifier: ISC
noinst_LIBRARIES += libworker.a
libworker_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS)
libworker_a_SOURCES = \
	imap-worker/append_spool.c imap-worker/append_spool.h \
	imap-worker/capability.c \
	imap-worker/cmd.h \
	imap-worker/cmd/append.c \
	imap-worker/cmd/capability.c \
	imap-worker/cmd/close.c \
	imap-worker/cmd/copy.c \
	imap-worker/cmd/create.c \
	imap-worker/cmd/delete.c \
	imap-worker/cmd/deleted.c imap-worker/cmd/deleted.h \
	imap-worker/cmd/enable.c \
	imap-worker/cmd/expunge.c \
	imap-worker/cmd/fetch.c \
	imap-worker/cmd/fetch_items.c imap-worker/cmd/fetch_items.h \
	imap-worker/cmd/fetch_section.c imap-worker/cmd/fetch_section.h \
	imap-worker/cmd/flag_args.c imap-worker/cmd/flag_args.h \
	imap-worker/cmd/id.c \
	imap-worker/cmd/idle.c \
	imap-worker/cmd/list.c \
	imap-worker/cmd/list_names.c imap-worker/cmd/list_names.h \
	imap-worker/cmd/logout.c \
	imap-worker/cmd/namespace.c \
	imap-worker/cmd/noop.c \
	imap-worker/cmd/object_id.c imap-worker/cmd/object_id.h \
	imap-worker/cmd/rename.c \
	imap-worker/cmd/search.c \
	imap-worker/cmd/select.c \
	imap-worker/cmd/special_use.c imap-worker/cmd/special_use.h \
	imap-worker/cmd/status.c \
	imap-worker/cmd/status_items.c imap-worker/cmd/status_items.h \
	imap-worker/cmd/store.c \
	imap-worker/cmd/subscribe.c \
	imap-worker/cmd_table.c \
	imap-worker/deliver.c \
	imap-worker/derive.c \
	imap-worker/import/import.h \
	imap-worker/import/maildir.c \
	imap-worker/import/mbox.c \
	imap-worker/import/uidlist.c \
	imap-worker/nursery.c imap-worker/nursery.h \
	imap-worker/output.c imap-worker/output.h \
	imap-worker/reply.c \
	imap-worker/session.c imap-worker/session.h \
	imap-worker/sync.c imap-worker/sync.h \
	imap-worker/task/du.c \
	imap-worker/task/export.c \
	imap-worker/task/fsck.c \
	imap-worker/task/import.c imap-worker/task/import_private.h \
	imap-worker/task/import_folder.c \
	imap-worker/task/import_target.c imap-worker/task/import_target.h \
	imap-worker/task/mailboxes.c imap-worker/task/mailboxes.h \
	imap-worker/task/rebuild.c \
	imap-worker/task/report.c \
	imap-worker/task/run.c imap-worker/task/run.h \
	imap-worker/task/stats.c \
	imap-worker/task/task.h \
	imap-worker/task/task_table.c \
	imap-worker/tasks.c \
	imap-worker/view.c imap-worker/view.h \
	imap-worker/worker.c imap-worker/worker.h

pkglibexec_PROGRAMS += libexec/imap-worker
libexec_imap_worker_SOURCES = imap-worker/main.c
libexec_imap_worker_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS)
libexec_imap_worker_LDADD = libworker.a libsearch.a libstore.a libmail.a libimap.a \
	$(PROC_LIBS) $(COMMON_LIBS) \
	$(UTF8PROC_LIBS) $(BDB_LIBS) $(ROARING_LIBS) $(ZSTD_LIBS)
EXTRA_DIST += imap-worker/README imap-worker/cmd/README imap-worker/import/README imap-worker/task/README
