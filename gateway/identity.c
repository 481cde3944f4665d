/*
 * Asks passwd and group. The databases may be anywhere (files, LDAP), so that
 * at run time only a hand may ask.
 */
#include "gateway/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/limits.h"
#include "gateway/loop/loop.h"

enum {
	RECORD_MAX = 1024 * 1024
};

/* A record with its buffer; free the buffer. False: unknown. */
static bool passwd_of(const char *name, uid_t uid, struct passwd *ret_record,
		      char **ret_buffer)
{
	struct passwd *found = NULL;
	char *buffer = NULL;
	int err = ERANGE;

	for (size_t size = 4096; err == ERANGE && size <= RECORD_MAX;
	     size *= 4) {
		free(buffer);
		buffer = malloc(size);
		if (!buffer)
			return false;
		err = name ? getpwnam_r(name, ret_record, buffer, size, &found)
			   : getpwuid_r(uid, ret_record, buffer, size, &found);
	}
	if (err != 0 || !found) {
		free(buffer);
		return false;
	}
	*ret_buffer = buffer;
	return true;
}

static int groups_of(const struct passwd *record, struct gw_identity *identity)
{
	for (int room = 64; room <= GW_GROUPS_MAX; room *= 4) {
		gid_t *groups = reallocarray(identity->groups, (size_t)room,
					     sizeof(*groups));
		int count = room;

		if (!groups)
			return -ENOMEM;
		identity->groups = groups;
		if (getgrouplist(record->pw_name, record->pw_gid, groups,
				 &count) >= 0) {
			identity->count = (size_t)count;
			return 0;
		}
	}
	return -E2BIG;
}

int gw_identity_find(uid_t uid, struct gw_identity *ret_identity)
{
	struct gw_identity identity = { .uid = uid, .gid = (gid_t)uid };
	struct passwd record;
	char *buffer;
	int err;

	if (!passwd_of(NULL, uid, &record, &buffer)) {
		*ret_identity = identity;
		return 0;
	}
	identity.gid = record.pw_gid;
	err = groups_of(&record, &identity);
	free(buffer);
	if (err < 0) {
		free(identity.groups);
		return err;
	}
	*ret_identity = identity;
	return 0;
}

static int64_t find_on_hand(void *arg)
{
	struct gw_identity *identity = arg;

	return gw_identity_find(identity->uid, identity);
}

int gw_identity_co_find(uid_t uid, struct gw_identity *ret_identity)
{
	struct gw_identity identity = { .uid = uid };
	int err = (int)loop_co_call(NULL, find_on_hand, &identity);

	if (err == 0)
		*ret_identity = identity;
	return err;
}

void gw_identity_fini(struct gw_identity *identity)
{
	free(identity->groups);
	*identity = (struct gw_identity){ 0 };
}

static bool number_parse(const char *text, uint32_t *ret_number)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || number >= UINT32_MAX)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

static bool uid_parse(const char *text, uid_t *ret_uid)
{
	struct passwd record;
	char *buffer;

	if (number_parse(text, ret_uid))
		return true;
	if (!passwd_of(text, 0, &record, &buffer))
		return false;
	*ret_uid = record.pw_uid;
	free(buffer);
	return true;
}

static bool gid_parse(const char *text, gid_t *ret_gid)
{
	char buffer[65536];
	struct group record, *found;

	if (number_parse(text, ret_gid))
		return true;
	if (getgrnam_r(text, &record, buffer, sizeof(buffer), &found) != 0 ||
	    !found)
		return false;
	*ret_gid = record.gr_gid;
	return true;
}

bool gw_identity_parse(const char *text, uid_t *ret_uid, gid_t *ret_gid,
		       bool *ret_has_gid)
{
	char user[256];
	size_t length = strcspn(text, ":");
	gid_t gid = 0;

	if (length == 0 || length >= sizeof(user))
		return false;
	memcpy(user, text, length);
	user[length] = '\0';
	if (text[length] == ':' && !gid_parse(text + length + 1, &gid))
		return false;
	if (!uid_parse(user, ret_uid))
		return false;
	*ret_gid = gid;
	*ret_has_gid = text[length] == ':';
	return true;
}

void gw_identity_show(uid_t uid, char *to, size_t size)
{
	struct passwd record;
	char *buffer;

	if (!passwd_of(NULL, uid, &record, &buffer)) {
		snprintf(to, size, "%u", uid);
		return;
	}
	snprintf(to, size, "%s", record.pw_name);
	free(buffer);
}
