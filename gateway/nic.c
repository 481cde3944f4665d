/*
 * Interfaces by getifaddrs(3), what they can do by ethtool's ioctls. Cards that
 * can't say how fast they are count as MEGABITS_GUESSED: clients use only those
 * of the fastest class (MS-SMB2 3.2.5.14.12), so a wrong guess costs links; the
 * configuration has the last word.
 */
#include "gateway/nic.h"

#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "gateway/address.h"
#include "gateway/loop/loop.h"

#define MEGABIT 1000000ull

enum {
	NICS_MAX = 256,
	MEGABITS_GUESSED = 1000, /* Mbit/s, of a card that does not say */
	MEGABITS_LOOPBACK = 10000,
	MODE_WORDS_MAX = 127, /* of a link mode map: an int8_t counts them */
	/* Index of an address that is advertised and not ours: behind NAT. */
	INDEX_ELSEWHERE = 1 << 16,
};

/* ---- what a card says ---- */

static int ethtool(int fd, const char *name, void *command)
{
	struct ifreq request = { .ifr_data = command };

	memcpy(request.ifr_name, name, IF_NAMESIZE);
	return ioctl(fd, SIOCETHTOOL, &request);
}

/* Asked twice: first for how long the maps of modes behind it are. */
static uint64_t ask_speed(int fd, const char *name)
{
	union {
		struct ethtool_link_settings head;
		uint8_t room[sizeof(struct ethtool_link_settings) +
			     3 * MODE_WORDS_MAX * sizeof(uint32_t)];
	} ask = { .head = { .cmd = ETHTOOL_GLINKSETTINGS } };

	if (ethtool(fd, name, &ask) < 0 || ask.head.link_mode_masks_nwords >= 0)
		return 0;
	ask.head.cmd = ETHTOOL_GLINKSETTINGS;
	ask.head.link_mode_masks_nwords =
		(int8_t)-ask.head.link_mode_masks_nwords;
	if (ethtool(fd, name, &ask) < 0 || ask.head.speed == UINT32_MAX)
		return 0;
	return ask.head.speed * MEGABIT;
}

/* More than one queue of receive: its interrupts spread over cores. */
static bool ask_rss(int fd, const char *name)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	struct ethtool_rxnfc rings = { .cmd = ETHTOOL_GRXRINGS };

	if (ethtool(fd, name, &rings) == 0)
		return rings.data > 1;
	return ethtool(fd, name, &channels) == 0 &&
	       channels.rx_count + channels.combined_count > 1;
}

static bool ask_bridge(int fd, const char *name)
{
	struct ethtool_drvinfo driver = { .cmd = ETHTOOL_GDRVINFO };

	return ethtool(fd, name, &driver) == 0 &&
	       strncmp(driver.driver, "bridge", sizeof(driver.driver)) == 0;
}

static void ask_card(int fd, struct gw_nic *nic)
{
	if (nic->is_loopback)
		return;
	nic->speed = ask_speed(fd, nic->name);
	nic->has_rss = ask_rss(fd, nic->name);
	nic->is_bridge = ask_bridge(fd, nic->name);
}

static bool nic_of(const struct ifaddrs *at, struct gw_nic *ret_nic)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	const unsigned int needed = IFF_UP | IFF_RUNNING;

	if (!at->ifa_addr)
		return false;
	if (at->ifa_addr->sa_family == AF_INET)
		memcpy(&sa, at->ifa_addr, sizeof(struct sockaddr_in));
	else if (at->ifa_addr->sa_family == AF_INET6)
		memcpy(&sa, at->ifa_addr, sizeof(struct sockaddr_in6));
	else
		return false;
	*ret_nic = (struct gw_nic){
		.index = if_nametoindex(at->ifa_name),
		.is_up = (at->ifa_flags & needed) == needed,
		.is_loopback = at->ifa_flags & IFF_LOOPBACK,
	};
	strncpy(ret_nic->name, at->ifa_name, IF_NAMESIZE - 1);
	gw_address_key(&sa, ret_nic->address);
	return true;
}

/* ---- who is told what ---- */

static bool is_v4(const uint8_t address[16])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(address, prefix, sizeof(prefix)) == 0;
}

/* fe80::/10 and 169.254.0.0/16: good on one link only, and clients who try
   them wait for nothing. */
