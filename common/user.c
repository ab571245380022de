/* SPDX-License-Identifier: ISC */
#include "common/user.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the UTF-8 character at p, 0 if it is none (RFC 3629 §4). */
static size_t
user_utf8_length(const unsigned char *p)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* A name, local part or domain that can stand as one folder's name. */
static bool
user_is_safe(const char *s)
{
	return strcmp(s, "") != 0 && strcmp(s, ".") != 0 &&
	    strcmp(s, "..") != 0;
}

static bool
user_has_only_text(const char *name)
{
	const unsigned char *p = (const unsigned char *)name;
	size_t n;

	for (; *p != '\0'; p += n) {
		if (*p < 0x20 || *p == 0x7f || *p == '/')
			return false;
		n = user_utf8_length(p);
		/* C1 controls are U+0080..U+009F */
		if (n == 0 || (p[0] == 0xc2 && p[1] < 0xa0))
			return false;
	}
	return true;
}

bool
user_normalize(const char *name, const char *default_domain,
    char out_r[USER_MAX + 1])
{
	char *at;
	int n;

	if (strchr(name, '@') == NULL && default_domain[0] != '\0')
		n = snprintf(out_r, USER_MAX + 1, "%s@%s", name,
		    default_domain);
	else
		n = snprintf(out_r, USER_MAX + 1, "%s", name);
	if (n < 0 || n > USER_MAX || !user_has_only_text(out_r))
		return false;
	at = strrchr(out_r, '@');
	if (at == NULL)
		return user_is_safe(out_r);
	for (char *p = at + 1; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	*at = '\0';
	if (!user_is_safe(out_r) || !user_is_safe(at + 1))
		return false;
	*at = '@';
	return true;
}
