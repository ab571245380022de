/* SPDX-License-Identifier: ISC
 *
 * export: what the worker's task of that name says becomes a Maildir++.
 */
#include <string.h>

#include "ctl/maildir.h"
#include "ctl/task.h"

static const char no_sense[] = "the user's worker makes no sense";

/* The pair of a row with this name and type; false: there is none. */
static bool
export_pair(const struct task_frame *f, const char *name, char type,
    struct task_pair *pair_r)
{
	size_t at = 0;

	while (task_frame_pair(f, &at, pair_r))
		if (strcmp(pair_r->name, name) == 0)
			return pair_r->type == type;
	return false;
}

static bool
export_number(const struct task_frame *f, const char *name, uint64_t most,
    uint64_t *v_r)
{
	struct task_pair pair;

	if (!export_pair(f, name, 'n', &pair) || pair.number > most)
		return false;
	*v_r = pair.number;
	return true;
}

static const char *
export_mailbox(struct maildir *m, const struct task_frame *f)
{
	struct task_pair name, subscribed;
	uint64_t uidvalidity, uidnext;

	if (!export_pair(f, "mailbox", 's', &name) ||
	    !export_pair(f, "subscribed", 'b', &subscribed) ||
	    !export_number(f, "uidvalidity", UINT32_MAX, &uidvalidity) ||
	    !export_number(f, "uidnext", UINT32_MAX, &uidnext))
		return no_sense;
	return maildir_mailbox(m, name.text, (uint32_t)uidvalidity,
	    (uint32_t)uidnext, subscribed.number != 0) ? NULL
						       : maildir_error(m);
}

static const char *
export_keyword(struct maildir *m, const struct task_frame *f)
{
	struct task_pair name;
	uint64_t number;

	if (!export_number(f, "number", UINT64_MAX, &number) ||
	    !export_pair(f, "keyword", 's', &name))
		return no_sense;
	return maildir_keyword(m, number, name.text) ? NULL : maildir_error(m);
}

static const char *
export_message(struct maildir *m, const struct task_frame *f)
{
	struct maildir_message msg;
	struct task_pair flags;
	uint64_t uid;

	if (!export_number(f, "uid", UINT32_MAX, &uid) ||
	    !export_number(f, "size", UINT32_MAX, &msg.size) ||
	    !export_number(f, "received", UINT32_MAX, &msg.received) ||
	    !export_number(f, "keywords", UINT64_MAX, &msg.keywords) ||
	    !export_pair(f, "flags", 's', &flags))
		return no_sense;
	msg.uid = (uint32_t)uid;
	msg.flags = flags.text;
	return maildir_message(m, &msg) ? NULL : maildir_error(m);
}

static const char *
export_row(struct maildir *m, const struct task_frame *f, bool *print_r)
{
	struct task_pair row;

	if (!export_pair(f, "row", 's', &row))
		return no_sense;
	*print_r = strcmp(row.text, "mailbox") == 0;
	if (*print_r)
		return export_mailbox(m, f);
	if (strcmp(row.text, "keyword") == 0)
		return export_keyword(m, f);
	if (strcmp(row.text, "message") == 0)
		return export_message(m, f);
	if (strcmp(row.text, "dropped") == 0)
		return maildir_dropped(m) ? NULL : maildir_error(m);
	return no_sense;
}

static const char *
export_frame(void *ctx, const struct task_frame *f, bool *print_r)
{
	struct maildir *m = ctx;

	if (f == NULL)
		return maildir_finish(m) ? NULL : maildir_error(m);
	if (f->kind == TASK_ROW)
		return export_row(m, f, print_r);
	if (f->kind != TASK_DATA)
		return NULL;
	*print_r = false;
	return maildir_data(m, f->body, f->len) ? NULL : maildir_error(m);
}

static bool
export_problems(void *ctx)
{
	return maildir_problems(ctx) > 0;
}

int
ctl_export(const struct ctl *ctl, size_t n, char **args)
{
	struct maildir *m = maildir_new(args[1]);
	struct task_more more = { .frame = export_frame,
		.problems = export_problems, .ctx = m };
	int exit_code;

	(void)n;
	if (m == NULL)
		return CTL_NOT_DONE;
	exit_code = task_users(ctl, "export", 1, args, &more);
	maildir_free(&m);
	return exit_code;
}
