/* SPDX-License-Identifier: ISC
 *
 * Frames between posternctl and a task. The first byte says who sends. What is
 * taken as a frame must read without passing its end and, written again, give
 * frames that are taken too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/task_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_pairs(const struct task_frame *f)
{
	struct task_frame again;
	struct task_pairs w;
	struct task_pair pair;
	struct buf b;
	size_t at = 0, used;
	unsigned n = 0;

	buf_init(&b, TASK_FRAME_MAX);
	task_pairs_begin(&w, &b, f->kind);
	while (task_frame_pair(f, &at, &pair)) {
		n++;
		if (pair.type == 's')
			task_pairs_text(&w, pair.name, pair.text);
		else if (pair.type == 'n')
			task_pairs_number(&w, pair.name, pair.number);
		else
			task_pairs_bool(&w, pair.name, pair.number != 0);
	}
	task_pairs_end(&w);
	if (n != f->body[0] || b.overflow ||
	    task_frame_next(b.data, b.len, 1u << f->kind, &again, &used) !=
	    TASK_FOUND_FRAME || used != b.len)
		abort();
	buf_clear(&b);
}

static void
check_frame(const struct task_frame *f)
{
	uint64_t done, total;
	const char *text = "";
	uint8_t code;

	if (f->kind == TASK_REQUEST || f->kind == TASK_ROW)
		check_pairs(f);
	else if (f->kind == TASK_PROGRESS)
		task_frame_progress(f, &done, &total, &text);
	else if (f->kind != TASK_DATA)
		text = task_frame_text(f, &code);
	if (strlen(text) > f->len)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct task_frame f;
	unsigned from;
	size_t used;

	if (size == 0)
		return 0;
	from = data[0] & 1 ? TASK_FROM_WORKER : TASK_FROM_CTL;
	data++;
	size--;
	while (task_frame_next(data, size, from, &f, &used) ==
	    TASK_FOUND_FRAME) {
		if (used > size || used > TASK_FRAME_MAX ||
		    (from >> f.kind & 1) == 0)
			abort();
		check_frame(&f);
		data += used;
		size -= used;
	}
	return 0;
}
