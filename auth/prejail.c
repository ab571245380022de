/* SPDX-License-Identifier: ISC */
#include "auth/prejail.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth/uid_table.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/xalloc.h"

/* Started by an ordinary user, everything runs under that uid. */
static void
prejail_users(struct prejail *p, const struct conf *conf)
{
	p->uid = p->single_uid = (uid_t)-1;
	p->gid = p->single_gid = (gid_t)-1;
	if (!proc_is_root()) {
		p->single_uid = getuid();
		p->single_gid = getgid();
		return;
	}
	proc_system_user("auth-user", conf->auth_user, &p->uid, &p->gid);
	if (conf->uid_policy == CONF_UID_SINGLE)
		proc_system_user("virtual-user", conf->virtual_user,
		    &p->single_uid, &p->single_gid);
}

static char *
prejail_state_folder(const struct prejail *p, const struct conf *conf)
{
	char *path = xasprintf("%s/auth", conf->state_dir);

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		log_fatal(EX_CANTCREAT, "prejail: cannot make: %s: %m", path);
	if (proc_is_root() && lchown(path, p->uid, p->gid) != 0)
		log_fatal(EX_CANTCREAT, "prejail: cannot give to %s: %s: %m",
		    conf->auth_user, path);
	return path;
}

/* The folder of a file; links followed where asked. NULL: it has none. */
static char *
prejail_folder_of(const char *file, bool follow)
{
	char *copy = follow ? realpath(file, NULL) : xstrdup(file);
	char *folder = copy != NULL ? xstrdup(dirname(copy)) : NULL;

	free(copy);
	return folder;
}

void
prejail_init(struct prejail *p, const struct conf *conf)
{
	char *state, *table, *error;
	size_t n = 0;

	memset(p, 0, sizeof(*p));
	prejail_users(p, conf);
	state = prejail_state_folder(p, conf);
	p->keep_fds[0] = p->keep_fds[1] = -1;
	if (conf->uid_policy == CONF_UID_RANGE) {
		table = xasprintf("%s/uids", state);
		p->uids = uid_table_open(table, conf->first_uid,
		    conf->last_uid, p->uid, p->gid, &error);
		if (p->uids == NULL)
			log_fatal(EX_UNAVAILABLE, "uid-table: %s", error);
		p->keep_fds[0] = uid_table_fd(p->uids);
		free(table);
	}
	p->paths[n++] = (struct proc_path){ state, true };
	if (strcmp(conf->passdb, "passwd-file") != 0)
		return;
	/* the name's folder, and where its link leads, if it is one */
	for (int follow = 0; follow < 2; follow++) {
		char *folder = prejail_folder_of(conf->passwd_file, follow);

		if (folder != NULL)
			p->paths[n++] = (struct proc_path){ folder, false };
	}
}
