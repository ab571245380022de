/* SPDX-License-Identifier: ISC
 *
 * Every system call of the store on files: no other file here makes one
 * (tests/style/check-layers.sh), and Berkeley DB is given the same functions
 * (kv_io.c).  Each call names its place, one of the table below, and can be
 * refused, cut short or recorded by a hook; tests/unit/store/test_faults.c and
 * tests/crash/power.c do.  Without a hook this is the system call and one test
 * of a pointer.
 *
 * Functions return what the system call returns, with errno.
 */
#ifndef STORE_IO_H
#define STORE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <sys/types.h>
#include <sys/uio.h>

/* The table of places: id, name, operation, what happens there. */
#define STORE_IO_POINTS(X)                                                    \
	X(LOCK_OPEN, "lock-open", OPEN, "the lock of the home")               \
	X(LOCK_READ, "lock-read", READ, "what the last start left")           \
	X(LOCK_WRITE, "lock-write", WRITE, "where this start is")             \
	X(LOCK_CUT, "lock-cut", TRUNCATE, "the end of that")                  \
	X(VERSION_OPEN, "version-open", OPEN, "is the home new?")             \
	X(VERSION_READ, "version-read", READ, "its format")                   \
	X(VERSION_CREATE, "version-create", OPEN, "of a new home")            \
	X(VERSION_WRITE, "version-write", WRITE, "of a new home")             \
	X(VERSION_SYNC, "version-sync", SYNC, "of a new home")                \
	X(VERSION_RENAME, "version-rename", RENAME, "into its place")         \
	X(VERSION_FOLDER, "version-folder", SYNC, "the home, behind that")    \
	X(FOLDER_MAKE, "folder-make", MKDIR, "db/ and seg/")                  \
	X(FOLDER_SYNC, "folder-sync", SYNC, "the home, behind that")          \
	X(RESERVE_OPEN, "reserve-open", OPEN, "to make it")                   \
	X(RESERVE_ALLOCATE, "reserve-allocate", ALLOCATE, "its 4 MiB")        \
	X(RESERVE_REMOVE, "reserve-remove", UNLINK, "given up")               \
	X(INDEX_ASIDE, "index-aside", RENAME, "db/ is damaged")               \
	X(SEGMENT_LIST, "segment-list", LIST, "the numbers of all")           \
	X(SEGMENT_OPEN, "segment-open", OPEN, "to read or scan it")           \
	X(SEGMENT_MAP, "segment-map", MAP, "to read or scan it")              \
	X(SEGMENT_CREATE, "segment-create", OPEN, "a new one")                \
	X(SEGMENT_HEAD, "segment-head", WRITE, "of a new one")                \
	X(SEGMENT_HEAD_SYNC, "segment-head-sync", SYNC, "of a new one")       \
	X(SEGMENT_FOLDER, "segment-folder", SYNC, "it has a name")            \
	X(SEGMENT_RESUME, "segment-resume", OPEN, "to go on writing")         \
	X(SEGMENT_RESUME_READ, "segment-resume-read", READ, "its head")       \
	X(SEGMENT_RESUME_CUT, "segment-resume-cut", TRUNCATE, "a torn tail")  \
	X(SEGMENT_RESUME_SYNC, "segment-resume-sync", SYNC, "what is kept")   \
	X(SEGMENT_MEND, "segment-mend", OPEN, "its head is damaged")          \
	X(SEGMENT_MEND_WRITE, "segment-mend-write", WRITE, "anew")            \
	X(SEGMENT_MEND_SYNC, "segment-mend-sync", SYNC, "that")               \
	X(SEGMENT_REMOVE, "segment-remove", UNLINK, "one never finished")     \
	X(SEGMENT_APPEND, "segment-append", WRITE, "a record")                \
	X(SEGMENT_APPEND_CUT, "segment-append-cut", TRUNCATE, "a half one")   \
	X(SEGMENT_SEAL, "segment-seal", WRITE, "the group is whole")          \
	X(SEGMENT_CANCEL, "segment-cancel", TRUNCATE, "the group is not")     \
	X(SEGMENT_CANCEL_SYNC, "segment-cancel-sync", SYNC, "it was sealed")  \
	X(SEGMENT_SYNC, "segment-sync", SYNC, "groups become durable")        \
	X(SEGMENT_COOKIE, "segment-cookie", READ, "its head, for a rebuild")  \
	X(SNAP_LIST, "snap-list", LIST, "the numbers of snapshots")           \
	X(SNAP_OPEN, "snap-open", OPEN, "to read one")                        \
	X(SNAP_MAP, "snap-map", MAP, "to read one")                           \
	X(SNAP_CREATE, "snap-create", OPEN, "a new one")                      \
	X(SNAP_WRITE, "snap-write", WRITE, "a new one")                       \
	X(SNAP_SYNC, "snap-sync", SYNC, "a new one")                          \
	X(SNAP_RENAME, "snap-rename", RENAME, "into its place")               \
	X(SNAP_STALE, "snap-stale", RENAME, "one that no longer vouches")     \
	X(SNAP_REMOVE, "snap-remove", UNLINK, "an old one")                   \
	X(SNAP_FOLDER, "snap-folder", SYNC, "behind these")                   \
	X(DB_LIST, "db-list", LIST, "the log files")                          \
	X(LOG_OPEN, "log-open", OPEN, "to see that it can be read")           \
	X(LOG_READ, "log-read", READ, "all of it")                            \
	X(DB_OPEN, "db-open", OPEN, "a file of the index")                    \
	X(DB_READ, "db-read", READ, "a page")                                 \
	X(DB_WRITE, "db-write", WRITE, "pages and the log")                   \
	X(DB_CUT, "db-cut", TRUNCATE, "pages at the end are free")            \
	X(DB_SYNC, "db-sync", SYNC, "commits become durable")                 \
	X(DB_FOLDER, "db-folder", SYNC, "a new file has a name")              \
	X(DB_RENAME, "db-rename", RENAME, "a new table")                      \
	X(DB_REMOVE, "db-remove", UNLINK, "an old log file")                  \
	X(DB_MEMORY, "db-memory", MEMORY, "memory for Berkeley DB")

