/*
 * A configuration from the environment, for containers (`serve --env`):
 *
 *   SMBGATE_SHARE_media=/srv/media:ro:alice,bob
 *                            a share; "ro" or "rw" (rw), who may use it (all)
 *   SMBGATE_USER=alice       users beside those that shares name
 *   SMBGATE_PASSWORD_FILE=…  the password of the first of SMBGATE_USER
 *   SMBGATE_PASSWORD=…       the same itself: visible to whoever sees the
 *                            container's settings
 *   SMBGATE_LISTEN=:1445     addresses, by commas
 *   SMBGATE_STATE_DIR, SMBGATE_LOG, SMBGATE_ENGINE, SMBGATE_SIGNING,
 *   SMBGATE_ENCRYPTION       as the keys of the configuration
 *
 * The password of any other user NAME is the first line of /run/secrets/NAME,
 * or of what $CREDENTIALS_DIRECTORY has by that name. A user who has none gets
 * a generated one, which is kept in the state directory. Other variables that
 * begin with SMBGATE_ are mistakes.
 */
#pragma once

#include <stdbool.h>

#include "gateway/complain.h"
#include "gateway/config.h"

struct gw_env {
	char *const *variables;  /* environ */
	const char *secrets;     /* a directory: a file a user */
	const char *credentials; /* another one, or NULL */
	const char *state_dir;   /* where none is named; or NULL */
};

/*
 * Fills a configuration, which the caller has initialised and finishes in any
 * case. False after a complaint.
 */
bool gw_env_load(const struct gw_env *env, struct gw_config *config,
		 struct gw_complaints *c);
