/* SPDX-License-Identifier: ISC
 *
 * Messages between processes: SOCK_SEQPACKET socketpairs, one message a packet,
 * at most one descriptor with it (SCM_RIGHTS). ipc_msgs.def is the table of all
 * of them; this file turns it into an enum and checked sending and receiving.
 *
 * A packet is: u32 length of the body, u16 message number, u16 zero, body; all
 * little-endian. Every packet is checked against the table before a handler
 * sees it: known number, sender's role, receiver's role, phase of the channel,
 * once or many, size, descriptor or not, and the body's fields (types, lengths,
 * nothing missing, nothing left). Whatever fails ends the channel: one log line
 * with names, descriptors closed, on_close called; a handler that returns false
 * (the content made no sense) does the same.
 *
 * A channel starts in phase NEW; both sides send HELLO at once; when the peer's
 * HELLO has come and its build and table match, it is OPEN (messages sent
 * before that are queued). OWNED is set by ipc_set_phase() on both ends of a
 * worker's channel (the worker when it gets WORKER_BECOME, master when it sends
 * it).
 */
#ifndef COMMON_IPC_H
#define COMMON_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;

enum ipc_role_bits {
	IPC_R_MASTER = 1 << 0,
	IPC_R_LOGIN = 1 << 1,
	IPC_R_AUTH = 1 << 2,
	IPC_R_HELPER = 1 << 3,
	IPC_R_LMTP = 1 << 4,
	IPC_R_NURSERY = 1 << 5,
	IPC_R_WORKER = 1 << 6,
	IPC_R_CTL = 1 << 7,
};
enum ipc_phase { IPC_P_NEW = 1, IPC_P_OPEN = 2, IPC_P_OWNED = 4 };

enum ipc_type {
#define IPC(name, no, from, to, phase, times, fd, max, answer, body) \
	IPC_##name = no,
#include "common/ipc_msgs.def"
#undef IPC
	IPC_NONE = 0xffff,
};

/* Values of u8 fields. */
enum ipc_auth_status { /* AUTH_RESULT.status */
	IPC_AUTH_CHALLENGE, /* challenge holds the server's next message */
	IPC_AUTH_OK,        /* ticket is 16 bytes */
	IPC_AUTH_FAILED,    /* code and text for the client */
	IPC_AUTH_TEMPFAIL,  /* code "UNAVAILABLE": something is down */
};
enum ipc_status { /* status of other answers */
	IPC_OK,
	IPC_NO_SUCH_USER,   /* or: no such ticket, mismatch */
	IPC_UNAVAILABLE,    /* try again later */
	IPC_REFUSED,        /* not allowed; text says why */
	IPC_LIMIT,          /* too many sessions and the like */
	IPC_NO_HOME,        /* of a task: the user has had no mail yet */
};
enum ipc_verify_kind { IPC_VERIFY_HASH, IPC_VERIFY_PAM }; /* VERIFY.kind */
enum ipc_protocol { /* LISTENER.protocol */
	IPC_PROTOCOL_IMAP,  /* STARTTLS */
	IPC_PROTOCOL_IMAPS, /* implicit TLS */
	IPC_PROTOCOL_LMTP,
};
enum ipc_verb { /* CTL_REQUEST.verb */
	IPC_VERB_STATUS,
	IPC_VERB_WHO,       /* arg: user, or "" */
	IPC_VERB_KICK,      /* arg: user or user/session */
	IPC_VERB_RELOAD,
	IPC_VERB_STOP,
	IPC_VERB_USERS,     /* their names, in CTL_USERS */
};

#define IPC_TICKET_SIZE 16
/* USERS.names, CTL_USERS.names: names, each ended by a NUL; so many bytes. */
#define IPC_NAMES_MAX 60000

/* --- sending ------------------------------------------------------------- */

struct ipc_chan;

/* A message being written or read. */
struct ipc_msg {
	enum ipc_type type;
	unsigned char *body; /* own while writing; borrowed while reading */
	size_t len, at;
	const char *fields;  /* rest of the table's field list */
	int fd;              /* reading: the descriptor, until taken; else -1 */
};

