/*
 * The machine's own addresses, as clients may know it by.
 *
 * Thread: any; may block.
 */
#pragma once

#include <stddef.h>

enum {
	GW_HOST_SIZE = 48,
	GW_HOSTS_MAX = 8
};

/*
 * Addresses of interfaces that are up, IPv4 before IPv6, without loopback,
 * link-local ones and those of container bridges: how many. Where there is
 * none, loopback's.
 */
size_t gw_net_hosts(char ret_hosts[GW_HOSTS_MAX][GW_HOST_SIZE]);
