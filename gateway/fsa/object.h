/*
 * The room's own objects: a volume (a share as one user sees it) and an open.
 * And what the files of this room offer each other. Private to gateway/fsa/.
 *
 * Thread: worker; of an open, what stands below the line also under the lock
 * of its node.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "gateway/fsa/fsa.h"
#include "gateway/fsa/node.h"
#include "gateway/loop/loop.h"
#include "gateway/store/store.h"
#include "smb/ports.h"

struct fsa_dirlease;
struct fsa_grant;
struct fsa_names;
struct fsa_place;
struct fsa_polled;
struct fsa_scan;
struct fsa_watch;
struct fsa_xattrs;

/* No file of NTFS is longer, and clients rely on being told so. */
#define FSA_FILE_SIZE_MAX 0xfffffff0000u

struct fsa_volume {
	struct smb_volume base; /* first */
	const struct fsa_share *share;
	struct store_creds *creds; /* reference */
	void (*release)(void *owner);
	void *owner;
	size_t opens;
	uint64_t creation; /* FILETIME of the root, once it was asked for */
	uint64_t bundles_size, bundles_until; /* bundle.c's; ns of loop_now() */
	struct fsa_names *names; /* what find.c remembers, or NULL */
	struct fsa_posix *posix; /* its view by the POSIX extensions, or NULL */
};

struct fsa_open {
	struct smb_object base;    /* first */
	struct fsa_volume *volume; /* changes under the node's lock: keep.c */
	struct fsa_node *node;     /* reference */
	struct store_tree *tree;   /* of its share; its file has a reference */
	struct store_file *file;   /* opened as much as `granted` needs; for
				    attribute-only opens it is a PATH file */
	struct store_file *former; /* of before it became a link, or NULL */
	uint32_t options;          /* CreateOptions that matter later */
	uint64_t position;
	uint32_t mode;    /* FileModeInformation */
	bool was_written; /* by this open: the write time is to be settled */
	bool holds_write_time; /* this handle froze it: MS-FSA 2.1.5.14.2 */
	uint16_t *name;        /* as FileNameInformation tells it; malloc */
	uint32_t name_count;
	uint16_t short_name[12];       /* made when it is asked for */
	struct fsa_scan *scan;         /* of QUERY_DIRECTORY, or NULL */
	struct fsa_watch *watch;       /* of CHANGE_NOTIFY, or NULL */
	struct fsa_dirlease *dirlease; /* if it has one, or NULL */
	size_t previous; /* of `path`, where its snapshot lies; 0: it is now */
	struct fsa_place *place;   /* that is watched for it, or NULL */
	struct fsa_polled *polled; /* the same, looked at by us */
	bool has_parent_key;
	uint8_t parent_key[16]; /* ParentLeaseKey */
	bool is_special;        /* a link, FIFO, device: facts and no data */
	bool is_closing;
	struct timespec left_time; /* of its last write, when its client went */
	uint64_t left_own;         /* fsa_own_ended() then */
	uint64_t left_size;
	/* ---- under the node's lock ---- */
	TAILQ_ENTRY(fsa_open) node_entry;
	struct fsa_grant *grant; /* its oplock or lease, or NULL */
	unsigned int changes;    /* of the file's bytes, under way (grant.h) */
	char *path;              /* malloc; NULL as long as it is the node's */
	uint32_t access;         /* granted */
	uint32_t sharing;        /* FILE_SHARE_* */
	bool deletes_on_close;   /* the create option */
	bool is_stat; /* attributes only: neither shares nor conflicts */
};

static inline struct fsa_volume *fsa_volume_of(struct smb_volume *base)
{
	return (struct fsa_volume *)(void *)base;
}

/* Links are seen as what they are: else what they lead to is. */
static inline bool fsa_share_shows_links(const struct fsa_share *share)
{
	return share->is_posix ||
	       store_tree_options(share->tree)->symlinks == STORE_SYMLINKS_SHOW;
}

static inline struct fsa_open *fsa_open_of(struct smb_object *base)
{
	return (struct fsa_open *)(void *)base;
}

/* ---- status.c: the border ---- */

/* What was being done: the same error means different things. */
enum fsa_verb {
	FSA_WALK, /* a directory on the way: a missing one is a missing path */
	FSA_OPEN, /* the last component */
	FSA_CREATE,
	FSA_READ,
	FSA_WRITE,
	FSA_FLUSH,
	FSA_LIST,
	FSA_QUERY,
	FSA_SET,
	FSA_RENAME,
	FSA_LINK,
	FSA_DELETE,
	FSA_XATTR,
	FSA_STREAM, /* an attribute that is a stream */
	FSA_FSCTL,
	FSA_LOCK,
	FSA_WAIT, /* for others */
};

