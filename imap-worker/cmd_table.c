/* SPDX-License-Identifier: ISC
 *
 * The index of the commands. Login commands are not here: imap-login has had
 * them.
 */
#include <strings.h>

#include "cmd.h"

#define CMD_TABLE(X)                                                          \
	X(append) X(capability) X(check) X(close) X(copy) X(create) X(delete)  \
	X(enable) X(examine) X(expunge) X(fetch) X(id) X(idle) X(list)         \
	X(logout) X(lsub) X(move) X(namespace) X(noop) X(rename) X(search)     \
	X(select) X(status) X(store) X(subscribe) X(unselect) X(unsubscribe)

#define CMD_DECLARE(name) extern const struct imap_cmd cmd_##name;
CMD_TABLE(CMD_DECLARE)

#define CMD_POINTER(name) &cmd_##name,
static const struct imap_cmd *const cmd_table[] = { CMD_TABLE(CMD_POINTER) };

const struct imap_cmd *
cmd_table_lookup(const char *name, bool uid)
{
	for (size_t i = 0; i < sizeof(cmd_table) / sizeof(*cmd_table); i++)
		if (strcasecmp(cmd_table[i]->name, name) == 0)
			return uid && !(cmd_table[i]->flags & CMD_UID)
			    ? NULL
			    : cmd_table[i];
	return NULL;
}
