/*
 * The object store (MS-FSA), as the engine asks for it: opens of files and
 * directories, and all that is done with them. Part of smb/ports.h, which says
 * what holds for every port.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/status.h"

struct smb_volume;

/* ---- names ---- */

struct smb_name {
	const uint16_t *units;
	uint32_t count;
};

/* ---- what is asked, and what is answered ---- */

/*
 * One request as far as the object store may know it. A wait for other
 * clients that may be long is announced once: the engine then sends the
 * interim answer.
 */
struct smb_call {
	void (*going_async)(struct smb_call *call);
};

/* Facts of a file or directory, enough for every class of MS-FSCC 2.4. */
struct smb_file_facts {
	uint64_t creation, access, write, change; /* FILETIME */
	uint64_t allocation;                      /* bytes */
	uint64_t end_of_file;                     /* bytes */
	uint32_t attributes; /* FILE_ATTRIBUTE_*; never 0 */
	uint32_t links;
	uint64_t index; /* 64-bit file id; stable, or 0 */
	uint64_t volume_id;
	uint32_t ea_size;
	uint32_t reparse_tag; /* 0 unless FILE_ATTRIBUTE_REPARSE_POINT */
	bool is_directory;
	bool is_delete_pending;
	/* As stat(2) has them. */
	uint32_t mode, uid, gid;
	uint32_t unix_links; /* of directories too */
};

/* Facts of an open, besides those of its file. */
struct smb_open_facts {
	struct smb_file_facts file;
	bool is_posix;    /* of the object */
	uint32_t granted; /* access mask */
	uint32_t mode;    /* create options of FileModeInformation */
	uint64_t position;
	struct smb_name path; /* with a leading backslash; until next wait */
	struct smb_name short_name; /* 8.3, or empty; until next wait */
	bool wants_ea_size; /* set by who asks: else file.ea_size is 0 */
};

/* One open of a file or directory; the object store embeds this. */
struct smb_object {
	uint32_t granted;
	bool is_directory;
	bool is_posix; /* opened so: names, deletes and renames as POSIX has */
};

/*
 * Rights to cache, as LeaseState has them (MS-SMB2 2.2.13.2.8). Of the levels
 * of an oplock, II is READ, EXCLUSIVE is READ and WRITE, BATCH is all three.
 */
enum {
	SMB_CACHE_READ = 0x1,
	SMB_CACHE_HANDLE = 0x2,
	SMB_CACHE_WRITE = 0x4,
};

/* A holder loses rights. */
struct smb_break {
	uint8_t from, to;
	bool must_ack; /* others wait for oplock_answer */
	bool is_next;  /* it goes on from a break that was acknowledged */
};

/*
 * Who is to have the oplock or the lease of a file; the engine embeds this. It
 * stays where it is as long as an object that was created with it is open.
 */
struct smb_holder {
	/* Called from the worker's top, never inside of a call of an op. */
	void (*broken)(struct smb_holder *holder, const struct smb_break *brk);
	/* One of its open objects, or NULL. */
	struct smb_object *object;
	/* The object store's: the file that it is held on, as long as it is. */
	void *file;
	bool is_lease;
	uint8_t key[16]; /* LeaseKey, if so */
};

struct smb_create {
	struct smb_name name; /* below the share; empty is its root */
	uint32_t access;      /* DesiredAccess as sent */
	uint32_t attributes;
	uint32_t sharing;     /* FILE_SHARE_* */
	uint32_t disposition; /* 0 … 5, checked */
	uint32_t options;     /* CreateOptions as sent */
	bool has_allocation;
	uint64_t allocation;     /* AlSi */
	bool wants_max_access;   /* MxAc */
	const uint8_t *security; /* SecD; NULL without */
	uint32_t security_length;
	const uint8_t *eas; /* ExtA: a checked FILE_FULL_EA list; or NULL */
	uint32_t eas_length;
	bool has_snapshot;
	uint64_t snapshot;         /* TWrp, FILETIME */
	bool is_posix;             /* by the POSIX extensions */
	uint32_t mode;             /* if so, of what is new */
	struct smb_holder *holder; /* asks for an oplock or a lease; or NULL */
	uint8_t caching;           /* if so: SMB_CACHE_* that it wants */
	bool may_lease_directory;  /* and may have it of a directory */
	/* ParentLeaseKey (16 bytes): whose lease on the directory is not broken
	   by what is done with this open; NULL without. */
	const uint8_t *parent_key;
};

