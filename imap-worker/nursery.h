/* SPDX-License-Identifier: ISC
 *
 * Where workers are born: forked from one process that has loaded everything, so
 * that spares share its memory and cost a fork, not an exec.
 */
#ifndef WORKER_NURSERY_H
#define WORKER_NURSERY_H

#include "common/conf.h"

struct event_base;

/* Serves SPAWN until master goes away. In a forked spare it returns the spare's
 * descriptor of its own channel; in the nursery itself -1. */
int nursery_run(struct event_base *base, const struct conf *conf);

#endif
