/* SPDX-License-Identifier: ISC
 *
 * One running task and its stream to posternctl: reads the request, gives the
 * task its slices of the loop, sends what it says, ends with it.
 *
 * state      what happens                                    left by
 *   request  the REQUEST is awaited                          its coming
 *   running  a step each turn, while little waits to be sent step's result
 *   waiting  for a DATA                                      its coming
 *   ending   END is queued                                   all was sent
 *   over     to be freed; also when posternctl went away
 *
 * A DATA that comes while the task runs stays where it is until it waits: so
 * neither side can flood the other. Anything else that comes is refused.
 */
#ifndef TASK_RUN_H
#define TASK_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct store;
struct task_def;
struct task_host;
struct task_run;

/* Takes over fd, a stream socket. */
struct task_run *task_run_new(struct event_base *base, struct store *store,
    const char *home, const struct task_def *def, int fd);
/* What it may ask of the worker; borrowed. */
void task_run_set_host(struct task_run *r, const struct task_host *host);
/* The turn is over and durable: sends, and arranges for the next step. True:
 * the run is over. */
bool task_run_turn_end(struct task_run *r);
/* Ends it with this text, telling posternctl if it takes that at once. */
void task_run_stop(struct task_run *r, const char *text);
/* Sets *r to NULL; accepts NULL. */
void task_run_free(struct task_run **r);

/* Milliseconds of a clock that only goes forward. */
int64_t task_now(void);

#endif
