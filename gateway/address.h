/*
 * Addresses to listen on, as people write them.
 *
 * Thread: any; pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	GW_SMB_PORT = 445
};

struct gw_address {
	struct sockaddr_storage sa;
	socklen_t length;
	char text[64]; /* "10.0.0.5:445", "[::1]:1445" */
};

/*
 * "ADDR:PORT", "[ADDR]:PORT", "ADDR" (then `port` is taken) and ":PORT" or
 * "*:PORT" (all addresses). ADDR is numeric or "localhost"; port 0
 * is any free one. False if it is none of these.
 */
bool gw_address_parse(const char *text, uint16_t port,
		      struct gw_address *ret_address);

/* All addresses of both families. */
void gw_address_any(uint16_t port, struct gw_address *ret_address);

uint16_t gw_address_port(const struct gw_address *address);

/* 0.0.0.0 or ::. */
bool gw_address_is_any(const struct gw_address *address);

/* Text of a peer or of a listener, with the port: what struct gw_address has
   as text. IPv4 addresses mapped to IPv6 are shown as IPv4. */
void gw_address_show(const struct sockaddr_storage *sa, char *to, size_t size);

/* The address alone as 16 bytes, IPv4 mapped, to compare and to hash. */
void gw_address_key(const struct sockaddr_storage *sa, uint8_t ret_key[16]);
