/* SPDX-License-Identifier: ISC */
#include "auth/userdb.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "auth/helpers.h"
#include "auth/home.h"
#include "auth/passwd_file.h"
#include "auth/uid_table.h"
#include "common/buf.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/user.h"
#include "common/xalloc.h"

#define USERDB_SEEN 4096 /* a power of two */
#define USERDB_SEEN_MS 60000

/* What the system said of a user. */
struct userdb_seen {
	char *asked;         /* own; NULL: free */
	struct identity who; /* home is the system's */
	uint64_t expires;
};

struct userdb {
	const struct conf *conf;    /* borrowed, like the next three */
	struct passwd_file *passwd;
	struct helpers *helpers;
	struct uid_table *uids;
	enum conf_uid_policy policy; /* the one in force */
	uid_t single_uid;
	gid_t single_gid;
	unsigned char key[crypto_shorthash_KEYBYTES];
	struct userdb_seen seen[USERDB_SEEN];
};

struct userdb_op {
	struct userdb *db;
	char *user; /* own */
	enum userdb_want want;
	struct helpers_question *question; /* borrowed */
	userdb_fn *fn;
	void *ctx;
};

void
identity_copy(struct identity *to_r, const struct identity *from)
{
	*to_r = *from;
	to_r->user = xstrdup(from->user);
	to_r->home = xstrdup(from->home);
}

void
identity_clear(struct identity *i)
{
	free(i->user);
	free(i->home);
	*i = (struct identity){ 0 };
}

struct userdb *
userdb_new(const struct conf *conf, struct passwd_file *passwd,
    struct helpers *helpers, struct uid_table *uids, uid_t single_uid,
    gid_t single_gid)
{
	struct userdb *u = xmalloc(sizeof(*u));

	u->conf = conf;
	u->passwd = passwd;
	u->helpers = helpers;
	u->uids = uids;
	/* an ordinary user can serve mail as itself only; "%h" still needs the
	 * system's word */
	u->policy = proc_is_root() || strstr(conf->home, "%h") != NULL ?
	    conf->uid_policy : CONF_UID_SINGLE;
	u->single_uid = single_uid;
	u->single_gid = single_gid;
	crypto_shorthash_keygen(u->key);
	return u;
}

static void
userdb_seen_clear(struct userdb_seen *s)
{
	free(s->asked);
	identity_clear(&s->who);
	*s = (struct userdb_seen){ 0 };
}

void
userdb_free(struct userdb **u)
{
	if (*u == NULL)
		return;
	for (size_t i = 0; i < USERDB_SEEN; i++)
		userdb_seen_clear(&(*u)->seen[i]);
	free(*u);
	*u = NULL;
}

static struct userdb_seen *
userdb_seen_slot(struct userdb *u, const char *user)
{
	unsigned char hash[crypto_shorthash_BYTES];
	uint32_t i;

	crypto_shorthash(hash, (const unsigned char *)user, strlen(user),
	    u->key);
	memcpy(&i, hash, sizeof(i));
	return &u->seen[i & (USERDB_SEEN - 1)];
}

/* The last step: the policy's uid and the home. system: what the system said
 * of the user, NULL if it was not asked. */
static void
userdb_identify(struct userdb *u, const char *user,
    const struct identity *system, userdb_fn *fn, void *ctx)
{
	char home[HOME_MAX + 1], name[USER_MAX + 1];
	struct identity who = { .home = home };

	memcpy(name, user, strlen(user) + 1);
	who.user = name;
	if (!home_expand(u->conf->home, name,
	    system != NULL ? system->home : NULL, home)) {
		log_error("userdb: no usable home: %s: %s", name,
		    u->conf->home);
		fn(ctx, IPC_UNAVAILABLE, NULL);
		return;
	}
	switch (u->policy) {
	case CONF_UID_SYSTEM:
		who.uid = system->uid;
		who.gid = system->gid;
		break;
	case CONF_UID_SINGLE:
		who.uid = u->single_uid;
		who.gid = u->single_gid;
		break;
	case CONF_UID_RANGE:
		if (uid_table_get(u->uids, name, &who.uid) != 0) {
			fn(ctx, IPC_UNAVAILABLE, NULL);
			return;
		}
		who.gid = who.uid;
		break;
	}
	fn(ctx, IPC_OK, &who);
}

