/* SPDX-License-Identifier: ISC */
#include "ctl/task_print.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"

#define TEXT_WIDTH 24
#define NUMBER_WIDTH 10

static const char *const severities[] = { "note", "warning", "error" };

void
task_print_begin(struct task_print *p, bool json, bool many)
{
	*p = (struct task_print){ .json = json, .many = many,
		.terminal = !json && isatty(STDERR_FILENO) };
	if (json)
		fputs("{\"users\": [", stdout);
}

void
task_print_user(struct task_print *p, const char *user)
{
	p->results = 0;
	p->kind[0] = '\0';
	if (p->json) {
		fputs(p->users == 0 ? "\n  {\"user\": " : ",\n  {\"user\": ",
		    stdout);
		ctl_print_json(user);
		fputs(", \"results\": [", stdout);
	} else if (p->many) {
		if (p->users > 0)
			putchar('\n');
		ctl_print_column(user, 0);
		puts("");
	}
	p->users++;
}

/* --- rows ----------------------------------------------------------------- */

static int
column_width(const struct task_pair *pair)
{
	int n = (int)strlen(pair->name);

	if (pair->type == 's')
		return TEXT_WIDTH;
	return n > NUMBER_WIDTH ? n : NUMBER_WIDTH;
}

static void
print_heading(const struct task_frame *f)
{
	struct task_pair pair;
	char name[TASK_NAME_MAX + 1];
	size_t at = 0, i;

	while (task_frame_pair(f, &at, &pair)) {
		if (strcmp(pair.name, "row") == 0)
			continue;
		for (i = 0; pair.name[i] != '\0'; i++)
			name[i] = (char)toupper((unsigned char)pair.name[i]);
		name[i] = '\0';
		printf(pair.type == 's' ? "%-*s " : "%*s ",
		    column_width(&pair), name);
	}
	putchar('\n');
}

static void
print_columns(const struct task_frame *f)
{
	struct task_pair pair;
	size_t at = 0;

	while (task_frame_pair(f, &at, &pair)) {
		if (strcmp(pair.name, "row") == 0)
			continue;
		if (pair.type == 's')
			ctl_print_column(pair.text, TEXT_WIDTH);
		else if (pair.type == 'n')
			printf("%*" PRIu64 " ", column_width(&pair),
			    pair.number);
		else
			printf("%*s ", column_width(&pair),
			    pair.number != 0 ? "yes" : "no");
	}
	putchar('\n');
}

static void
print_row_json(const struct task_frame *f)
{
	struct task_pair pair;
	size_t at = 0;
	bool first = true;

	putchar('{');
	while (task_frame_pair(f, &at, &pair)) {
		printf("%s\"%s\": ", first ? "" : ", ", pair.name);
		first = false;
		if (pair.type == 's')
			ctl_print_json(pair.text);
		else if (pair.type == 'n')
			printf("%" PRIu64, pair.number);
		else
			fputs(pair.number != 0 ? "true" : "false", stdout);
	}
	putchar('}');
}

static void
print_row(struct task_print *p, const struct task_frame *f)
{
	struct task_pair pair;
	size_t at = 0;

	if (p->json) {
		print_row_json(f);
		return;
	}
	if (task_frame_pair(f, &at, &pair) && pair.type == 's' &&
	    strncmp(pair.text, p->kind, sizeof(p->kind) - 1) != 0) {
		snprintf(p->kind, sizeof(p->kind), "%s", pair.text);
		print_heading(f);
	}
	print_columns(f);
}

/* --- the others ----------------------------------------------------------- */

static void
print_problem(const struct task_print *p, const struct task_frame *f)
{
	uint8_t severity;
	const char *text = task_frame_text(f, &severity);

	if (p->json) {
		printf("{\"row\": \"problem\", \"severity\": \"%s\", "
		    "\"text\": ", severities[severity]);
		ctl_print_json(text);
		putchar('}');
		return;
	}
	printf("%s: ", severities[severity]);
	ctl_print_column(text, 0);
	putchar('\n');
}

static void
clear_progress(struct task_print *p)
{
	if (p->progress)
		fputs("\r\033[K", stderr);
	p->progress = false;
}

static void
print_progress(struct task_print *p, const struct task_frame *f)
{
	uint64_t done, total;
	const char *text;

	task_frame_progress(f, &done, &total, &text);
	if (!p->terminal || text[strspn(text, "abcdefghijklmnopqrstuvwxyz ")])
		return;
	fflush(stdout);
	clear_progress(p);
	if (total > 0)
		fprintf(stderr, "%" PRIu64 " of %" PRIu64 " %s", done, total,
		    text);
	else
		fprintf(stderr, "%" PRIu64 " %s", done, text);
	p->progress = true;
}

void
task_print_frame(struct task_print *p, const struct task_frame *f)
{
	if (f->kind == TASK_PROGRESS) {
		print_progress(p, f);
		return;
	}
	clear_progress(p);
	if (p->json)
		fputs(p->results == 0 ? "\n    " : ",\n    ", stdout);
	p->results++;
	if (f->kind == TASK_ROW)
		print_row(p, f);
	else
		print_problem(p, f);
}

void
task_print_user_end(struct task_print *p, const char *user, const char *status,
    const char *text)
{
	clear_progress(p);
	if (strcmp(status, "failed") == 0)
		ctl_error("%s: %s", user, text);
	if (p->json) {
		printf("], \"status\": \"%s\", \"text\": ", status);
		ctl_print_json(text);
		putchar('}');
	} else if (*text != '\0' && strcmp(status, "failed") != 0) {
		ctl_print_column(text, 0);
		putchar('\n');
	}
	fflush(stdout);
}

void
task_print_end(const struct task_print *p)
{
	if (p->json)
		puts(p->users == 0 ? "]}" : "\n]}");
}
