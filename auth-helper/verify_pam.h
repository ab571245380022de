/* SPDX-License-Identifier: ISC
 *
 * Asks PAM: authentication and account management, without a session and
 * without dialogue: every hidden prompt is answered with the password, every
 * open one with the user name. Each question has a PAM handle of its own, so
 * nothing of one user is left for the next.
 */
#ifndef AUTH_HELPER_VERIFY_PAM_H
#define AUTH_HELPER_VERIFY_PAM_H

#include "common/ipc.h"

#define VERIFY_PAM_USER_MAX 255

/* password: NUL-terminated. IPC_OK; IPC_REFUSED or IPC_NO_SUCH_USER;
 * IPC_UNAVAILABLE where PAM itself is broken. user_r: what PAM calls the user,
 * with IPC_OK. *why_r: text for the log, static or PAM's. May block for as long
 * as its modules do. */
enum ipc_status verify_pam(const char *service, const char *user,
    const char *addr, const char *password,
    char user_r[VERIFY_PAM_USER_MAX + 1], const char **why_r);

#endif