enum smb_create_action {
	SMB_CREATE_SUPERSEDED = 0,
	SMB_CREATE_OPENED = 1,
	SMB_CREATE_CREATED = 2,
	SMB_CREATE_OVERWRITTEN = 3,
};

struct smb_created {
	struct smb_object *object;
	enum smb_create_action action;
	struct smb_file_facts facts;
	enum nt_status max_access_status;
	uint32_t max_access;
	/* The holder has an oplock, or a lease, if only an empty one. */
	bool has_grant;
	uint8_t caching;  /* SMB_CACHE_* that it has now */
	bool is_breaking; /* and that it was told to give up in part */
	bool is_raised;   /* by this CREATE: new, or more than before */
	/* With STOPPED_ON_SYMLINK: the target (malloc, the caller's to free),
	   and how many bytes of the name (UTF-16) lie behind the link. */
	uint16_t *symlink_target;
	uint32_t symlink_target_count;
	uint16_t symlink_unparsed;
	bool symlink_is_relative;
};

struct smb_read {
	uint64_t offset;
	uint32_t length;
	uint32_t minimum;
	bool is_unbuffered;
	bool may_be_opaque; /* the bytes may stay in the kernel */
	/* Asked for memory once, if the bytes must lie in memory; else not. */
	uint8_t *(*room)(void *owner, uint32_t length);
	void *owner;
};

/*
 * Payload of a reply. `bytes` lie in the room that was given; or else they
 * are in the kernel, and `opaque` is what the wire knows them by.
 */
struct smb_body {
	const uint8_t *bytes;
	uint32_t length;
	void *opaque;
};

struct smb_write {
	const uint8_t *bytes;
	uint32_t length;
	uint64_t offset; /* UINT64_MAX: at the end */
	bool is_write_through;
};

/* What macOS wants to know of an entry besides. */
struct smb_apple_facts {
	uint32_t access;    /* all that the user may do */
	uint32_t mode;      /* of POSIX, with the kind */
	uint64_t resource;  /* bytes of its resource fork */
	uint8_t finder[16]; /* FinderInfo, in the form that entries have */
};

/* One entry of a directory. */
struct smb_dir_entry {
	struct smb_name name;
	struct smb_name short_name;
	struct smb_file_facts facts;
	struct smb_apple_facts apple; /* if smb_list.needs_apple */
	uint32_t file_index;
};

struct smb_list {
	struct smb_name pattern; /* empty: that of the scan so far */
	bool is_restart;         /* RESTART_SCANS */
	bool is_reopen;          /* REOPEN: the pattern too is new */
	bool is_single;          /* RETURN_SINGLE_ENTRY */
	bool needs_facts;        /* false for FileNamesInformation */
	bool needs_ea_size;      /* else it may be 0 */
	bool needs_apple;        /* those of smb_apple_facts, too */
	/*
	 * Takes an entry, or says false if it did not fit: it then comes again
	 * as the first of the next call.
	 */
	bool (*take)(void *arg, const struct smb_dir_entry *entry);
	void *arg;
};

enum smb_set_kind {
	SMB_SET_BASIC,
	SMB_SET_RENAME,
	SMB_SET_LINK,
	SMB_SET_DISPOSITION,
	SMB_SET_POSITION,
	SMB_SET_MODE,
	SMB_SET_ALLOCATION,
	SMB_SET_END_OF_FILE,
	SMB_SET_VALID_DATA,
	SMB_SET_SHORT_NAME,
	SMB_SET_EAS,
};

