/*
 * Listening sockets: made from the configuration, or inherited from systemd
 * (smbgate.socket).
 *
 * Thread: main's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "gateway/address.h"
#include "gateway/config.h"
#include "gateway/limits.h"

struct gw_socket {
	int fd;
	struct gw_address address; /* with the port that it really has */
};

struct gw_sockets {
	struct gw_socket items[GW_LISTEN_MAX];
	size_t count;
};

/*
 * Binds and listens at every address of the configuration; [::]:445 for both
 * families where none is given. False after a message on `errors` that says
 * what to do; nothing is then left open.
 */
bool gw_listen_open(const struct gw_config *config,
		    struct gw_sockets *ret_sockets, FILE *errors);
void gw_listen_close(struct gw_sockets *sockets);

/*
 * Whether the address could be bound now: 0 or -errno. Nothing is left open.
 */
int gw_listen_try(const struct gw_config *config,
		  const struct gw_address *address);

/* The addresses that are meant, parsed: how many. */
size_t gw_listen_addresses(const struct gw_config *config,
			   struct gw_address ret_addresses[GW_LISTEN_MAX]);
