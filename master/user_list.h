/* SPDX-License-Identifier: ISC
 *
 * The users there are, for posternctl --all: auth is asked for some at a time,
 * and what it names goes to posternctl as it is.
 */
#ifndef MASTER_USER_LIST_H
#define MASTER_USER_LIST_H

#include "common/ipc.h"

struct child;
struct control_conn;

/* Asks for the next ones, when posternctl has read those before; begins when
 * none were asked for yet. */
void user_list_next(struct control_conn *c);
/* An auth has died. */
void user_list_auth_lost(const struct child *auth);

/* USERS, from auth; ctx: its struct child. */
ipc_handler_fn user_list_on_users;

#endif
