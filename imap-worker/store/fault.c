/* SPDX-License-Identifier: ISC
 *
 * Fault points: see fault.h.
 */
#include "store/fault.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static int fault_armed = STORE_FAULT_COUNT;
static unsigned fault_countdown;

const char *
store_fault_name(enum store_fault_at at)
{
	static const char *const names[] = {
#define X(id, name, where) name,
		STORE_FAULTS(X)
#undef X
	};

	return names[at];
}

void
store_fault_init(void)
{
	const char *want = getenv("POSTERN_FAULT"), *colon;
	size_t len;

	fault_armed = STORE_FAULT_COUNT;
	if (want == NULL)
		return;
	colon = strchr(want, ':');
	len = colon == NULL ? strlen(want) : (size_t)(colon - want);
	fault_countdown = colon == NULL ? 1
	                                : (unsigned)strtoul(colon + 1, NULL, 10);
	for (int i = 0; i < STORE_FAULT_COUNT; i++) {
		const char *name = store_fault_name((enum store_fault_at)i);

		if (strlen(name) == len && memcmp(name, want, len) == 0)
			fault_armed = i;
	}
}

void
store_fault(enum store_fault_at at)
{
	if (fault_armed == (int)at && fault_countdown > 0 &&
	    --fault_countdown == 0)
		raise(SIGKILL);
}
