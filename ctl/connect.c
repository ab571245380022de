/* SPDX-License-Identifier: ISC
 *
 * The way to the running server: its control socket.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/ipc.h"
#include "common/xalloc.h"
#include "ctl/ctl.h"

/* The control socket's path; NULL: the config is bad, and that is said. */
static char *
connect_path(const struct ctl *ctl)
{
	struct conf *conf;
	char *path;

	if (ctl->socket != NULL)
		return xstrdup(ctl->socket);
	conf = ctl_load_config(ctl);
	if (conf == NULL)
		return NULL;
	path = xstrdup(conf->control_socket);
	conf_free(&conf);
	return path;
}

/* A connected socket, or -1 with the exit code; what is wrong has been said. */
static int
connect_to(const char *path, int *exit_code_r)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	*exit_code_r = CTL_FAILED;
	if (strlen(path) >= sizeof(addr.sun_path)) {
		ctl_error("%s: longer than a socket's path may be", path);
		return -1;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED) {
		ctl_error("the server is not running: %s: %s", path,
		    strerror(errno));
		*exit_code_r = CTL_NOT_RUNNING;
	} else {
		ctl_error("%s: %s", path, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

int
ctl_connect(const struct ctl *ctl, int *exit_code_r)
{
	char *path = connect_path(ctl);
	int fd;

	*exit_code_r = CTL_BAD_CONFIG;
	if (path == NULL)
		return -1;
	fd = connect_to(path, exit_code_r);
	free(path);
	return fd;
}

void
ctl_no_answer(const struct ipc_chan *chan)
{
	ctl_error(ipc_chan_is_open(chan)
		? "the server does not answer"
		: "the server closed the connection: only root and the "
		  "control-group may ask it, with a posternctl of the same "
		  "version");
}
