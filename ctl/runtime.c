/* SPDX-License-Identifier: ISC
 *
 * The verbs that ask the running server: one connection to the master's control
 * socket, one CTL_REQUEST, rows as they come, CTL_END. Who may ask, the master
 * decides from the kernel's word on who connected.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/ipc.h"
#include "ctl/ctl.h"

#define RUNTIME_SECONDS 30 /* the longest silence */

struct runtime {
	const struct ctl *ctl;
	struct event_base *base;
	enum ipc_verb verb;
	const char *arg;
	unsigned rows;
	int exit_code; /* -1: no answer yet */
};

/* Between two rows, and before the first. */
static void
runtime_next_row(struct runtime *r, const char *heading)
{
	if (r->ctl->json)
		fputs(r->rows == 0 ? "\n  {" : ",\n  {", stdout);
	else if (r->rows == 0)
		puts(heading);
	r->rows++;
}

static bool
runtime_on_process(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	const char *role = ipc_get_str(m);
	unsigned pid = ipc_get_u32(m);
	const char *user = ipc_get_str(m);
	unsigned long long started = ipc_get_u64(m);
	unsigned sessions = ipc_get_u32(m);
	const char *state = ipc_get_str(m);
	struct runtime *r = ctx;

	(void)c;
	runtime_next_row(r, "ROLE             PID SESSIONS STATE      "
			    "SINCE                USER");
	if (r->ctl->json) {
		fputs("\"role\": ", stdout);
		ctl_print_json(role);
		printf(", \"pid\": %u, \"user\": ", pid);
		ctl_print_json(user);
		fputs(", \"since\": ", stdout);
		ctl_print_time(started, true);
		printf(", \"sessions\": %u, \"state\": ", sessions);
		ctl_print_json(state);
		putchar('}');
		return true;
	}
	ctl_print_column(role, 12);
	printf("%7u %8u ", pid, sessions);
	ctl_print_column(state, 10);
	ctl_print_time(started, false);
	putchar(' ');
	ctl_print_column(user, 0);
	putchar('\n');
	return true;
}

static bool
runtime_on_session(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	const char *user = ipc_get_str(m), *session = ipc_get_str(m);
	const char *addr = ipc_get_str(m);
	bool tls = ipc_get_u8(m) != 0;
	unsigned pid = ipc_get_u32(m);
	unsigned long long started = ipc_get_u64(m);
	struct runtime *r = ctx;

	(void)c;
	runtime_next_row(r, "USER                     SESSION          "
			    "ADDRESS                 TLS     PID SINCE");
	if (r->ctl->json) {
		fputs("\"user\": ", stdout);
		ctl_print_json(user);
		fputs(", \"session\": ", stdout);
		ctl_print_json(session);
		fputs(", \"address\": ", stdout);
		ctl_print_json(addr);
		printf(", \"tls\": %s, \"pid\": %u, \"since\": ",
		    tls ? "true" : "false", pid);
		ctl_print_time(started, true);
		putchar('}');
		return true;
	}
	ctl_print_column(user, 24);
	ctl_print_column(session, 16);
	ctl_print_column(addr, 23);
	printf("%-3s %7u ", tls ? "yes" : "no", pid);
	ctl_print_time(started, false);
	putchar('\n');
	return true;
}

static void
runtime_say_done(const struct runtime *r, unsigned count)
{
	switch (r->verb) {
	case IPC_VERB_STATUS:
	case IPC_VERB_WHO:
		if (r->ctl->json)
			puts(r->rows == 0 ? "]}" : "\n]}");
		else if (r->rows == 0)
			puts("no sessions");
		return;
	case IPC_VERB_KICK:
		if (!r->ctl->json)
			printf("%u session%s ended\n", count,
			    count == 1 ? "" : "s");
		break;
	case IPC_VERB_RELOAD:
		if (!r->ctl->json)
			puts("reloaded");
		break;
	case IPC_VERB_STOP:
		if (!r->ctl->json)
			puts("stopping");
		break;
	case IPC_VERB_USERS: /* all_users.c */
		return;
	}
	if (r->ctl->json)
		printf("{\"ok\": true, \"count\": %u}\n", count);
}

