/* SPDX-License-Identifier: ISC
 *
 * See image.h.
 */
#include "image.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xalloc.h"

static struct image *loading;
static size_t loading_skip;

void
image_add(struct image *im, const char *path, bool folder,
    const unsigned char *data, size_t size)
{
	struct image_file *f;

	im->files = xreallocarray(im->files, im->n + 1, sizeof(*im->files));
	f = &im->files[im->n++];
	memset(f, 0, sizeof(*f));
	snprintf(f->path, sizeof(f->path), "%s", path);
	f->folder = folder;
	f->size = f->len = size;
	while (f->len > 0 && data[f->len - 1] == 0)
		f->len--;
	if (f->len == 0)
		return;
	f->data = xmalloc(f->len);
	memcpy(f->data, data, f->len);
}

static int
image_load_one(const char *path, const struct stat *sb, int kind,
    struct FTW *walk)
{
	size_t size = kind == FTW_F ? (size_t)sb->st_size : 0;
	unsigned char *data = size > 0 ? malloc(size) : NULL;
	int fd = size > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (size > 0 && (data == NULL || fd == -1 ||
	    read(fd, data, size) != (ssize_t)size))
		abort();
	if (walk->level > 0)
		image_add(loading, path + loading_skip, kind != FTW_F, data,
		    size);
	if (fd != -1)
		close(fd);
	free(data);
	return 0;
}

void
image_load(struct image *im, const char *home)
{
	memset(im, 0, sizeof(*im));
	loading = im;
	loading_skip = strlen(home) + 1;
	nftw(home, image_load_one, 16, FTW_PHYS);
}

void
image_clear(struct image *im)
{
	for (size_t i = 0; i < im->n; i++)
		free(im->files[i].data);
	free(im->files);
	im->files = NULL;
	im->n = 0;
}

struct image_file *
image_find(const struct image *im, const char *path)
{
	for (size_t i = 0; i < im->n; i++)
		if (strcmp(im->files[i].path, path) == 0)
			return &im->files[i];
	return NULL;
}

bool
image_write(const struct image *im, const char *home)
{
	char path[512];
	bool good = mkdir(home, 0700) == 0;

	for (size_t i = 0; good && i < im->n; i++) {
		const struct image_file *f = &im->files[i];
		int fd;

		snprintf(path, sizeof(path), "%s/%s", home, f->path);
		if (f->folder) {
			good = mkdir(path, 0700) == 0;
			continue;
		}
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		good = fd != -1 && ftruncate(fd, (off_t)f->size) == 0 &&
		    (f->len == 0 ||
		    write(fd, f->data, f->len) == (ssize_t)f->len);
		if (fd != -1)
			close(fd);
	}
	return good;
}

static int
image_remove_one(const char *path, const struct stat *sb, int kind,
    struct FTW *walk)
{
	(void)sb;
	(void)kind;
	(void)walk;
	return remove(path);
}

void
image_remove(const char *home)
{
	nftw(home, image_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

bool
image_folder(const char *what, char *path_r, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	if (tmp == NULL)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(path_r, size, "%s/postern-%s.XXXXXX", tmp, what);
	return mkdtemp(path_r) != NULL;
}
