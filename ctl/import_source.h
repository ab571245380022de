/* SPDX-License-Identifier: ISC
 *
 * The files of a SOURCE to be imported: a Maildir++, an mbox, or a folder of
 * these. Only looked for, and opened; what is in them, the worker reads.
 *
 * They are somebody else's files, and root may be asked to read them. So root
 * becomes the owner of PATH before anything below it is opened; no symbolic link
 * is followed, in PATH or below; nothing but regular files is read.
 */
#ifndef CTL_IMPORT_SOURCE_H
#define CTL_IMPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define SOURCE_FOLDERS_MAX 100000
#define SOURCE_NAMES_MAX 1000000 /* of one folder */

struct source_name {
	char *name;             /* own */
	unsigned char place;    /* enum import_place */
};
struct source {
	bool mbox;
	int fd;                 /* own; of PATH */
	bool single;            /* PATH is one mbox */
	char **folders;         /* own; paths below PATH, "" is PATH itself */
	size_t n_folders, folders_cap;
	struct source_name *names; /* own; of one folder */
	size_t n_names, names_cap;
	uint64_t total;         /* files of a Maildir, bytes of mboxes */
};

/* "maildir:PATH" or "mbox:PATH". Says on standard error what is wrong; then the
 * result is an exit code, else 0. */
int source_open(struct source *s, const char *text);
void source_close(struct source *s);
/* The folders, in order, and the total. False: said why. */
bool source_scan(struct source *s);
/* The names of a folder's messages, sorted. False: it cannot be read. */
bool source_list(struct source *s, const char *folder);
/* A regular file below PATH; -1: none, or it cannot be read. */
int source_file(const struct source *s, const char *path, struct stat *st_r);

#endif
