/* SPDX-License-Identifier: ISC */
#include "auth-helper/ipc_handlers.h"

#include <errno.h>
#include <event2/event.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth-helper/verify_hash.h"
#include "auth-helper/verify_pam.h"
#include "common/log.h"
#include "common/master_client.h"
#include "common/secret.h"

#define HANDLERS_PASSWD_BUFFER 65536

static struct {
	struct event_base *base; /* borrowed */
	enum ipc_verify_kind kind;
	struct ipc_chan *master; /* own */
	struct ipc_chan *auth;   /* own; NULL until master hands it over */
} handlers;

static void
handlers_closed(struct ipc_chan *c, void *ctx)
{
	(void)c, (void)ctx;
	event_base_loopbreak(handlers.base);
}

/* --- auth ------------------------------------------------------------ */

struct verify_question {
	uint32_t id;
	enum ipc_verify_kind kind;
	const char *service, *user, *addr;
	struct secret *password, *verifier; /* own */
};

static void
verify_answer(const struct verify_question *q, enum ipc_status status,
    const char *user, const char *text)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_VERIFY_RESULT);
	ipc_put_u32(&m, q->id);
	ipc_put_u8(&m, status);
	ipc_put_str(&m, user);
	ipc_put_str(&m, text);
	ipc_post(handlers.auth, &m, -1);
}

static void
verify_by_hash(const struct verify_question *q)
{
	const char *why;

	switch (verify_hash((char *)q->verifier->data,
	    (char *)q->password->data, &why)) {
	case VERIFY_HASH_FITS:
		verify_answer(q, IPC_OK, "", "");
		return;
	case VERIFY_HASH_DIFFERS:
		verify_answer(q, IPC_REFUSED, "", "wrong password");
		return;
	case VERIFY_HASH_UNUSABLE:
		log_warn("verify: unusable password field: %s: %s", q->user,
		    why);
		verify_answer(q, IPC_REFUSED, "", "unusable password field");
		return;
	}
}

static void
verify_by_pam(const struct verify_question *q)
{
#ifdef HAVE_PAM
	char user[VERIFY_PAM_USER_MAX + 1] = "";
	const char *why;
	enum ipc_status status = verify_pam(q->service, q->user, q->addr,
	    (char *)q->password->data, user, &why);

	verify_answer(q, status, status == IPC_OK ? user : "", why);
#else
	verify_answer(q, IPC_UNAVAILABLE, "", "this build has no PAM");
#endif
}

/* A password with a NUL fits nothing: crypt(3) and PAM would see its
 * beginning only. */
static bool
verify_has_nul(const struct secret *s)
{
	return memchr(s->data, '\0', s->len) != NULL;
}

static bool
auth_on_verify(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct verify_question q = { .id = ipc_get_u32(m) };
	const unsigned char *p;
	size_t n;

	(void)c, (void)ctx;
	q.kind = ipc_get_u8(m);
	q.service = ipc_get_str(m);
	q.user = ipc_get_str(m);
	q.addr = ipc_get_str(m);
	p = ipc_get_secret(m, &n);
	q.password = secret_new(p, n);
	p = ipc_get_secret(m, &n);
	q.verifier = secret_new(p, n);
	alarm(HANDLERS_SECONDS);
	if (q.kind != handlers.kind)
		verify_answer(&q, IPC_UNAVAILABLE, "",
		    "helper of the other kind");
	else if (verify_has_nul(q.password) || verify_has_nul(q.verifier))
		verify_answer(&q, IPC_REFUSED, "", "NUL in the password");
	else if (q.kind == IPC_VERIFY_PAM)
		verify_by_pam(&q);
	else
		verify_by_hash(&q);
	alarm(0);
	secret_free(&q.password);
	secret_free(&q.verifier);
	return true;
}

static bool
auth_on_nss_lookup(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	static char buffer[HANDLERS_PASSWD_BUFFER];
	struct passwd entry = { 0 }, *found = NULL;
	enum ipc_status status = IPC_OK;
	uint32_t id = ipc_get_u32(m);
	const char *user = ipc_get_str(m);
	struct ipc_msg answer;
	int rc;

	(void)ctx;
	alarm(HANDLERS_SECONDS);
	rc = getpwnam_r(user, &entry, buffer, sizeof(buffer), &found);
	alarm(0);
	/* some modules answer "no such user" with one of these */
	if (found == NULL)
		status = rc == 0 || rc == ENOENT || rc == ESRCH ?
		    IPC_NO_SUCH_USER : IPC_UNAVAILABLE;
	if (status == IPC_UNAVAILABLE)
		log_error("nss: cannot look up: %s: %s", user, strerror(rc));
	ipc_begin(&answer, IPC_NSS_RESULT);
	ipc_put_u32(&answer, id);
	ipc_put_u8(&answer, status);
	ipc_put_str(&answer, found != NULL ? found->pw_name : "");
	ipc_put_u32(&answer, found != NULL ? found->pw_uid : 0);
	ipc_put_u32(&answer, found != NULL ? found->pw_gid : 0);
	ipc_put_str(&answer, found != NULL && strlen(found->pw_dir) < 4096 ?
	    found->pw_dir : "");
	ipc_post(c, &answer, -1);
	return true;
}

static const struct ipc_handler auth_handlers[] = {
	{ IPC_VERIFY, auth_on_verify },
	{ IPC_NSS_LOOKUP, auth_on_nss_lookup },
	{ IPC_NONE, NULL },
};

/* --- master ---------------------------------------------------------- */

static bool
master_on_channel_open(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	unsigned role = ipc_get_u8(m);

	(void)c, (void)ctx;
	if (role != IPC_R_AUTH)
		return false;
	ipc_chan_free(&handlers.auth);
	handlers.auth = ipc_chan_new(handlers.base, ipc_take_fd(m),
	    &(struct ipc_chan_options){ .self = IPC_R_HELPER,
	    .peer = IPC_R_AUTH, .handlers = auth_handlers,
	    .on_close = handlers_closed, .name = "auth" });
	return true;
}

static bool
master_on_stop(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	(void)c, (void)m, (void)ctx;
	event_base_loopbreak(handlers.base);
	return true;
}

static const struct ipc_handler master_handlers[] = {
	{ IPC_CHANNEL_OPEN, master_on_channel_open },
	{ IPC_LOG_REOPEN, master_client_on_log_reopen },
	{ IPC_STOP, master_on_stop },
	{ IPC_NONE, NULL },
};

void
ipc_handlers_start(struct event_base *base, int fd,
    enum ipc_verify_kind kind)
{
	handlers.base = base;
	handlers.kind = kind;
	handlers.master = ipc_chan_new(base, fd, &(struct ipc_chan_options){
	    .self = IPC_R_HELPER, .peer = IPC_R_MASTER,
	    .handlers = master_handlers, .on_close = handlers_closed,
	    .name = "master" });
	master_client_ready(handlers.master);
}

void
ipc_handlers_stop(void)
{
	ipc_chan_free(&handlers.auth);
	ipc_chan_free(&handlers.master);
}
