/*
 * The banner: share, user, and one line for each system, with addresses that
 * a client could really use.
 */
#include "gateway/banner.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/address.h"
#include "gateway/net.h"

/* The address to show: the first that is not "all", else one of this host. */
static void find_host(const struct gw_sockets *sockets, char to[GW_HOST_SIZE],
		      unsigned int *ret_port)
{
	char hosts[GW_HOSTS_MAX][GW_HOST_SIZE];
	const struct gw_address *a = &sockets->items[0].address;
	const char *text = a->text;
	size_t length;

	*ret_port = gw_address_port(a);
	if (gw_address_is_any(a)) {
		gw_net_hosts(hosts);
		snprintf(to, GW_HOST_SIZE, "%s", hosts[0]);
		return;
	}
	length = (size_t)(strrchr(text, ':') - text);
	if (text[0] == '[') {
		text++;
		length -= 2;
	}
	snprintf(to, GW_HOST_SIZE, "%.*s", (int)length, text);
}

/* IPv6 addresses have no place in a UNC path but in this form. */
static void unc_host(const char *host, char to[GW_HOST_SIZE + 24])
{
	snprintf(to, GW_HOST_SIZE + 24, "%s%s", host,
		 strchr(host, ':') ? ".ipv6-literal.net" : "");
	for (char *c = to; strchr(host, ':') && (c = strchr(c, ':')); c++)
		*c = '-';
}

static void print_windows(const struct gw_banner *b, const char *host,
			  unsigned int port, FILE *out)
{
	const char *name = gw_share_facts(b->share)->name;
	char unc[GW_HOST_SIZE + 24];

	unc_host(host, unc);
	fprintf(out, "  Windows   net use * \\\\%s\\%s", unc, name);
	if (b->user)
		fprintf(out, " /user:%s", b->user);
	if (port == GW_SMB_PORT)
		fprintf(out, "   Explorer: \\\\%s\\%s\n", unc, name);
	else
		fprintf(out, " /TCPPORT:%u   (Windows 11 24H2 and later)\n",
			port);
}

static void print_lines(const struct gw_banner *b, FILE *out)
{
	const char *name = gw_share_facts(b->share)->name;
	char host[GW_HOST_SIZE], where[GW_HOST_SIZE + 10];
	const char *user = b->user ? b->user : "USER";
	unsigned int port;

	find_host(b->sockets, host, &port);
	snprintf(where, sizeof(where), strchr(host, ':') ? "[%s]" : "%s", host);
	if (port != GW_SMB_PORT)
		snprintf(where + strlen(where), sizeof(where) - strlen(where),
			 ":%u", port);
	fprintf(out, "  macOS     open smb://%s%s%s/%s\n",
		b->user ? b->user : "", b->user ? "@" : "", where, name);
	print_windows(b, host, port, out);
	fprintf(out, "  Linux     sudo mount -t cifs //%s/%s /mnt -o ", host,
		name);
	if (b->config->guest && !b->user)
		fprintf(out, "guest");
	else
		fprintf(out, "username=%s", user);
	if (port != GW_SMB_PORT)
		fprintf(out, ",port=%u", port);
	fprintf(out, "\n            smbclient //%s/%s", host, name);
	if (b->config->guest && !b->user)
		fprintf(out, " -N");
	else
		fprintf(out, " -U %s", user);
	if (port != GW_SMB_PORT)
		fprintf(out, " -p %u", port);
	fputc('\n', out);
}

static void print_user(const struct gw_banner *b, FILE *out)
{
	if (b->user && b->password)
		fprintf(out, "  user      %s   password  %s\n", b->user,
			b->password);
	else if (b->user)
		fprintf(out, "  user      %s\n", b->user);
	else if (b->config->users_file)
		fprintf(out, "  users     of %s\n", b->config->users_file);
	if (b->config->guest)
		fprintf(out,
			"  guests    admitted; Windows 11 and others refuse "
			"to be one\n");
}

void gw_banner(const struct gw_banner *b, FILE *out)
{
	const struct gw_identity *as = gw_share_as(b->share);
	char owner[128];

	gw_identity_show(as->uid, owner, sizeof(owner));
	fprintf(out, "  share     %s  (%s, files owned by %s)   engine %s\n",
		gw_share_facts(b->share)->name,
		gw_share_is_read_only(b->share) ? "read-only" : "read-write",
		owner, b->engine);
	print_user(b, out);
	print_lines(b, out);
	fprintf(out, "  stop with Ctrl-C\n");
	fflush(out);
}
