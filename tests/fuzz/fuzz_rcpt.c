/* SPDX-License-Identifier: ISC
 *
 * Recipients, "user+detail@domain": each try is a user name in its canonical
 * form, none comes twice, the ones with a detail come from a shorter local part
 * than the ones without, and no try holds more than the address did.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/rcpt.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
check_try(const char *address, const char *domain, const struct rcpt_try *t)
{
	size_t room = strlen(address) + 1 + strlen(domain);
	size_t n = strlen(t->user) + strlen(t->detail);
	char again[USER_MAX + 1];

	if (!user_normalize(t->user, "", again) || strcmp(again, t->user) != 0)
		abort();
	if (n > room || strlen(t->detail) >= strlen(address))
		abort();
	/* quotes may hide bytes between, but none is new */
	for (const char *p = t->detail, *from = address; *p != '\0'; p++) {
		from = strchr(from, *p);
		if (from++ == NULL)
			abort();
	}
}

static void
check(const char *address, char delimiter, const char *domain)
{
	struct rcpt_try tries[RCPT_TRIES];
	size_t n = rcpt_parse(address, delimiter, domain, tries);

	if (n > RCPT_TRIES || (n > 0 && *address == '\0'))
		abort();
	for (size_t i = 0; i < n; i++) {
		check_try(address, domain, &tries[i]);
		if (delimiter == '\0' && tries[i].detail[0] != '\0')
			abort();
		for (size_t k = 0; k < i; k++)
			if (strcmp(tries[k].user, tries[i].user) == 0)
				abort();
	}
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	static const char delimiters[] = { '\0', '+', '-', '"', '@' };
	static const char *const domains[] = { "", "example.org" };
	char *address = strndup((const char *)data, len);

	if (address == NULL)
		abort();
	for (size_t i = 0; i < sizeof(delimiters); i++)
		for (size_t k = 0; k < 2; k++)
			check(address, delimiters[i], domains[k]);
	free(address);
	return 0;
}
