/* SPDX-License-Identifier: ISC
 *
 * What posternctl and a task in a worker say to each other over their stream:
 * frames of u32 length, u8 kind, body; little-endian. The length counts the
 * kind and the body. Pure: bytes in, bytes out, no socket; what came is checked
 * whole before anything of it is used, and neither side believes the other.
 *
 *   kind      from        body
 *   REQUEST   posternctl  pairs: the options; first, and once
 *   DATA      both        bytes; none: there are no more
 *   PROGRESS  worker      u64 done, u64 total (0: not known), text
 *   ROW       worker      pairs: one line of the result
 *   PROBLEM   worker      u8 severity, text: something found to be wrong
 *   END       worker      u8 status, text; last, and once
 *
 * text is u16 length, bytes, NUL (not counted), no NUL within. Pairs are u8
 * number of them, then for each a name (a text of a-z, 0-9 and "_"), u8 type and
 * the value: 's' text, 'n' u64, 'b' u8 0 or 1.
 */
#ifndef COMMON_TASK_FRAME_H
#define COMMON_TASK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define TASK_FRAME_MAX 65536  /* bytes of a frame, its length included */
#define TASK_FRAME_HEAD 5
#define TASK_FRAME_DATA (TASK_FRAME_MAX - TASK_FRAME_HEAD)
#define TASK_PAIRS_MAX 32
#define TASK_NAME_MAX 32
#define TASK_TEXT_MAX 1024    /* longer ones are cut when written */

enum task_kind {
	TASK_REQUEST = 1,
	TASK_DATA,
	TASK_PROGRESS,
	TASK_ROW,
	TASK_PROBLEM,
	TASK_END,
};
/* Who may send a kind. */
#define TASK_FROM_CTL (1u << TASK_REQUEST | 1u << TASK_DATA)
#define TASK_FROM_WORKER                                                  \
	(1u << TASK_DATA | 1u << TASK_PROGRESS | 1u << TASK_ROW |         \
	    1u << TASK_PROBLEM | 1u << TASK_END)

enum task_severity { TASK_NOTE, TASK_WARNING, TASK_ERROR };
enum task_status {
	TASK_OK,       /* done, nothing wrong */
	TASK_PROBLEMS, /* done, and there were problems */
	TASK_FAILED,   /* could not be done; text says why */
	TASK_REFUSED,  /* the request made no sense */
};

/* --- reading --------------------------------------------------------------- */

struct task_frame {
	enum task_kind kind;
	const unsigned char *body; /* borrowed from what was read */
	size_t len;
};
enum task_found {
	TASK_FOUND_MORE, /* not whole yet */
	TASK_FOUND_FRAME,
	TASK_FOUND_BAD,  /* no frame, or not from this sender */
};
/* The frame that p[0..n) begins with, if it is of a kind in `from` and its body
 * is right. *used_r: its size. A length that is too large is BAD as soon as it
 * is there: n never needs to pass TASK_FRAME_MAX. */
enum task_found task_frame_next(const unsigned char *p, size_t n, unsigned from,
    struct task_frame *f_r, size_t *used_r);
/* Of a PROGRESS; texts live as long as the frame's bytes. */
void task_frame_progress(const struct task_frame *f, uint64_t *done_r,
    uint64_t *total_r, const char **text_r);
/* Of a PROBLEM (severity) or an END (status). */
const char *task_frame_text(const struct task_frame *f, uint8_t *code_r);

struct task_pair {
	const char *name;
	char type;         /* 's', 'n', 'b' */
	const char *text;  /* 's' */
	uint64_t number;   /* 'n', 'b' */
};
/* Of a REQUEST or ROW: *at starts with 0; false at the end. */
bool task_frame_pair(const struct task_frame *f, size_t *at,
    struct task_pair *pair_r);

/* --- writing --------------------------------------------------------------- */

/* Each appends one frame to a buffer; where that is full it overflows, as
 * common/buf.h says. Texts are cut to TASK_TEXT_MAX, not within a letter. */
void task_put_data(struct buf *b, const void *p, size_t n); /* n: ..._DATA */
void task_put_progress(struct buf *b, uint64_t done, uint64_t total,
    const char *text);
void task_put_problem(struct buf *b, enum task_severity severity,
    const char *text);
void task_put_end(struct buf *b, enum task_status status, const char *text);

/* A frame of pairs: begin, pairs, end. More than TASK_PAIRS_MAX, or a name that
 * is none, is a bug: panic. */
struct task_pairs {
	struct buf *b;  /* borrowed */
	size_t at;      /* of the frame */
	unsigned n;
};
void task_pairs_begin(struct task_pairs *w, struct buf *b, enum task_kind kind);
void task_pairs_text(struct task_pairs *w, const char *name, const char *value);
void task_pairs_number(struct task_pairs *w, const char *name, uint64_t value);
void task_pairs_bool(struct task_pairs *w, const char *name, bool value);
void task_pairs_end(struct task_pairs *w);

#endif
