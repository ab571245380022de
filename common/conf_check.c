/* SPDX-License-Identifier: ISC
 *
 * What the type of one setting does not show: listeners that collide, TLS half
 * configured, a uid range that is none. Pure: no file but the configuration
 * itself is looked at, so that a check gives the same answer everywhere.
 */
#include "common/conf_private.h"

#include <arpa/inet.h>
#include <string.h>

#define CONF_LEAST_UID 100 /* below are the system's own, root first of all */

static bool
conf_check_is_path(const struct conf_listener *l)
{
	return l->address != NULL && strchr(l->address, '/') != NULL;
}

static void
conf_check_address(const struct conf_listener *l, const struct conf_place *at)
{
	unsigned char binary[sizeof(struct in6_addr)];

	if (conf_check_is_path(l)) {
		if (strlen(l->address) > 107)
			conf_problem(at->problems, at->line,
			    "listener \"%s\": the socket's path is longer than "
			    "107 bytes", l->name);
		if (strcmp(l->protocol, "imaps") == 0)
			conf_problem(at->problems, at->line,
			    "listener \"%s\": imaps needs an address, not a "
			    "path", l->name);
		return;
	}
	if (strcmp(l->address, "*") != 0 &&
	    inet_pton(AF_INET, l->address, binary) != 1 &&
	    inet_pton(AF_INET6, l->address, binary) != 1)
		conf_problem(at->problems, at->line,
		    "listener \"%s\": \"%s\" is no IP address, path or *",
		    l->name, l->address);
}

static bool
conf_check_same_place(const struct conf_listener *a,
    const struct conf_listener *b)
{
	if (a->address == NULL || b->address == NULL)
		return false;
	if (conf_check_is_path(a) || conf_check_is_path(b))
		return strcmp(a->address, b->address) == 0;
	return a->port == b->port &&
	    (strcmp(a->address, b->address) == 0 ||
		strcmp(a->address, "*") == 0 || strcmp(b->address, "*") == 0);
}

void
conf_check_listener(const struct conf *c, struct conf_listener *l,
    const struct conf_place *at)
{
	if (l->protocol == NULL || l->address == NULL)
		return; /* said already */
	conf_check_address(l, at);
	if (l->port == 0 && !conf_check_is_path(l))
		l->port = strcmp(l->protocol, "imap") == 0 ? 143
		    : strcmp(l->protocol, "imaps") == 0	   ? 993
							   : 24;
	for (const struct conf_listener *o = c->listeners; o != l; o++)
		if (conf_check_same_place(o, l))
			conf_problem(at->problems, at->line,
			    "listeners \"%s\" and \"%s\" are at the same place",
			    o->name, l->name);
	if (strcmp(l->protocol, "imaps") == 0 && *c->tls_cert == '\0')
		conf_problem(at->problems, at->line,
		    "listener \"%s\": imaps needs tls-cert and tls-key",
		    l->name);
}

void
conf_check_mailbox(const struct conf_mailbox *m, const struct conf_place *at)
{
	static const char *const uses[] = { "", "\\All", "\\Archive",
		"\\Drafts", "\\Flagged", "\\Important", "\\Junk", "\\Sent",
		"\\Trash" };

	if (*m->name == '\0' || strcasecmp(m->name, "INBOX") == 0)
		conf_problem(at->problems, at->line,
		    "mailbox \"%s\": INBOX is always there, and others need a "
		    "name", m->name);
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (strcmp(m->special_use, uses[i]) == 0)
			return;
	conf_problem(at->problems, at->line,
	    "mailbox \"%s\": \"%s\" is no special use (RFC 6154)", m->name,
	    m->special_use);
}

/* The line a member of struct conf was set on; 0: it has its default. */
static int
conf_check_line(const struct conf_full *full, size_t offset)
{
	for (size_t i = 0; conf_rows[i].name != NULL; i++)
		if (conf_rows[i].offset == offset)
			return full->lines[i];
	return 0;
}

#define LINE(member) conf_check_line(full, offsetof(struct conf, member))

static void
conf_check_users(const struct conf_full *full, const struct conf_place *at)
{
	const struct conf *c = &full->c;

	if (c->first_uid < CONF_LEAST_UID)
		conf_problem(at->problems, LINE(first_uid),
		    "first-uid: uids below %d are the system's own",
		    CONF_LEAST_UID);
	if (c->first_uid > c->last_uid)
		conf_problem(at->problems,
		    LINE(last_uid) > 0 ? LINE(last_uid) : LINE(first_uid),
		    "last-uid %u is less than first-uid %u", c->last_uid,
		    c->first_uid);
	if (strcmp(c->passdb, "passwd-file") == 0 && *c->passwd_file == '\0')
		conf_problem(at->problems, LINE(passwd_file),
		    "passdb = passwd-file needs a passwd-file");
	if (strcmp(c->passdb, "pam") == 0 && *c->pam_service == '\0')
		conf_problem(at->problems, LINE(pam_service),
		    "passdb = pam needs a pam-service");
#ifndef HAVE_PAM
	if (strcmp(c->passdb, "pam") == 0)
		conf_problem(at->problems, LINE(passdb),
		    "passdb = pam: this build has no PAM");
#endif
	if (c->uid_policy == CONF_UID_SINGLE && *c->virtual_user == '\0')
		conf_problem(at->problems, LINE(virtual_user),
		    "uid-policy = single needs a virtual-user");
	if (c->uid_policy != CONF_UID_SYSTEM && strstr(c->home, "%h") != NULL)
		conf_problem(at->problems, LINE(home),
		    "home: %%h needs uid-policy = system");
}

void
conf_check(const struct conf_full *full, struct conf_place *at)
{
	const struct conf *c = &full->c;

	if (*c->tls_key != '\0' && *c->tls_cert == '\0')
		conf_problem(at->problems, LINE(tls_key),
		    "tls-key without tls-cert");
	if (*c->tls_cert != '\0' && *c->tls_key == '\0')
		conf_problem(at->problems, LINE(tls_cert),
		    "tls-cert without tls-key");
	if (*c->state_dir == '\0')
		conf_problem(at->problems, LINE(state_dir),
		    "state-dir: must not be empty");
	if (*c->control_socket == '\0' || strlen(c->control_socket) > 107)
		conf_problem(at->problems, LINE(control_socket),
		    "control-socket: must be a path of 1 to 107 bytes");
	conf_check_users(full, at);
}
