/*
 * Runs a server from its configuration to its end.
 *
 * Thread: main's.
 */
#pragma once

#include "gateway/cli.h"
#include "gateway/config.h"
#include "gateway/listen.h"
#include "gateway/realm.h"

struct gw_run;

/* What differs between `export` and `serve`. */
struct gw_run_how {
	const struct gw_config *config;
	const char *config_file; /* is read again on SIGHUP; or NULL */
	/* Called once when it listens; `engine` is loop_engine_name()'s. */
	void (*ready)(const struct gw_run_how *how, const char *engine,
		      const struct gw_snapshot *snapshot,
		      const struct gw_sockets *sockets);
	const void *arg; /* for ready() */
};

/* Returns when a signal has ended it, or at once with what is wrong. */
enum gw_exit gw_run(const struct gw_run_how *how);

/* The server's facts as a configuration has them; -errno of gw_guid(). */
int gw_run_facts(const struct gw_config *config,
		 struct smb_server_facts *ret_facts);

/* Which engine a configuration gets here; text: why (loop_probe()). */
enum loop_engine gw_run_engine(const struct gw_config *config, char text[256]);
