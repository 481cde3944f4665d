/*
 * The table of users: found by their upper-cased name, so that case never
 * matters, and counted one by one, so that a session may keep its user while
 * the table is replaced.
 */
#include "gateway/users.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/suggest.h"
#include "gateway/table.h"
#include "smb/wire/utf16.h"

struct entry {
	struct gw_user *user;
	UT_hash_handle hh;
	uint16_t key[GW_USER_NAME_MAX + 1];
};

struct gw_users {
	struct entry *table;
};

struct gw_user *gw_user_new(const char *name)
{
	struct gw_user *user = calloc(1, sizeof(*user));

	if (!user)
		return NULL;
	snprintf(user->smb.name, sizeof(user->smb.name), "%s", name);
	atomic_init(&user->references, 1);
	return user;
}

struct gw_user *gw_user_ref(struct gw_user *user)
{
	atomic_fetch_add_explicit(&user->references, 1, memory_order_relaxed);
	return user;
}

struct gw_user *gw_user_unref(struct gw_user *user)
{
	if (!user || atomic_fetch_sub_explicit(&user->references, 1,
					       memory_order_acq_rel) != 1)
		return NULL;
	explicit_bzero(user, sizeof(*user));
	free(user);
	return NULL;
}

struct gw_users *gw_users_new(void)
{
	return calloc(1, sizeof(struct gw_users));
}

struct gw_users *gw_users_free(struct gw_users *users)
{
	struct entry *entry, *next;

	if (!users)
		return NULL;
	HASH_ITER(hh, users->table, entry, next)
	{
		HASH_DEL(users->table, entry);
		gw_user_unref(entry->user);
		free(entry);
	}
	free(users);
	return NULL;
}

static struct entry *find(struct gw_users *users, const uint16_t *name,
			  size_t count)
{
	uint16_t key[GW_USER_NAME_MAX + 1];
	struct entry *entry;

	if (count == 0 || count > GW_USER_NAME_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++)
		key[i] = smb_upcase(name[i]);
	HASH_FIND(hh, users->table, key, count * sizeof(key[0]), entry);
	return entry;
}

bool gw_users_add(struct gw_users *users, const struct gw_user_line *line)
{
	uint16_t name[GW_USER_NAME_MAX];
	size_t count = smb_utf8_to_utf16(line->name, strlen(line->name), name,
					 GW_USER_NAME_MAX);
	struct entry *entry;

	if (count == 0 || count == SIZE_MAX || find(users, name, count))
		return false;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return false;
	entry->user = gw_user_new(line->name);
	if (!entry->user) {
		free(entry);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		entry->key[i] = smb_upcase(name[i]);
	entry->user->has_uid = line->has_uid;
	entry->user->uid = line->uid;
	entry->user->smb.is_disabled = line->is_disabled || !line->has_password;
	memcpy(entry->user->nt_hash, line->nt_hash, GW_NT_HASH_LENGTH);
	HASH_ADD_KEYPTR(hh, users->table, entry->key,
			count * sizeof(entry->key[0]), entry);
	if (find(users, name, count))
		return true;
	gw_user_unref(entry->user);
	free(entry);
	return false;
}

struct load {
	struct gw_users *users;
	struct gw_complaints *c;
};

static void load_each(void *arg, const struct gw_user_line *line,
		      const struct gw_spot *spot)
{
	struct load *load = arg;

	if (!gw_users_add(load->users, line))
		gw_complain(load->c, spot, NULL,
			    "user \"%s\" is there twice, or not in UTF-8",
			    line->name);
}

bool gw_users_load(struct gw_users *users, const char *path,
		   struct gw_complaints *c)
{
	struct load load = { .users = users, .c = c };
	unsigned int count = c->count;

	return gw_users_file_each(path, c, load_each, &load) &&
	       c->count == count;
}

struct gw_user *gw_users_find(struct gw_users *users, struct smb_name name)
{
	struct entry *entry = find(users, name.units, name.count);

	return entry ? gw_user_ref(entry->user) : NULL;
}

struct gw_user *gw_users_find_utf8(struct gw_users *users, const char *name)
{
	uint16_t units[GW_USER_NAME_MAX];
	size_t count =
		smb_utf8_to_utf16(name, strlen(name), units, GW_USER_NAME_MAX);

	if (count == SIZE_MAX)
		return NULL;
	return gw_users_find(users,
			     (struct smb_name){ units, (uint32_t)count });
}

size_t gw_users_count(struct gw_users *users)
{
	return HASH_COUNT(users->table);
}

void gw_users_each(struct gw_users *users,
		   void (*each)(void *arg, const struct gw_user *user),
		   void *arg)
{
	struct entry *entry, *next;

	HASH_ITER(hh, users->table, entry, next)
	each(arg, entry->user);
}

const char *gw_users_suggest(struct gw_users *users, const char *name)
{
	struct entry *entry, *next;
	const char *best = NULL;

	HASH_ITER(hh, users->table, entry, next)
	{
		const char *word = entry->user->smb.name;

		if (gw_suggest(name, &word, 1))
			best = word;
	}
	return best;
}
