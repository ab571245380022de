/* SPDX-License-Identifier: ISC
 *
 * passwd, user add, user del, user list: the users of passdb = passwd-file. The
 * auth process notices a changed file by itself, within a second.
 */
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/user.h"
#include "common/xalloc.h"
#include "ctl/ctl.h"
#include "ctl/passwd_edit.h"
#include "ctl/password.h"

/* The config, with a passwd-file; else the exit code, and it has been said. */
static struct conf *
users_config(const struct ctl *ctl, int *exit_code_r)
{
	struct conf *conf = ctl_load_config(ctl);

	*exit_code_r = CTL_BAD_CONFIG;
	if (conf == NULL)
		return NULL;
	if (strcmp(conf->passdb, "passwd-file") != 0) {
		ctl_error("passdb is %s: users are the system's own, see "
			  "passwd(1) and useradd(8)", conf->passdb);
		*exit_code_r = CTL_FAILED;
		conf_free(&conf);
		return NULL;
	}
	if (sodium_init() < 0) {
		ctl_error("libsodium does not start");
		*exit_code_r = CTL_FAILED;
		conf_free(&conf);
	}
	return conf;
}

/* What the auth process would not take as a name, or would break the line. */
static bool
users_name_is_good(const char *user, const char *default_domain)
{
	char normal[USER_MAX + 1];
	bool good = *user != '#' && strpbrk(user, ": ") == NULL &&
	    user_normalize(user, default_domain, normal);

	if (!good)
		ctl_error("\"%s\" cannot be a user's name", user);
	return good;
}

/* Asks for a password; its hash, or NULL when it has been said why not. */
static char *
users_new_hash(const struct ctl *ctl, const char *user)
{
	struct secret *password = ctl_password_ask(user, ctl->from_stdin);
	char *hash;

	if (password == NULL)
		return NULL;
	hash = ctl_password_hash(password);
	secret_free(&password);
	if (hash == NULL)
		ctl_error("no memory to hash the password");
	return hash;
}

/* The group the auth process reads the file with. */
static gid_t
users_reader(const struct conf *conf)
{
	const struct passwd *pw;

	if (geteuid() != 0)
		return (gid_t)-1;
	pw = getpwnam(conf->auth_user);
	return pw == NULL ? (gid_t)-1 : pw->pw_gid;
}

static void
users_done(const struct ctl *ctl, const char *user, const char *what)
{
	if (ctl->json) {
		fputs("{\"ok\": true, \"user\": ", stdout);
		ctl_print_json(user);
		puts("}");
	} else {
		printf("%s: %s\n", user, what);
	}
}

/* Gives the user's line a new password. */
static void
users_replace(struct passwd_edit *e, struct passwd_line *l, const char *hash)
{
	/* what is behind the password stays as it is */
	char *line = xstrndup((const char *)e->text.data + l->start,
	    l->len - 1);
	char *rest = strchr(strchr(line, ':') + 1, ':');

	passwd_edit_replace(e, l, l->user, hash, rest == NULL ? "" : rest + 1);
	explicit_bzero(line, strlen(line));
	free(line);
}

/* Gives the user a new password; NULL takes the user out. */
static int
users_change(const struct ctl *ctl, const struct conf *conf, const char *user,
    const char *hash)
{
	struct passwd_edit e;
	struct passwd_line l;
	bool good = false;

	if (!passwd_edit_open(&e, conf->passwd_file, conf->default_domain,
		false, (gid_t)-1))
		return CTL_FAILED;
	if (!passwd_edit_find(&e, user, &l)) {
		ctl_error("%s: no such user in %s", user, e.path);
	} else {
		if (hash == NULL)
			passwd_edit_remove(&e, user);
		else
			users_replace(&e, &l, hash);
		passwd_line_clear(&l);
		good = passwd_edit_save(&e);
	}
	passwd_edit_close(&e);
	if (good)
		users_done(ctl, user, hash == NULL ? "deleted; the mail stays"
						   : "password changed");
	return good ? 0 : CTL_FAILED;
}

int
ctl_passwd(const struct ctl *ctl, size_t n, char **args)
{
	int exit_code;
	struct conf *conf = users_config(ctl, &exit_code);
	char *hash;

	(void)n;
	if (conf == NULL)
		return exit_code;
	hash = users_new_hash(ctl, args[0]);
	exit_code = hash == NULL ? CTL_FAILED
				 : users_change(ctl, conf, args[0], hash);
	free(hash);
	conf_free(&conf);
	return exit_code;
}

