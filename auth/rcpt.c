/* SPDX-License-Identifier: ISC */
#include "auth/rcpt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

struct rcpt_op {
	struct userdb *db;
	struct userdb_op *lookup; /* own; of tries[at] */
	struct rcpt_try tries[RCPT_TRIES];
	size_t n, at;
	bool *gone; /* of rcpt_check(), while it runs; else NULL */
	rcpt_fn *fn;
	void *ctx;
};

/* Cuts an address in two, quotes taken off. domain_r "" where it has none. */
static bool
rcpt_split(const char *address, char local_r[USER_MAX + 1],
    char domain_r[USER_MAX + 1])
{
	const char *p = address, *at;
	size_t n = 0;

	if (strlen(address) > USER_MAX)
		return false;
	if (*p == '"') {
		for (p++; *p != '"' && *p != '\0'; p++) {
			if (*p == '\\' && *++p == '\0')
				return false;
			local_r[n++] = *p;
		}
		if (*p++ != '"' || (*p != '@' && *p != '\0'))
			return false;
	} else {
		at = strrchr(p, '@');
		n = at != NULL ? (size_t)(at - p) : strlen(p);
		memcpy(local_r, p, n);
		p += n;
	}
	local_r[n] = '\0';
	if (*p == '@' && *++p == '\0')
		return false;
	memcpy(domain_r, p, strlen(p) + 1);
	return n > 0;
}

static void
rcpt_lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

/* Adds local@domain as it is and in small letters; what is no user name or is
 * there already is left out. */
static size_t
rcpt_add(struct rcpt_try tries[RCPT_TRIES], size_t n, const char *local,
    const char *domain, const char *detail, const char *default_domain)
{
	char name[2 * USER_MAX + 2];
	size_t twin;

	snprintf(name, sizeof(name), "%s%s%s", local, *domain ? "@" : "",
	    domain);
	for (int small = 0; small < 2; small++) {
		if (small)
			rcpt_lower(name);
		if (!user_normalize(name, default_domain, tries[n].user))
			return n;
		for (twin = 0; twin < n; twin++)
			if (strcmp(tries[twin].user, tries[n].user) == 0)
				break;
		if (twin < n)
			continue;
		memcpy(tries[n].detail, detail, strlen(detail) + 1);
		n++;
	}
	return n;
}

size_t
rcpt_parse(const char *address, char delimiter, const char *default_domain,
    struct rcpt_try tries[RCPT_TRIES])
{
	char local[USER_MAX + 1], domain[USER_MAX + 1], base[USER_MAX + 1];
	const char *detail = "";
	bool bare;
	size_t n;

	if (!rcpt_split(address, local, domain))
		return 0;
	memcpy(base, local, strlen(local) + 1);
	if (delimiter != '\0') {
		char *cut = strchr(base, delimiter);

		if (cut != NULL) {
			*cut = '\0';
			detail = cut + 1;
		}
	}
	bare = default_domain[0] == '\0' && domain[0] != '\0';
	n = rcpt_add(tries, 0, local, domain, "", default_domain);
	n = rcpt_add(tries, n, base, domain, detail, default_domain);
	if (bare) {
		n = rcpt_add(tries, n, local, "", "", default_domain);
		n = rcpt_add(tries, n, base, "", detail, default_domain);
	}
	return n;
}

static void
rcpt_finish(struct rcpt_op *op, enum ipc_status status, const char *user,
    const char *detail)
{
	if (op->gone != NULL)
		*op->gone = true;
	op->fn(op->ctx, status, user, detail);
	free(op);
}

static void rcpt_next(struct rcpt_op *op);

static void
rcpt_answered(void *ctx, enum ipc_status status, const struct identity *who)
{
	struct rcpt_op *op = ctx;
	struct rcpt_try *t = &op->tries[op->at];

	(void)who;
	op->lookup = NULL;
	if (status == IPC_OK)
		rcpt_finish(op, status, t->user, t->detail);
	else if (status != IPC_NO_SUCH_USER)
		rcpt_finish(op, status, "", "");
	else {
		op->at++;
		rcpt_next(op);
	}
}

/* After a lookup that answered at once, op may be gone. */
static void
rcpt_next(struct rcpt_op *op)
{
	struct userdb_op *lookup;

	if (op->at == op->n) {
		rcpt_finish(op, IPC_NO_SUCH_USER, "", "");
		return;
	}
	lookup = userdb_resolve(op->db, op->tries[op->at].user, USERDB_EXISTS,
	    rcpt_answered, op);
	if (lookup != NULL)
		op->lookup = lookup;
}

struct rcpt_op *
rcpt_check(struct userdb *db, const char *address, char delimiter,
    const char *default_domain, rcpt_fn *fn, void *ctx)
{
	struct rcpt_op *op = xmalloc(sizeof(*op));
	bool gone = false;

	op->db = db;
	op->fn = fn;
	op->ctx = ctx;
	op->n = rcpt_parse(address, delimiter, default_domain, op->tries);
	op->gone = &gone;
	rcpt_next(op);
	if (gone)
		return NULL;
	op->gone = NULL;
	return op;
}

void
rcpt_cancel(struct rcpt_op **op)
{
	if (*op == NULL)
		return;
	userdb_cancel(&(*op)->lookup);
	free(*op);
	*op = NULL;
}
