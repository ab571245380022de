/* SPDX-License-Identifier: ISC
 *
 * What a logged-in session may use. A word stands here only when all of its RFC
 * works.
 */
#include <inttypes.h>
#include <stdio.h>

#include "worker.h"

const char *
capability_list(const struct conf *conf)
{
	static char list[512];

	if (list[0] == '\0')
		snprintf(list, sizeof(list),
		    "IMAP4rev1 LITERAL+ SASL-IR ENABLE ID IDLE NAMESPACE CHILDREN "
		    "UNSELECT UIDPLUS MOVE MULTIAPPEND ESEARCH SEARCHRES "
		    "CONDSTORE LIST-EXTENDED LIST-STATUS STATUS=SIZE SPECIAL-USE "
		    "CREATE-SPECIAL-USE WITHIN OBJECTID SAVEDATE "
		    "APPENDLIMIT=%" PRIu64,
		    conf->message_size);
	return list;
}
