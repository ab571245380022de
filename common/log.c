/* SPDX-License-Identifier: ISC */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOG_LINE_MAX 4096

static const char *const log_words[] = { "error", "warning", "info", "debug" };
static const char *log_name = "postern";
static enum log_level log_most = LOG_LEVEL_INFO;
static char log_context[160];

void
log_init(const char *name, enum log_level most)
{
	log_name = name;
	log_most = most;
}

enum log_level
log_level_named(const char *name)
{
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++)
		if (strcmp(log_words[i], name) == 0)
			return i;
	return LOG_LEVEL_INFO;
}

void
log_set_level(enum log_level most)
{
	log_most = most;
}

void
log_set_context(const char *context)
{
	snprintf(log_context, sizeof(log_context), "%s",
	    context == NULL ? "" : context);
}

bool
log_enabled(enum log_level level)
{
	return level <= log_most;
}

/* Copies text to line from `at`, with control bytes written out. */
static size_t
log_escape(char *line, size_t at, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = (const unsigned char *)text;

	for (; *p != '\0' && at < LOG_LINE_MAX - 6; p++) {
		if (*p >= 0x20 && *p != 0x7f) {
			line[at++] = (char)*p;
			continue;
		}
		line[at++] = '\\';
		line[at++] = 'x';
		line[at++] = hex[*p >> 4];
		line[at++] = hex[*p & 15];
	}
	return at;
}

__attribute__((format(printf, 2, 0))) static void
log_write(enum log_level level, const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX], line[LOG_LINE_MAX];
	int saved = errno, n;
	struct timespec now;
	struct tm tm;
	size_t at;

	if (!log_enabled(level))
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = snprintf(line, sizeof(line),
	    "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s[%d] %s: ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, now.tv_nsec / 1000000, log_name, (int)getpid(),
	    log_words[level]);
	at = n > 0 ? (size_t)n : 0;
	if (log_context[0] != '\0') {
		at = log_escape(line, at, log_context);
		at = log_escape(line, at, ": ");
	}
	at = log_escape(line, at, text);
	line[at++] = '\n';
	if (write(STDERR_FILENO, line, at) < 0) {
		/* nowhere left to say so */
	}
	errno = saved;
}

#define LOG_FUNCTION(name, level)                                             \
	void name(const char *fmt, ...)                                       \
	{                                                                     \
		va_list ap;                                                   \
                                                                              \
		va_start(ap, fmt);                                            \
		log_write(level, fmt, ap);                                    \
		va_end(ap);                                                   \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

void
log_panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
	abort();
}

void
log_fatal(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
	exit(code);
}
