/* SPDX-License-Identifier: ISC
 *
 * Configuration files: whatever is in one, it is read or refused with a text,
 * and what was read can be dumped, and the dump read again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/conf.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static struct conf *
load(const void *data, size_t len)
{
	static int fd = -1;
	struct conf *c;
	char *error = NULL, path[64];

	if (fd < 0)
		fd = memfd_create("conf", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) != 0 ||
	    pwrite(fd, data, len, 0) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	c = conf_load(path, &error);
	if ((c == NULL) != (error != NULL))
		abort();
	free(error);
	return c;
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	struct conf *c = load(data, len);
	char *text = NULL;
	size_t n = 0;
	FILE *out;

	if (c == NULL)
		return 0;
	out = open_memstream(&text, &n);
	conf_dump(c, out, true);
	rewind(out);
	conf_dump(c, out, false);
	fclose(out);
	conf_free(&c);
	free(text);
	return 0;
}
