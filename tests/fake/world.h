/*
 * All fakes around one engine, and clients on lines to it: what most tests of
 * smb/ start from. A realm with the account "ann", the shares "home" and
 * "vault" (which demands encryption).
 */
#pragma once

#include "smb/smb.h"
#include "tests/client/client.h"
#include "tests/fake/host.h"
#include "tests/fake/objects.h"
#include "tests/fake/realm.h"
#include "tests/fake/wire.h"

#define WORLD_PASSWORD "Secret-1"

struct world {
	struct fake_host host;
	struct fake_realm realm;
	struct smb_ports ports;
	struct smb_engine *engine;
	struct smb_volume *home, *vault;
};

/* A connection and who speaks on it. */
struct line {
	struct world *world;
	struct fake_wire wire;
	struct client client;
	bool is_patient; /* lets time pass when no answer has come */
};

/* The facts may be changed before the first line. */
void world_init(struct world *world);

/* Fails if anything is left over. */
void world_fini(struct world *world);

void line_init(struct line *line, struct world *world);

/* Hangs up, unless that was done. */
void line_fini(struct line *line);

/* Negotiates the dialect and logs ann on; fails if that fails. */
void line_log_on(struct line *line, uint16_t dialect,
		 struct client_session *session);

/* The same, and a tree of "home". */
uint32_t line_connect(struct line *line, uint16_t dialect,
		      struct client_session *session);
