/*
 * Shares: from their part of the configuration to an open tree and an identity
 * for those who bring none. Which share somebody means is realm.c's affair,
 * and what they may do there fsa/'s.
 */
#include "gateway/share.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/fsa.h"
#include "smb/wire/utf16.h"

enum {
	/* MS-SMB2 2.2.10, ShareFlags. */
	FLAG_ACCESS_BASED_ENUMERATION = 0x0800,
	/* MS-SMB2 2.2.13.1.1: all rights, and those to read and to run. */
	ACCESS_ALL = 0x001f01ff,
	ACCESS_READ = 0x001200a9,
};

const struct smb_share_facts *gw_share_facts(const struct gw_share *share)
{
	return &share->facts;
}

const char *gw_share_source(const struct gw_share *share)
{
	return share->source;
}

bool gw_share_is_mounted(const struct gw_share *share)
{
	return share->is_mounted;
}

struct store_tree *gw_share_tree(const struct gw_share *share)
{
	return share->fsa.tree;
}

bool gw_share_is_read_only(const struct gw_share *share)
{
	return share->is_read_only;
}

const struct gw_identity *gw_share_as(const struct gw_share *share)
{
	return &share->as;
}

struct gw_share *gw_share_ref(struct gw_share *share)
{
	atomic_fetch_add_explicit(&share->references, 1, memory_order_relaxed);
	return share;
}

struct gw_share *gw_share_unref(struct gw_share *share)
{
	if (!share || atomic_fetch_sub_explicit(&share->references, 1,
						memory_order_acq_rel) != 1)
		return NULL;
	store_tree_unref(share->fsa.tree);
	gw_identity_fini(&share->as);
	for (size_t i = 0; i < share->users.count; i++)
		free(share->users.items[i]);
	free(share->users.items);
	free(share->snapshots);
	free(share->source);
	free(share);
	return NULL;
}

bool gw_share_admits(const struct gw_share *share, const struct smb_user *user)
{
	if (user->is_guest || user->is_anonymous)
		return share->admits_guests;
	for (size_t i = 0; i < share->users.count; i++) {
		if (smb_utf8_equal_nocase(share->users.items[i], user->name))
			return true;
	}
	return share->users.count == 0;
}

struct store_options gw_share_options(const struct gw_share_config *how)
{
	return (struct store_options){
		.symlinks = (enum store_symlinks)how->symlinks,
		.read_path = (enum store_read_path)how->read_path,
		.is_read_only = how->read_only,
	};
}

/* The path, or the words with spaces between them: malloc, or NULL. */
static char *source_of(const struct gw_share_config *how)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	if (how->path)
		return strdup(how->path);
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (size_t i = 0; i < how->mount.count; i++)
		fprintf(out, "%s%s", i ? " " : "", how->mount.items[i]);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

bool gw_share_has_tree(const struct gw_share *share,
		       const struct gw_share_config *how)
{
	const struct store_options *is = store_tree_options(share->fsa.tree);
	struct store_options wanted = gw_share_options(how);
	char *source = source_of(how);
	bool is_same = source && !strcmp(share->source, source) &&
		       share->is_mounted == !how->path;

	free(source);
	return is_same &&
	       (how->path || (share->timeout_ms == how->timeout_ms &&
			      share->via == how->via &&
			      share->is_out_of_band == how->out_of_band)) &&
	       is->symlinks == wanted.symlinks &&
	       is->read_path == wanted.read_path &&
	       is->is_read_only == wanted.is_read_only;
}

/* As much of the text as fits, cut between characters. */
static void copy_cut(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	while (length > 0 && ((unsigned char)from[length] & 0xc0) == 0x80)
		length--;
	memcpy(to, from, length);
	to[length] = '\0';
}

