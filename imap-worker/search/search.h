/* SPDX-License-Identifier: ISC
 *
 * The program of a SEARCH (RFC 3501 §6.4.4), parsed but not evaluated: a tree
 * of keys in the command's arena.  UID SEARCH, SORT, THREAD and rules use the
 * same tree.  Pure.
 *
 * Extensions understood: ESEARCH RETURN options (RFC 4731), SAVE and "$"
 * (RFC 5182), OLDER and YOUNGER (RFC 5032), MODSEQ (RFC 7162), SAVED* dates
 * (RFC 8514), EMAILID and THREADID (RFC 8474).
 *
 * Keys that are a short form of others do not get here: UNSEEN is FLAG \Seen
 * with `not`, NEW is AND(RECENT, not \Seen), FROM x is HEADER "From" x, and
 * NOT NOT x is x.
 */
#ifndef SEARCH_SEARCH_H
#define SEARCH_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/imap/parse.h"
#include "common/imap/seqset.h"

/* What a key asks of a message; in brackets the fields of struct search_key
 * that belong to it. Strings match without case, as substrings, in the
 * program's charset; the empty string is in every text. */
enum search_op {
	SEARCH_ALL,         /* true */
	SEARCH_AND,         /* all keys of the list [child]; never empty */
	SEARCH_OR,          /* some key of the list [child]; two keys or more */
	SEARCH_SEQ,         /* its sequence number is in [set], not normalized;
	                       set.saved: it is in the saved result */
	SEARCH_UID,         /* the same of its UID */
	SEARCH_FLAG,        /* it has the system flag or keyword [name]; system
	                       flags in the case of imap_parse_flag() */
	SEARCH_RECENT,      /* it has \Recent */
	SEARCH_LARGER,      /* RFC822.SIZE > [number] */
	SEARCH_SMALLER,     /* RFC822.SIZE < [number] */
	SEARCH_MODSEQ,      /* its mod-sequence >= [number]; the entry name and
	                       type a client may give are checked and dropped,
	                       as there is one mod-sequence per message */
	SEARCH_EMAILID,     /* its EMAILID is [name] (case matters) */
	SEARCH_THREADID,    /* its THREADID is [name] (case matters) */
	SEARCH_OLDER,       /* INTERNALDATE is [number] seconds ago or more */
	SEARCH_YOUNGER,     /* INTERNALDATE is [number] seconds ago or less */
	SEARCH_BEFORE,      /* INTERNALDATE, in its own zone, is before [day] */
	SEARCH_ON,          /* ... within [day] */
	SEARCH_SINCE,       /* ... within or after [day] */
	SEARCH_SAVEDBEFORE, /* the same three of the save date */
	SEARCH_SAVEDON,
	SEARCH_SAVEDSINCE,
	SEARCH_SAVEDATE,    /* SAVEDATESUPPORTED: the mailbox has save dates */
	SEARCH_SENTBEFORE,  /* the same three of the Date: header, its own zone
	                       not heeded; false when there is none */
	SEARCH_SENTON,
	SEARCH_SENTSINCE,
	SEARCH_HEADER,      /* a field [name] (any case) has [str] in its
	                       decoded value; empty str: there is such a
	                       field */
	SEARCH_BODY,        /* [str] is in the decoded text of the body */
	SEARCH_TEXT,        /* ... of the header or of the body */
};

struct mail_needle;

struct search_key {
	enum search_op op;
	bool not;                  /* the answer is inverted */
	struct search_key *next;   /* in the list this key stands in, or NULL */
	struct search_key *child;  /* AND, OR: first of the list */
	struct imap_seqset set;
	const char *name;
	const char *str;           /* as sent; NUL after it, none within */
	size_t str_len;
	uint64_t number;           /* below 2^63 */
	int32_t day;               /* since 1970-01-01 */
	/* filled in by run.c */
	uint64_t mask;             /* FLAG: its bits; EMAILID, THREADID: the id */
	const struct mail_needle *needle; /* HEADER, BODY, TEXT */
};

#define SEARCH_RETURN_MIN 0x01u
#define SEARCH_RETURN_MAX 0x02u
#define SEARCH_RETURN_ALL 0x04u
#define SEARCH_RETURN_COUNT 0x08u
#define SEARCH_RETURN_SAVE 0x10u

struct search_program {
	const char *charset;     /* as sent, perhaps one nobody knows; "UTF-8"
	                            when none was named */
	unsigned return_opts;    /* SEARCH_RETURN_*; with RETURN () it is ALL */
	bool has_return;         /* answer with ESEARCH */
	bool uses_modseq;        /* a MODSEQ key: enables CONDSTORE, and the
	                            answer carries MODSEQ */
	bool uses_saved;         /* "$" is somewhere */
	struct search_key *keys; /* the list of keys that must all be true */
};

/* [RETURN (...) SP] [CHARSET x SP] key *(SP key), to the end of the text. On
 * false p->error says what is wrong (BAD). */
bool search_parse(struct imap_parser *p, struct search_program *prog_r);
/* [CHARSET is elsewhere] key *(SP key) to the end of the text: the last part of
 * SORT and THREAD. Sets keys, uses_modseq and uses_saved; leaves the rest. */
bool search_parse_keys(struct imap_parser *p, struct search_program *prog);

/* How much a key costs to answer for one message. */
enum search_cost {
	SEARCH_COST_INDEX,  /* in memory: numbers, flags, mod-sequences, ids */
	SEARCH_COST_RECORD, /* in the message's index record: dates, size */
	SEARCH_COST_HEADER, /* cached or stored header */
	SEARCH_COST_BODY,   /* body text */
};
/* The dearest part of the key decides. */
enum search_cost search_key_cost(const struct search_key *key);
/* Sorts every list of keys by cost, cheap first, in the client's order where
 * costs are equal. The result of the program stays the same. */
void search_program_order(struct search_program *prog);

#endif
