/* SPDX-License-Identifier: ISC
 *
 * Stands in for libFuzzer in ordinary builds: feeds a fuzz target every file of
 * its corpus, tests/fuzz/corpus/<parser>/, named after the program
 * (fuzz_<parser>), and reports one TAP line a file.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
replay_file(const char *path, unsigned number)
{
	FILE *f = fopen(path, "rb");
	unsigned char *data;
	struct stat st;
	size_t len;

	if (f == NULL || fstat(fileno(f), &st) != 0) {
		printf("not ok %u - %s: cannot read\n", number, path);
		exit(1);
	}
	data = malloc((size_t)st.st_size + 1);
	if (data == NULL)
		exit(1);
	len = fread(data, 1, (size_t)st.st_size, f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
	printf("ok %u - %s\n", number, strrchr(path, '/') + 1);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir"), *name = strrchr(argv[0], '/');
	char folder[2048], path[4096];
	unsigned number = 0;
	struct dirent *e;
	DIR *d;

	(void)argc;
	name = strstr(name == NULL ? argv[0] : name, "fuzz_");
	if (name == NULL)
		return 2;
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s",
	    top == NULL ? "." : top, name + strlen("fuzz_"));
	d = opendir(folder);
	if (d == NULL) {
		printf("Bail out! no corpus: %s\n", folder);
		return 1;
	}
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		replay_file(path, ++number);
	}
	closedir(d);
	printf("1..%u\n", number);
	return number == 0;
}
