/* SPDX-License-Identifier: ISC
 *
 * Append-only files of messages: writing one group of records at a time,
 * reading by mapping, and the scanner that recovery uses.  layout.h has the
 * bytes.  The newest file is the one written to; the others never change.
 *
 * A group is written record by record and sealed by rewriting the head of its
 * last record with LAYOUT_GROUP_LAST; until then the scanner does not see it.
 * A group never spans two files.
 */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include "store/layout.h"

struct store_segment_map;
struct store_segments {
	char *folder;         /* own */
	int fd;               /* the newest file; -1: none */
	uint32_t no;
	uint64_t cookie;
	uint64_t end;         /* behind the last record written */
	uint64_t sealed;      /* behind the last sealed group */
	uint64_t last_at;     /* the head of the last record of the open group */
	struct layout_record last;
	bool dirty;           /* sealed since the last sync */
	bool failed;          /* a sync did; final */
	uint32_t safe_no;     /* all before this place is on the disk */
	uint64_t safe_at;
	struct store_segment_map *maps; /* own */
	uint64_t map_clock;
};

void store_segment_init(struct store_segments *s, const char *folder);
void store_segment_clear(struct store_segments *s);
/* Where a new file is begun, LIMIT_SEGMENT unless a test wants less. */
void store_segment_set_limit(uint64_t bytes);
/* The numbers of all files, ascending, in an array the caller frees; -1: the
 * folder cannot be read. */
int store_segment_list(const struct store_segments *s, uint32_t **numbers_r,
    size_t *n_r);
/* Makes the next file, durably, and writes there from now on. */
enum store_err store_segment_create(struct store_segments *s, uint32_t no);
/* Writes to file `no` from `end` on; what is behind that is cut off. unsure:
 * what is there may not be on the disk yet, and is synced. */
enum store_err store_segment_resume(struct store_segments *s, uint32_t no,
    uint64_t end, bool unsure);
/* Writes the damaged head of file `no` anew; durable. */
enum store_err store_segment_mend(struct store_segments *s, uint32_t no,
    uint64_t cookie);
/* Removes a file. */
enum store_err store_segment_remove(const struct store_segments *s,
    uint32_t no);

/* Begins a group; a full file is left for a new one. */
enum store_err store_segment_begin(struct store_segments *s);
/* Adds a record (group, crc and cookie are filled in here). On an error the
 * file is as before. *at_r: where the body is. */
enum store_err store_segment_add(struct store_segments *s,
    const struct layout_record *r, const void *extra, const void *body,
    uint64_t *at_r);
/* Ends the group; from now on recovery would find it. */
enum store_err store_segment_seal(struct store_segments *s);
/* Forgets a group, sealed or not, that began at `sealed` as it was. */
enum store_err store_segment_cancel(struct store_segments *s, uint64_t sealed);
/* Failure is final: what the system dropped is not written by a second try. */
enum store_err store_segment_sync(struct store_segments *s);

/* --- reading --- */

/* len bytes at a place; valid until store_segment_unmap() or 1,024 calls. */
enum store_err store_segment_data(struct store_segments *s, uint32_t no,
    uint64_t at, uint64_t len, const unsigned char **data_r);
/* A descriptor of file `no` for reading, owned by the caller; -1: errno. */
int store_segment_fd(const struct store_segments *s, uint32_t no);
void store_segment_unmap(struct store_segments *s);
/* The cookie of file `no`, read from its head; false: not a valid one. */
bool store_segment_cookie(const struct store_segments *s, uint32_t no,
    uint64_t *cookie_r);

/* --- scanning --- */

struct store_segment_view {
	unsigned char *data;
	size_t len;
	uint32_t no;
	uint64_t cookie;
	bool valid; /* the file head is */
};
int store_segment_view(const struct store_segments *s, uint32_t no,
    struct store_segment_view *v_r);
void store_segment_unview(struct store_segment_view *v);

struct store_segment_record {
	struct layout_record h;
	uint64_t at, body_at, next;
	const unsigned char *extra, *body;
};
enum store_segment_found {
	STORE_SEGMENT_FOUND,
	STORE_SEGMENT_END, /* nothing more */
	STORE_SEGMENT_BAD, /* no whole valid record (group) here */
};
/* Checks the file head. */
bool store_segment_head_check(const unsigned char *data, size_t len,
    uint32_t *no_r, uint64_t *cookie_r);
/* The record at a place, with all its checksums. Pure. */
enum store_segment_found store_segment_parse(const unsigned char *data,
    size_t len, uint64_t cookie, uint64_t at, struct store_segment_record *r_r);
/* The end of the group that begins at a place, all of it checked. Pure. */
enum store_segment_found store_segment_group(const unsigned char *data,
    size_t len, uint64_t cookie, uint64_t at, uint64_t *end_r);
/* The first place from `at` on where a valid group begins; len: none. Pure. */
uint64_t store_segment_search(const unsigned char *data, size_t len,
    uint64_t cookie, uint64_t at);
/* The same for a record, whatever becomes of its group. Pure. */
uint64_t store_segment_search_record(const unsigned char *data, size_t len,
    uint64_t cookie, uint64_t at);

#endif
