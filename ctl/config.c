/* SPDX-License-Identifier: ISC
 *
 * config check, config dump: the same reading of the file as the server's, and
 * for check a look at the files it names, as far as the caller may look.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "ctl/ctl.h"

struct conf *
ctl_load_config(const struct ctl *ctl)
{
	char *error = NULL;
	struct conf *conf = conf_load(ctl->config, &error);

	if (conf == NULL)
		fprintf(stderr, "%s\n", error);
	free(error);
	return conf;
}

/* --- check ---------------------------------------------------------------- */

struct check {
	bool json;
	unsigned said;
};

static void
check_say(struct check *c, const char *text, size_t len)
{
	char line[5000];

	if (!c->json) {
		fprintf(stderr, "%.*s\n", (int)len, text);
		c->said++;
		return;
	}
	snprintf(line, sizeof(line), "%.*s", (int)len, text);
	fputs(c->said++ == 0 ? "" : ", ", stdout);
	ctl_print_json(line);
}

/* A file the server will read: there, and not open to everybody if secret. */
static void
check_file(struct check *c, const char *setting, const char *path, bool secret)
{
	const char *wrong = NULL;
	char text[4500];
	struct stat st;

	if (*path == '\0')
		return;
	if (stat(path, &st) != 0) {
		if (errno == EACCES)
			return; /* not ours to look at */
		wrong = strerror(errno);
	} else if (!S_ISREG(st.st_mode)) {
		wrong = "is not a file";
	} else if (secret && (st.st_mode & 007) != 0) {
		wrong = "is open to every user of this machine";
	} else if ((st.st_mode & 022) != 0) {
		wrong = "may be changed by others than its owner";
	}
	if (wrong == NULL)
		return;
	snprintf(text, sizeof(text), "%s: %s: %s", setting, path, wrong);
	check_say(c, text, strlen(text));
}

int
ctl_config_check(const struct ctl *ctl, size_t n, char **args)
{
	struct check c = { .json = ctl->json };
	char *error = NULL;
	struct conf *conf = conf_load(ctl->config, &error);

	(void)n;
	(void)args;
	if (ctl->json)
		fputs("{\"problems\": [", stdout);
	for (const char *p = error; p != NULL;) {
		size_t len = strcspn(p, "\n");

		check_say(&c, p, len);
		p = p[len] == '\n' ? p + len + 1 : NULL;
	}
	free(error);
	if (conf != NULL) {
		check_file(&c, "tls-cert", conf->tls_cert, false);
		check_file(&c, "tls-key", conf->tls_key, true);
		if (strcmp(conf->passdb, "passwd-file") == 0)
			check_file(&c, "passwd-file", conf->passwd_file, true);
	}
	if (ctl->json)
		printf("], \"ok\": %s}\n", c.said == 0 ? "true" : "false");
	else if (c.said == 0)
		printf("%s: good\n", conf->path);
	conf_free(&conf);
	return c.said == 0 ? 0 : CTL_BAD_CONFIG;
}

int
ctl_config_dump(const struct ctl *ctl, size_t n, char **args)
{
	struct conf *conf = ctl_load_config(ctl);

	(void)n;
	(void)args;
	if (conf == NULL)
		return CTL_BAD_CONFIG;
	conf_dump(conf, stdout, ctl->json);
	conf_free(&conf);
	return 0;
}
