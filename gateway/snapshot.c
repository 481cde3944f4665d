/*
 * A snapshot: users and shares as one configuration has them, complete before
 * anybody sees it.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/names.h"
#include "gateway/programs.h"
#include "gateway/realm.h"
#include "gateway/share.h"
#include "gateway/snapshot.h"

struct gw_snapshot *gw_snapshot_ref(struct gw_snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->references, 1,
				  memory_order_relaxed);
	return snapshot;
}

struct gw_snapshot *gw_snapshot_unref(struct gw_snapshot *snapshot)
{
	if (!snapshot || atomic_fetch_sub_explicit(&snapshot->references, 1,
						   memory_order_acq_rel) != 1)
		return NULL;
	for (size_t i = 0; i < snapshot->share_count; i++)
		gw_share_unref(snapshot->shares[i]);
	free(snapshot->shares);
	gw_names_free(snapshot->names);
	gw_users_free(snapshot->users);
	free(snapshot);
	return NULL;
}

struct fsa *gw_snapshot_fsa(const struct gw_snapshot *snapshot)
{
	return snapshot->fsa;
}

struct gw_users *gw_snapshot_users(const struct gw_snapshot *snapshot)
{
	return snapshot->users;
}

size_t gw_snapshot_share_count(const struct gw_snapshot *snapshot)
{
	return snapshot->share_count;
}

const struct gw_share *gw_snapshot_share(const struct gw_snapshot *snapshot,
					 size_t index)
{
	return snapshot->shares[index];
}

/* What the snapshot is made of, and what it says about mistakes. */
struct making {
	const struct gw_config *config;
	const struct gw_snapshot *before;
	struct gw_snapshot *snapshot;
	struct fsa *fsa;
	struct gw_complaints *c;
};

static struct gw_spot spot_at(const struct making *m, int line)
{
	return (struct gw_spot){
		.file = m->config->file ? m->config->file : "smbgate",
		.line = (unsigned int)line,
	};
}

/* ---- users ---- */

static bool hash_of_file(const char *path, const struct gw_spot *spot,
			 struct gw_complaints *c, uint8_t hash[])
{
	char *text;
	bool ok;

	if (!gw_password_of_file(path, spot, c, &text))
		return false;
	ok = strlen(text) == 2 * GW_NT_HASH_LENGTH &&
	     gw_nt_hash_parse(text, hash);
	if (!ok)
		gw_complain(c, spot, NULL,
			    "%s: an NT hash has 32 hexadecimal digits", path);
	gw_secret_free(text);
	return ok;
}

static bool hash_of_password(const char *password, const struct gw_spot *spot,
			     struct gw_complaints *c, uint8_t hash[])
{
	if (password && *password && gw_nt_hash(password, hash))
		return true;
	gw_complain(c, spot, NULL, "the password is %s",
		    password && *password ? "too long, or not in UTF-8"
					  : "missing");
	return false;
}

static bool hash_of_account(const struct making *m, const struct gw_account *a,
			    uint8_t hash[GW_NT_HASH_LENGTH])
{
	struct gw_spot spot = spot_at(m, a->line);
	char *password;
	bool ok;

	if (a->nt_hash)
		return gw_nt_hash_parse(a->nt_hash, hash);
	if (a->nt_hash_file)
		return hash_of_file(a->nt_hash_file, &spot, m->c, hash);
	if (a->password_env)
		return hash_of_password(getenv(a->password_env), &spot, m->c,
					hash);
	if (!gw_password_of_file(a->password_file, &spot, m->c, &password))
		return false;
	ok = hash_of_password(password, &spot, m->c, hash);
	gw_secret_free(password);
	return ok;
}

static bool add_account(const struct making *m, const struct gw_account *a)
{
	struct gw_user_line line = {
		.has_uid = a->uid >= 0,
		.uid = (uid_t)a->uid,
		.has_password = true,
	};
	struct gw_spot spot = spot_at(m, a->line);
	bool ok = hash_of_account(m, a, line.nt_hash);

	snprintf(line.name, sizeof(line.name), "%s", a->name);
	if (ok && !gw_users_add(m->snapshot->users, &line)) {
		gw_complain(m->c, &spot, NULL,
			    "user \"%s\" is there twice, or not in UTF-8",
			    a->name);
		ok = false;
	}
	explicit_bzero(&line, sizeof(line));
	return ok;
}

static bool make_users(const struct making *m)
{
	bool ok = true;

	if (m->config->users_file &&
	    !gw_users_load(m->snapshot->users, m->config->users_file, m->c))
		ok = false;
	for (size_t i = 0; i < m->config->users.count; i++)
		ok = add_account(m, &m->config->users.items[i]) && ok;
	return ok;
}

/* False: out of memory. A file that isn't there has no names. */
static bool make_names(const struct making *m)
{
	FILE *passwd = fopen("/etc/passwd", "re");
	FILE *group = fopen("/etc/group", "re");

	m->snapshot->names = gw_names_new(passwd, group);
	if (passwd)
		fclose(passwd);
	if (group)
		fclose(group);
	return m->snapshot->names &&
	       gw_names_add_users(m->snapshot->names, m->snapshot->users);
}

