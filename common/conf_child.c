/* SPDX-License-Identifier: ISC
 *
 * The start of a process that master executes: its only option names the
 * configuration.
 */
#include <getopt.h>
#include <sysexits.h>

#include "common/conf.h"
#include "common/log.h"

struct conf *
conf_load_child(int argc, char **argv, const char *program)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = NULL;
	struct conf *conf;
	char *error;
	int c;

	while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		if (c != 'c')
			log_fatal(EX_USAGE, "usage: %s --config FILE", program);
		path = optarg;
	}
	conf = conf_load(path, &error);
	if (conf == NULL)
		log_fatal(EX_CONFIG, "%s", error);
	log_set_level(log_level_named(conf->log_level));
	return conf;
}
