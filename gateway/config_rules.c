/*
 * Rules between keys: what a table of single keys can't say. Whether paths and
 * users exist is not asked here, but at the start (realm.c) and by `check`.
 */
#include "gateway/config_rules.h"

#include <string.h>
#include <strings.h>

#include "fuse/command.h"
#include "gateway/limits.h"

struct rules {
	const struct gw_config *config;
	const char *text;
	struct gw_complaints *c;
};

static struct gw_spot spot_at(const struct rules *r, int line)
{
	return (struct gw_spot){ .file = r->config->file,
				 .line = (unsigned int)line,
				 .text = r->text };
}

static void rule_dialects(const struct rules *r)
{
	struct gw_spot spot = spot_at(r, 0);

	if (r->config->min_dialect > r->config->max_dialect)
		gw_complain(r->c, &spot, NULL,
			    "server: min_dialect is above max_dialect");
	if (r->config->encryption == SMB_POLICY_REQUIRED &&
	    r->config->max_dialect < 0x0300)
		gw_complain(r->c, &spot, NULL,
			    "server: encryption needs max_dialect \"3.0\" or "
			    "later");
}

static void rule_listen(const struct rules *r)
{
	struct gw_spot spot = spot_at(r, 0);

	if (r->config->listen.count > GW_LISTEN_MAX)
		gw_complain(r->c, &spot, NULL,
			    "server: %d addresses to listen on at most",
			    GW_LISTEN_MAX);
}

static void rule_interface(const struct rules *r,
			   const struct gw_interface_config *interface)
{
	struct gw_spot spot = spot_at(r, interface->line);

	if (!interface->name)
		gw_complain(r->c, &spot, NULL, "an interface without a name");
}

static int secret_count(const struct gw_account *a)
{
	return (a->password_file != NULL) + (a->password_env != NULL) +
	       (a->nt_hash != NULL) + (a->nt_hash_file != NULL);
}

static void rule_account(const struct rules *r, const struct gw_account *a)
{
	struct gw_spot spot = spot_at(r, a->line);

	if (!a->name) {
		gw_complain(r->c, &spot, NULL, "a user without a name");
		return;
	}
	if (secret_count(a) != 1)
		gw_complain(r->c, &spot,
			    "one of password_file, password_env, nt_hash and "
			    "nt_hash_file",
			    "user \"%s\" has %s", a->name,
			    secret_count(a) ? "more than one secret"
					    : "no secret");
	for (const struct gw_account *b = r->config->users.items; b < a; b++) {
		if (b->name && strcasecmp(a->name, b->name) == 0)
			gw_complain(r->c, &spot, NULL,
				    "user \"%s\" is there already, in line %d",
				    a->name, b->line);
	}
}

static void rule_source(const struct rules *r, const struct gw_share_config *s)
{
	const char *const *words = (const char *const *)s->mount.items;
	struct gw_spot spot = spot_at(r, s->line);
	const char *fault;

	if (!s->path && !s->mount.count)
		gw_complain(r->c, &spot, NULL, "share \"%s\" has no path",
			    s->name);
	if (s->path && s->mount.count)
		gw_complain(r->c, &spot, NULL,
			    "share \"%s\" has both path and mount", s->name);
	fault = s->mount.count ? fusefs_command_fault(words, s->mount.count)
			       : NULL;
	if (fault)
		gw_complain(
			r->c, &spot,
			"mount = [ \"mergerfs\", \"-f\", \"/a:/b\", \"{}\" ];",
			"share \"%s\": mount: %s", s->name, fault);
}

static void rule_share(const struct rules *r, const struct gw_share_config *s)
{
	struct gw_spot spot = spot_at(r, s->line);

	if (!s->name) {
		gw_complain(r->c, &spot, NULL, "a share without a name");
		return;
	}
	rule_source(r, s);
	if (s->guest && !r->config->guest)
		gw_complain(r->c, &spot,
			    "set server = { guest = true; … } as well; most "
			    "Windows clients refuse guests",
			    "share \"%s\" admits guests but the server does "
			    "not",
			    s->name);
	if (s->encryption == SMB_POLICY_REQUIRED &&
	    (r->config->encryption == SMB_POLICY_OFF ||
	     r->config->max_dialect < 0x0300))
		gw_complain(r->c, &spot, NULL,
			    "share \"%s\" requires encryption but the server "
			    "has none",
			    s->name);
	for (const struct gw_share_config *b = r->config->shares.items; b < s;
	     b++) {
		if (b->name && strcasecmp(s->name, b->name) == 0)
			gw_complain(r->c, &spot,
				    "clients don't tell upper case from lower",
				    "share \"%s\" is there already, in line %d",
				    s->name, b->line);
	}
}

void gw_config_rules(const struct gw_config *config, const char *text,
		     struct gw_complaints *c)
{
	struct rules r = { .config = config, .text = text, .c = c };

	rule_dialects(&r);
	rule_listen(&r);
	for (size_t i = 0; i < config->users.count; i++)
		rule_account(&r, &config->users.items[i]);
	for (size_t i = 0; i < config->interfaces.count; i++)
		rule_interface(&r, &config->interfaces.items[i]);
	for (size_t i = 0; i < config->shares.count; i++)
		rule_share(&r, &config->shares.items[i]);
	if (config->shares.count == 0) {
		struct gw_spot spot = spot_at(&r, 0);

		gw_complain(c, &spot,
			    "shares = ( { name = \"media\"; "
			    "path = \"/srv/media\"; } );",
			    "nothing to share: there are no shares");
	}
}
