/* SPDX-License-Identifier: ISC
 *
 * The state of the task import, and what its files share.
 */
#ifndef TASK_IMPORT_PRIVATE_H
#define TASK_IMPORT_PRIVATE_H

#include "common/import_item.h"
#include "import/import.h"
#include "task/import_target.h"

#define IMPORT_INDEX_MAX (1 * MIB) /* of a file that is read whole */
#define IMPORT_SUBSCRIPTIONS_MAX 10000

enum import_phase {
	IMPORT_OUTSIDE, /* of a folder */
	IMPORT_INDEXES, /* FOLDER came: index files, names */
	IMPORT_ORDERS,  /* we say which files we want */
	IMPORT_FILES,
	IMPORT_ENDS,    /* no more comes */
};
enum import_reading { READ_NOTHING, READ_UIDLIST, READ_WHOLE, READ_IGNORED,
	READ_MESSAGE, READ_MBOX };

struct import_entry {
	uint32_t uid, number, keywords;
	uint8_t flags;
	bool fresh; /* in new/ */
};

struct import {
	struct task *t;            /* borrowed */
	bool mbox, runs, failed;
	const char *prefix;        /* of mailboxes; "": none */
	enum import_phase phase;
	enum import_reading reading;
	struct import_target target;
	struct arena arena;        /* of a folder */
	const char *mailbox, *folder;
	char *index_name;
	struct buf index;
	struct import_uidlist list;
	const char *letters[IMPORT_LETTERS];
	uint64_t masks[IMPORT_LETTERS];
	uint32_t asked;            /* letters whose mask is known */
	uint32_t names;            /* that came */
	struct import_entry *entries; /* own; wanted ones */
	size_t n, cap, at;         /* at: said, then come */
	struct import_message file; /* the one that comes in */
	char file_name[IMPORT_NAME_MAX + 1];
	struct import_mbox_events events;
	struct import_mbox box;
	uint64_t in_box;           /* messages of this mbox */
	const char **subscribed;   /* own; names of the task's arena */
	size_t n_subscribed, subscribed_at;
	uint64_t total, done;      /* as TOTAL counts */
	uint64_t mailboxes, messages, present, left_out, bytes;
};

/* --- import.c --- */
/* Fails the task: this item does not belong there. False. */
bool import_wrong(struct import *im);

/* --- import_folder.c: false: task_fail() was called --- */
bool import_folder(struct import *im, const struct import_item *i);
/* Opens the mailbox, once; uidvalidity 0: the source has none. */
bool import_open(struct import *im, uint32_t uidvalidity, uint32_t uidnext);
bool import_folder_end(struct import *im);
bool import_index(struct import *im, const struct import_item *i);
void import_index_end(struct import *im, const struct import_item *i);
bool import_name(struct import *im, const struct import_item *i);
bool import_names_end(struct import *im);
/* Says which files are wanted, as much as there is room for; then FILES. */
void import_order(struct import *im);

#endif
