/*
 * Two tables of names in the order of the files, of which the first that fits
 * counts, as with getpwuid(3).
 */
#include "gateway/names.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/users.h"
#include "smb/wire/utf16.h"

struct entry {
	uint32_t id;
	char *name; /* malloc */
};

struct table {
	struct entry *entries; /* malloc */
	size_t count, room;
};

struct gw_names {
	struct table tables[2]; /* by enum smb_id_kind */
};

static const struct entry *find_id(const struct table *t, uint32_t id)
{
	for (size_t i = 0; i < t->count; i++) {
		if (t->entries[i].id == id)
			return &t->entries[i];
	}
	return NULL;
}

static const struct entry *find_name(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++) {
		if (smb_utf8_equal_nocase(t->entries[i].name, name))
			return &t->entries[i];
	}
	return NULL;
}

/* False: out of memory. */
static bool add(struct table *t, uint32_t id, const char *name)
{
	uint16_t units[SMB_ID_NAME_SIZE];
	size_t length = strlen(name);

	if (length == 0 || length >= SMB_ID_NAME_SIZE || find_id(t, id) ||
	    smb_utf8_to_utf16(name, length, units, SMB_ID_NAME_SIZE) ==
		    SIZE_MAX)
		return true;
	if (t->count == t->room) {
		size_t room = t->room ? 2 * t->room : 64;
		struct entry *entries =
			reallocarray(t->entries, room, sizeof(*entries));

		if (!entries)
			return false;
		t->entries = entries;
		t->room = room;
	}
	t->entries[t->count] = (struct entry){ id, strdup(name) };
	return t->entries[t->count++].name;
}

static bool read_files(struct gw_names *names, FILE *passwd, FILE *group)
{
	const struct passwd *user;
	const struct group *g;

	while (passwd && (user = fgetpwent(passwd))) {
		if (!add(&names->tables[SMB_ID_USER], user->pw_uid,
			 user->pw_name))
			return false;
	}
	while (group && (g = fgetgrent(group))) {
		if (!add(&names->tables[SMB_ID_GROUP], g->gr_gid, g->gr_name))
			return false;
	}
	return true;
}

struct gw_names *gw_names_new(FILE *passwd, FILE *group)
{
	struct gw_names *names = calloc(1, sizeof(*names));

	if (names && !read_files(names, passwd, group))
		return gw_names_free(names);
	return names;
}

struct gw_names *gw_names_free(struct gw_names *names)
{
	for (size_t k = 0; names && k < 2; k++) {
		for (size_t i = 0; i < names->tables[k].count; i++)
			free(names->tables[k].entries[i].name);
		free(names->tables[k].entries);
	}
	free(names);
	return NULL;
}

struct adding {
	struct gw_names *names;
	bool ok;
};

static void add_user(void *arg, const struct gw_user *user)
{
	struct adding *a = arg;

	if (user->has_uid)
		a->ok &= add(&a->names->tables[SMB_ID_USER], user->uid,
			     user->smb.name);
}

bool gw_names_add_users(struct gw_names *names, struct gw_users *users)
{
	struct adding a = { names, true };

	gw_users_each(users, add_user, &a);
	return a.ok;
}

bool gw_names_name(const struct gw_names *names, enum smb_id_kind kind,
		   uint32_t id, char ret_name[SMB_ID_NAME_SIZE])
{
	const struct entry *e = find_id(&names->tables[kind], id);

	if (e)
		strcpy(ret_name, e->name);
	return e;
}

bool gw_names_id(const struct gw_names *names, enum smb_id_kind kind,
		 const char *name, uint32_t *ret_id)
{
	const struct entry *e = find_name(&names->tables[kind], name);

	if (e)
		*ret_id = e->id;
	return e;
}