static void set_facts(struct gw_share *share, const struct gw_share_config *how)
{
	struct smb_share_facts *facts = &share->facts;

	copy_cut(facts->name, sizeof(facts->name), how->name);
	copy_cut(facts->comment, sizeof(facts->comment),
		 how->comment ? how->comment : "");
	copy_cut(share->fsa.label, sizeof(share->fsa.label), how->name);
	facts->type = SMB_SHARE_DISK;
	facts->access_max = how->read_only ? ACCESS_READ : ACCESS_ALL;
	facts->must_encrypt = how->encryption == SMB_POLICY_REQUIRED;
	facts->is_hidden = how->hidden;
	facts->is_case_sensitive = how->is_case_sensitive;
	facts->is_time_machine = how->time_machine;
	facts->keeps_opens = how->durable_handles;
	if (how->access_based_enumeration)
		facts->flags |= FLAG_ACCESS_BASED_ENUMERATION;
}

static void set_fsa(struct gw_share *share, const struct gw_share_config *how,
		    struct fsa *fsa)
{
	share->fsa.fsa = fsa;
	share->fsa.size_max = (uint64_t)how->max_size;
	share->fsa.is_case_sensitive = how->is_case_sensitive;
	share->fsa.maps_names = how->map_names;
	share->fsa.grants_oplocks = how->oplocks && !how->out_of_band;
	share->fsa.has_short_names = how->short_names;
	share->fsa.watches_outside = how->kernel_notify;
	share->fsa.poll_ms = (unsigned int)how->poll_ms;
	share->fsa.locks_in_kernel = how->posix_locks;
	share->fsa.attributes = (enum fsa_attributes)how->attributes;
	share->fsa.acl = (enum fsa_acl)how->acl;
	share->fsa.streams = (enum fsa_streams)how->streams;
	share->fsa.hides_dot_files = how->hide_dot_files;
	share->fsa.hides_unreadable = how->access_based_enumeration;
	share->fsa.snapshots = share->snapshots;
	share->is_read_only = how->read_only;
	share->admits_guests = how->guest;
}

/* Copies what outlives the configuration. False: out of memory. */
static bool set_texts(struct gw_share *share, const struct gw_share_config *how)
{
	share->source = source_of(how);
	share->is_mounted = !how->path;
	share->timeout_ms = how->timeout_ms;
	share->is_out_of_band = how->out_of_band;
	share->via = how->via;
	if (how->snapshots)
		share->snapshots = strdup(how->snapshots);
	return share->source && (share->snapshots || !how->snapshots);
}

static bool set_users(struct gw_share *share, const struct gw_texts *users)
{
	if (users->count == 0)
		return true;
	share->users.items = calloc(users->count, sizeof(char *));
	if (!share->users.items)
		return false;
	for (size_t i = 0; i < users->count; i++) {
		share->users.items[i] = strdup(users->items[i]);
		if (!share->users.items[i])
			return false;
		share->users.count++;
	}
	return true;
}

/*
 * Who the share acts as: `as`, with its own groups unless one is named; else
 * the owner of the directory. False if `as` names nobody.
 */
static bool set_as(struct gw_share *share, const char *as)
{
	bool has_gid = false;
	uid_t uid;
	gid_t gid;

	if (as) {
		if (!gw_identity_parse(as, &uid, &gid, &has_gid))
			return false;
	} else {
		store_tree_owner(share->fsa.tree, &uid, &gid);
	}
	if (has_gid) {
		share->as = (struct gw_identity){ .uid = uid, .gid = gid };
		return true;
	}
	if (gw_identity_find(uid, &share->as) < 0)
		return false;
	if (!as && !share->as.groups)
		share->as.gid = gid;
	return true;
}

bool gw_share_is_there(struct gw_share *share)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	if (!store_tree_is_there(share->fsa.tree))
		return false;
	if (atomic_load(&share->has_as))
		return true;
	pthread_mutex_lock(&mutex);
	if (!share->has_as)
		share->has_as = set_as(share, NULL);
	pthread_mutex_unlock(&mutex);
	return share->has_as;
}