static bool is_link_local(const uint8_t a[16])
{
	return is_v4(a) ? a[12] == 169 && a[13] == 254
			: a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

/* A socket for all addresses of IPv6 takes those of IPv4, too. */
static bool is_listened_on(const struct gw_sockets *sockets,
			   const uint8_t address[16])
{
	for (size_t i = 0; i < sockets->count; i++) {
		const struct gw_address *on = &sockets->items[i].address;
		uint8_t key[16];

		gw_address_key(&on->sa, key);
		if (memcmp(key, address, sizeof(key)) == 0)
			return true;
		if (gw_address_is_any(on) &&
		    (on->sa.ss_family == AF_INET6 || is_v4(address)))
			return true;
	}
	return false;
}

static const struct gw_interface_config *config_of(
	const struct gw_config *config, const char *name)
{
	for (size_t i = 0; i < config->interfaces.count; i++) {
		if (strcmp(config->interfaces.items[i].name, name) == 0)
			return &config->interfaces.items[i];
	}
	return NULL;
}

static bool is_told(const struct gw_nic_rules *rules, const struct gw_nic *nic,
		    const char *came_by)
{
	bool came_by_it = strcmp(nic->name, came_by) == 0;

	if (!nic->is_up || is_link_local(nic->address) ||
	    !is_listened_on(rules->sockets, nic->address))
		return false;
	return came_by_it || config_of(rules->config, nic->name) ||
	       (!nic->is_loopback && !nic->is_bridge);
}

static struct smb_interface interface_of(const struct gw_config *config,
					 const struct gw_nic *nic)
{
	const struct gw_interface_config *says = config_of(config, nic->name);
	uint64_t guess =
		nic->is_loopback ? MEGABITS_LOOPBACK : MEGABITS_GUESSED;
	struct smb_interface told = {
		.index = nic->index,
		.speed = nic->speed ? nic->speed : guess * MEGABIT,
		.has_rss = nic->has_rss,
		.is_v6 = !is_v4(nic->address),
	};

	if (says && says->speed)
		told.speed = (uint64_t)says->speed * MEGABIT;
	if (says && says->rss != GW_RSS_AUTO)
		told.has_rss = says->rss == GW_RSS_ON;
	memcpy(told.address, nic->address, sizeof(told.address));
	return told;
}

static const struct gw_nic *find(const struct gw_nic *nics, uint32_t count,
				 const uint8_t address[16])
{
	for (uint32_t i = 0; i < count; i++) {
		if (memcmp(nics[i].address, address, 16) == 0)
			return &nics[i];
	}
	return NULL;
}

/* What the operator says, even if it is another machine's that leads here. */
static uint32_t choose_advertised(const struct gw_config *config,
				  const struct gw_nic *nics, uint32_t count,
				  struct smb_interface *ret_told, uint32_t max)
{
	uint32_t told = 0;

	for (size_t i = 0; i < config->advertise.count && told < max; i++) {
		struct gw_nic elsewhere = { .index = INDEX_ELSEWHERE };
		const struct gw_nic *nic;
		struct gw_address address;

		if (!gw_address_parse(config->advertise.items[i], GW_SMB_PORT,
				      &address))
			continue;
		gw_address_key(&address.sa, elsewhere.address);
		elsewhere.index += (uint32_t)i;
		nic = find(nics, count, elsewhere.address);
		ret_told[told++] = interface_of(config, nic ? nic : &elsewhere);
	}
	return told;
}

uint32_t gw_nic_choose(const struct gw_nic_rules *rules,
		       const struct gw_nic *nics, uint32_t count,
		       const uint8_t here[16], struct smb_interface *ret_told,
		       uint32_t max)
{
	const struct gw_nic *way_in = find(nics, count, here);
	const char *came_by = way_in ? way_in->name : "";
	uint32_t told = 0;

	if (rules->config->advertise.count > 0)
		return choose_advertised(rules->config, nics, count, ret_told,
					 max);
	for (uint32_t i = 0; i < count && told < max; i++) {
		if (is_told(rules, &nics[i], came_by))
			ret_told[told++] =
				interface_of(rules->config, &nics[i]);
	}
	return told;
}

/* ---- this machine ---- */

struct ask {
	const struct gw_nic_rules *rules;
	uint8_t here[16];
	struct smb_interface *told;
	uint32_t max;
};

static int64_t list(void *arg)
{
	const struct ask *ask = arg;
	struct gw_nic *nics = calloc(NICS_MAX, sizeof(*nics));
	struct ifaddrs *all = NULL;
	uint32_t count = 0, told = 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (nics && getifaddrs(&all) == 0) {
		for (struct ifaddrs *at = all; at && count < NICS_MAX;
		     at = at->ifa_next) {
			if (!nic_of(at, &nics[count]))
				continue;
			ask_card(fd, &nics[count]);
			count++;
		}
		freeifaddrs(all);
		told = gw_nic_choose(ask->rules, nics, count, ask->here,
				     ask->told, ask->max);
	}
	if (fd >= 0)
		close(fd);
	free(nics);
	return told;
}

uint32_t gw_nic_co_list(const struct gw_nic_rules *rules, int fd,
			struct smb_interface *ret_told, uint32_t max)
{
	struct ask ask = { .rules = rules, .told = ret_told, .max = max };
	struct sockaddr_storage here = { .ss_family = AF_UNSPEC };
	socklen_t length = sizeof(here);
	int64_t told;

	if (getsockname(fd, (struct sockaddr *)&here, &length) == 0)
		gw_address_key(&here, ask.here);
	told = loop_co_call(NULL, list, &ask);
	return told < 0 ? 0 : (uint32_t)told;
}
