/* SPDX-License-Identifier: ISC
 *
 * Tells the service manager where we are, when built with libsystemd and
 * started by it; else does nothing.
 */
#ifndef MASTER_NOTIFY_H
#define MASTER_NOTIFY_H

/* All children are ready (also: a reload is done). */
void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
