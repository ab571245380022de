/* SPDX-License-Identifier: ISC
 *
 * A home in memory: read once, written out again and again as tests break it.
 */
#ifndef CRASH_IMAGE_H
#define CRASH_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

struct image_file {
	char path[128];      /* below the home */
	bool folder;
	size_t size;         /* of the file */
	size_t len;          /* of data; zeros follow */
	unsigned char *data; /* own */
};
struct image {
	struct image_file *files; /* own; folders before what is in them */
	size_t n;
};

/* Reads all below `home`, which the caller owns. */
void image_load(struct image *im, const char *home);
void image_clear(struct image *im);
/* Adds a file; data is copied up to its last byte that is not zero. */
void image_add(struct image *im, const char *path, bool folder,
    const unsigned char *data, size_t size);
/* NULL: not there. */
struct image_file *image_find(const struct image *im, const char *path);
/* Makes the home; nothing must be there. False: a system call failed. */
bool image_write(const struct image *im, const char *home);
/* Removes a home and all in it. */
void image_remove(const char *home);
/* A fresh folder in memory where there is such a place, or in $TMPDIR. */
bool image_folder(const char *what, char *path_r, size_t size);

#endif