struct smb_set {
	enum smb_set_kind kind;
	/* BASIC: FILETIMEs as sent (0, -1, -2 have meanings); attributes. */
	uint64_t creation, access, write, change;
	uint32_t attributes;
	/* RENAME, LINK: the new name below the share, no leading backslash. */
	struct smb_name name;
	bool is_replace;
	/* DISPOSITION */
	bool is_delete;
	/* For RENAME, LINK, DISPOSITION and sizes, which may wait; or NULL. */
	struct smb_call *call;
	/* POSITION, ALLOCATION, END_OF_FILE, VALID_DATA: bytes. MODE: mode. */
	uint64_t value;
	/* EAS: a checked FILE_FULL_EA list */
	const uint8_t *eas;
	uint32_t eas_length;
};

struct smb_volume_facts {
	uint64_t creation; /* FILETIME */
	uint32_t serial;
	uint64_t volume_id;
	char label[32];      /* UTF-8 */
	uint32_t attributes; /* FILE_* of FileFsAttributeInformation */
	uint32_t name_max;   /* UTF-16 units */
	uint64_t units_total, units_free, units_available;
	uint64_t files_total, files_free;
	uint32_t unit_sectors;
	uint32_t sector_bytes; /* logical */
	uint32_t physical_sector_bytes;
	bool is_read_only;
	bool has_trim; /* FSCTL_FILE_LEVEL_TRIM gives space back */
};

struct smb_lock {
	uint64_t offset;
	uint64_t length;
	bool is_exclusive;
	bool is_unlock;
};

struct smb_locks {
	const struct smb_lock *locks;
	uint32_t count;
	bool is_immediate; /* FAIL_IMMEDIATELY */
};

/* Bytes that go from one file to another, and not over the wire. */
struct smb_copy {
	struct smb_object *source;
	struct smb_call *call;
	uint64_t from, to; /* offsets in the source and in the target */
	uint64_t length;
	bool is_clone; /* the files share their blocks then, or it fails */
	bool is_rest;  /* no bytes: streams, EAs and attributes instead */
};

struct smb_ioctl {
	uint32_t code;
	struct smb_call *call;
	const uint8_t *in;
	uint32_t in_length;
	uint8_t *out; /* room for out_size bytes */
	uint32_t out_size;
};

struct smb_object_ops {
	/* All objects of the volume are closed by then. */
	void (*disconnect)(struct smb_volume *volume);

	/*
	 * MS-FSA 2.1.5.1. On success ret_created->object is open; end it with
	 * co_close. INVALID_PARAMETER if the holder's lease is on another file. Suspends while it waits for other clients.
	 */
	enum nt_status (*co_create)(struct smb_volume *volume,
				    struct smb_call *call,
				    const struct smb_create *how,
				    struct smb_created *ret_created);

	/*
	 * MS-FSA 2.1.5.4. The object is gone when it returns, whatever it
	 * returns. ret_facts (may be NULL) are those after the close.
	 */
	enum nt_status (*co_close)(struct smb_object *object,
				   struct smb_file_facts *ret_facts);
	enum nt_status (*co_flush)(struct smb_object *object);
	enum nt_status (*co_read)(struct smb_object *object,
				  const struct smb_read *how,
				  struct smb_body *ret_body);
	enum nt_status (*co_write)(struct smb_object *object,
				   const struct smb_write *how);
	enum nt_status (*co_lock)(struct smb_object *object,
				  struct smb_call *call,
				  const struct smb_locks *locks);
	enum nt_status (*co_list)(struct smb_object *object,
				  const struct smb_list *how);
	enum nt_status (*co_query)(struct smb_object *object,
				   struct smb_open_facts *ret_facts);
	enum nt_status (*co_set)(struct smb_object *object,
				 const struct smb_set *set);

