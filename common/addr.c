/* SPDX-License-Identifier: ISC */
#include "common/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* True, and the address in host order, for IPv4 in either family. */
static bool
addr_v4(const struct sockaddr *sa, uint32_t *v4_r)
{
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	if (sa->sa_family == AF_INET) {
		memcpy(&sin, sa, sizeof(sin));
		*v4_r = ntohl(sin.sin_addr.s_addr);
		return true;
	}
	if (sa->sa_family != AF_INET6)
		return false;
	memcpy(&sin6, sa, sizeof(sin6));
	if (!IN6_IS_ADDR_V4MAPPED(&sin6.sin6_addr))
		return false;
	memcpy(v4_r, sin6.sin6_addr.s6_addr + 12, 4);
	*v4_r = ntohl(*v4_r);
	return true;
}

void
addr_text(const struct sockaddr *sa, char text_r[ADDR_TEXT_SIZE])
{
	struct sockaddr_in6 sin6;
	uint32_t v4;

	snprintf(text_r, ADDR_TEXT_SIZE, "local");
	if (addr_v4(sa, &v4)) {
		v4 = htonl(v4);
		inet_ntop(AF_INET, &v4, text_r, ADDR_TEXT_SIZE);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&sin6, sa, sizeof(sin6));
		inet_ntop(AF_INET6, &sin6.sin6_addr, text_r, ADDR_TEXT_SIZE);
	}
}

bool
addr_is_loopback(const struct sockaddr *sa)
{
	struct sockaddr_in6 sin6;
	uint32_t v4;

	if (addr_v4(sa, &v4))
		return v4 >> 24 == 127;
	if (sa->sa_family != AF_INET6)
		return sa->sa_family == AF_UNIX;
	memcpy(&sin6, sa, sizeof(sin6));
	return IN6_IS_ADDR_LOOPBACK(&sin6.sin6_addr);
}

uint64_t
addr_block(const struct sockaddr *sa)
{
	struct sockaddr_in6 sin6;
	uint64_t block = 0;
	uint32_t v4;

	/* bit 32 keeps 0.0.0.0/24 apart from "none"; no IPv6 network in use
	 * begins with 31 zero bits and a one */
	if (addr_v4(sa, &v4))
		return (uint64_t)1 << 32 | v4 >> 8;
	if (sa->sa_family != AF_INET6)
		return 0;
	memcpy(&sin6, sa, sizeof(sin6));
	for (int i = 0; i < 8; i++)
		block = block << 8 | sin6.sin6_addr.s6_addr[i];
	/* ::/64, where ::1 is, must not be "none" */
	return block == 0 ? (uint64_t)1 << 33 : block;
}
