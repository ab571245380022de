/* SPDX-License-Identifier: ISC
 *
 * What tasks say, for people and for programs.
 *
 * For people: tables, a new heading where the kind of row changes, and a line
 * for each problem. As JSON:
 *
 *   {"users": [
 *     {"user": "alice", "results": [
 *       {"row": "mailbox", "mailbox": "INBOX", ...},
 *       {"row": "problem", "severity": "error", "text": "..."}],
 *      "status": "ok", "text": ""}]}
 *
 * status is ok, problems or failed.
 */
#ifndef CTL_TASK_PRINT_H
#define CTL_TASK_PRINT_H

#include <stdbool.h>

#include "common/task_frame.h"

struct task_print {
	bool json, many, terminal; /* many: users, each gets a heading */
	unsigned users, results;   /* printed; results of this user */
	char kind[64];             /* of the last row */
	bool progress;             /* stands on the terminal */
};

void task_print_begin(struct task_print *p, bool json, bool many);
void task_print_user(struct task_print *p, const char *user);
/* Of kind ROW, PROBLEM or PROGRESS. */
void task_print_frame(struct task_print *p, const struct task_frame *f);
/* Failures go to standard error, too. */
void task_print_user_end(struct task_print *p, const char *user,
    const char *status, const char *text);
void task_print_end(const struct task_print *p);

#endif
