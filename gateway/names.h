/*
 * What the users and groups of this machine are called, for those who look at
 * permissions: the local ones of /etc/passwd and /etc/group, and accounts of
 * ours that have a uid. Read once; no directory service is asked.
 *
 * Thread: frozen; any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "smb/ports.h"

struct gw_users;
struct gw_names;

/*
 * Reads lines as passwd(5) and group(5) have them; NULL: none. Lines that make
 * no sense are passed over. NULL: out of memory.
 */
struct gw_names *gw_names_new(FILE *passwd, FILE *group);
struct gw_names *gw_names_free(struct gw_names *names);

/* Adds the accounts' names of uids that have none yet. False: no memory. */
bool gw_names_add_users(struct gw_names *names, struct gw_users *users);

/* As smb_realm_ops has it. */
bool gw_names_name(const struct gw_names *names, enum smb_id_kind kind,
		   uint32_t id, char ret_name[SMB_ID_NAME_SIZE]);
bool gw_names_id(const struct gw_names *names, enum smb_id_kind kind,
		 const char *name, uint32_t *ret_id);
