/* SPDX-License-Identifier: ISC
 *
 * A Date value of any bytes gives nothing, or a time between the years 0 and
 * 10000 in a zone of at most 100 hours.
 */
#include <assert.h>

#include "mail/mail.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	int16_t zone;
	int64_t utc;

	if (!mail_parse_date((const char *)data, len, &utc, &zone))
		return 0;
	assert(zone >= -5999 && zone <= 5999);
	assert(utc >= -62135596800 - 5999 * 60);
	assert(utc <= 253402300800 + 5999 * 60);
	return 0;
}
