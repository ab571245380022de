/* SPDX-License-Identifier: ISC
 *
 * The files of the index: what Berkeley DB is given in place of the system
 * calls (kv_bdb.c).  It says what was refused, which the engine forgets: after
 * a write that did not fit or a read that failed it may give up as if its files
 * were damaged.  And it makes new files durable with their names: the engine
 * syncs files, never folders.
 *
 * The state is the process's; it is meant for one open index at a time.
 */
#ifndef STORE_KV_IO_H
#define STORE_KV_IO_H

#include <sys/types.h>

#include "store/kv.h"

/* Before an open, which recovers. */
void kv_io_reset(void);
/* Until here nothing more is written once something was refused. */
void kv_io_recovered(void);
/* The first refusal since kv_io_reset(): KV_OK for none, KV_NO_SPACE or
 * KV_IO. A sync that failed is KV_IO, whatever its reason: what it was to write
 * is lost. */
enum kv_err kv_io_refused(void);
bool kv_io_sync_failed(void);

/* Reads the log files of a folder from end to end: the engine takes one it
 * cannot read for the end of the log. */
enum kv_err kv_io_read_logs(const char *path);

int kv_io_open(const char *path, int flags, ...);
ssize_t kv_io_pread(int fd, void *p, size_t n, off_t at);
/* Returns an errno. Fails where a read has failed: libdb would try again with
 * read(). */
int kv_io_seek(int fd, off_t at, int whence);
/* All or nothing, as libdb asks of a write that is not its own. */
ssize_t kv_io_write(int fd, const void *p, size_t n);
int kv_io_truncate(int fd, off_t size);
/* Once it failed it fails for good. */
int kv_io_sync(int fd);
int kv_io_rename(const char *from, const char *to);
int kv_io_unlink(const char *path);
/* As xmalloc(): libdb without memory recovers the wrong thing, or crashes. */
void *kv_io_malloc(size_t n);
void *kv_io_realloc(void *p, size_t n);

#endif
