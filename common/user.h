/* SPDX-License-Identifier: ISC
 *
 * User names: what counts as one, and its one canonical form. Names from
 * clients, recipients, the passwd-file and posternctl all go through
 * user_normalize(), so that later parts (home templates, the uid table, logs)
 * need not ask again.
 *
 * Refused: empty, more than 255 bytes, bytes that are not UTF-8, control
 * characters, '/', and "." or ".." as the whole name, its local part or its
 * domain. The domain is what follows the last '@'; its ASCII letters become
 * small. A name without '@' gets "@" and the default domain, where there is
 * one.
 */
#ifndef COMMON_USER_H
#define COMMON_USER_H

#include <stdbool.h>

#define USER_MAX 255

/* default_domain: "" for none. False: not a user name; out_r is undefined. */
bool user_normalize(const char *name, const char *default_domain,
    char out_r[USER_MAX + 1]);

#endif
