/* SPDX-License-Identifier: ISC
 *
 * What disk_record.c writes down and disk.c replays.
 */
#ifndef CRASH_DISK_PRIVATE_H
#define CRASH_DISK_PRIVATE_H

#include "disk.h"

enum event_type { EVENT_WRITE, EVENT_TRUNCATE, EVENT_SYNC, EVENT_CREATE,
	EVENT_MKDIR, EVENT_RENAME, EVENT_UNLINK, EVENT_SYNC_FOLDER, EVENT_NOTE };

struct event {
	enum event_type type;
	uint64_t ino, at, len; /* len: of the data that follow; TRUNCATE: size */
	size_t size;           /* of it all */
	char path[96], to[96]; /* below the home */
};

/* Shared with the processes that record. */
struct trace {
	size_t used, size, events;
	bool full;
	_Alignas(8) unsigned char data[];
};
extern struct trace *disk_trace;

#endif
