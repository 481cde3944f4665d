/*
 * What `smbgate export` prints: lines to copy to each kind of client.
 *
 * Thread: main's.
 */
#pragma once

#include <stdio.h>

#include "gateway/config.h"
#include "gateway/listen.h"
#include "gateway/realm.h"

struct gw_banner {
	const struct gw_config *config;
	const struct gw_share *share;
	const struct gw_sockets *sockets;
	const char *engine;   /* loop_engine_name() */
	const char *user;     /* NULL: a users file, or guests only */
	const char *password; /* NULL: known to the user */
};

void gw_banner(const struct gw_banner *banner, FILE *out);
