/*
 * Puts the fakes together and takes them apart.
 */
#include "tests/fake/world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void world_init(struct world *world)
{
	*world = (struct world){};
	fake_host_init(&world->host);
	fake_objects_init(&world->host);
	fake_realm_init(&world->realm);
	world->realm.facts.encryption = SMB_POLICY_DESIRED;
	world->realm.facts.credits_max = 8192;
	fake_realm_add_account(&world->realm, "ann", WORLD_PASSWORD);
	fake_realm_add_account(&world->realm, "bob", "Other-2");
	world->home = fake_realm_add_share(&world->realm, "home", "files");
	world->vault = fake_realm_add_share(&world->realm, "vault", "sealed");
	world->vault->facts.must_encrypt = true;
	world->ports = (struct smb_ports){
		.host_ops = &fake_host_ops,
		.host = &world->host,
		.realm_ops = &fake_realm_ops,
		.realm = &world->realm,
		.object_ops = &fake_object_ops,
	};
	world->engine = smb_engine_new(&world->ports, 3);
	assert(world->engine);
}

static void co_stop(void *arg)
{
	smb_engine_co_stop(arg);
}

void world_fini(struct world *world)
{
	struct smb_engine_counts counts;

	fake_host_run(&world->host);
	if (!fake_host_call(&world->host, co_stop, world->engine))
		assert(!"opens are not closed");
	smb_engine_count(world->engine, &counts);
	assert(counts.channels == 0);
	assert(counts.sessions == 0);
	assert(counts.trees == 0);
	assert(counts.opens == 0);
	assert(counts.requests == 0);
	assert(counts.disconnected == 0);
	world->engine = smb_engine_free(world->engine);
	assert(world->realm.references == 0);
	fake_objects_fini();
	fake_host_fini(&world->host);
}

static bool line_send(void *link, const uint8_t *bytes, size_t length)
{
	struct line *line = link;

	return fake_wire_put(&line->wire, bytes, length);
}

static uint8_t *line_receive(void *link, size_t *ret_length)
{
	struct line *line = link;

	if (line->wire.count == 0 && line->is_patient)
		fake_host_advance(&line->world->host, 3000);
	return fake_wire_take(&line->wire, ret_length);
}

void line_init(struct line *line, struct world *world)
{
	*line = (struct line){ .world = world };
	struct client_link link = {
		.send = line_send,
		.receive = line_receive,
		.link = line,
	};

	fake_wire_init(&line->wire, &world->host, world->engine);
	client_init(&line->client, &link);
}

void line_fini(struct line *line)
{
	struct client *c = &line->client;

	fake_wire_hang_up(&line->wire);
	for (size_t i = 0; i < sizeof(c->sessions) / sizeof(c->sessions[0]);
	     i++) {
		if (c->sessions[i])
			client_session_fini(c, c->sessions[i]);
	}
	client_fini(c);
}

void line_log_on(struct line *line, uint16_t dialect,
		 struct client_session *session)
{
	struct client *c = &line->client;

	*session = (struct client_session){};
	if (client_negotiate_dialect(c, dialect) != 0)
		assert(!"no NEGOTIATE");
	c->credits_asked = 64;
	if (client_logon(c, session, "ann", WORLD_PASSWORD) != 0)
		assert(!"no logon");
	assert(!c->has_bad_signature);
	session->signs = true;
}

uint32_t line_connect(struct line *line, uint16_t dialect,
		      struct client_session *session)
{
	uint32_t tree_id = 0;

	line_log_on(line, dialect, session);
	if (client_tree(&line->client, session, "\\\\srv\\home", &tree_id) != 0)
		assert(!"no tree");
	return tree_id;
}
