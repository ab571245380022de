/* SPDX-License-Identifier: ISC
 *
 * The configuration: one file (etc/postern.conf), read with libconfuse, checked
 * whole before anything uses it. Every setting is a row of the table in conf.c:
 * name, type, default, limits, one line of help; that table is also what
 * `posternctl config dump` and the manual page list.
 *
 * Each process reads the file itself, before its jail is shut.
 */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct conf_listener {
	char *name;       /* section title: "imap", "imaps", "lmtp", … */
	char *protocol;   /* imap, imaps, lmtp */
	char *address;    /* "127.0.0.1", "::", "*", or path of a unix socket */
	unsigned port;
	unsigned mode;    /* of a unix socket */
};

struct conf_mailbox { /* made for a new user */
	char *name;
	char *special_use; /* "\\Sent" …, or "" */
	bool subscribe;
};

enum conf_uid_policy {
	CONF_UID_SYSTEM, /* the system user's own uid (getpwnam) */
	CONF_UID_SINGLE, /* all virtual users share virtual-user's uid */
	CONF_UID_RANGE,  /* a uid of their own from first-uid .. last-uid */
};

struct conf {
	char *path;                /* the file this came from */
	/* processes */
	char *state_dir;           /* uid table, control socket, empty/ */
	char *control_socket;      /* path */
	char *control_group;       /* may use it besides root and the owner */
	char *login_user, *auth_user, *lmtp_user; /* names; used as root only */
	unsigned login_processes;  /* 0: one a core */
	bool login_isolated;       /* login-mode = isolated */
	unsigned auth_helpers;
	unsigned spare_workers;
	unsigned nursery_forks, nursery_seconds; /* of one nursery */
	unsigned linger_seconds;   /* of a worker without sessions */
	struct conf_listener *listeners;
	size_t n_listeners;
	/* TLS */
	char *tls_cert, *tls_key;  /* PEM files; empty: no TLS */
	char *tls_min;             /* "TLSv1.2", "TLSv1.3" */
	char *tls_ciphers;         /* OpenSSL list for TLS 1.2; "" default */
	bool plaintext_login;      /* LOGIN in clear from outside loopback */
	/* users */
	char *passdb;              /* passwd-file or pam */
	char *passwd_file;
	char *pam_service;
	enum conf_uid_policy uid_policy;
	char *virtual_user;
	unsigned first_uid, last_uid;
	char *home;                /* template: %u user, %n local part, %d
	                              domain, %h home of the system user */
	char *default_domain;      /* added to a name without "@"; "" none */
	char recipient_delimiter;  /* '+' */
	struct conf_mailbox *mailboxes;
	size_t n_mailboxes;
	unsigned failure_delay_ms; /* least time of a refused login */
	unsigned auth_cache_seconds; /* 0: none */
	/* limits */
	uint64_t message_size;
	uint64_t quota_bytes, quota_messages; /* 0: none */
	unsigned sessions_per_user;
	unsigned unauth_per_block;
	unsigned connections_per_login;
	unsigned login_seconds, idle_seconds;
	bool durability_relaxed;
	unsigned compress;         /* zstd's level; 0: none */
	/* logging */
	char *log;                 /* "stderr" or a path */
	char *log_level;           /* error, warning, info, debug */
};

/* Reads and checks the file. NULL: *error_r is "file:line: text" (malloc'ed),
 * with the nearest known name for an unknown one. path NULL:
 * SYSCONFDIR/postern.conf. */
struct conf *conf_load(const char *path, char **error_r);
void conf_free(struct conf **c);
/* For a process that master starts as `PROGRAM --config FILE`: reads it, sets
 * the log's level. Logs and exits where it cannot (EX_USAGE, EX_CONFIG). */
struct conf *conf_load_child(int argc, char **argv, const char *program);
/* Writes every setting with its effective value and where it came from
 * ("default" or "file:line"); json: as one JSON object. */
void conf_dump(const struct conf *c, FILE *out, bool json);
/* Nearest known setting name, for messages; NULL if none is near. */
const char *conf_nearest(const char *name);

#endif
