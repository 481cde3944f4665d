/*
 * A server in this process, on a free port of loopback, that exports an empty
 * directory as the share s to ann, whose password is "secret".
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/fsa/fsa.h"
#include "gateway/run.h"
#include "gateway/server.h"

struct served {
	struct fsa *fsa;
	struct gw_config config;
	struct gw_server server;
	struct smb_server_facts facts;
	char directory[64];
};

/* In a new directory below `top`; `settings` are some more of the server's. */
static inline void served_start(struct served *s, const char *top, int engine,
				const char *settings)
{
	struct gw_complaints c = { .to = stderr };
	struct gw_sockets sockets;
	struct gw_snapshot *snapshot;
	char text[400];

	snprintf(s->directory, sizeof(s->directory), "%s/smbgate.XXXXXX", top);
	assert_non_null(mkdtemp(s->directory));
	snprintf(text, sizeof(text),
		 "server = { listen = [ \"127.0.0.1:0\" ]; %s };\n"
		 "users = ( { name = \"ann\";\n" /* "secret" */
		 "  nt_hash = \"878D8014606CDA29677A44EFA1353FC7\"; } );\n"
		 "shares = ( { name = \"s\"; path = \"%s\"; } );\n",
		 settings, s->directory);
	s->fsa = fsa_new();
	assert_true(gw_config_parse(text, "x", ".", &s->config, &c));
	s->config.engine = engine;
	assert_int_equal(gw_run_facts(&s->config, &s->facts), 0);
	assert_int_equal(gw_snapshot_new(&s->config, s->fsa, NULL, &c,
					 &snapshot),
			 GW_EXIT_OK);
	assert_true(gw_listen_open(&s->config, &sockets, stderr));
	assert_int_not_equal(gw_address_port(&sockets.items[0].address), 0);
	assert_int_equal(gw_server_start(&s->server, &s->config,
					 gw_realm_new(&s->facts, false,
						      snapshot),
					 &sockets),
			 0);
}

static inline void served_stop(struct served *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, GW_SIGNAL_WORKER);
	gw_server_stop(&s->server);
	while (atomic_load(&s->server.workers_alive) > 0)
		sigwaitinfo(&set, NULL);
	gw_server_fini(&s->server);
	s->fsa = fsa_free(s->fsa);
	gw_config_fini(&s->config);
	rmdir(s->directory);
}
