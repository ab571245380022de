/* SPDX-License-Identifier: ISC
 *
 * The home template of the configuration:
 *
 *   %u  the whole user name      %n  its local part
 *   %d  its domain, or ""        %h  home of the system user
 *   %%  a percent sign
 *
 * User names have passed user_normalize(), so that no expansion can add a
 * slash or a ".." of its own.
 */
#ifndef AUTH_HOME_H
#define AUTH_HOME_H

#include <stdbool.h>

#define HOME_MAX 1023

/* base: what %h stands for, NULL for none. False: %h without a base, too long,
 * or the result is not an absolute path without "..". */
bool home_expand(const char *template, const char *user, const char *base,
    char out_r[HOME_MAX + 1]);

#endif
