/*
 * Access rights: what a mask means, and what a user may do with a file. Linux
 * knows read, write and execute, an owner, and a directory that names may be
 * taken out of; this file says which rights of Windows these make. The kernel
 * decides, by opening a file as the user or by being asked; only where mode
 * bits leave no doubt (the owner, and root) it is not bothered.
 *
 * Executing a file means to read it, since programs have no x bit when they
 * come from Windows. The facts of a file are open to all who can reach it, as
 * on Linux. Its owner may do to security and attributes what he likes.
 *
 * A file with a descriptor has two judges. The descriptor says what the user
 * may do as far as Windows knows, and the kernel as far as Linux does; both
 * must agree. The directory's descriptor helps as on Windows: who may take
 * names out of it may delete its files, and who may list it sees their facts
 * (MS-FSA 2.1.5.1.2.1).
 */
#include "gateway/fsa/access.h"

#include <sys/stat.h>
#include <unistd.h>

#include "gateway/fsa/descriptor.h"
#include "gateway/fsa/windows.h"

/* Bits that no right has, and that may not be asked for (MS-FSA 2.1.5.1). */
#define ACCESS_INVALID 0x0ce0fe00u

/* What all who can reach a file may do. */
#define ACCESS_FREE \
	(FILE_READ_ATTRIBUTES | FILE_READ_EA | READ_CONTROL | SYNCHRONIZE)

/* What changes a file or its name. */
#define ACCESS_CHANGE                                                     \
	(FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA |             \
	 FILE_DELETE_CHILD | FILE_WRITE_ATTRIBUTES | DELETE | WRITE_DAC | \
	 WRITE_OWNER)

uint32_t fsa_access_map(uint32_t mask)
{
	uint32_t mapped = mask & ~(GENERIC_READ | (uint32_t)GENERIC_WRITE |
				   GENERIC_EXECUTE | GENERIC_ALL);

	if (mask & GENERIC_READ)
		mapped |= FILE_GENERIC_READ;
	if (mask & GENERIC_WRITE)
		mapped |= FILE_GENERIC_WRITE;
	if (mask & GENERIC_EXECUTE)
		mapped |= FILE_GENERIC_EXECUTE;
	if (mask & GENERIC_ALL)
		mapped |= FILE_ALL_ACCESS;
	return mapped;
}

enum nt_status fsa_access_check_mask(uint32_t access)
{
	if (access & ACCESS_SYSTEM_SECURITY)
		return NT_STATUS_PRIVILEGE_NOT_HELD;
	if (access & ACCESS_INVALID || !access)
		return NT_STATUS_ACCESS_DENIED;
	return NT_STATUS_SUCCESS;
}

uint32_t fsa_access_of(const struct fsa_access_facts *f)
{
	uint32_t mask = ACCESS_FREE;

	if (f->can_read)
		mask |= FILE_READ_DATA;
	if (f->is_directory ? f->can_execute : f->can_read)
		mask |= FILE_EXECUTE;
	if (f->can_write)
		mask |= FILE_WRITE_DATA | FILE_APPEND_DATA;
	if (f->can_write && f->is_directory)
		mask |= FILE_DELETE_CHILD;
	if (f->can_write || f->is_owner)
		mask |= FILE_WRITE_ATTRIBUTES | FILE_WRITE_EA;
	if (f->is_owner)
		mask |= WRITE_DAC | WRITE_OWNER;
	if (f->is_owner && !f->is_directory)
		mask |= FILE_DELETE_CHILD; /* means nothing; is in GENERIC_ALL */
	if (f->can_delete)
		mask |= DELETE;
	return mask;
}

bool fsa_volume_is_read_only(const struct fsa_volume *volume)
{
	return !(volume->base.facts.access_max & FILE_WRITE_DATA) ||
	       store_tree_options(volume->share->tree)->is_read_only;
}

uint32_t fsa_access_to_read(uint32_t mask)
{
	return mask & ~(uint32_t)ACCESS_CHANGE;
}

uint32_t fsa_volume_access(const struct fsa_volume *volume)
{
	uint32_t mask = volume->base.facts.access_max | ACCESS_FREE;

	return fsa_volume_is_read_only(volume) ? fsa_access_to_read(mask)
					       : mask;
}

/* ---- asking ---- */

/*
 * Whether the user may read, write or execute: by the mode where it is certain
 * (with a POSIX ACL the owner's bits are the owner's still), else by asking.
 */
