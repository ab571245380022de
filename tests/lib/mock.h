/* SPDX-License-Identifier: ISC
 *
 * Runs one of our programs the way master does, with the test in the place of
 * master and auth: channels over socketpairs, real listeners on loopback.  The
 * program is the one in the build folder, unchanged, in its jail; a test run by
 * root gives it nobody's uid first, so that it needs no users and folders.
 *
 * Nothing here waits longer than MOCK_SECONDS; a failure fails the test.
 */
#ifndef TESTS_LIB_MOCK_H
#define TESTS_LIB_MOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/ipc.h"

#define MOCK_SECONDS 10
#define MOCK_HANDLERS 16
#define MOCK_NOBODY 65534

struct event_base;

struct mock {
	struct event_base *base;
	struct ipc_chan *master, *auth; /* our ends; NULL when they ended */
	struct ipc_handler handlers[MOCK_HANDLERS]; /* of master */
	const struct ipc_handler *auth_handlers;
	unsigned role;
	pid_t pid;                      /* 0: has exited */
	int exit_status;                /* as of waitpid() */
	bool ready, quiesced;           /* messages that came */
	const char *address;            /* of listeners; 127.0.0.1 */
	char dir[64];                   /* temporary; conf, cert.pem, key.pem */
};

/* Starts `program` ("libexec/imap-login"; arguments may follow, after blanks)
 * with a configuration file of this text ("%s" in it becomes the temporary
 * folder), and waits for READY.
 * handlers: of what comes to master besides READY and QUIESCED; ctx of all of
 * them is the struct mock. */
void mock_start(struct mock *m, unsigned role, const char *program,
    const char *conf, const struct ipc_handler *handlers,
    const struct ipc_handler *auth_handlers);
/* Kills what is left, frees everything. */
void mock_end(struct mock *m);
/* Gives it a channel to auth, a new one when there was one. */
void mock_open_auth(struct mock *m);
/* Gives it a listener on m->address; the port. */
int mock_listen(struct mock *m, enum ipc_protocol protocol);
/* STOP, DRAIN. */
void mock_send(struct mock *m, enum ipc_type type);

/* One turn of the loop, waiting at most so long; notices the program's exit. */
void mock_turn(struct mock *m, int milliseconds);
/* Until *flag; fails the test after MOCK_SECONDS. */
void mock_until(struct mock *m, const bool *flag);
/* Until the program has exited; fails unless it did with status 0. */
void mock_until_exit(struct mock *m);
/* Milliseconds of a clock that only goes forward. */
int64_t mock_now(void);

#endif
