/*
 * Addresses: text to sockaddr and back. Names are not looked up (a listener
 * that depends on the resolver fails at the worst time), but for localhost.
 */
#include "gateway/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ::ffff:0:0/96 */
static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

static bool port_parse(const char *text, uint16_t *ret_port)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || port > 65535)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

static void address_finish(struct gw_address *address)
{
	gw_address_show(&address->sa, address->text, sizeof(address->text));
}

static bool from_v4(const char *host, uint16_t port, struct gw_address *to)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(port) };

	if (inet_pton(AF_INET, host, &in.sin_addr) != 1)
		return false;
	*to = (struct gw_address){ .length = sizeof(in) };
	memcpy(&to->sa, &in, sizeof(in));
	address_finish(to);
	return true;
}

static bool from_v6(const char *host, uint16_t port, struct gw_address *to)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port) };

	if (inet_pton(AF_INET6, host, &in6.sin6_addr) != 1)
		return false;
	*to = (struct gw_address){ .length = sizeof(in6) };
	memcpy(&to->sa, &in6, sizeof(in6));
	address_finish(to);
	return true;
}

void gw_address_any(uint16_t port, struct gw_address *ret_address)
{
	from_v6("::", port, ret_address);
}

static bool from_host(const char *host, uint16_t port, struct gw_address *to)
{
	if (!*host || strcmp(host, "*") == 0) {
		gw_address_any(port, to);
		return true;
	}
	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	return from_v4(host, port, to) || from_v6(host, port, to);
}

bool gw_address_parse(const char *text, uint16_t port,
		      struct gw_address *ret_address)
{
	char host[INET6_ADDRSTRLEN + 2];
	const char *end = text + strlen(text);
	const char *colon = strrchr(text, ':');

	if (text[0] == '[') {
		const char *close = strchr(text, ']');

		if (!close || (close[1] && close[1] != ':'))
			return false;
		colon = close[1] ? close + 1 : NULL;
		text++;
		end = close;
	} else if (colon && strchr(text, ':') == colon) {
		end = colon;
	} else {
		colon = NULL; /* none, or IPv6 without brackets and port */
	}
	if (colon && !port_parse(colon + 1, &port))
		return false;
	if (!colon && text == end)
		return false;
	if ((size_t)(end - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = '\0';
	return from_host(host, port, ret_address);
}

uint16_t gw_address_port(const struct gw_address *address)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (address->sa.ss_family == AF_INET) {
		memcpy(&in, &address->sa, sizeof(in));
		return ntohs(in.sin_port);
	}
	memcpy(&in6, &address->sa, sizeof(in6));
	return ntohs(in6.sin6_port);
}

void gw_address_key(const struct sockaddr_storage *sa, uint8_t ret_key[16])
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->ss_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		memcpy(ret_key, v4_prefix, 12);
		memcpy(ret_key + 12, &in.sin_addr, 4);
		return;
	}
	memcpy(&in6, sa, sizeof(in6));
	memcpy(ret_key, &in6.sin6_addr, 16);
}

bool gw_address_is_any(const struct gw_address *address)
{
	static const uint8_t v4[16] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t v6[16] = { 0 };
	uint8_t key[16];

	gw_address_key(&address->sa, key);
	return memcmp(key, v4, 16) == 0 || memcmp(key, v6, 16) == 0;
}

void gw_address_show(const struct sockaddr_storage *sa, char *to, size_t size)
{
	struct gw_address a = { .sa = *sa };
	char host[INET6_ADDRSTRLEN] = "?";
	uint8_t key[16];

	if (sa->ss_family != AF_INET && sa->ss_family != AF_INET6) {
		snprintf(to, size, "local");
		return;
	}
	gw_address_key(sa, key);
	if (memcmp(key, v4_prefix, 12) == 0) {
		inet_ntop(AF_INET, key + 12, host, sizeof(host));
		snprintf(to, size, "%s:%u", host, gw_address_port(&a));
		return;
	}
	inet_ntop(AF_INET6, key, host, sizeof(host));
	snprintf(to, size, "[%s]:%u", host, gw_address_port(&a));
}
