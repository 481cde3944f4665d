/*
 * Linux identities: a uid with its groups, from the system's databases.
 *
 * Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct gw_identity {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* gid among them; NULL if there is none */
	size_t count;
};

/*
 * The identity of a uid: its group and groups as the databases have them, or
 * gid = uid and nothing more where they know none. The lookups run on a hand,
 * as they may ask the network. -ENOMEM. End with gw_identity_fini().
 */
int gw_identity_co_find(uid_t uid, struct gw_identity *ret_identity);

/* The same where blocking is no matter: at start. */
int gw_identity_find(uid_t uid, struct gw_identity *ret_identity);
void gw_identity_fini(struct gw_identity *identity);

/*
 * "user" or "user:group", names or numbers: `as` of a share. Without a group,
 * ret_has_gid is false: the user's own are meant. False if it is neither, or
 * unknown. May block.
 */
bool gw_identity_parse(const char *text, uid_t *ret_uid, gid_t *ret_gid,
		       bool *ret_has_gid);

/* The name of a uid, or its number. May block. */
void gw_identity_show(uid_t uid, char *to, size_t size);
