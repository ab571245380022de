/* SPDX-License-Identifier: ISC
 *
 * The index of tasks.
 */
#include <string.h>

#include "task/task.h"

#define TASK_TABLE(X) \
	X(du)         \
	X(export)     \
	X(fsck)       \
	X(import)     \
	X(rebuild)    \
	X(stats)

#define X(name) extern const struct task_def task_##name;
TASK_TABLE(X)
#undef X

static const struct task_def *const tasks[] = {
#define X(name) &task_##name,
	TASK_TABLE(X)
#undef X
};

const struct task_def *
task_find(const char *name)
{
	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++)
		if (strcmp(tasks[i]->name, name) == 0)
			return tasks[i];
	return NULL;
}
