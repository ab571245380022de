/* SPDX-License-Identifier: ISC
 *
 * One log line per event, written with one write(2) to descriptor 2, which the
 * master opened for appending: lines of different processes never mix.
 *
 *   2026-11-23T10:15:02.123Z imap-worker[4711] error: alice/x3f: store: ...
 *
 * Bytes below 0x20 and 0x7f in the text are written as \xNN, so that nothing a
 * client sends can forge a line.  %m is the text of errno.  No secret is ever
 * an argument.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* name: the program's name in each line; borrowed, must stay. */
void log_init(const char *name, enum log_level most);
/* "error", "warning", "info", "debug"; info for anything else. */
enum log_level log_level_named(const char *name);
void log_set_level(enum log_level most);
/* A word put before the text ("alice/x3f"); NULL for none. Copied, cut at 160
 * bytes. */
void log_set_context(const char *context);
bool log_enabled(enum log_level level);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A bug or no memory: logs and aborts this process. */
_Noreturn void log_panic(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
/* The environment is wrong at start: logs and exits with this code
 * (sysexits.h). */
_Noreturn void log_fatal(int code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