	/* A self-relative descriptor with the parts of `parts`
	   (SECURITY_INFORMATION): its length; BUFFER_TOO_SMALL with the length
	   that is needed. */
	enum nt_status (*co_query_security)(struct smb_object *object,
					    uint32_t parts, uint8_t *to,
					    uint32_t size,
					    uint32_t *ret_length);
	enum nt_status (*co_set_security)(struct smb_object *object,
					  uint32_t parts,
					  const uint8_t *security,
					  uint32_t length);

	/* A FILE_FULL_EA list of all EAs: NO_EAS_ON_FILE if there is none. */
	enum nt_status (*co_query_eas)(struct smb_object *object, uint8_t *to,
				       uint32_t size, uint32_t *ret_length);

	/* FILE_STREAM_INFORMATION entries, as they go on the wire. */
	enum nt_status (*co_query_streams)(struct smb_object *object,
					   uint8_t *to, uint32_t size,
					   uint32_t *ret_length);
	enum nt_status (*co_query_volume)(struct smb_volume *volume,
					  struct smb_volume_facts *ret_facts);

	/* FSCTLs on a file. INVALID_DEVICE_REQUEST for those it has not. */
	enum nt_status (*co_ioctl)(struct smb_object *object,
				   const struct smb_ioctl *ioctl,
				   uint32_t *ret_length);

	/*
	 * All bytes of the range, which must lie in the source; `ret_copied`
	 * says also on failure how many were. INVALID_VIEW_SIZE, or for clones
	 * NOT_SUPPORTED: the source, of clones also the target, is shorter.
	 * FILE_LOCK_CONFLICT, for clones never.
	 */
	enum nt_status (*co_copy)(struct smb_object *target,
				  const struct smb_copy *how,
				  uint64_t *ret_copied);

	/*
	 * CHANGE_NOTIFY: waits for changes; FILE_NOTIFY_INFORMATION records.
	 * NOTIFY_ENUM_DIR with no bytes on overflow; NOTIFY_CLEANUP when the
	 * object closes.
	 */
	enum nt_status (*co_notify)(struct smb_object *object,
				    struct smb_call *call, uint32_t filter,
				    bool is_recursive, uint8_t *to,
				    uint32_t size, uint32_t *ret_length);

	/*
	 * The object's holder acknowledges a break and keeps `caching`.
	 * REQUEST_NOT_ACCEPTED if that is more than it was left, UNSUCCESSFUL
	 * if no acknowledgement is awaited.
	 */
	enum nt_status (*oplock_answer)(struct smb_object *object,
					uint8_t caching);

	/* It did not acknowledge in time: it has nothing any more. */
	void (*oplock_lapse)(struct smb_object *object);

	/* Ends the waits of others on this object before it is closed. */
	void (*closing)(struct smb_object *object);

	/*
	 * The object's client has gone and may come back for it (MS-SMB2
	 * 3.3.7.1): it stays open with all that it holds, after `closing`. Not
	 * SUCCESS if nobody could rely on it later: close it. `is_resilient`:
	 * even without an oplock or a lease.
	 */
	enum nt_status (*co_keep)(struct smb_object *object, bool is_resilient);

	/* Whether the object is one of the share that the volume shows. */
	bool (*is_of)(const struct smb_object *object,
		      const struct smb_volume *volume);

	/*
	 * Whether a client that comes back for the object finds it as it left
	 * it. `name` (NULL: whatever it is) must be its name.
	 * OBJECT_NAME_NOT_FOUND; INVALID_PARAMETER for another name.
	 */
	enum nt_status (*co_may_return)(struct smb_object *object,
					const struct smb_name *name);

	/*
	 * It goes to another volume of its share, on this worker or another:
	 * leaves the one that it was opened in, and is to arrive next.
	 */
	void (*co_depart)(struct smb_object *object);
	void (*arrive)(struct smb_object *object, struct smb_volume *volume);

	/* What CREATE would tell of it now: facts, rights, its grant. */
	enum nt_status (*co_tell)(struct smb_object *object,
				  bool wants_max_access,
				  struct smb_created *ret_created);

	/* Gives up a payload that was not sent. */
	void (*body_drop)(struct smb_body *body);
};
