/*
 * Which addresses of this machine a client may open further connections to
 * (multichannel), and how fast their cards are. Asked of the kernel each time,
 * so that a change of addresses or of a cable is told to whoever asks next.
 *
 * Thread: any; gw_nic_co_list() a worker's.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "gateway/config.h"
#include "gateway/listen.h"
#include "smb/ports.h"

/* An address of an interface. */
struct gw_nic {
	char name[IF_NAMESIZE];
	uint8_t address[16]; /* IPv4 mapped, as gw_address_key() has it */
	uint32_t index;
	uint64_t speed; /* bit/s; 0: not known */
	bool has_rss;
	bool is_up;
	bool is_loopback;
	bool is_bridge; /* of containers or virtual machines, as a rule */
};

/* What decides: frozen while it is asked. */
struct gw_nic_rules {
	const struct gw_config *config;
	const struct gw_sockets *sockets; /* that are listened on */
};

/*
 * Those of `nics` that a client is told which came to the address `here` (see
 * gw_address_key()): at most `max`; how many. Pure.
 */
uint32_t gw_nic_choose(const struct gw_nic_rules *rules,
		       const struct gw_nic *nics, uint32_t count,
		       const uint8_t here[16], struct smb_interface *ret_told,
		       uint32_t max);

/* The same of this machine for who is at the other end of the socket. */
uint32_t gw_nic_co_list(const struct gw_nic_rules *rules, int fd,
			struct smb_interface *ret_told, uint32_t max);