/* begin, put every field in the table's order, post. A wrong type or order is a
 * bug: panic. Sending on a closed channel does nothing. Bodies of messages with
 * secret fields are wiped once sent. */
void ipc_begin(struct ipc_msg *m, enum ipc_type type);
void ipc_put_u8(struct ipc_msg *m, uint8_t v);
void ipc_put_u32(struct ipc_msg *m, uint32_t v);
void ipc_put_u64(struct ipc_msg *m, uint64_t v);
void ipc_put_str(struct ipc_msg *m, const char *s);
void ipc_put_blob(struct ipc_msg *m, const void *p, size_t n);
void ipc_put_secret(struct ipc_msg *m, const void *p, size_t n);
/* fd: sent with it and closed here in every case, -1 for none. False: the
 * channel is closed, or its queue passed LIMIT_IPC_QUEUE (which closes it). */
bool ipc_post(struct ipc_chan *c, struct ipc_msg *m, int fd);

/* --- receiving ----------------------------------------------------------- */

/* Each field once, in order. The check has been made: these cannot fail.
 * str: NUL-terminated, lives until the handler returns. */
uint8_t ipc_get_u8(struct ipc_msg *m);
uint32_t ipc_get_u32(struct ipc_msg *m);
uint64_t ipc_get_u64(struct ipc_msg *m);
const char *ipc_get_str(struct ipc_msg *m);
const unsigned char *ipc_get_blob(struct ipc_msg *m, size_t *n_r);
const unsigned char *ipc_get_secret(struct ipc_msg *m, size_t *n_r);
/* The descriptor becomes the caller's; one left is closed after the handler. */
int ipc_take_fd(struct ipc_msg *m);

/* False ends the channel ("made no sense"), logged. The handler may close or
 * free its own channel. */
typedef bool ipc_handler_fn(struct ipc_chan *c, struct ipc_msg *m, void *ctx);
struct ipc_handler {
	enum ipc_type type;
	ipc_handler_fn *fn;
};

/* --- channels ------------------------------------------------------------ */

struct ipc_chan_options {
	unsigned self, peer;              /* one role bit each */
	const struct ipc_handler *handlers; /* static; ends with fn NULL */
	/* the channel ended (EOF, error, violation); called once, never from
	 * within ipc_post(); the channel is closed, not freed. May free it. */
	void (*on_close)(struct ipc_chan *c, void *ctx);
	/* the peer's HELLO came and fits; may be NULL */
	void (*on_open)(struct ipc_chan *c, void *ctx);
	void *ctx;
	const char *name;                 /* for log lines; copied */
};

/* Takes over fd (a SOCK_SEQPACKET socket), makes it non-blocking. */
struct ipc_chan *ipc_chan_new(struct event_base *base, int fd,
    const struct ipc_chan_options *o);
/* Closes without on_close; sets *c NULL; accepts NULL. */
void ipc_chan_free(struct ipc_chan **c);
void ipc_set_phase(struct ipc_chan *c, enum ipc_phase phase);
bool ipc_chan_is_open(const struct ipc_chan *c);
/* Bytes that wait for the peer to read: long answers are sent in parts. */
size_t ipc_chan_queued(const struct ipc_chan *c);
/* Sends what is queued now, waiting at most so long; at a process' end. */
void ipc_chan_flush(struct ipc_chan *c, unsigned milliseconds);
void *ipc_chan_ctx(const struct ipc_chan *c);

/* A SOCK_SEQPACKET | CLOEXEC socketpair; -1 with errno. */
int ipc_pair(int fds_r[2]);

/* --- the table itself (trace, doc/IPC, tests) ---------------------------- */

struct ipc_row {
	enum ipc_type type;
	const char *name;
	unsigned from, to, phase;
	bool once, fd;
	uint32_t max;
	enum ipc_type answer;
	const char *body;
};
/* All rows; *n_r is their number. */
const struct ipc_row *ipc_table(size_t *n_r);
const char *ipc_role_name(unsigned role_bit);
uint64_t ipc_table_hash(void);
/* Checks a packet as a channel would, without one: NULL, or what is wrong. */
const char *ipc_check(unsigned from, unsigned to, enum ipc_phase phase,
    const unsigned char *packet, size_t len, bool with_fd);

#endif
