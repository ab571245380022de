/* SPDX-License-Identifier: ISC
 *
 * Every built-in limit, in one place.  Those an operator may change are the
 * defaults of common/conf.c; the others are what the code is built for.
 */
#ifndef COMMON_LIMITS_H
#define COMMON_LIMITS_H

#define KIB 1024u
#define MIB (1024u * KIB)

/* IMAP input */
#define LIMIT_COMMAND_LINE (64 * KIB) /* a command without its literals */
#define LIMIT_COMMAND_TOTAL (1 * MIB) /* a command, literals in memory too */
#define LIMIT_LOGIN_LINE (8 * KIB)    /* a command before login */
#define LIMIT_LOGIN_LITERAL (4 * KIB) /* before login (LITERAL-: 4096) */
#define LIMIT_PENDING (48 * KIB)      /* pipelined bytes handed to the worker */
#define LIMIT_NESTING 64              /* parentheses in a command */
#define LIMIT_TAG 256
#define LIMIT_SEQSET_RANGES 65536

/* messages */
#define LIMIT_MESSAGE (64 * MIB)     /* default of message-size */
#define LIMIT_APPEND_MEMORY (256 * KIB) /* larger literals spool to a file */
#define LIMIT_MIME_DEPTH 100         /* deeper parts are opaque */
#define LIMIT_MIME_PARTS 10000
#define LIMIT_HEADER (1 * MIB)       /* header bytes parsed per message */
#define LIMIT_ENVELOPE_TEXT (64 * KIB)
#define LIMIT_ADDRESSES 1000         /* per header field */

/* store */
#define LIMIT_MAILBOX_NAME 1000
#define LIMIT_MAILBOXES 10000
#define LIMIT_KEYWORDS 48            /* per mailbox */
#define LIMIT_KEYWORD 128            /* bytes of one keyword */
#define LIMIT_COMPRESS (4 * MIB)     /* larger messages stay as they are, for
                                        sendfile(2) */
#define LIMIT_SEGMENT (64 * MIB)     /* a new segment after this */
/* Snapshots of the index. One of 200,000 rows takes 35 ms and 1 MB. In a
 * moment of rest it is worth that when one row in LIMIT_SNAP_SHARE, or
 * LIMIT_SNAP_CHANGES rows, have changed, or once a day. While there is no rest
 * it waits until MIN changes and an eighth of the rows, and for SECONDS, so that
 * the cost of all snapshots stays in proportion to that of the changes, but not
 * for more than MAX: a rebuild leaves out a million modseqs. It leaves LIMIT_SNAP_UIDS UIDs
 * out in every mailbox, so no more may be given out between two snapshots. */
#define LIMIT_SNAP_SHARE 100
#define LIMIT_SNAP_CHANGES 10000
#define LIMIT_SNAP_CHANGES_MIN 20000
#define LIMIT_SNAP_CHANGES_MAX 500000
#define LIMIT_SNAP_SECONDS 10
#define LIMIT_SNAP_UIDS 100000

/* sessions */
#define LIMIT_OUTPUT (1 * MIB)       /* buffered output per session */
#define LIMIT_SESSIONS_PER_USER 50
#define LIMIT_TASKS_PER_USER 4       /* of posternctl, at a time */
#define LIMIT_LOGIN_SECONDS 60
#define LIMIT_IDLE_SECONDS (30 * 60)
#define LIMIT_UNAUTH_PER_BLOCK 20    /* connections per address block */

/* LMTP */
#define LIMIT_LMTP_LINE 1024         /* of a command (RFC 5321: at least 512) */
#define LIMIT_LMTP_RECIPIENTS 100
#define LIMIT_LMTP_CONNECTIONS 100
#define LIMIT_LMTP_MEMORY (1024ull * MIB) /* all messages in transit */
#define LIMIT_LMTP_IDLE_SECONDS 300
#define LIMIT_LMTP_DELIVERY_SECONDS 120

/* IPC */
#define LIMIT_IPC_BODY 65536
#define LIMIT_IPC_QUEUE (4 * MIB)    /* bytes waiting for one peer */

#endif
