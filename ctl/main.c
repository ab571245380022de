/* SPDX-License-Identifier: ISC
 *
 * posternctl: the operator's tool. A verb of one or two words, found in a
 * table, does one thing. It has no privileges of its own: the control socket
 * and the files say who may do what.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "ctl/ctl.h"

#define USERS_MAX 100000 /* in one call */

static const struct {
	const char *verb, *second; /* second word, or NULL */
	size_t least, most;        /* arguments */
	ctl_verb_fn *run;
	const char *args, *help;
} verbs[] = {
	{ "status", NULL, 0, 0, ctl_status, "", "processes of the server" },
	{ "who", NULL, 0, 1, ctl_who, " [USER]", "sessions" },
	{ "kick", NULL, 1, 1, ctl_kick, " USER[/SESSION]", "end sessions" },
	{ "reload", NULL, 0, 0, ctl_reload, "",
	    "read the configuration and certificates anew" },
	{ "stop", NULL, 0, 0, ctl_stop, "", "stop the server" },
	{ "stats", NULL, 0, USERS_MAX, ctl_stats, " USER ...|--all",
	    "mailboxes, and what is in them" },
	{ "du", NULL, 0, USERS_MAX, ctl_du, " USER ...|--all",
	    "what the mail takes of the disk" },
	{ "fsck", NULL, 0, USERS_MAX, ctl_fsck, " USER ...|--all",
	    "check every message and the index" },
	{ "rebuild", NULL, 0, USERS_MAX, ctl_rebuild, " USER ...|--all",
	    "make the index anew; --dry-run" },
	{ "export", NULL, 2, 2, ctl_export, " USER FOLDER",
	    "a copy of all mail, as a new Maildir++" },
	{ "import", NULL, 2, 2, ctl_import, " USER SOURCE",
	    "mail of another server: maildir:PATH or mbox:PATH" },
	{ "config", "check", 0, 0, ctl_config_check, "",
	    "say what is wrong with the configuration" },
	{ "config", "dump", 0, 0, ctl_config_dump, "",
	    "every setting, and where its value comes from" },
	{ "passwd", NULL, 1, 1, ctl_passwd, " USER",
	    "change a user's password; --stdin reads it" },
	{ "user", "add", 1, 1, ctl_user_add, " USER",
	    "a new user of the passwd-file; --stdin, --home PATH" },
	{ "user", "del", 1, 1, ctl_user_del, " USER",
	    "take a user out of the passwd-file" },
	{ "user", "list", 0, 0, ctl_user_list, "",
	    "users of the passwd-file" },
};
#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* All verbs, or those that begin with this word. */
static void
usage(FILE *out, const char *verb)
{
	fputs("usage: posternctl [--config FILE] [--socket PATH] [--json] "
	      "VERB ...\n", out);
	for (size_t i = 0; i < N_VERBS; i++) {
		int n = 0;

		if (verb != NULL && strcmp(verb, verbs[i].verb) != 0)
			continue;
		n = fprintf(out, "  %s%s%s%s", verbs[i].verb,
		    verbs[i].second == NULL ? "" : " ",
		    verbs[i].second == NULL ? "" : verbs[i].second,
		    verbs[i].args);
		fprintf(out, "%*s %s\n", n < 24 ? 24 - n : 0, "",
		    verbs[i].help);
	}
}

static const char *
known_verb(const char *word)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (word != NULL && strcmp(word, verbs[i].verb) == 0)
			return verbs[i].verb;
	return NULL;
}

static int
run(const struct ctl *ctl, size_t n, char **words)
{
	if (n == 0) {
		usage(stderr, NULL);
		return CTL_USAGE;
	}
	for (size_t i = 0; i < N_VERBS; i++) {
		size_t skip = verbs[i].second == NULL ? 1 : 2;

		if (strcmp(words[0], verbs[i].verb) != 0 || n < skip ||
		    (skip == 2 && strcmp(words[1], verbs[i].second) != 0))
			continue;
		if (n - skip < verbs[i].least || n - skip > verbs[i].most)
			break;
		return verbs[i].run(ctl, n - skip, words + skip);
	}
	if (known_verb(words[0]) == NULL)
		ctl_error("unknown verb \"%s\"", words[0]);
	usage(stderr, known_verb(words[0]));
	return CTL_USAGE;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "socket", required_argument, NULL, 's' },
		{ "home", required_argument, NULL, 'H' },
		{ "json", no_argument, NULL, 'j' },
		{ "stdin", no_argument, NULL, 'i' },
		{ "all", no_argument, NULL, 'a' },
		{ "mailbox", required_argument, NULL, 'm' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	struct ctl ctl = { 0 };
	bool help = false;
	int c;

	log_init("posternctl", LOG_LEVEL_ERROR);
	while ((c = getopt_long(argc, argv, "c:s:jh", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			ctl.config = optarg;
			break;
		case 's':
			ctl.socket = optarg;
			break;
		case 'H':
			ctl.home = optarg;
			break;
		case 'j':
			ctl.json = true;
			break;
		case 'i':
			ctl.from_stdin = true;
			break;
		case 'a':
			ctl.all = true;
			break;
		case 'm':
			ctl.mailbox = optarg;
			break;
		case 'n':
			ctl.dry_run = true;
			break;
		case 'h':
			help = true;
			break;
		case 'v':
			puts("posternctl " PACKAGE_VERSION);
			return 0;
		default:
			usage(stderr, NULL);
			return CTL_USAGE;
		}
	}
	if (help) {
		usage(stdout, known_verb(argv[optind]));
		return 0;
	}
	c = run(&ctl, (size_t)(argc - optind), argv + optind);
	if (fflush(stdout) != 0 && c == 0) {
		ctl_error("cannot write the answer");
		c = CTL_FAILED;
	}
	return c;
}
