/*
 * Sockets to listen on. Port 445 is privileged on most hosts: who may not have
 * it is told the ways out, and never silently given another port, as Windows'
 * Explorer uses no other.
 */
#include "gateway/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BACKLOG = 1024,
	FIRST_INHERITED = 3
};

size_t gw_listen_addresses(const struct gw_config *config,
			   struct gw_address ret_addresses[GW_LISTEN_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < config->listen.count && count < GW_LISTEN_MAX;
	     i++) {
		if (gw_address_parse(config->listen.items[i], GW_SMB_PORT,
				     &ret_addresses[count]))
			count++;
	}
	if (config->listen.count == 0)
		gw_address_any(GW_SMB_PORT, &ret_addresses[count++]);
	return count;
}

/* [::] takes IPv4 along, unless 0.0.0.0 is listed beside it. */
static bool is_v6_only(const struct gw_config *config,
		       const struct gw_address *address)
{
	struct gw_address all[GW_LISTEN_MAX];
	size_t count = gw_listen_addresses(config, all);

	for (size_t i = 0; i < count; i++) {
		if (all[i].sa.ss_family == AF_INET &&
		    gw_address_port(&all[i]) == gw_address_port(address))
			return true;
	}
	return !gw_address_is_any(address);
}

static int bind_socket(const struct gw_config *config,
		       const struct gw_address *address)
{
	int family = address->sa.ss_family;
	int on = 1, only = family == AF_INET6 && is_v6_only(config, address);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY,
					      &only, sizeof(only)) < 0) ||
	    bind(fd, (const struct sockaddr *)&address->sa, address->length) <
		    0 ||
	    listen(fd, BACKLOG) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int gw_listen_try(const struct gw_config *config,
		  const struct gw_address *address)
{
	int fd = bind_socket(config, address);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static void tell_not_permitted(const struct gw_address *address, FILE *errors)
{
	char self[4096] = "smbgate";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n > 0)
		self[n] = '\0';
	fprintf(errors,
		"smbgate: cannot bind %s: not permitted. Either:\n"
		"  sudo setcap cap_net_bind_service=+ep %s\n"
		"  sudo systemctl enable --now smbgate.socket   (the service)\n"
		"  --port 1445, or listen = [ \":1445\" ]\n"
		"Explorer can use port 445 only; Windows 11 24H2: "
		"net use /TCPPORT:1445\n",
		address->text, self);
}

static void tell(const struct gw_address *address, int err, FILE *errors)
{
	if (err == -EACCES || err == -EPERM) {
		tell_not_permitted(address, errors);
		return;
	}
	fprintf(errors, "smbgate: cannot bind %s: %s\n", address->text,
		strerror(-err));
	if (err == -EADDRINUSE)
		fprintf(errors,
			"  ss -ltnp 'sport = :%u' tells who has it (Samba: "
			"systemctl stop smbd)\n",
			gw_address_port(address));
}

static bool sockets_add(struct gw_sockets *sockets, int fd)
{
	struct gw_socket *s = &sockets->items[sockets->count];

	*s = (struct gw_socket){ .fd = fd };
	s->address.length = sizeof(s->address.sa);
	if (getsockname(fd, (struct sockaddr *)&s->address.sa,
			&s->address.length) < 0)
		return false;
	gw_address_show(&s->address.sa, s->address.text,
			sizeof(s->address.text));
	sockets->count++;
	return true;
}

/* What systemd has bound for us (sd_listen_fds(3)): how many. */
static size_t inherit(struct gw_sockets *sockets)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");
	long fds = count ? strtol(count, NULL, 10) : 0;

	if (!pid || strtol(pid, NULL, 10) != (long)getpid())
		return 0;
	for (int fd = FIRST_INHERITED;
	     fd < FIRST_INHERITED + fds && sockets->count < GW_LISTEN_MAX;
	     fd++) {
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
			sockets_add(sockets, fd);
	}
	return sockets->count;
}

/* Where there is no IPv6, all addresses are those of IPv4. */
static int bind_any(const struct gw_config *config, struct gw_address *address)
{
	int fd = bind_socket(config, address);

	if (fd == -EAFNOSUPPORT && config->listen.count == 0 &&
	    gw_address_parse("0.0.0.0", GW_SMB_PORT, address))
		fd = bind_socket(config, address);
	return fd;
}

bool gw_listen_open(const struct gw_config *config,
		    struct gw_sockets *ret_sockets, FILE *errors)
{
	struct gw_address addresses[GW_LISTEN_MAX];
	size_t count = gw_listen_addresses(config, addresses);

	ret_sockets->count = 0;
	if (inherit(ret_sockets) > 0)
		return true;
	for (size_t i = 0; i < count; i++) {
		int fd = bind_any(config, &addresses[i]);

		if (fd >= 0 && sockets_add(ret_sockets, fd))
			continue;
		tell(&addresses[i], fd < 0 ? fd : -errno, errors);
		if (fd >= 0)
			close(fd);
		gw_listen_close(ret_sockets);
		return false;
	}
	return true;
}

void gw_listen_close(struct gw_sockets *sockets)
{
	while (sockets->count > 0)
		close(sockets->items[--sockets->count].fd);
}