static bool
runtime_on_end(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	enum ipc_status status = (enum ipc_status)ipc_get_u8(m);
	unsigned count = ipc_get_u32(m);
	const char *text = ipc_get_str(m);
	struct runtime *r = ctx;

	(void)c;
	if (status == IPC_OK) {
		runtime_say_done(r, count);
		r->exit_code = 0;
	} else {
		ctl_error("%s", *text == '\0' ? "the server refused" : text);
		r->exit_code = CTL_FAILED;
	}
	event_base_loopbreak(r->base);
	return true;
}

static const struct ipc_handler runtime_handlers[] = {
	{ IPC_CTL_PROCESS, runtime_on_process },
	{ IPC_CTL_SESSION, runtime_on_session },
	{ IPC_CTL_END, runtime_on_end },
	{ IPC_NONE, NULL },
};

static void
runtime_on_open(struct ipc_chan *c, void *ctx)
{
	struct runtime *r = ctx;
	struct ipc_msg m;

	if (r->ctl->json && r->verb <= IPC_VERB_WHO)
		printf("{\"%s\": [",
		    r->verb == IPC_VERB_WHO ? "sessions" : "processes");
	ipc_begin(&m, IPC_CTL_REQUEST);
	ipc_put_u8(&m, (uint8_t)r->verb);
	ipc_put_str(&m, r->arg);
	ipc_post(c, &m, -1);
}

static void
runtime_on_close(struct ipc_chan *c, void *ctx)
{
	struct runtime *r = ctx;

	(void)c;
	event_base_loopbreak(r->base);
}

static void
runtime_talk(struct runtime *r, int fd)
{
	struct ipc_chan_options o = { .self = IPC_R_CTL, .peer = IPC_R_MASTER,
		.handlers = runtime_handlers, .on_close = runtime_on_close,
		.on_open = runtime_on_open, .ctx = r, .name = "server" };
	struct timeval most = { .tv_sec = RUNTIME_SECONDS };
	struct ipc_chan *chan;

	r->base = event_base_new();
	if (r->base == NULL) {
		close(fd);
		ctl_error("cannot make an event loop");
		return;
	}
	chan = ipc_chan_new(r->base, fd, &o);
	event_base_loopexit(r->base, &most);
	event_base_dispatch(r->base);
	if (r->exit_code == -1)
		ctl_no_answer(chan);
	ipc_chan_free(&chan);
	event_base_free(r->base);
}

static int
runtime_ask(const struct ctl *ctl, enum ipc_verb verb, const char *arg)
{
	struct runtime r = { .ctl = ctl, .verb = verb, .arg = arg,
		.exit_code = -1 };
	int fd = ctl_connect(ctl, &r.exit_code);

	if (fd < 0)
		return r.exit_code;
	r.exit_code = -1;
	runtime_talk(&r, fd);
	return r.exit_code == -1 ? CTL_FAILED : r.exit_code;
}

int
ctl_status(const struct ctl *ctl, size_t n, char **args)
{
	(void)n;
	(void)args;
	return runtime_ask(ctl, IPC_VERB_STATUS, "");
}

int
ctl_who(const struct ctl *ctl, size_t n, char **args)
{
	return runtime_ask(ctl, IPC_VERB_WHO, n > 0 ? args[0] : "");
}

int
ctl_kick(const struct ctl *ctl, size_t n, char **args)
{
	(void)n;
	return runtime_ask(ctl, IPC_VERB_KICK, args[0]);
}

int
ctl_reload(const struct ctl *ctl, size_t n, char **args)
{
	(void)n;
	(void)args;
	return runtime_ask(ctl, IPC_VERB_RELOAD, "");
}

int
ctl_stop(const struct ctl *ctl, size_t n, char **args)
{
	(void)n;
	(void)args;
	return runtime_ask(ctl, IPC_VERB_STOP, "");
}
