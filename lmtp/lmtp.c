/* SPDX-License-Identifier: ISC */
#include "lmtp/lmtp.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/xalloc.h"
#include "lmtp/ipc_handlers.h"
#include "lmtp/session.h"

static void
lmtp_auth_lost(struct service *s)
{
	session_auth_lost((struct lmtp *)s);
}

static void
lmtp_master_lost(struct service *s)
{
	session_master_lost((struct lmtp *)s);
	service_stop(s);
}

static void
lmtp_drain(struct service *s)
{
	session_drain_all((struct lmtp *)s);
	lmtp_counted((struct lmtp *)s);
}

static void
lmtp_stop(struct service *s)
{
	session_stop_all((struct lmtp *)s);
	lmtp_counted((struct lmtp *)s);
}

static const struct service_kind lmtp_kind = {
	.name = "lmtp",
	.role = IPC_R_LMTP,
	.grace_seconds = LMTP_GRACE_SECONDS,
	.accept = session_accept,
	.from_master = ipc_handlers_from_master,
	.from_auth = ipc_handlers_from_auth,
	.auth_lost = lmtp_auth_lost,
	.master_lost = lmtp_master_lost,
	.drain = lmtp_drain,
	.stop = lmtp_stop,
};

struct lmtp *
lmtp_new(const struct conf *conf)
{
	struct lmtp *l = xcalloc(1, sizeof(*l));

	l->service.kind = &lmtp_kind;
	l->service.most = LIMIT_LMTP_CONNECTIONS;
	l->service.protocols = 1u << IPC_PROTOCOL_LMTP;
	l->conf = conf;
	if (gethostname(l->hostname, sizeof(l->hostname) - 1) != 0 ||
	    l->hostname[0] == '\0')
		snprintf(l->hostname, sizeof(l->hostname), "localhost");
	return l;
}

void
lmtp_start(struct lmtp *l, int master_fd)
{
	service_start(&l->service, master_fd);
}

void
lmtp_free(struct lmtp **l)
{
	struct lmtp *self = *l;

	if (self == NULL)
		return;
	session_free_all(self);
	service_clear(&self->service);
	free(self);
	*l = NULL;
}

void
lmtp_counted(struct lmtp *l)
{
	service_counted(&l->service, l->n_sessions, l->n_sessions);
}
