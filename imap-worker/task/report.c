/* SPDX-License-Identifier: ISC
 *
 * What a task says becomes frames in its queue.
 */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "common/log.h"
#include "task/run.h"
#include "task/task.h"

#define PROGRESS_MS 200

void
task_row(struct task *t, struct task_pairs *w, const char *what)
{
	task_pairs_begin(w, &t->out, TASK_ROW);
	task_pairs_text(w, "row", what);
}

void
task_problem(struct task *t, enum task_severity severity, const char *fmt, ...)
{
	char text[TASK_TEXT_MAX];
	va_list ap;

	if (severity != TASK_NOTE)
		t->problems++;
	if (t->problems > TASK_PROBLEMS_SENT)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	task_put_problem(&t->out, severity, text);
}

void
task_progress(struct task *t, uint64_t done, uint64_t total, const char *text)
{
	int64_t now = task_now();

	if (now < t->progress_at)
		return;
	t->progress_at = now + PROGRESS_MS;
	task_put_progress(&t->out, done, total, text);
}

void
task_data(struct task *t, const void *p, size_t n)
{
	task_put_data(&t->out, p, n);
}

void
task_fail(struct task *t, const char *fmt, ...)
{
	va_list ap;

	t->failed = true;
	va_start(ap, fmt);
	vsnprintf(t->text, sizeof(t->text), fmt, ap);
	va_end(ap);
	log_warn("task %s: %s", t->def->name, t->text);
}

void
task_conclude(struct task *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->text, sizeof(t->text), fmt, ap);
	va_end(ap);
}
