/* SPDX-License-Identifier: ISC
 *
 * Binding. Runs as root, at start and on reload only; addresses are numeric, so
 * that nothing here waits for a name server. "*" is one socket for both IPv6
 * and IPv4 where the host has IPv6; "::" and other IPv6 addresses are IPv6
 * only, so that "0.0.0.0" may stand beside them. TCP_NODELAY is the login's.
 */
#include "master/listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "master/children.h"
#include "master/proc_table.h"

void
listeners_init(struct listeners *ls)
{
	TAILQ_INIT(&ls->all);
}

static int
tcp_bind(const struct addrinfo *ai, bool v6only)
{
	int fd, on = 1, only = v6only;

	fd = socket(ai->ai_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    (ai->ai_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only,
	    sizeof(only)) != 0) ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 ||
	    listen(fd, SOMAXCONN) != 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int
tcp_listen(const char *address, unsigned port)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
	bool both = strcmp(address, "*") == 0;
	struct addrinfo *ai;
	char service[16];
	int fd, error;

	snprintf(service, sizeof(service), "%u", port);
	error = getaddrinfo(both ? "::" : address, service, &hints, &ai);
	if (error != 0) {
		log_error("listener: %s port %u: %s", address, port,
		    gai_strerror(error));
		return -1;
	}
	fd = tcp_bind(ai, !both);
	freeaddrinfo(ai);
	if (fd == -1 && both &&
	    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		return tcp_listen("0.0.0.0", port);
	if (fd == -1)
		log_error("listener: cannot listen: %s port %u: %m%s", address,
		    port, errno == EACCES ?
		    " (below 1024: root or CAP_NET_BIND_SERVICE)" : "");
	return fd;
}

/* Is nobody listening on this socket file? Then it may be replaced. */
static bool
unix_stale(const struct sockaddr_un *sun, int type)
{
	struct stat st;
	bool stale;
	int fd;

	if (lstat(sun->sun_path, &st) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return false;
	stale = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) != 0 &&
	    errno == ECONNREFUSED;
	close(fd);
	if (stale && unlink(sun->sun_path) == 0)
		return true;
	errno = EADDRINUSE;
	return false;
}

int
listeners_unix(const char *path, int type, mode_t mode, gid_t group)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		log_error("listener: path too long: %s", path);
		return -1;
	}
	memcpy(sun.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		goto err0;
	if (!unix_stale(&sun, type))
		goto err1;
	mask = umask(0177); /* nobody else until mode and group are right */
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0) {
		umask(mask);
		goto err1;
	}
	umask(mask);
	if ((group != (gid_t)-1 && chown(path, (uid_t)-1, group) != 0) ||
	    chmod(path, mode) != 0 || listen(fd, SOMAXCONN) != 0)
		goto err2;
	return fd;

err2:
	unlink(path);
err1:
	log_error("listener: cannot listen: %s: %m", path);
	close(fd);
	return -1;
err0:
	log_error("listener: no socket: %s: %m", path);
	return -1;
}

static enum ipc_protocol
protocol_of(const struct conf_listener *cl)
{
	if (strcmp(cl->protocol, "lmtp") == 0)
		return IPC_PROTOCOL_LMTP;
	return strcmp(cl->protocol, "imaps") == 0 ? IPC_PROTOCOL_IMAPS :
	    IPC_PROTOCOL_IMAP;
}

static struct listener *
listener_find(struct listeners *ls, const struct conf_listener *cl)
{
	struct listener *l;

	TAILQ_FOREACH(l, &ls->all, next)
		if (!l->wanted && l->port == cl->port &&
		    l->protocol == protocol_of(cl) &&
		    strcmp(l->address, cl->address) == 0)
			return l;
	return NULL;
}

static struct listener *
listener_new(const struct conf_listener *cl)
{
	bool local = cl->address[0] == '/';
	struct listener *l;
	int fd;

	fd = local ? listeners_unix(cl->address, SOCK_STREAM, cl->mode,
	    (gid_t)-1) : tcp_listen(cl->address, cl->port);
	if (fd == -1)
		return NULL;
	l = xmalloc(sizeof(*l));
	l->address = xstrdup(cl->address);
	l->port = cl->port;
	l->protocol = protocol_of(cl);
	l->fd = fd;
	return l;
}

static void
listener_free(struct listeners *ls, struct listener *l)
{
	TAILQ_REMOVE(&ls->all, l, next);
	close(l->fd);
	if (l->address[0] == '/')
		unlink(l->address);
	free(l->address);
	free(l->name);
	free(l);
}

bool
listeners_open(struct listeners *ls, const struct conf *conf)
{
	struct listener *l, *next;
	bool all = true;

	TAILQ_FOREACH(l, &ls->all, next)
		l->wanted = false;
	for (size_t i = 0; i < conf->n_listeners; i++) {
		const struct conf_listener *cl = &conf->listeners[i];

		l = listener_find(ls, cl);
		if (l == NULL) {
			l = listener_new(cl);
			if (l == NULL) {
				all = false;
				continue;
			}
			TAILQ_INSERT_TAIL(&ls->all, l, next);
		}
		free(l->name);
		l->name = xstrdup(cl->name);
		l->wanted = true;
	}
	for (l = TAILQ_FIRST(&ls->all); l != NULL; l = next) {
		next = TAILQ_NEXT(l, next);
		if (!l->wanted)
			listener_free(ls, l);
	}
	return all;
}

void
listeners_send(const struct listeners *ls, struct child *to)
{
	bool lmtp = to->row->role == IPC_R_LMTP;
	const struct listener *l;
	struct ipc_msg msg;
	int fd;

	TAILQ_FOREACH(l, &ls->all, next) {
		if ((l->protocol == IPC_PROTOCOL_LMTP) != lmtp)
			continue;
		fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 3);
		if (fd == -1) {
			log_error("listener: cannot copy: %s: %m", l->name);
			continue;
		}
		ipc_begin(&msg, IPC_LISTENER);
		ipc_put_u8(&msg, (uint8_t)l->protocol);
		ipc_put_str(&msg, l->name);
		ipc_post(to->chan, &msg, fd);
	}
}

void
listeners_close(struct listeners *ls)
{
	struct listener *l;

	while ((l = TAILQ_FIRST(&ls->all)) != NULL)
		listener_free(ls, l);
}
