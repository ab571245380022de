/* SPDX-License-Identifier: ISC
 *
 * A last word before this process dies by a fault of its own: SIGSEGV, SIGBUS,
 * SIGFPE, SIGILL, SIGABRT. A SIGKILL says nothing of what was being done, and
 * is not heard of.
 */
#ifndef COMMON_CRASH_H
#define COMMON_CRASH_H

/* From now on fn is called in the handler of such a signal, once: it may only do
 * what is async-signal-safe. Then the process dies of the signal as it would
 * have. Replaces an earlier one. */
void crash_notify(void (*fn)(void *ctx), void *ctx);
/* Nobody is told any more; the handlers are what they were. */
void crash_forget(void);

#endif