/* ---- shares ---- */

static bool knows_users(const struct making *m,
			const struct gw_share_config *how)
{
	struct gw_spot spot = spot_at(m, how->line);
	bool ok = true;

	for (size_t i = 0; i < how->users.count; i++) {
		const char *name = how->users.items[i];
		struct gw_user *user =
			gw_users_find_utf8(m->snapshot->users, name);
		const char *near;
		char hint[300] = "";

		if (user) {
			gw_user_unref(user);
			continue;
		}
		near = gw_users_suggest(m->snapshot->users, name);
		if (near)
			snprintf(hint, sizeof(hint), "did you mean \"%s\"?",
				 near);
		gw_complain(m->c, &spot, hint,
			    "share \"%s\": there is no user \"%s\"", how->name,
			    name);
		ok = false;
	}
	return ok;
}

/* Shares of one directory with the same options are one tree. */
static struct store_tree *tree_of(const struct gw_snapshot *snapshot,
				  const struct gw_share_config *how)
{
	for (size_t i = 0; snapshot && i < snapshot->share_count; i++) {
		if (gw_share_has_tree(snapshot->shares[i], how))
			return snapshot->shares[i]->fsa.tree;
	}
	return NULL;
}

static bool make_share(const struct making *m,
		       const struct gw_share_config *how,
		       const struct gw_program *program)
{
	struct store_tree *tree = tree_of(m->snapshot, how);
	bool knows = knows_users(m, how);
	struct gw_share *share;

	if (!tree)
		tree = tree_of(m->before, how);
	if (!tree)
		tree = program->tree;
	share = gw_share_new(m->config, how, m->fsa, tree, program->err, m->c);
	if (!share) {
		m->snapshot->has_lost_program |= how->mount.count > 0;
		return false;
	}
	m->snapshot->shares[m->snapshot->share_count++] = share;
	return knows;
}

static bool has_same_words(const struct gw_share_config *a,
			   const struct gw_share_config *b)
{
	if (a->mount.count != b->mount.count)
		return false;
	for (size_t i = 0; i < a->mount.count; i++) {
		if (strcmp(a->mount.items[i], b->mount.items[i]) != 0)
			return false;
	}
	return true;
}

/* Those that do not run yet; of shares that may have one in common, the first. */
static void start_programs(const struct making *m, struct gw_program *programs)
{
	const struct gw_share_configs *shares = &m->config->shares;

	for (size_t i = 0; i < shares->count; i++) {
		const struct gw_share_config *how = &shares->items[i];
		bool is_first = how->mount.count > 0;

		for (size_t j = 0; is_first && j < i; j++)
			is_first = !has_same_words(&shares->items[j], how);
		if (!is_first || tree_of(m->before, how))
			continue;
		programs[i].how = how;
		programs[i].may_come_late = m->config->programs_may_come_late;
	}
	gw_programs_start(programs, shares->count);
}

static bool make_shares(const struct making *m)
{
	const struct gw_share_configs *shares = &m->config->shares;
	struct gw_program *programs =
		calloc(shares->count + 1, sizeof(*programs));
	bool ok = true;

	m->snapshot->shares =
		calloc(shares->count + 1, sizeof(m->snapshot->shares[0]));
	if (!m->snapshot->shares || !programs) {
		free(programs);
		return false;
	}
	start_programs(m, programs);
	for (size_t i = 0; i < shares->count; i++)
		ok = make_share(m, &shares->items[i], &programs[i]) && ok;
	for (size_t i = 0; i < shares->count; i++)
		store_tree_unref(programs[i].tree);
	free(programs);
	return ok;
}

enum gw_exit gw_snapshot_new(const struct gw_config *config, struct fsa *fsa,
			     const struct gw_snapshot *before,
			     struct gw_complaints *c,
			     struct gw_snapshot **ret_snapshot)
{
	struct making m = {
		.config = config, .before = before, .fsa = fsa, .c = c
	};
	enum gw_exit exit = GW_EXIT_OK;

	m.snapshot = calloc(1, sizeof(*m.snapshot));
	if (!m.snapshot)
		return GW_EXIT_FAILURE;
	atomic_init(&m.snapshot->references, 1);
	m.snapshot->fsa = fsa;
	m.snapshot->users = gw_users_new();
	if (!m.snapshot->users)
		exit = GW_EXIT_FAILURE;
	else if (!make_users(&m))
		exit = GW_EXIT_USERS;
	else if (!make_names(&m))
		exit = GW_EXIT_FAILURE;
	else if (!make_shares(&m))
		exit = m.snapshot->has_lost_program ? GW_EXIT_BACKEND
						    : GW_EXIT_CONFIG;
	if (exit == GW_EXIT_OK)
		*ret_snapshot = m.snapshot;
	else
		gw_snapshot_unref(m.snapshot);
	return exit;
}