static void
userdb_finish_seen(struct userdb *u, const char *user, enum userdb_want want,
    const struct identity *system, userdb_fn *fn, void *ctx)
{
	if (want == USERDB_EXISTS)
		fn(ctx, IPC_OK, NULL);
	else
		userdb_identify(u, user, system, fn, ctx);
}

/* The system answered. The operation is gone before its owner hears of it. */
static void
userdb_answered(void *ctx, const struct helpers_answer *a)
{
	struct userdb_op op = *(struct userdb_op *)ctx;
	struct identity system = { .uid = a->uid, .gid = a->gid,
		.user = (char *)a->user, .home = (char *)a->home };
	enum ipc_status status = a->status;
	struct userdb_seen *s;

	free(ctx);
	if (status == IPC_OK && a->uid == 0) {
		log_warn("userdb: a user with uid 0 gets no mail here: %s",
		    op.user);
		status = IPC_NO_SUCH_USER;
	}
	if (status == IPC_OK) {
		s = userdb_seen_slot(op.db, op.user);
		userdb_seen_clear(s);
		s->asked = xstrdup(op.user);
		identity_copy(&s->who, &system);
		s->expires = auth_now_ms() + USERDB_SEEN_MS;
		userdb_finish_seen(op.db, op.user, op.want, &system, op.fn,
		    op.ctx);
	} else
		op.fn(op.ctx, status == IPC_NO_SUCH_USER ? status :
		    IPC_UNAVAILABLE, NULL);
	free(op.user);
}

/* Whether only the system knows what is wanted. */
static bool
userdb_needs_system(const struct userdb *u, enum userdb_want want)
{
	if (u->policy == CONF_UID_SYSTEM && want != USERDB_EXISTS)
		return true;
	if (u->passwd != NULL)
		return false;
	return want != USERDB_PROVEN;
}

struct userdb_op *
userdb_resolve(struct userdb *u, const char *user, enum userdb_want want,
    userdb_fn *fn, void *ctx)
{
	struct userdb_seen *s;
	struct userdb_op *op;

	if (u->passwd != NULL &&
	    passwd_file_find(u->passwd, user, auth_now_ms()) == NULL) {
		fn(ctx, IPC_NO_SUCH_USER, NULL);
		return NULL;
	}
	if (!userdb_needs_system(u, want)) {
		if (want == USERDB_EXISTS)
			fn(ctx, IPC_OK, NULL);
		else
			userdb_identify(u, user, NULL, fn, ctx);
		return NULL;
	}
	s = userdb_seen_slot(u, user);
	if (s->asked != NULL && strcmp(s->asked, user) == 0 &&
	    s->expires > auth_now_ms()) {
		userdb_finish_seen(u, user, want, &s->who, fn, ctx);
		return NULL;
	}
	op = xmalloc(sizeof(*op));
	*op = (struct userdb_op){ .db = u, .user = xstrdup(user),
		.want = want, .fn = fn, .ctx = ctx };
	op->question = helpers_lookup(u->helpers, user, userdb_answered, op);
	if (op->question != NULL)
		return op;
	free(op->user);
	free(op);
	fn(ctx, IPC_UNAVAILABLE, NULL);
	return NULL;
}

void
userdb_cancel(struct userdb_op **op)
{
	if (*op == NULL)
		return;
	helpers_cancel(&(*op)->question);
	free((*op)->user);
	free(*op);
	*op = NULL;
}

enum ipc_status
userdb_list(struct userdb *u, uint64_t *generation, uint64_t *from,
    struct buf *names)
{
	const char *user;

	if (u->policy != CONF_UID_RANGE) {
		if (u->passwd == NULL)
			return IPC_REFUSED;
		return passwd_file_list(u->passwd, generation, from, names,
		    auth_now_ms()) ? IPC_OK : IPC_UNAVAILABLE;
	}
	/* rows are only ever added to the table: one generation */
	*generation = 1;
	for (; (user = uid_table_user(u->uids, *from)) != NULL; (*from)++) {
		if (u->passwd != NULL &&
		    passwd_file_find(u->passwd, user, auth_now_ms()) == NULL)
			continue;
		if (strlen(user) + 1 > names->max - names->len)
			return IPC_OK;
		buf_put(names, user, strlen(user) + 1);
	}
	*from = 0;
	return IPC_OK;
}
