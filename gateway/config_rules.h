/*
 * What must hold between keys of a configuration that has been read.
 *
 * Thread: any; pure.
 */
#pragma once

#include "gateway/complain.h"
#include "gateway/config.h"

/* `text` is that of the file, to show lines of it; or NULL. */
void gw_config_rules(const struct gw_config *config, const char *text,
		     struct gw_complaints *c);
