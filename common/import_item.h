/* SPDX-License-Identifier: ISC
 *
 * What posternctl and the task "import" say to each other within the DATA frames
 * of common/task_frame.h: items, one behind the other, none of them divided over
 * two frames. posternctl knows folders, names and bytes; what they mean, only the
 * worker knows. Pure.
 *
 * An item is a head of 24 bytes and its text:
 *
 *   u8 kind, u8 code, u16 length of text, u32 number, u64 size, i64 time
 *
 *   kind        from        fields
 *   TOTAL       posternctl  size: files (of a Maildir) or bytes that will come
 *   FOLDER      posternctl  text: its path below the source; "": the source
 *   INDEX       posternctl  text: name of a small file that tells of messages;
 *                           its BYTES follow, then FILE_END
 *   NAME        posternctl  code: enum import_place; text: a file's name. The
 *                           first name of a folder is number 0
 *   NAMES_END   posternctl  no more names in this folder
 *   WANT        worker      text: u32 numbers of names, in the order in which
 *                           the files are to come
 *   WANT_END    worker      no more; size: larger files are not to be sent
 *   FILE        posternctl  number, size and time (st_mtime) of a file, text: its
 *                           name; BYTES follow, then FILE_END
 *   BYTES       posternctl  text
 *   FILE_END    posternctl  code: enum import_how
 *   FOLDER_END  posternctl
 *
 * Of a Maildir a folder is FOLDER, INDEX ..., NAME ..., NAMES_END; then the worker
 * says WANT ..., WANT_END, and the FILEs come, and FOLDER_END. Of an mbox it is
 * FOLDER, one FILE, FOLDER_END. A DATA without bytes ends all.
 */
#ifndef COMMON_IMPORT_ITEM_H
#define COMMON_IMPORT_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/task_frame.h"

#define IMPORT_HEAD 24
#define IMPORT_TEXT_MAX (TASK_FRAME_DATA - IMPORT_HEAD)
#define IMPORT_NAME_MAX 255    /* bytes of a file's name */
#define IMPORT_FOLDER_MAX 4096 /* bytes of a path */

enum import_kind {
	IMPORT_TOTAL = 1,
	IMPORT_FOLDER,
	IMPORT_INDEX,
	IMPORT_NAME,
	IMPORT_NAMES_END,
	IMPORT_WANT,
	IMPORT_WANT_END,
	IMPORT_FILE,
	IMPORT_BYTES,
	IMPORT_FILE_END,
	IMPORT_FOLDER_END,
};
#define IMPORT_FROM_WORKER (1u << IMPORT_WANT | 1u << IMPORT_WANT_END)
#define IMPORT_FROM_CTL                                                   \
	(((1u << (IMPORT_FOLDER_END + 1)) - 2) & ~IMPORT_FROM_WORKER)

enum import_place { IMPORT_CUR, IMPORT_NEW };
enum import_how {
	IMPORT_WHOLE,
	IMPORT_GONE,  /* it cannot be read, or not to its end */
	IMPORT_LARGE, /* not sent */
};

struct import_item {
	enum import_kind kind;
	uint8_t code;
	uint32_t number;
	uint64_t size;
	int64_t time;              /* seconds since the epoch */
	const unsigned char *text; /* borrowed; not NUL-terminated */
	size_t len;
};

/* The item at p[*at..n) of a DATA frame; moves *at behind it. False: *at is n,
 * or (then *bad_r is true) there is no item, or none this side may send, or its
 * text is not right: too long, a name with "/" or NUL or "." or "..", a path with
 * such levels. */
bool import_item_next(const unsigned char *p, size_t n, size_t *at,
    unsigned from, struct import_item *item_r, bool *bad_r);
/* Appends an item. */
void import_item_put(struct buf *b, const struct import_item *item);
/* Number i of a WANT. */
uint32_t import_item_wanted(const struct import_item *item, size_t i);

#endif
