/* SPDX-License-Identifier: ISC
 *
 * A last word before a crash: see crash.h.
 */
#include "common/crash.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
#define CRASH_SIGNALS (sizeof(crash_signals) / sizeof(crash_signals[0]))

static struct sigaction crash_before[CRASH_SIGNALS];
static void (*crash_fn)(void *ctx);
static void *crash_ctx;

static void
crash_handle(int sig, siginfo_t *info, void *context)
{
	void (*fn)(void *) = crash_fn;

	(void)sig;
	(void)context;
	crash_forget();
	if (fn != NULL)
		fn(crash_ctx);
	/* A fault comes again when this returns, and abort() goes on by itself;
	 * a signal that was sent does neither. */
	if (info->si_code <= 0)
		abort();
}

void
crash_notify(void (*fn)(void *ctx), void *ctx)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO };

	crash_forget();
	crash_ctx = ctx;
	crash_fn = fn;
	sa.sa_sigaction = crash_handle;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < CRASH_SIGNALS; i++)
		sigaction(crash_signals[i], &sa, &crash_before[i]);
}

void
crash_forget(void)
{
	if (crash_fn == NULL)
		return;
	crash_fn = NULL;
	for (size_t i = 0; i < CRASH_SIGNALS; i++)
		sigaction(crash_signals[i], &crash_before[i], NULL);
}
