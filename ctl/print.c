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

void
ctl_print_json(const char *s)
{
	putchar('"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			printf("\\u%04x", (unsigned)*s);
		else
			putchar(*s);
	}
	putchar('"');
}

void
ctl_print_column(const char *s, int width)
{
	int n = 0;

	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f) {
			n += printf("\\x%02x", (unsigned)*s);
			continue;
		}
		putchar(*s);
		n += ((unsigned char)*s & 0xc0) != 0x80; /* of UTF-8 */
	}
	while (n++ < width)
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
