/* SPDX-License-Identifier: ISC
 *
 * The listening sockets a process was given by master (LISTENER messages), and
 * accepting on them.  Used by imap-login and lmtp, inside their jails: nothing
 * here opens, binds or looks up anything.
 *
 * Several processes accept on one socket; whoever comes late gets EAGAIN and
 * goes on.  Out of descriptors or memory, accepting rests for a second, with
 * one log line.
 */
#ifndef COMMON_LISTENER_H
#define COMMON_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct event_base;
struct listener_set;

/* fd: the connection, non-blocking, close-on-exec, with TCP_NODELAY and
 * keepalive where it is TCP; the callee's. protocol: enum ipc_protocol of the
 * listener. May call listener_pause() and listener_close(). */
typedef void listener_accept_fn(int fd, const struct sockaddr *peer,
    uint8_t protocol, void *ctx);

/* Paused until listener_resume(). */
struct listener_set *listener_set_new(struct event_base *base,
    listener_accept_fn *fn, void *ctx);
/* Closes them all; sets *set NULL; accepts NULL. */
void listener_set_free(struct listener_set **set);
/* Takes over fd (a listening socket). name: for log lines; copied. */
void listener_add(struct listener_set *set, int fd, uint8_t protocol,
    const char *name);
void listener_pause(struct listener_set *set);
void listener_resume(struct listener_set *set);
/* Closes every socket and takes no more: what is added later is closed. */
void listener_close(struct listener_set *set);

#endif
