/* SPDX-License-Identifier: ISC
 *
 * Output of posternctl: columns for people, JSON for programs. Names in it may
 * come from anywhere, so nothing is printed as it is.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl.h"

void
ctl_error(const char *fmt, ...)
{
	va_list ap;

	fputs("posternctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
}

/* Bytes of the letter at s; 0: not UTF-8, or a control (C0, DEL, C1). */
static int
letter_length(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned code;
	int n;

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	code = p[0] & (0x7fu >> n);
	for (int i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < 0xa0 || (n == 3 && code < 0x800) ||
	    (n == 4 && (code < 0x10000 || code > 0x10ffff)) ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return n;
}

void
ctl_print_json(const char *s)
{
	int n;

	putchar('"');
	while (*s != '\0') {
		n = letter_length(s);
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (n > 0)
			fwrite(s, 1, (size_t)n, stdout);
		else if ((unsigned char)*s < 0x80)
			printf("\\u%04x", (unsigned)*s);
		else
			fputs("\\ufffd", stdout);
		s += n > 0 ? n : 1;
	}
	putchar('"');
}

void
ctl_print_column(const char *s, int width)
{
	int n, used = 0;

	while (*s != '\0') {
		n = letter_length(s);
		if (n > 0) {
			fwrite(s, 1, (size_t)n, stdout);
			used++;
		} else {
			used += printf("\\x%02x", (unsigned)(unsigned char)*s);
		}
		s += n > 0 ? n : 1;
	}
	while (used++ < width)
		putchar(' ');
	putchar(' ');
}

void
ctl_print_time(unsigned long long t, bool json)
{
	time_t when = (time_t)t;
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&when, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	printf(json ? "\"%s\"" : "%s", text);
}