static struct gw_share *share_fail(struct gw_share *share,
				   const struct gw_config *config,
				   const struct gw_share_config *how,
				   struct gw_complaints *c, const char *what,
				   const char *why)
{
	struct gw_spot spot = { .file = config->file ? config->file : "smbgate",
				.line = (unsigned int)how->line };

	gw_complain(c, &spot, NULL, "share \"%s\": %s: %s", how->name, what,
		    why);
	return gw_share_unref(share);
}

/* By what is wanted of the attributes that are not there. */
enum {
	WANTS_ATTRIBUTES = 1,
	WANTS_STREAMS = 2,
	WANTS_ACLS = 4,
};

#define NO_XATTRS "no extended attributes there: "

static const char *const lacks[] = {
	[WANTS_ATTRIBUTES] = NO_XATTRS "DOS attributes are lost",
	[WANTS_STREAMS] = NO_XATTRS "streams are refused",
	[WANTS_ATTRIBUTES | WANTS_STREAMS] =
		NO_XATTRS "DOS attributes are lost, streams are refused",
	[WANTS_ACLS] = NO_XATTRS "ACLs become modes",
	[WANTS_ATTRIBUTES | WANTS_ACLS] =
		NO_XATTRS "DOS attributes are lost, ACLs become modes",
	[WANTS_STREAMS | WANTS_ACLS] =
		NO_XATTRS "streams are refused, ACLs become modes",
	[WANTS_ATTRIBUTES | WANTS_STREAMS | WANTS_ACLS] =
		NO_XATTRS "DOS attributes are lost, streams are refused, "
			  "ACLs become modes",
};

const char *gw_share_lack(const struct gw_share *share)
{
	const struct store_features *has = store_tree_features(share->fsa.tree);
	unsigned int wants = 0;

	if (!store_tree_is_there(share->fsa.tree))
		return NULL;
	if (share->fsa.attributes == FSA_ATTRIBUTES_XATTR)
		wants |= WANTS_ATTRIBUTES;
	if (share->fsa.streams == FSA_STREAMS_XATTR)
		wants |= WANTS_STREAMS;
	if (share->fsa.acl == FSA_ACL_XATTR)
		wants |= WANTS_ACLS;
	if (!has->has_xattr && wants)
		return lacks[wants];
	if (!has->has_acl && share->fsa.acl == FSA_ACL_POSIX)
		return "no POSIX ACLs there: ACLs become modes";
	return NULL;
}

int gw_share_open_tree(const struct gw_share_config *how, bool may_come_late,
		       struct store_tree **ret_tree)
{
	const struct store_program program = {
		.name = how->name,
		.words = (const char *const *)how->mount.items,
		.word_count = how->mount.count,
		.via = (enum store_via)how->via,
		.timeout_ms = (unsigned int)how->timeout_ms,
		.may_come_late = may_come_late,
		.keeps_nothing = how->out_of_band,
	};
	struct store_options options = gw_share_options(how);

	return how->path ? store_tree_open(how->path, &options, ret_tree)
			 : store_tree_start(&program, &options, ret_tree);
}

struct gw_share *gw_share_new(const struct gw_config *config,
			      const struct gw_share_config *how,
			      struct fsa *fsa, struct store_tree *tree, int err,
			      struct gw_complaints *c)
{
	struct gw_share *share = calloc(1, sizeof(*share));

	if (share)
		atomic_init(&share->references, 1);
	if (!share || !set_texts(share, how) || !set_users(share, &how->users))
		return share_fail(share, config, how, c, "share",
				  "out of memory");
	set_facts(share, how);
	set_fsa(share, how, fsa);
	if (tree)
		share->fsa.tree = store_tree_ref(tree);
	else if (!err)
		err = gw_share_open_tree(how, config->programs_may_come_late,
					 &share->fsa.tree);
	if (err < 0)
		return share_fail(share, config, how, c, share->source,
				  err == -ENOEXEC ? "it did not start"
						  : strerror(-err));
	if (!how->as && !store_tree_is_there(share->fsa.tree))
		return share;
	if (!set_as(share, how->as))
		return share_fail(share, config, how, c, "as",
				  "no such user or group");
	share->has_as = true;
	return share;
}