enum store_io_at {
#define X(id, name, op, where) STORE_IO_##id,
	STORE_IO_POINTS(X)
#undef X
	STORE_IO_COUNT
};

/* OPEN with O_CREAT makes a file; SYNC is fsync() or fdatasync(). */
enum store_io_op {
	STORE_IO_OP_OPEN, STORE_IO_OP_READ, STORE_IO_OP_WRITE, STORE_IO_OP_SYNC,
	STORE_IO_OP_TRUNCATE, STORE_IO_OP_ALLOCATE, STORE_IO_OP_RENAME,
	STORE_IO_OP_UNLINK, STORE_IO_OP_MKDIR, STORE_IO_OP_LIST,
	STORE_IO_OP_MAP, STORE_IO_OP_MEMORY,
};

struct store_io_call {
	enum store_io_at at;
	enum store_io_op op;
	int fd;               /* -1: none */
	int flags;            /* of OPEN */
	const char *path, *to;
	const struct iovec *iov; /* of WRITE */
	int n_iov;
	int64_t offset;       /* of READ and WRITE; -1: where the file stands */
	uint64_t len;         /* bytes; a hook may make it less for a WRITE */
};

struct store_io_hook {
	/* Before the call. 0: it is made; else the errno it fails with. */
	int (*before)(struct store_io_call *c);
	/* Behind a call that was made; -1: it failed. */
	void (*after)(const struct store_io_call *c, int64_t result);
};

/* Set by tests before store_open(); NULL: none. Not copied. */
void store_io_set_hook(const struct store_io_hook *hook);
const char *store_io_name(enum store_io_at at);
enum store_io_op store_io_op(enum store_io_at at);

/* O_CLOEXEC is added. */
int store_io_open(enum store_io_at at, const char *path, int flags,
    mode_t mode);
ssize_t store_io_read(enum store_io_at at, int fd, void *p, size_t n);
ssize_t store_io_pread(enum store_io_at at, int fd, void *p, size_t n,
    off_t offset);
ssize_t store_io_write(enum store_io_at at, int fd, const void *p, size_t n);
ssize_t store_io_pwrite(enum store_io_at at, int fd, const void *p, size_t n,
    off_t offset);
ssize_t store_io_pwritev(enum store_io_at at, int fd, const struct iovec *iov,
    int n, off_t offset);
/* fdatasync(): the bytes, and the size of the file. */
int store_io_sync(enum store_io_at at, int fd);
/* What was made, renamed or removed in a folder. */
int store_io_sync_folder(enum store_io_at at, const char *path);
int store_io_truncate(enum store_io_at at, int fd, off_t size);
int store_io_allocate(enum store_io_at at, int fd, off_t size);
int store_io_rename(enum store_io_at at, const char *from, const char *to);
int store_io_unlink(enum store_io_at at, const char *path);
int store_io_mkdir(enum store_io_at at, const char *path, mode_t mode);
/* The next name in a folder; NULL with errno 0: no more. */
struct dirent *store_io_readdir(enum store_io_at at, DIR *d);
/* A file from its begin, to be read; NULL: errno. */
void *store_io_map(enum store_io_at at, int fd, size_t len);
/* For libdb. */
void *store_io_malloc(enum store_io_at at, size_t n);
void *store_io_realloc(enum store_io_at at, void *p, size_t n);

#endif
