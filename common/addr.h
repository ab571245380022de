/* SPDX-License-Identifier: ISC
 *
 * Addresses of clients: as text, as the block they are counted in, and whether
 * they are this host.  An IPv4 address inside IPv6 (::ffff:192.0.2.1) counts as
 * IPv4 everywhere.  Pure.
 */
#ifndef COMMON_ADDR_H
#define COMMON_ADDR_H

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

#define ADDR_TEXT_SIZE 48

/* "192.0.2.1", "2001:db8::1"; "local" for a unix socket. No port. */
void addr_text(const struct sockaddr *sa, char text_r[ADDR_TEXT_SIZE]);
/* 127.0.0.0/8, ::1, and a unix socket. */
bool addr_is_loopback(const struct sockaddr *sa);
/* A number for the /24 (IPv4) or /64 (IPv6) an address is in; 0 for a unix
 * socket. */
uint64_t addr_block(const struct sockaddr *sa);

#endif