/* `err` is 0 or more (SUCCESS), or an error of store (MS-ERREF 2.3). */
enum nt_status fsa_status(enum fsa_verb verb, int64_t err);

/* ---- name.c: Windows names and bytes on disk ---- */

/* What of a file is meant by what stands behind its name's colon. */
enum fsa_part_kind {
	FSA_PART_FILE,   /* there is no colon: the file or directory */
	FSA_PART_DATA,   /* "::$DATA": the same, but it is no directory */
	FSA_PART_INDEX,  /* "::$INDEX_ALLOCATION": nothing but a directory */
	FSA_PART_STREAM, /* "name" or "name:$DATA": a stream */
};

struct fsa_part {
	enum fsa_part_kind kind;
	struct smb_name name; /* of the stream; borrowed from the whole */
};

/*
 * What stands behind the first colon (MS-FSCC 2.1.5). OBJECT_NAME_INVALID.
 */
enum nt_status fsa_name_part(struct smb_name text, struct fsa_part *ret_part);

/*
 * A checked Windows path as bytes below the root, "a/b/c" (malloc, the
 * caller's). OBJECT_NAME_INVALID, OBJECT_PATH_SYNTAX_BAD, INVALID_PARAMETER
 * (leading backslash). ".." takes the name before it away, and must have one;
 * no file is asked. A stream part ("f:s") is cut off and told.
 */
enum nt_status fsa_name_to_path(const struct fsa_share *share,
				struct smb_name name, char **ret_path,
				struct fsa_part *ret_part);

/*
 * One component on disk as clients see it: the count of code units written,
 * never 0. Bytes that aren't UTF-8 and characters that Windows can't have are
 * mapped so that the name opens again. SIZE_MAX if it has more than `max`.
 */
size_t fsa_name_from_disk(const struct fsa_share *share, const char *disk,
			  uint16_t *to, size_t max);

/*
 * The other way for one component, `to` with a NUL: its length. SIZE_MAX if
 * there is no such name on disk, or it has more than `size` bytes.
 */
size_t fsa_name_to_disk(const struct fsa_share *share, struct smb_name name,
			char *to, size_t size);

/* A whole path "a/b" as "\a\b" (malloc), for FileNameInformation. */
uint16_t *fsa_name_from_path(const struct fsa_share *share, const char *path,
			     uint32_t *ret_count);

/* ---- posix.c: the POSIX extensions of SMB 3.1.1 ---- */

/*
 * The same share, for the same user, with names as Linux has them; made when
 * it is first asked for, and gone with the volume. NULL: out of memory.
 */
struct fsa_volume *fsa_posix_volume(struct fsa_volume *volume);

/* No open of it is left. NULL is fine. */
void fsa_posix_free(struct fsa_posix *posix);

/*
 * A name of such a client as a path: any bytes between slashes of either
 * kind. OBJECT_NAME_INVALID for ways up, NULs and what is too long.
 */
enum nt_status fsa_posix_path(const struct fsa_share *share,
			      struct smb_name name, char **ret_path);

/* ---- find.c: finding a name whatever its case ---- */

struct fsa_found {
	struct store_file *dir; /* the parent, opened PATH; close it */
	char *path;       /* as it is spelled on disk, below the root; malloc */
	const char *leaf; /* inside path; "" if it is the root itself */
	bool exists;
	struct store_stat stat;  /* if so; of a link itself if it is one */
	struct store_file *file; /* what has that stat, opened PATH, or NULL */
	size_t link_length;      /* with STOPPED_ON_SYMLINK: how much of `path`
				   names the link; `dir` is then its parent */
};

/*
 * Finds what `path` means for this user: exact names first, else folded case,
 * component by component. SUCCESS also if only the leaf is missing (then the
 * leaf is spelled as asked). OBJECT_PATH_NOT_FOUND, ACCESS_DENIED, …
 * STOPPED_ON_SYMLINK where links are shown. Free with fsa_found_fini().
 */
enum nt_status fsa_co_find(struct fsa_volume *volume, const char *path,
			   struct fsa_found *ret_found);
void fsa_found_fini(struct fsa_found *found);

/*
 * Tells find.c that this volume has just added a name to `dir`, which it knew
 * as it was before: so what it remembers of the directory stays good.
 */
void fsa_co_find_added(struct fsa_volume *volume, struct store_file *dir,
		       const char *leaf);

/*
 * The same of a name that it has just removed, if what is remembered was right
 * before: as fsa_co_find_knows() said.
 */
bool fsa_co_find_knows(struct fsa_volume *volume, struct store_file *dir);
void fsa_co_find_removed(struct fsa_volume *volume, struct store_file *dir,
			 const char *leaf);

