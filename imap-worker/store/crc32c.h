/* SPDX-License-Identifier: ISC
 *
 * CRC-32C (Castagnoli), what segment records are checked with.  Uses the
 * processor's instruction where there is one.
 */
#ifndef STORE_CRC32C_H
#define STORE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continues crc (0 at the start) over n more bytes. */
uint32_t store_crc32c(uint32_t crc, const void *data, size_t n);
/* The same without the instruction, for tests. */
uint32_t store_crc32c_portable(uint32_t crc, const void *data, size_t n);

#endif
