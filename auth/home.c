/* SPDX-License-Identifier: ISC */
#include "auth/home.h"

#include <stddef.h>
#include <string.h>

#include "common/buf.h"

static bool
home_is_clean(const char *path)
{
	if (path[0] != '/' || strcmp(path, "/") == 0)
		return false;
	for (const char *p = path; (p = strstr(p, "/..")) != NULL; p += 3)
		if (p[3] == '/' || p[3] == '\0')
			return false;
	return true;
}

static bool
home_put(struct buf *b, char what, const char *user, const char *base)
{
	const char *at = strrchr(user, '@');

	switch (what) {
	case 'u':
		return buf_puts(b, user);
	case 'n':
		return buf_put(b, user,
		    at != NULL ? (size_t)(at - user) : strlen(user));
	case 'd':
		return buf_puts(b, at != NULL ? at + 1 : "");
	case 'h':
		return base != NULL && buf_puts(b, base);
	default:
		return what != '\0' && buf_putc(b, (unsigned char)what);
	}
}

bool
home_expand(const char *template, const char *user, const char *base,
    char out_r[HOME_MAX + 1])
{
	struct buf b;
	bool ok = true;

	buf_init(&b, HOME_MAX);
	for (const char *p = template; ok && *p != '\0'; p++)
		ok = *p != '%' ? buf_putc(&b, (unsigned char)*p) :
		    home_put(&b, *++p, user, base);
	if (ok) {
		memcpy(out_r, buf_cstr(&b), b.len + 1);
		ok = home_is_clean(out_r);
	}
	buf_clear(&b);
	return ok;
}
