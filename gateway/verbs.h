/*
 * What the verbs do. Each returns the process's exit code.
 *
 * Thread: main's.
 */
#pragma once

#include "gateway/cli.h"

/* Also of `mount`. */
enum gw_exit gw_verb_export(const struct gw_args *args);
enum gw_exit gw_verb_serve(const struct gw_args *args);
enum gw_exit gw_verb_check(const struct gw_args *args);
enum gw_exit gw_verb_user(const struct gw_args *args);

/* Where a configuration is if nobody says so. */
#define GW_CONFIG_FILE "/etc/smbgate/smbgate.conf"
#define GW_USERS_FILE  "/etc/smbgate/users"