static bool co_can(struct fsa_volume *volume, struct store_file *file,
		   const struct store_stat *stat, unsigned int bit, int mode)
{
	uid_t uid = store_creds_uid(volume->creds);

	if (!uid && (mode != X_OK || S_ISDIR(stat->mode)))
		return true;
	if (uid && uid == stat->uid)
		return stat->mode & bit;
	return !store_co_access(volume->creds, file, mode);
}

/* Whether the user may take the name out of its directory. */
static enum nt_status co_can_delete(struct fsa_volume *volume,
				    const struct store_stat *stat,
				    struct store_file *parent, bool *ret_can)
{
	uid_t uid = store_creds_uid(volume->creds);
	struct store_stat of_parent;
	int err = store_co_stat(parent, &of_parent);

	if (err)
		return fsa_status(FSA_QUERY, err);
	*ret_can = false;
	if (of_parent.mode & S_ISVTX && uid && uid != stat->uid &&
	    uid != of_parent.uid)
		return NT_STATUS_SUCCESS;
	*ret_can = co_can(volume, parent, &of_parent, S_IWUSR, W_OK) &&
		   co_can(volume, parent, &of_parent, S_IXUSR, X_OK);
	return NT_STATUS_SUCCESS;
}

/* All facts that the rights in `wanted` hang on. */
static enum nt_status co_gather(struct fsa_volume *volume,
				struct store_file *file,
				const struct store_stat *stat,
				struct store_file *parent, uint32_t wanted,
				struct fsa_access_facts *f)
{
	uid_t uid = store_creds_uid(volume->creds);
	uint32_t writing =
		FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_DELETE_CHILD;
	uint32_t dressing = FILE_WRITE_ATTRIBUTES | FILE_WRITE_EA;
	bool needs_write;

	*f = (struct fsa_access_facts){
		.is_directory = S_ISDIR(stat->mode),
		.is_owner = !uid || uid == stat->uid,
	};
	if (wanted & (FILE_READ_DATA | FILE_EXECUTE))
		f->can_read = co_can(volume, file, stat, S_IRUSR, R_OK);
	if (wanted & FILE_EXECUTE && f->is_directory)
		f->can_execute = co_can(volume, file, stat, S_IXUSR, X_OK);
	needs_write = wanted & writing || (wanted & dressing && !f->is_owner) ||
		      (wanted & DELETE && !parent);
	if (needs_write)
		f->can_write = co_can(volume, file, stat, S_IWUSR, W_OK);
	if (!(wanted & DELETE))
		return NT_STATUS_SUCCESS;
	if (parent)
		return co_can_delete(volume, stat, parent, &f->can_delete);
	/* The root of a share can't go; who may say so learns it later. */
	f->can_delete = f->can_write;
	return NT_STATUS_SUCCESS;
}

/* ---- what descriptors say ---- */

static bool has_group(const void *groups, gid_t gid)
{
	return store_creds_has_group(groups, gid);
}

struct fsa_subject fsa_volume_subject(const struct fsa_volume *volume)
{
	return (struct fsa_subject){
		.uid = store_creds_uid(volume->creds),
		.has_group = has_group,
		.groups = volume->creds,
	};
}

/* What the file's descriptor gives; all, if there is none. */
static enum nt_status co_told(struct fsa_volume *volume,
			      struct store_file *file,
			      const struct store_stat *stat, uint32_t *ret_mask,
			      bool *ret_is_stored)
{
	struct fsa_subject who = fsa_volume_subject(volume);
	struct fsa_descriptor d;
	enum nt_status status = fsa_co_descriptor_get(volume, file, stat, &d);

	if (!nt_status_is_ok(status))
		return status;
	*ret_is_stored = d.is_stored;
	*ret_mask = d.is_stored ? fsa_dacl_rights(&d.sd, &who)
				: (uint32_t)FILE_ALL_ACCESS;
	fsa_descriptor_fini(&d);
	return NT_STATUS_SUCCESS;
}

