/*
 * Which of our addresses a client could use. Addresses that lead nowhere from
 * outside (link-local, bridges of container engines) help nobody.
 */
#include "gateway/net.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_bridge(const char *name)
{
	static const char *const prefixes[] = { "docker", "br-", "virbr",
						"veth",   "cni", "podman" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

static bool show_v4(const struct sockaddr *sa, char to[GW_HOST_SIZE])
{
	struct sockaddr_in in;

	memcpy(&in, sa, sizeof(in));
	if ((ntohl(in.sin_addr.s_addr) >> 16) == 0xa9fe) /* 169.254/16 */
		return false;
	return inet_ntop(AF_INET, &in.sin_addr, to, GW_HOST_SIZE);
}

static bool show_v6(const struct sockaddr *sa, char to[GW_HOST_SIZE])
{
	struct sockaddr_in6 in6;

	memcpy(&in6, sa, sizeof(in6));
	if (IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr))
		return false;
	return inet_ntop(AF_INET6, &in6.sin6_addr, to, GW_HOST_SIZE);
}

static bool show(const struct ifaddrs *a, int family, char to[GW_HOST_SIZE])
{
	if (!a->ifa_addr || a->ifa_addr->sa_family != family ||
	    !(a->ifa_flags & IFF_UP) || (a->ifa_flags & IFF_LOOPBACK) ||
	    is_bridge(a->ifa_name))
		return false;
	return family == AF_INET ? show_v4(a->ifa_addr, to)
				 : show_v6(a->ifa_addr, to);
}

size_t gw_net_hosts(char ret_hosts[GW_HOSTS_MAX][GW_HOST_SIZE])
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct ifaddrs *list = NULL;
	size_t count = 0;

	if (getifaddrs(&list) < 0)
		list = NULL;
	for (size_t f = 0; f < 2; f++) {
		for (struct ifaddrs *a = list; a && count < GW_HOSTS_MAX;
		     a = a->ifa_next)
			count += show(a, families[f], ret_hosts[count]);
	}
	if (list)
		freeifaddrs(list);
	if (count == 0)
		snprintf(ret_hosts[count++], GW_HOST_SIZE, "127.0.0.1");
	return count;
}
