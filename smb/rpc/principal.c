/*
 * Names of SIDs: a table of those that are the same everywhere (MS-DTYP
 * 2.4.2.4), and what the realm says of Linux' users and groups.
 */
#include "smb/rpc/principal.h"

#include <stdio.h>
#include <string.h>

#include "smb/wire/utf16.h"

enum {
	AUTHORITY_NT = 5,
	AUTHORITY_UNIX = 22,
	NT_DOMAIN = 21,
	NT_BUILTIN = 32,
};

struct domain {
	const char *name;
	struct smb_sid sid;
};

static const struct domain unix_users = {
	"Unix User",
	{ .revision = 1, .count = 1, .authority = AUTHORITY_UNIX, { 1 } },
};
static const struct domain unix_groups = {
	"Unix Group",
	{ .revision = 1, .count = 1, .authority = AUTHORITY_UNIX, { 2 } },
};
static const struct domain nt_authority = {
	"NT AUTHORITY",
	{ .revision = 1, .count = 0, .authority = AUTHORITY_NT },
};
static const struct domain builtin = {
	"BUILTIN",
	{ .revision = 1,
	  .count = 1,
	  .authority = AUTHORITY_NT,
	  { NT_BUILTIN } },
};
static const struct domain everybody = {
	"",
	{ .revision = 1, .count = 0, .authority = 1 },
};
static const struct domain creator = {
	"",
	{ .revision = 1, .count = 0, .authority = 3 },
};

static const struct {
	const struct domain *domain;
	uint32_t part;
	enum smb_sid_use use;
	const char *name;
} known[] = {
	{ &everybody, 0, SMB_SID_WELL_KNOWN, "Everyone" },
	{ &creator, 0, SMB_SID_WELL_KNOWN, "CREATOR OWNER" },
	{ &creator, 1, SMB_SID_WELL_KNOWN, "CREATOR GROUP" },
	{ &creator, 4, SMB_SID_WELL_KNOWN, "OWNER RIGHTS" },
	{ &nt_authority, 2, SMB_SID_WELL_KNOWN, "NETWORK" },
	{ &nt_authority, 4, SMB_SID_WELL_KNOWN, "INTERACTIVE" },
	{ &nt_authority, 7, SMB_SID_WELL_KNOWN, "ANONYMOUS LOGON" },
	{ &nt_authority, 11, SMB_SID_WELL_KNOWN, "Authenticated Users" },
	{ &nt_authority, 18, SMB_SID_WELL_KNOWN, "SYSTEM" },
	{ &nt_authority, 19, SMB_SID_WELL_KNOWN, "LOCAL SERVICE" },
	{ &nt_authority, 20, SMB_SID_WELL_KNOWN, "NETWORK SERVICE" },
	{ &builtin, 544, SMB_SID_ALIAS, "Administrators" },
	{ &builtin, 545, SMB_SID_ALIAS, "Users" },
	{ &builtin, 546, SMB_SID_ALIAS, "Guests" },
};

static void fill(struct smb_principal *p, const struct domain *domain,
		 uint32_t part, enum smb_sid_use use)
{
	*p = (struct smb_principal){
		.use = use,
		.sid = domain->sid,
		.domain_sid = domain->sid,
	};
	snprintf(p->domain, sizeof(p->domain), "%s", domain->name);
	p->sid.parts[p->sid.count++] = part;
}

/* Whether it is the domain's, which has one part less. */
static bool is_in(const struct smb_sid *sid, const struct smb_sid *domain)
{
	struct smb_sid above = *sid;

	if (above.count == 0)
		return false;
	above.count--;
	return smb_sid_equal(&above, domain);
}

/* ---- the server's domain ---- */

void smb_principal_of_server(const struct smb_ports *ports,
			     struct smb_principal *ret_principal)
{
	const struct smb_server_facts *server =
		ports->realm_ops->server(ports->realm);
	struct reader r = { .at = 0 };
	struct smb_principal p = {
		.use = SMB_SID_DOMAIN,
		.sid = { .revision = 1,
			 .count = 4,
			 .authority = AUTHORITY_NT,
			 .parts = { NT_DOMAIN } },
	};

	r = reader_at(server->guid, sizeof(server->guid));
	for (unsigned int i = 1; i < 4; i++)
		p.sid.parts[i] = rd_u32(&r);
	p.domain_sid = p.sid;
	snprintf(p.domain, sizeof(p.domain), "%s", server->netbios_name);
	*ret_principal = p;
}

