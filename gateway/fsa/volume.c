/*
 * A share as one user sees it: its life, and its facts (MS-FSCC 2.5). What is
 * said of the file system is what works here, not what NTFS could do.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/fsa/bundle.h"
#include "gateway/fsa/descriptor.h"
#include "gateway/fsa/dosattr.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/stream.h"

enum {
	/* FileFsAttributeInformation, MS-FSCC 2.5.1. */
	FILE_CASE_SENSITIVE_SEARCH = 0x1,
	FILE_CASE_PRESERVED_NAMES = 0x2,
	FILE_UNICODE_ON_DISK = 0x4,
	FILE_PERSISTENT_ACLS = 0x8,
	FILE_SUPPORTS_SPARSE_FILES = 0x40,
	FILE_SUPPORTS_REPARSE_POINTS = 0x80,
	FILE_NAMED_STREAMS = 0x40000,
	FILE_READ_ONLY_VOLUME = 0x80000,
	FILE_SUPPORTS_HARD_LINKS = 0x400000,
	FILE_SUPPORTS_EXTENDED_ATTRIBUTES = 0x800000,
	FILE_SUPPORTS_BLOCK_REFCOUNTING = 0x8000000,

	SECTOR_BYTES = 512,
	PHYSICAL_SECTOR_BYTES = 4096,
	UNIT_BYTES = 4096,
	NAME_MAX_UNITS = 255,
};

struct smb_volume *fsa_volume_new(const struct fsa_share *share,
				  struct store_creds *creds,
				  const struct smb_share_facts *facts,
				  void (*release)(void *owner), void *owner)
{
	struct fsa_volume *volume = malloc(sizeof(*volume));

	if (!volume)
		return NULL;
	*volume = (struct fsa_volume){
		.base.facts = *facts,
		.share = share,
		.creds = creds,
		.release = release,
		.owner = owner,
	};
	return &volume->base;
}

void fsa_disconnect(struct smb_volume *base)
{
	struct fsa_volume *volume = fsa_volume_of(base);

	assert(volume->opens == 0);
	fsa_posix_free(volume->posix);
	store_creds_unref(volume->creds);
	if (volume->release)
		volume->release(volume->owner);
	free(volume);
}

/* When the root was made, asked once: a volume's creation does not change. */
static uint64_t co_creation(struct fsa_volume *volume)
{
	struct store_file *root;
	struct store_stat stat;
	struct smb_file_facts facts;

	if (volume->creation)
		return volume->creation;
	if (store_co_open(volume->share->tree, volume->creds, NULL, "",
			  STORE_OPEN_PATH, 0, &root) < 0)
		return 0;
	if (store_co_stat(root, &stat) == 0) {
		fsa_facts_from_stat(volume, &stat, &(struct fsa_dosattr){}, "",
				    &facts);
		volume->creation = facts.creation;
	}
	store_file_close(root);
	return volume->creation;
}

/* Nine bits are none. */
static bool keeps_acls(const struct fsa_share *share)
{
	return fsa_descriptor_is_kept(share, S_IFREG) ||
	       (share->acl == FSA_ACL_POSIX &&
		store_tree_features(share->tree)->has_acl);
}

static uint32_t attributes_of(const struct fsa_share *share)
{
	const struct store_features *can = store_tree_features(share->tree);

	return FILE_CASE_SENSITIVE_SEARCH | FILE_CASE_PRESERVED_NAMES |
	       FILE_UNICODE_ON_DISK | FILE_SUPPORTS_HARD_LINKS |
	       (keeps_acls(share) ? FILE_PERSISTENT_ACLS : 0) |
	       (can->has_sparse && fsa_dosattr_is_kept(share)
			? FILE_SUPPORTS_SPARSE_FILES
			: 0) |
	       (store_tree_options(share->tree)->symlinks == STORE_SYMLINKS_SHOW
			? FILE_SUPPORTS_REPARSE_POINTS
			: 0) |
	       (can->has_reflink ? FILE_SUPPORTS_BLOCK_REFCOUNTING : 0) |
	       (fsa_streams_are_kept(share) ? FILE_NAMED_STREAMS : 0) |
	       (can->has_xattr ? FILE_SUPPORTS_EXTENDED_ATTRIBUTES : 0) |
	       (store_tree_options(share->tree)->is_read_only
			? FILE_READ_ONLY_VOLUME
			: 0);
}

/* Blocks of any size as units of ours; what does not fit is all there is. */
static uint64_t units_of(uint64_t blocks, uint64_t block_size)
{
	uint64_t bytes;

	if (__builtin_mul_overflow(blocks, block_size, &bytes))
		return UINT64_MAX / UNIT_BYTES;
	return bytes / UNIT_BYTES;
}

static uint64_t at_most(uint64_t units, uint64_t max)
{
	return units < max ? units : max;
}

/* A share for backups of a size shows no more than is left of that. */
static void co_limit(struct fsa_volume *volume, struct smb_volume_facts *facts)
{
	uint64_t max = volume->share->size_max / UNIT_BYTES, used;

	if (!max)
		return;
	used = fsa_co_bundles_size(volume) / UNIT_BYTES;
	facts->units_total = at_most(facts->units_total, max);
	max = used < max ? max - used : 0;
	facts->units_free = at_most(facts->units_free, max);
	facts->units_available = at_most(facts->units_available, max);
}

enum nt_status fsa_co_query_volume(struct smb_volume *base,
				   struct smb_volume_facts *ret_facts)
{
	struct fsa_volume *volume = fsa_volume_of(base);
	const struct fsa_share *share = volume->share;
	uint64_t id = store_tree_features(share->tree)->volume_id;
	struct store_space space;
	int err = store_co_space(share->tree, &space);

	if (err < 0)
		return fsa_status(FSA_QUERY, err);

	struct smb_volume_facts facts = {
		.creation = co_creation(volume),
		.serial = (uint32_t)(id ^ id >> 32),
		.volume_id = id,
		.attributes = attributes_of(share),
		.name_max = NAME_MAX_UNITS,
		.units_total = units_of(space.blocks_total, space.block_size),
		.units_free = units_of(space.blocks_free, space.block_size),
		.units_available =
			units_of(space.blocks_available, space.block_size),
		.files_total = space.files_total,
		.files_free = space.files_free,
		.unit_sectors = UNIT_BYTES / SECTOR_BYTES,
		.sector_bytes = SECTOR_BYTES,
		.physical_sector_bytes = PHYSICAL_SECTOR_BYTES,
		.is_read_only = store_tree_options(share->tree)->is_read_only,
		.has_trim = store_tree_features(share->tree)->has_sparse,
	};

	static_assert(sizeof(facts.label) == sizeof(share->label),
		      "a label is copied whole");
	memcpy(facts.label, share->label, sizeof(facts.label));
	co_limit(volume, &facts);
	*ret_facts = facts;
	return NT_STATUS_SUCCESS;
}
