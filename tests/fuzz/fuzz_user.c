/* SPDX-License-Identifier: ISC
 *
 * A user's name, and after a newline a home template: a name in its canonical
 * form is its own canonical form and can be no path; a home is an absolute path
 * without "..", and where the template is one folder a user, two users never
 * share it.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/home.h"
#include "common/user.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
check_name(const char *name)
{
	char again[USER_MAX + 1], home[HOME_MAX + 1];
	const char *at = strrchr(name, '@');

	if (!user_normalize(name, "example.org", again) && at != NULL)
		abort();
	if (!user_normalize(name, "", again) || strcmp(name, again) != 0)
		abort();
	if (*name == '\0' || strchr(name, '/') != NULL)
		abort();
	for (const char *p = name; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			abort();
	if (!home_expand("/m/%u", name, NULL, home) ||
	    strcmp(home + 3, name) != 0)
		abort();
	if (!home_expand("/m/%n@%d", name, NULL, home) ||
	    strncmp(home + 3, name, strlen(name)) != 0 ||
	    strlen(home + 3) != strlen(name) + (at == NULL))
		abort();
}

static void
check_home(const char *template, const char *name)
{
	char home[HOME_MAX + 1];
	size_t n;

	if (!home_expand(template, name, "/home/x", home))
		return;
	n = strlen(home);
	if (home[0] != '/' || n < 2 || n > HOME_MAX)
		abort();
	if (strstr(home, "/../") != NULL ||
	    (n >= 3 && strcmp(home + n - 3, "/..") == 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	const unsigned char *lf = memchr(data, '\n', len);
	size_t n = lf == NULL ? len : (size_t)(lf - data);
	char *name = strndup((const char *)data, n);
	char *template = lf == NULL ? NULL :
	    strndup((const char *)lf + 1, len - n - 1);
	char user[USER_MAX + 1];

	if (name == NULL || (lf != NULL && template == NULL))
		abort();
	for (int with = 0; with < 2; with++) {
		if (!user_normalize(name, with ? "example.org" : "", user))
			continue;
		check_name(user);
		if (template != NULL)
			check_home(template, user);
	}
	free(name);
	free(template);
	return 0;
}