/* The rights to a file that rights to its directory bring. */
static enum nt_status co_told_by_parent(struct fsa_volume *volume,
					struct store_file *parent,
					uint32_t *ret_mask)
{
	struct store_stat stat;
	uint32_t mask;
	bool is_stored;
	enum nt_status status =
		fsa_status(FSA_QUERY, store_co_stat(parent, &stat));

	if (nt_status_is_ok(status))
		status = co_told(volume, parent, &stat, &mask, &is_stored);
	if (!nt_status_is_ok(status))
		return status;
	if (!is_stored && !co_can(volume, parent, &stat, S_IRUSR, R_OK))
		mask &= ~(uint32_t)FILE_LIST_DIRECTORY;
	*ret_mask = (mask & FILE_DELETE_CHILD ? DELETE : 0) |
		    (mask & FILE_LIST_DIRECTORY ? FILE_READ_ATTRIBUTES : 0);
	return NT_STATUS_SUCCESS;
}

/* What descriptors leave of `wanted`. */
static enum nt_status co_allowed(struct fsa_volume *volume,
				 struct store_file *file,
				 const struct store_stat *stat,
				 struct store_file *parent, uint32_t wanted,
				 uint32_t *ret_mask)
{
	uint32_t mask, more = 0;
	bool is_stored;
	enum nt_status status = co_told(volume, file, stat, &mask, &is_stored);

	if (nt_status_is_ok(status) && parent &&
	    wanted & ~mask & (DELETE | FILE_READ_ATTRIBUTES))
		status = co_told_by_parent(volume, parent, &more);
	if (nt_status_is_ok(status))
		*ret_mask = wanted & (mask | more);
	return status;
}

/* ---- both ---- */

enum nt_status fsa_co_access_check(struct fsa_volume *volume,
				   struct store_file *file,
				   const struct store_stat *stat,
				   struct store_file *parent, uint32_t wanted,
				   uint32_t proven)
{
	struct fsa_access_facts facts;
	uint32_t allowed;
	enum nt_status status =
		co_allowed(volume, file, stat, parent, wanted, &allowed);

	if (!nt_status_is_ok(status))
		return status;
	if (allowed != wanted)
		return NT_STATUS_ACCESS_DENIED;
	wanted &= ~proven;
	if (!(wanted & ~(uint32_t)ACCESS_FREE))
		return NT_STATUS_SUCCESS;
	status = co_gather(volume, file, stat, parent, wanted, &facts);
	if (!nt_status_is_ok(status))
		return status;
	return wanted & ~fsa_access_of(&facts) ? NT_STATUS_ACCESS_DENIED
					       : NT_STATUS_SUCCESS;
}

enum nt_status fsa_co_access_max(struct fsa_volume *volume,
				 struct store_file *file,
				 const struct store_stat *stat,
				 struct store_file *parent, uint32_t *ret_mask)
{
	struct fsa_access_facts facts;
	uint32_t allowed;
	enum nt_status status = co_allowed(volume, file, stat, parent,
					   FILE_ALL_ACCESS, &allowed);

	if (nt_status_is_ok(status))
		status = co_gather(volume, file, stat, parent, allowed, &facts);
	if (nt_status_is_ok(status))
		*ret_mask = allowed & fsa_access_of(&facts) &
			    fsa_volume_access(volume);
	return status;
}

enum nt_status fsa_co_access_add(struct fsa_volume *volume,
				 struct store_file *dir, bool is_directory)
{
	uint32_t needed = is_directory ? FILE_ADD_SUBDIRECTORY : FILE_ADD_FILE;
	struct store_stat stat;
	uint32_t mask;
	bool is_stored;
	enum nt_status status;

	if (!fsa_descriptor_is_kept(volume->share, S_IFDIR))
		return NT_STATUS_SUCCESS;
	status = fsa_status(FSA_QUERY, store_co_stat(dir, &stat));
	if (nt_status_is_ok(status))
		status = co_told(volume, dir, &stat, &mask, &is_stored);
	if (!nt_status_is_ok(status))
		return status;
	return mask & needed ? NT_STATUS_SUCCESS : NT_STATUS_ACCESS_DENIED;
}

bool fsa_co_access_sees(struct fsa_volume *volume, struct store_file *file,
			const struct store_stat *stat)
{
	const uint32_t reading = FILE_READ_DATA | FILE_READ_EA |
				 FILE_READ_ATTRIBUTES | READ_CONTROL;
	uint32_t mask;
	bool is_stored;

	return nt_status_is_ok(
		       co_told(volume, file, stat, &mask, &is_stored)) &&
	       (mask & reading) == reading &&
	       co_can(volume, file, stat, S_IRUSR, R_OK);
}