/* Frees what find.c remembers for a volume, before fsa_disconnect(). */
void fsa_find_forget(struct fsa_volume *volume);

/* ---- access.c, pure but for the last ---- */

/* GENERIC_* replaced by what they mean for files (MS-FSA 2.1.5.1). */
uint32_t fsa_access_map(uint32_t mask);

/*
 * All that this user may do with the file: of owner, mode bits and POSIX ACL
 * as the kernel decides, and of what the share allows.
 */
enum nt_status fsa_co_access_max(struct fsa_volume *volume,
				 struct store_file *file,
				 const struct store_stat *stat,
				 struct store_file *parent, uint32_t *ret_mask);

/* ---- dosattr.c: attributes and birth time ---- */

struct fsa_dosattr {
	uint32_t attributes; /* stored ones; 0: none stored */
	bool has_creation;
	uint64_t creation; /* FILETIME */
	bool has_itime;    /* Samba's; kept for it */
	uint64_t itime;
	/* A change time that a client set, and when: FILETIME. It is worth
	   nothing once the file was changed later than that. */
	bool has_change;
	uint64_t change, change_set;
};

/*
 * What user.DOSATTRIB says (formats of Samba, versions 3 and 4 and hex text);
 * empty if there is none or the share keeps none. The file's `stat`, if it is at
 * hand (else NULL), tells whether what was read before still holds.
 */
enum nt_status fsa_co_dosattr_get(struct fsa_volume *volume,
				  struct store_file *file,
				  const struct store_stat *stat,
				  struct fsa_dosattr *ret_attr);

/* SUCCESS also where the backend has no xattrs: READONLY then goes to mode. */
enum nt_status fsa_co_dosattr_set(struct fsa_volume *volume,
				  struct store_file *file,
				  const struct fsa_dosattr *attr);

/* ---- facts.c: store facts as Windows facts ---- */

uint64_t fsa_time_from_unix(const struct timespec *t);
struct timespec fsa_time_to_unix(uint64_t filetime);

/* Whether its change time is still that of a file with such a stat. Pure. */
bool fsa_change_is_of(const struct fsa_dosattr *attr,
		      const struct store_stat *stat);

/*
 * Facts of a file from its stat, its stored attributes and its name's first
 * byte (`leaf`, for hides_dot_files). Pure.
 */
void fsa_facts_from_stat(const struct fsa_volume *volume,
			 const struct store_stat *stat,
			 const struct fsa_dosattr *attr, const char *leaf,
			 struct smb_file_facts *ret_facts);

/*
 * What macOS wants to know of a file in the directory `parent`. In apple.c.
 */
void fsa_co_apple_facts(struct fsa_volume *volume, struct store_file *file,
			const struct store_stat *stat,
			struct store_file *parent,
			struct smb_apple_facts *ret_facts);

/* Facts of an open now: stat, attributes, and what its node knows better. */
enum nt_status fsa_co_facts(struct fsa_open *open,
			    struct smb_file_facts *ret_facts);

/* The same, and the stat that they were made of. */
enum nt_status fsa_co_facts_and_stat(struct fsa_open *open,
				     struct smb_file_facts *ret_facts,
				     struct store_stat *ret_stat);

/* Lays what a node knows better (times set by hand, delete pending, links)
   over facts. Takes the node's lock. */
void fsa_facts_of_node(struct fsa_node *node, struct smb_file_facts *facts);

/* What was written shows in the write time from now on. Takes the lock. */
void fsa_settle_write_time(struct fsa_node *node);

/* ---- open.c, close.c, io.c, lock.c ---- */

enum nt_status fsa_co_create(struct smb_volume *volume, struct smb_call *call,
			     const struct smb_create *how,
			     struct smb_created *ret_created);
enum nt_status fsa_co_close(struct smb_object *object,
			    struct smb_file_facts *ret_facts);
void fsa_closing(struct smb_object *object);
enum nt_status fsa_co_flush(struct smb_object *object);
enum nt_status fsa_co_read(struct smb_object *object,
			   const struct smb_read *how,
			   struct smb_body *ret_body);
enum nt_status fsa_co_write(struct smb_object *object,
			    const struct smb_write *how);
enum nt_status fsa_co_lock(struct smb_object *object, struct smb_call *call,
			   const struct smb_locks *locks);
void fsa_body_drop(struct smb_body *body);

/* Whether the locks of others let this open read, or write, those bytes. */
bool fsa_locks_allow_io(struct fsa_open *open, uint64_t offset, uint64_t length,
			bool is_write);

/* ---- copy.c ---- */

enum nt_status fsa_co_copy(struct smb_object *object,
			   const struct smb_copy *how, uint64_t *ret_copied);

/* Takes an open out of its node and frees it; deletes nothing. */
void fsa_open_co_leave(struct fsa_open *open);

