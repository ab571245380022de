/* SPDX-License-Identifier: ISC
 *
 * A new password: asked for, and hashed.
 */
#ifndef CTL_PASSWORD_H
#define CTL_PASSWORD_H

#include <stdbool.h>

#include "common/secret.h"

#define CTL_PASSWORD_MAX 1024 /* bytes; the server takes no longer ones */

/* From the terminal, twice and without echo; or one line of standard input.
 * NULL: it has been said why not. */
struct secret *ctl_password_ask(const char *user, bool from_stdin);
/* "{ARGON2ID}$argon2id$…", malloc'ed; NULL: no memory for the hash. */
char *ctl_password_hash(const struct secret *password);

#endif
