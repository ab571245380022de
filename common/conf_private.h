/* SPDX-License-Identifier: ISC
 *
 * Between conf.c (settings, defaults, checks), conf_file.c (reading the file
 * with libconfuse) and conf_dump.c. The values arrive as text with the line
 * they were found on; their types are a matter of the table in conf.c alone.
 */
#ifndef COMMON_CONF_PRIVATE_H
#define COMMON_CONF_PRIVATE_H

#include "common/conf.h"

#define CONF_FILE_MAX (1024 * 1024) /* bytes of a file */
#define CONF_UNKNOWN_MAX 32         /* unknown names reported */

enum conf_type {
	CONF_T_STR,
	CONF_T_PATH,    /* relative to the file's folder; "" stays */
	CONF_T_LOG,     /* "stderr" or a path */
	CONF_T_HOME,    /* a path with %u, %n, %d, %h */
	CONF_T_ADDRESS, /* "*", an IP address, or a path */
	CONF_T_CHAR,    /* one byte, or "" */
	CONF_T_NUMBER,  /* unsigned */
	CONF_T_OCTAL,   /* unsigned */
	CONF_T_SECONDS, /* unsigned; s, m, h */
	CONF_T_MSEC,    /* unsigned; ms, s */
	CONF_T_SIZE,    /* uint64_t; k, M, G */
	CONF_T_BOOL,    /* yes or no */
	CONF_T_WORD,    /* char *, one of choices */
	CONF_T_FLAG,    /* bool: the second of two choices is true */
	CONF_T_ENUM,    /* unsigned: index in choices */
};

/* One setting. */
struct conf_row {
	const char *name;
	enum conf_type type;
	size_t offset;       /* in the struct it belongs to */
	const char *def;     /* as it would stand in the file; NULL: required */
	uint64_t min, max;   /* of numbers, sizes and times */
	const char *choices; /* "one|two|three" */
	const char *help;
};

/* What is wrong with a file; in the end sorted by line and printed. */
struct conf_problem {
	int line;   /* 0: the file as a whole */
	char *text; /* own */
};
struct conf_problems {
	struct conf_problem *list; /* own */
	size_t n;
};

/* A value as the file has it. */
struct conf_item {
	char *text; /* own */
	int line;
};

/* A struct conf with what conf_dump() wants to know besides. */
struct conf_full {
	struct conf c; /* first: conf_load() hands out its address */
	int *lines;    /* own; one for each row of conf_rows; 0: default */
};

/* The tables; each ends with name NULL. */
extern const struct conf_row conf_rows[];
extern const struct conf_row conf_listener_rows[];
extern const struct conf_row conf_mailbox_rows[];

void conf_problem(struct conf_problems *p, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The member is a char *. */
bool conf_row_is_text(const struct conf_row *r);

/* --- conf_value.c --- */

/* Where a value comes from, for messages and relative paths. */
struct conf_place {
	struct conf_problems *problems;
	const char *folder; /* of the file, absolute */
	int line;
};
/* Gives the member of *base that row r stands for its value. */
void conf_value_set(const struct conf_row *r, void *base, const char *text,
    const struct conf_place *at);

/* --- conf_check.c --- */

/* The newest listener against itself and those before it; fills in its port. */
void conf_check_listener(const struct conf *c, struct conf_listener *l,
    const struct conf_place *at);
void conf_check_mailbox(const struct conf_mailbox *m,
    const struct conf_place *at);
/* What only two settings together can get wrong. */
void conf_check(const struct conf_full *full, struct conf_place *at);

/* --- conf_file.c --- */

struct conf_file;
/* Reads the text of a file; unknown names and bad syntax go to p. NULL when the
 * syntax is so wrong that no value can be told. */
struct conf_file *conf_file_read(const char *text, struct conf_problems *p);
void conf_file_free(struct conf_file **f);
/* The value of a flat setting, or NULL. Borrowed. */
const struct conf_item *conf_file_get(const struct conf_file *f,
    const char *name);
/* Sections of a kind, in the order in which their titles first came. */
size_t conf_file_sections(const struct conf_file *f, const char *kind);
const char *conf_file_title(const struct conf_file *f, const char *kind,
    size_t i, int *line_r);
const struct conf_item *conf_file_section_get(const struct conf_file *f,
    const char *kind, size_t i, const char *name);

#endif
