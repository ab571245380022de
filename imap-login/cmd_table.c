/* SPDX-License-Identifier: ISC */
#include <strings.h>

#include "imap-login/cmd.h"

static const struct cmd *const cmd_table[] = {
	&cmd_authenticate,
	&cmd_capability,
	&cmd_id,
	&cmd_login,
	&cmd_logout,
	&cmd_noop,
	&cmd_starttls,
};

const struct cmd *
cmd_table_lookup(const char *name)
{
	for (size_t i = 0; i < sizeof(cmd_table) / sizeof(cmd_table[0]); i++)
		if (strcasecmp(cmd_table[i]->name, name) == 0)
			return cmd_table[i];
	return NULL;
}

bool
cmd_table_parse_none(struct imap_parser *p, struct cmd_req *req)
{
	(void)p, (void)req;
	return true;
}
