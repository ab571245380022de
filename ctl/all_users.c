/* SPDX-License-Identifier: ISC
 *
 * --all: which users there are, asked of the server before anything is done, so
 * that the list is of one moment.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/ipc.h"
#include "ctl/ctl.h"

#define ALL_SECONDS 60
#define ALL_TRIES 3 /* while the users change as they are listed */

struct all_users {
	struct event_base *base;
	struct buf *names; /* borrowed */
	int exit_code;     /* -1: no answer yet */
	bool last;         /* try: errors are said */
};

static bool
all_on_users(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct all_users *a = ctx;
	size_t n;
	const unsigned char *names = ipc_get_blob(m, &n);

	(void)c;
	return (n == 0 || names[n - 1] == '\0') && buf_put(a->names, names, n);
}

static bool
all_on_end(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	enum ipc_status status = (enum ipc_status)ipc_get_u8(m);
	struct all_users *a = ctx;
	const char *text;

	(void)c;
	ipc_get_u32(m);
	text = ipc_get_str(m);
	a->exit_code = status == IPC_OK ? 0 :
	    status == IPC_UNAVAILABLE ? CTL_LATER : CTL_NOT_DONE;
	if (status != IPC_OK && (a->last || status != IPC_UNAVAILABLE))
		ctl_error("--all: %s", text);
	event_base_loopbreak(a->base);
	return true;
}

static const struct ipc_handler all_handlers[] = {
	{ IPC_CTL_USERS, all_on_users },
	{ IPC_CTL_END, all_on_end },
	{ IPC_NONE, NULL },
};

static void
all_on_open(struct ipc_chan *c, void *ctx)
{
	struct ipc_msg m;

	(void)ctx;
	ipc_begin(&m, IPC_CTL_REQUEST);
	ipc_put_u8(&m, IPC_VERB_USERS);
	ipc_put_str(&m, "");
	ipc_post(c, &m, -1);
}

static void
all_on_close(struct ipc_chan *c, void *ctx)
{
	(void)c;
	event_base_loopbreak(((struct all_users *)ctx)->base);
}

static int
all_try(const struct ctl *ctl, struct buf *names, bool last)
{
	struct all_users a = { .names = names, .exit_code = -1, .last = last };
	struct ipc_chan_options o = { .self = IPC_R_CTL, .peer = IPC_R_MASTER,
		.handlers = all_handlers, .on_close = all_on_close,
		.on_open = all_on_open, .ctx = &a, .name = "server" };
	struct timeval most = { .tv_sec = ALL_SECONDS };
	int fd, exit_code;
	struct ipc_chan *c;

	fd = ctl_connect(ctl, &exit_code);
	if (fd < 0)
		return exit_code == CTL_FAILED ? CTL_NOT_DONE : exit_code;
	a.base = event_base_new();
	if (a.base == NULL) {
		close(fd);
		ctl_error("cannot make an event loop");
		return CTL_NOT_DONE;
	}
	c = ipc_chan_new(a.base, fd, &o);
	event_base_loopexit(a.base, &most);
	event_base_dispatch(a.base);
	if (a.exit_code == -1)
		ctl_no_answer(c);
	ipc_chan_free(&c);
	event_base_free(a.base);
	return a.exit_code == -1 ? CTL_NOT_DONE : a.exit_code;
}

int
ctl_all_users(const struct ctl *ctl, struct buf *names)
{
	int exit_code = CTL_LATER;

	for (int i = 1; i <= ALL_TRIES && exit_code == CTL_LATER; i++) {
		buf_reset(names);
		exit_code = all_try(ctl, names, i == ALL_TRIES);
	}
	return exit_code;
}
