/*
 * `smbgate serve`: a configuration, until a signal.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/env.h"
#include "gateway/run.h"
#include "gateway/verbs.h"

static void ready(const struct gw_run_how *how, const char *engine,
		  const struct gw_snapshot *snapshot,
		  const struct gw_sockets *sockets)
{
	(void)how;
	(void)engine;
	(void)snapshot;
	for (size_t i = 0; i < sockets->count; i++)
		gw_log(GW_LOG_INFO, "listening on %s",
		       sockets->items[i].address.text);
}

/* From the file, or from the environment: then there is no file. */
static bool load(const struct gw_args *args, struct gw_run_how *how,
		 struct gw_config *config, struct gw_complaints *c)
{
	const struct gw_env env = {
		.variables = environ,
		.secrets = "/run/secrets",
		.credentials = getenv("CREDENTIALS_DIRECTORY"),
		.state_dir = getenv("STATE_DIRECTORY"),
	};

	if (!args->env) {
		how->config_file = args->config ? args->config : GW_CONFIG_FILE;
		return gw_config_load(how->config_file, config, c);
	}
	gw_config_init(config);
	return gw_env_load(&env, config, c);
}

enum gw_exit gw_verb_serve(const struct gw_args *args)
{
	struct gw_complaints c = { .to = stderr };
	struct gw_config config;
	struct gw_run_how how = {
		.config = &config,
		.ready = ready,
	};
	enum gw_exit exit = GW_EXIT_CONFIG;

	if (load(args, &how, &config, &c)) {
		if (args->engine >= 0)
			config.engine = args->engine;
		if (args->log >= 0)
			config.log_level = args->log;
		config.programs_may_come_late = true;
		exit = gw_run(&how);
	}
	gw_config_fini(&config);
	return exit;
}