int
ctl_user_del(const struct ctl *ctl, size_t n, char **args)
{
	int exit_code;
	struct conf *conf = users_config(ctl, &exit_code);

	(void)n;
	if (conf == NULL)
		return exit_code;
	exit_code = users_change(ctl, conf, args[0], NULL);
	conf_free(&conf);
	return exit_code;
}

static bool
users_add(const struct ctl *ctl, const struct conf *conf, const char *user)
{
	char *hash = NULL, *rest = NULL;
	struct passwd_edit e;
	struct passwd_line l;
	bool good = false;

	if (!passwd_edit_open(&e, conf->passwd_file, conf->default_domain, true,
		users_reader(conf)))
		return false;
	if (passwd_edit_find(&e, user, &l)) {
		ctl_error("%s: is in %s already", user, e.path);
		passwd_line_clear(&l);
	} else if ((hash = users_new_hash(ctl, user)) != NULL) {
		rest = xasprintf(":::%s::", ctl->home == NULL ? "" : ctl->home);
		passwd_edit_replace(&e, NULL, user, hash, rest);
		good = passwd_edit_save(&e);
	}
	passwd_edit_close(&e);
	free(rest);
	free(hash);
	return good;
}

int
ctl_user_add(const struct ctl *ctl, size_t n, char **args)
{
	int exit_code;
	struct conf *conf;

	(void)n;
	if (ctl->home != NULL &&
	    (*ctl->home != '/' || strpbrk(ctl->home, ":\r\n") != NULL)) {
		ctl_error("--home: not an absolute path, or with \":\" in it");
		return CTL_USAGE;
	}
	conf = users_config(ctl, &exit_code);
	if (conf == NULL)
		return exit_code;
	if (!users_name_is_good(args[0], conf->default_domain))
		exit_code = CTL_USAGE;
	else
		exit_code = users_add(ctl, conf, args[0]) ? 0 : CTL_FAILED;
	conf_free(&conf);
	if (exit_code == 0)
		users_done(ctl, args[0], "added");
	return exit_code;
}

/* "ARGON2ID" of "{ARGON2ID}…", "crypt" of "$6$…"; "" lets nobody in. */
static void
users_scheme(const char *password, char out[32])
{
	if (*password == '{')
		snprintf(out, 32, "%.*s", (int)strcspn(password + 1, "}"),
		    password + 1);
	else if (*password == '$')
		snprintf(out, 32, "crypt");
	else
		snprintf(out, 32, "%s",
		    strchr("!*", *password) == NULL ? "unknown" : "");
}

int
ctl_user_list(const struct ctl *ctl, size_t n, char **args)
{
	int exit_code;
	struct conf *conf = users_config(ctl, &exit_code);
	struct passwd_edit e;
	struct passwd_line l;
	unsigned rows = 0;
	char scheme[32];

	(void)n;
	(void)args;
	if (conf == NULL)
		return exit_code;
	if (!passwd_edit_open(&e, conf->passwd_file, conf->default_domain,
		false, (gid_t)-1)) {
		conf_free(&conf);
		return CTL_FAILED;
	}
	if (ctl->json)
		fputs("{\"users\": [", stdout);
	for (size_t at = 0; passwd_edit_next(&e, &at, &l); rows++) {
		users_scheme(l.password, scheme);
		if (ctl->json) {
			fputs(rows == 0 ? "\n  {" : ",\n  {", stdout);
			fputs("\"user\": ", stdout);
			ctl_print_json(l.user);
			fputs(", \"scheme\": ", stdout);
			ctl_print_json(scheme);
			fputs(", \"home\": ", stdout);
			ctl_print_json(l.home);
			putchar('}');
		} else {
			ctl_print_column(l.user, 32);
			ctl_print_column(*scheme == '\0' ? "locked" : scheme,
			    12);
			ctl_print_column(l.home, 0);
			putchar('\n');
		}
		passwd_line_clear(&l);
	}
	if (ctl->json)
		puts(rows == 0 ? "]}" : "\n]}");
	passwd_edit_close(&e);
	conf_free(&conf);
	return 0;
}