/* ---- by SID ---- */

static bool of_id(const struct smb_ports *ports, const struct domain *domain,
		  enum smb_id_kind kind, const struct smb_sid *sid,
		  struct smb_principal *p)
{
	const struct smb_realm_ops *realm = ports->realm_ops;

	if (!realm->id_name || !is_in(sid, &domain->sid))
		return false;
	fill(p, domain, sid->parts[1],
	     kind == SMB_ID_USER ? SMB_SID_USER : SMB_SID_GROUP);
	return realm->id_name(ports->realm, kind, sid->parts[1], p->name);
}

bool smb_principal_of_sid(const struct smb_ports *ports,
			  const struct smb_sid *sid,
			  struct smb_principal *ret_principal)
{
	struct smb_principal p;

	smb_principal_of_server(ports, &p);
	if (smb_sid_equal(sid, &p.sid)) {
		*ret_principal = p;
		return true;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		fill(&p, known[i].domain, known[i].part, known[i].use);
		if (!smb_sid_equal(sid, &p.sid))
			continue;
		snprintf(p.name, sizeof(p.name), "%s", known[i].name);
		*ret_principal = p;
		return true;
	}
	if (!of_id(ports, &unix_users, SMB_ID_USER, sid, &p) &&
	    !of_id(ports, &unix_groups, SMB_ID_GROUP, sid, &p))
		return false;
	*ret_principal = p;
	return true;
}

/* ---- by name ---- */

static bool of_id_name(const struct smb_ports *ports,
		       const struct domain *domain, enum smb_id_kind kind,
		       const char *name, struct smb_principal *p)
{
	const struct smb_realm_ops *realm = ports->realm_ops;
	uint32_t id;

	if (!realm->name_id || !realm->name_id(ports->realm, kind, name, &id))
		return false;
	fill(p, domain, id, kind == SMB_ID_USER ? SMB_SID_USER : SMB_SID_GROUP);
	return realm->id_name(ports->realm, kind, id, p->name);
}

static bool may_be(const char *asked, size_t length, const char *domain)
{
	char text[sizeof((struct smb_principal){}.domain)];

	if (length >= sizeof(text))
		return false;
	memcpy(text, asked, length);
	text[length] = '\0';
	return smb_utf8_equal_nocase(text, domain);
}

static bool of_known_name(const char *asked, size_t length, const char *name,
			  struct smb_principal *p)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!smb_utf8_equal_nocase(name, known[i].name) ||
		    (length && !may_be(asked, length, known[i].domain->name)))
			continue;
		fill(p, known[i].domain, known[i].part, known[i].use);
		snprintf(p->name, sizeof(p->name), "%s", known[i].name);
		return true;
	}
	return false;
}

bool smb_principal_of_name(const struct smb_ports *ports, const char *name,
			   struct smb_principal *ret_principal)
{
	const char *slash = strchr(name, '\\'), *domain = name;
	size_t length = slash ? (size_t)(slash - name) : 0;
	struct smb_principal p, server;
	bool is_any;

	if (slash)
		name = slash + 1;
	smb_principal_of_server(ports, &server);
	/* Accounts of the server are those of Linux. */
	is_any = length == 0 || may_be(domain, length, server.domain);
	if ((length == 0 && smb_utf8_equal_nocase(name, server.domain)) ||
	    (length && is_any && *name == '\0')) {
		*ret_principal = server;
		return true;
	}
	if (!of_known_name(domain, length, name, &p) &&
	    !((is_any || may_be(domain, length, unix_users.name)) &&
	      of_id_name(ports, &unix_users, SMB_ID_USER, name, &p)) &&
	    !((is_any || may_be(domain, length, unix_groups.name)) &&
	      of_id_name(ports, &unix_groups, SMB_ID_GROUP, name, &p)))
		return false;
	*ret_principal = p;
	return true;
}

/* ---- as text ---- */

void smb_sid_show(const struct smb_sid *sid, char to[SMB_SID_TEXT_SIZE])
{
	size_t at = (size_t)snprintf(to, SMB_SID_TEXT_SIZE, "S-%u-%llu",
				     sid->revision,
				     (unsigned long long)sid->authority);

	for (unsigned int i = 0; i < sid->count; i++)
		at += (size_t)snprintf(to + at, SMB_SID_TEXT_SIZE - at, "-%u",
				       sid->parts[i]);
}