/*
 * Removes the name from `dir` if it is still that of this file: a link that is
 * followed goes itself, not its target.
 */
enum nt_status fsa_co_unlink(struct store_creds *creds, struct store_file *dir,
			     const char *leaf, const struct store_key *key,
			     bool is_directory);

/* Gives back all ranges of an open, and who waited for them goes on. */
void fsa_lock_release(struct fsa_open *open);

/* Ends the open's own waits for ranges. */
void fsa_lock_closing(struct fsa_open *open);

/* The ParentLeaseKey that the open came with; NULL without. Borrowed. */
static inline const uint8_t *fsa_open_parent_key(const struct fsa_open *open)
{
	return open->has_parent_key ? open->parent_key : NULL;
}

/* ---- grant.c; more of it is in grant.h ---- */

enum nt_status fsa_oplock_answer(struct smb_object *object, uint8_t caching);
void fsa_oplock_lapse(struct smb_object *object);

/* ---- keep.c ---- */

enum nt_status fsa_co_keep(struct smb_object *object, bool is_resilient);
bool fsa_is_of(const struct smb_object *object,
	       const struct smb_volume *volume);
enum nt_status fsa_co_may_return(struct smb_object *object,
				 const struct smb_name *name);
void fsa_co_depart(struct smb_object *object);
void fsa_arrive(struct smb_object *object, struct smb_volume *volume);
enum nt_status fsa_co_tell(struct smb_object *object, bool wants_max_access,
			   struct smb_created *ret_created);

/* ---- directory.c, query.c, set.c, rename.c, acl.c, fsctl.c, notify.c ---- */

enum nt_status fsa_co_list(struct smb_object *object,
			   const struct smb_list *how);
void fsa_scan_free(struct fsa_scan *scan);
enum nt_status fsa_co_query(struct smb_object *object,
			    struct smb_open_facts *ret_facts);
enum nt_status fsa_co_set(struct smb_object *object, const struct smb_set *set);
enum nt_status fsa_co_rename(struct fsa_open *open, const struct smb_set *set);
enum nt_status fsa_co_link(struct fsa_open *open, const struct smb_set *set);

/* DISPOSITION and delete-on-close share these rules (READONLY, not empty). */
enum nt_status fsa_co_may_delete(struct fsa_open *open);
enum nt_status fsa_co_query_security(struct smb_object *object, uint32_t parts,
				     uint8_t *to, uint32_t size,
				     uint32_t *ret_length);
enum nt_status fsa_co_set_security(struct smb_object *object, uint32_t parts,
				   const uint8_t *security, uint32_t length);
enum nt_status fsa_co_query_eas(struct smb_object *object, uint8_t *to,
				uint32_t size, uint32_t *ret_length);

/* How long the list of all EAs is; 0: there is none. `stat` is fresh or NULL. */
enum nt_status fsa_co_eas_size(struct fsa_volume *volume,
			       struct store_file *file,
			       const struct store_stat *stat,
			       uint32_t *ret_size);

/* Whether any of these names of xattrs is an EA's. */
bool fsa_has_eas(const struct fsa_xattrs *names);

/* Takes all EAs away: of a file that is overwritten. */
enum nt_status fsa_co_drop_eas(struct fsa_open *open);

/* Sets EAs of a checked FILE_FULL_EA list: also CREATE's ExtA. */
enum nt_status fsa_co_set_eas(struct fsa_open *open, const uint8_t *eas,
			      uint32_t length);
enum nt_status fsa_co_query_streams(struct smb_object *object, uint8_t *to,
				    uint32_t size, uint32_t *ret_length);
enum nt_status fsa_co_query_volume(struct smb_volume *volume,
				   struct smb_volume_facts *ret_facts);
enum nt_status fsa_co_ioctl(struct smb_object *object,
			    const struct smb_ioctl *ioctl,
			    uint32_t *ret_length);
enum nt_status fsa_co_notify(struct smb_object *object, struct smb_call *call,
			     uint32_t filter, bool is_recursive, uint8_t *to,
			     uint32_t size, uint32_t *ret_length);
void fsa_disconnect(struct smb_volume *volume);

/* ---- pattern.c: wildcards of MS-FSA 2.1.4.4; pure, linear time ---- */

bool fsa_pattern_matches(struct smb_name pattern, struct smb_name name,
			 bool is_case_sensitive);

/* ---- share_mode.c, disposition.c: pure ---- */

/* Whether two opens of one file may stand beside each other. */
bool fsa_share_mode_allows(uint32_t access_a, uint32_t sharing_a,
			   uint32_t access_b, uint32_t sharing_b);

/* Only facts and no data: such an open takes no part in sharing. */
bool fsa_access_is_stat(uint32_t access);
