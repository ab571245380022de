/* SPDX-License-Identifier: ISC
 *
 * postern: the master. Reads the configuration, binds, starts the other
 * processes and brings their messages together. Stays root where it started as
 * root; never drops, and parses nothing from the network.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/proc.h"
#include "master/master.h"

static void
usage(FILE *out)
{
	fputs("usage: postern [-c FILE] [--libexec DIR] [--pid-file FILE]\n"
	    "               [--foreground] [--check] [--version] [--help]\n"
	    "  -c, --config FILE  the configuration [" SYSCONFDIR
	    "/postern.conf]\n"
	    "  --libexec DIR      where the other programs are [" LIBEXECDIR
	    "]\n"
	    "  --pid-file FILE    write our process id there\n"
	    "  --foreground       stay in the foreground (always so)\n"
	    "  --check            check the configuration and exit\n"
	    "Signals: SIGHUP reloads the configuration, SIGTERM stops.\n", out);
}

static char *
full_path(const char *what, const char *path)
{
	char *full = realpath(path, NULL);

	if (full == NULL)
		log_fatal(MASTER_EXIT_CONFIG, "start: %s: %s: %m", what, path);
	return full;
}

/* 1 options and configuration */
static void
options(struct master *m, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "libexec", required_argument, NULL, 'l' },
		{ "pid-file", required_argument, NULL, 'p' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "check", no_argument, NULL, 'k' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	m->libexec = LIBEXECDIR;
	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			m->conf_path = full_path("config", optarg);
			break;
		case 'l':
			m->libexec = full_path("libexec", optarg);
			break;
		case 'p':
			m->pid_file = optarg;
			break;
		case 'f':
			break;
		case 'k':
			m->check = true;
			break;
		case 'V':
			puts(PACKAGE_STRING);
			exit(0);
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(MASTER_EXIT_USAGE);
		}
	}
	if (optind < argc) {
		usage(stderr);
		exit(MASTER_EXIT_USAGE);
	}
	master_configure(m);
	if (m->check) {
		puts("configuration is good");
		exit(0);
	}
}

int
main(int argc, char **argv)
{
	static struct master m;

	proc_start(PROC_MASTER, argc, argv);
	log_init("postern", LOG_LEVEL_INFO);
	options(&m, argc, argv);
	/* 2 files and sockets */
	master_open(&m);
	/* 3 no jail: the master keeps what it has */
	/* 4 children */
	master_start(&m);
	/* 5 loop */
	event_base_dispatch(m.base);
	master_close(&m);
	return m.exit_code;
}
