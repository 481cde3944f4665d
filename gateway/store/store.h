/*
 * Files as Linux has them: trees below a root descriptor, files, and verbs
 * that return 0 (or a count) or -errno. Knows POSIX; knows nothing of SMB,
 * NTSTATUS or Windows names. All names here are bytes, one component without
 * a slash unless a parameter is called `path`.
 *
 * No path ever leads out of its tree: every resolution is an openat2 with
 * RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS from the tree's root or from a
 * directory below it. Every operation that names or opens something takes the
 * credentials of the user it is done for; those on an open file do not need
 * them, except for attributes, which Linux checks again.
 *
 * The direct door to a FUSE program (direct.c) answers the same calls without
 * descriptors: nothing above this header may ask for one, save
 * store_file_fd(), which may say -1.
 *
 * Thread: a tree is frozen and counted, any thread. Credentials and files
 * belong to the worker that made them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct store_creds;
struct store_file;
struct store_pipe;
struct store_tree;

/* ---- trees ---- */

enum store_symlinks {
	STORE_SYMLINKS_FOLLOW, /* inside the tree; out of it: -EXDEV */
	STORE_SYMLINKS_SHOW,   /* never followed: -ELOOP where one would be */
};

enum store_read_path {
	STORE_READ_AUTO, /* by size: see io_may_splice() in io.c */
	STORE_READ_COPY,
	STORE_READ_SPLICE, /* whenever it can be done at all */
};

struct store_options {
	enum store_symlinks symlinks;
	enum store_read_path read_path;
	bool is_read_only; /* -EROFS from every change, before the kernel */
};

/* What the file system below the root can do, found by trying it at start. */
struct store_features {
	bool has_xattr;   /* user.* */
	bool has_acl;     /* POSIX ACLs */
	bool has_btime;   /* statx gives a birth time */
	bool has_sparse;  /* SEEK_HOLE, punch hole */
	bool has_reflink; /* FICLONERANGE */
	bool is_case_insensitive;
	uint32_t name_max;  /* bytes of one component */
	uint64_t volume_id; /* stable over restarts: of fsid and device */
};

/*
 * Opens `path`, a directory. May block: only at start. -errno of the first
 * call that failed. Counted; free with store_tree_unref().
 */
int store_tree_open(const char *path, const struct store_options *options,
		    struct store_tree **ret_tree);

/* How its files are reached. */
enum store_via {
	STORE_VIA_AUTO,   /* direct if the program can, else kernel */
	STORE_VIA_DIRECT, /* we are its kernel: no mount, no privilege */
	STORE_VIA_KERNEL, /* by a mount */
};

/* A program that serves files by FUSE: see fuse/command.h for its words. */
struct store_program {
	const char *name; /* for the log */
	const char *const *words;
	size_t word_count;
	enum store_via via;
	unsigned int timeout_ms; /* for its start and for any answer */
	bool may_come_late;      /* see store_tree_is_there() */
	bool keeps_nothing;      /* of its files' names and facts */
};

/*
 * Starts a program and opens the root of its files. It is watched, and started
 * again if it ends or hangs; files that were open then are lost (-ENOTCONN,
 * -ECONNABORTED). Stopped with the tree. May block, for the timeout: only at
 * start. -errno after a line in the log; with `may_come_late`, a program that
 * can't be started now is tried again and again instead.
 */
int store_tree_start(const struct store_program *program,
		     const struct store_options *options,
		     struct store_tree **ret_tree);

/*
 * Whether the root of its files has ever been there. If not, nothing is known
 * of the tree, and nothing may be asked of it. Once so, always so.
 */
bool store_tree_is_there(const struct store_tree *tree);

/*
 * The process is to end: programs that don't answer are soon given up. And:
 * waits for all that were stopped, up to `ms`. Thread: any.
 */
void store_backends_hurry(void);
void store_backends_wait(unsigned int ms);

struct store_tree *store_tree_ref(struct store_tree *tree);
struct store_tree *store_tree_unref(struct store_tree *tree);
const struct store_features *store_tree_features(const struct store_tree *tree);
const struct store_options *store_tree_options(const struct store_tree *tree);

/*
 * Whether two trees begin at the same directory, so that a path names the same
 * in both. A number that is the same then; other roots hardly ever have it.
 */
bool store_tree_has_same_root(const struct store_tree *tree,
			      const struct store_tree *other);
uint64_t store_tree_root_hash(const struct store_tree *tree);

/* Owner and group of the root directory as they were at the start. */
void store_tree_owner(const struct store_tree *tree, uid_t *ret_uid,
		      gid_t *ret_gid);

struct store_space {
	uint64_t block_size;
	uint64_t blocks_total;
	uint64_t blocks_free;      /* of which root alone may use some */
	uint64_t blocks_available; /* to this user */
	uint64_t files_total;      /* 0 where they are not counted */
	uint64_t files_free;
};

int store_co_space(struct store_tree *tree, struct store_space *ret_space);

/* ---- credentials ---- */

/*
 * The credentials (uid, gid, groups) on this worker: one registered
 * personality for each distinct set, counted, dropped with the last user.
 * If they are the process's own, or the process may not change its identity
 * (store_creds_is_own() tells), operations run as the process. Never suspends.
 */
int store_creds_get(uid_t uid, gid_t gid, const gid_t *groups,
		    size_t group_count, struct store_creds **ret_creds);
struct store_creds *store_creds_ref(struct store_creds *creds);
struct store_creds *store_creds_unref(struct store_creds *creds);
uid_t store_creds_uid(const struct store_creds *creds);
gid_t store_creds_gid(const struct store_creds *creds);
bool store_creds_has_group(const struct store_creds *creds, gid_t gid);

/* Who somebody is, as any worker understands it. */
struct store_user {
	uid_t uid;
	gid_t gid;
	size_t group_count;
	gid_t groups[];
};

/* Whose they are, for another worker (malloc). NULL: out of memory. */
struct store_user *store_creds_user(const struct store_creds *creds);

/* Whether operations with them run as the process. */
bool store_creds_is_own(const struct store_creds *creds);

/* How many distinct sets this worker holds; for tests and the log. */
size_t store_creds_count(void);

/* ---- facts of a file ---- */

/*
 * What makes a file the same file: 24 bytes, filled by store alone, to be
 * compared as a whole. Stable for as long as anybody has it open.
 */
struct store_key {
	uint64_t device;
	uint64_t inode;
	uint64_t generation; /* birth time in ns where there is one, else 0 */
};

/*
 * Whether the file system that the file lies in moves its change time whenever
 * an extended attribute is set or removed. False where that is not known.
 */
bool store_tree_dates_xattrs(const struct store_tree *tree,
			     const struct store_key *key);

struct store_stat {
	struct store_key key;
	mode_t mode; /* S_IFMT and permissions */
	uid_t uid;
	gid_t gid;
	dev_t rdev;
	uint64_t links;
	uint64_t size;
	uint64_t allocated; /* bytes on disk */
	struct timespec atime, btime, ctime, mtime;
	bool has_btime;
	bool is_mount_root; /* of another file system, below our root */
};

/* ---- files ---- */

enum store_open_flags {
	STORE_OPEN_PATH = 0, /* neither reads nor writes: facts, walk, delete */
	STORE_OPEN_READ = 1,
	STORE_OPEN_WRITE = 2,
	STORE_OPEN_CREATE = 4, /* with EXCL always: creating is a verb apart */
	STORE_OPEN_TRUNCATE = 8,
	STORE_OPEN_DIRECTORY = 16, /* -ENOTDIR for anything else */
	STORE_OPEN_NOFOLLOW = 32,  /* a symlink at the end is opened itself
				     (PATH) or is -ELOOP */
	STORE_OPEN_APPEND = 64,
	STORE_OPEN_SYNC = 128, /* O_DSYNC */
};

/*
 * Opens `path`, several components below `dir` (NULL: the tree's root); an
 * empty path is `dir` itself. Devices, FIFOs and sockets are never opened for
 * reading or writing: -EOPNOTSUPP. With STORE_OPEN_CREATE the last component
 * is made with `mode` (umask does not apply), and -EEXIST if it is there.
 * Errors are openat2's. Free with store_file_close().
 */
int store_co_open(struct store_tree *tree, struct store_creds *creds,
		  struct store_file *dir, const char *path, unsigned int flags,
		  mode_t mode, struct store_file **ret_file);

/*
 * Opens what `file` is once more, with other flags, wherever its name is now.
 */
int store_co_reopen(struct store_file *file, struct store_creds *creds,
		    unsigned int flags, struct store_file **ret_file);

/* Never waits, never fails: errors of written data come from store_co_flush. */
struct store_file *store_file_close(struct store_file *file);

/* Another holder of the same file object (a node's parent, say). */
struct store_file *store_file_ref(struct store_file *file);

/* The descriptor, or -1 if this backend has none. Borrowed. */
int store_file_fd(const struct store_file *file);
struct store_tree *store_file_tree(const struct store_file *file);

/*
 * Opens the directory `path` below the root for walking. On -ENOENT, -ENOTDIR,
 * -EACCES, -ELOOP and -EXDEV, `ret_good` says how many leading components
 * could be walked, so that a missing parent and a missing leaf differ.
 */
int store_co_walk(struct store_tree *tree, struct store_creds *creds,
		  const char *path, struct store_file **ret_dir,
		  size_t *ret_good);

int store_co_stat(struct store_file *file, struct store_stat *ret_stat);

/* Does not follow a symlink at `name`. */
int store_co_stat_at(struct store_creds *creds, struct store_file *dir,
		     const char *name, struct store_stat *ret_stat);

/*
 * The same, and the thing itself, opened PATH and NOFOLLOW: what is done by it
 * is done to what was looked at. NULL where that would cost a question more.
 */
int store_co_look(struct store_creds *creds, struct store_file *dir,
		  const char *name, struct store_stat *ret_stat,
		  struct store_file **ret_file);

/*
 * Whether the user may do `mode` (R_OK | W_OK | X_OK of access(2)) to the
 * file: 0 or -EACCES, as the kernel decides for these credentials.
 */
int store_co_access(struct store_creds *creds, struct store_file *file,
		    int mode);

/* ---- directories ---- */

int store_co_mkdir(struct store_creds *creds, struct store_file *dir,
		   const char *name, mode_t mode);
int store_co_unlink(struct store_creds *creds, struct store_file *dir,
		    const char *name, bool is_directory);

/* `flags` of renameat2(2): RENAME_NOREPLACE or 0. */
int store_co_rename(struct store_creds *creds, struct store_file *from_dir,
		    const char *from, struct store_file *to_dir, const char *to,
		    unsigned int flags);

/* A second name for `file`. -EEXIST if there is one already. */
int store_co_link(struct store_creds *creds, struct store_file *file,
		  struct store_file *dir, const char *name);
int store_co_symlink(struct store_creds *creds, struct store_file *dir,
		     const char *name, const char *target);

/* A FIFO or a socket (S_IFIFO, S_IFSOCK, and permissions). */
int store_co_mknod(struct store_creds *creds, struct store_file *dir,
		   const char *name, mode_t mode);

/* The target with a NUL; -ERANGE if `size` is too small. */
int store_co_readlink(struct store_file *file, char *to, size_t size);

struct store_entry {
	const char *name; /* borrowed until the next call for this listing */
	uint64_t inode;
	uint64_t cookie;    /* where the listing goes on behind this entry */
	unsigned char type; /* DT_… */
};

/*
 * A directory that is being listed: a position of its own, entries read in
 * batches on a hand. "." and ".." are left out.
 */
struct store_listing;
int store_co_list_open(struct store_creds *creds, struct store_file *dir,
		       struct store_listing **ret_listing);

/* 1 with an entry, 0 at the end, or -errno. Waits only for a new batch. */
int store_co_list_next(struct store_listing *listing,
		       struct store_entry *ret_entry);

/* Goes to a cookie of an earlier entry; 0 is the start. */
int store_co_list_seek(struct store_listing *listing, uint64_t cookie);
struct store_listing *store_listing_free(struct store_listing *listing);

/*
 * Facts of many entries of one directory at once (in bunches on the hands).
 * Each ret_errors[i] is 0 or -errno.
 */
void store_co_stat_many(struct store_creds *creds, struct store_file *dir,
			const char *const *names, size_t count,
			struct store_stat *ret_stats, int *ret_errors);

/*
 * The value of one extended attribute of many entries, in the same way; of a
 * link its own. `attribute` NULL: the names of all that each has, as
 * store_co_xattr_list() gives them. `values` has room for `size` bytes each;
 * ret_lengths[i] is the length or -errno, as fgetxattr(2) has it. All -EOPNOTSUPP for a backend
 * without descriptors.
 */
void store_co_xattr_many(struct store_creds *creds, struct store_file *dir,
			 const char *const *names, size_t count,
			 const char *attribute, void *values, size_t size,
			 int64_t *ret_lengths);

/* ---- data ---- */

struct store_read {
	uint64_t offset;
	uint32_t length;
	bool may_be_opaque; /* the bytes may stay in a pipe */
	/* Asked for memory once, and only if the bytes must lie in memory. */
	uint8_t *(*room)(void *owner, uint32_t length);
	void *owner;
};

struct store_body {
	uint8_t *bytes;          /* of room(); NULL if they are in the pipe */
	struct store_pipe *pipe; /* give back with store_pipe_give() */
	uint32_t length;         /* 0 at and behind the end of the file */
};

/* -ENOMEM if room() said NULL. The choice of the way is io_may_splice()'s. */
int store_co_read(struct store_file *file, const struct store_read *how,
		  struct store_body *ret_body);

/*
 * All of the bytes or -errno. `is_stable`: they are on stable storage when
 * this returns (RWF_DSYNC). Appends at the end if offset is UINT64_MAX.
 */
int store_co_write(struct store_file *file, const uint8_t *bytes,
		   uint32_t length, uint64_t offset, bool is_stable);

/* fsync. Its error is that of any write to the file since the last one. */
int store_co_flush(struct store_file *file);
int store_co_truncate(struct store_file *file, uint64_t size);

/* Reserves space without changing the size; -EOPNOTSUPP is possible. */
int store_co_allocate(struct store_file *file, uint64_t size);

/* Frees or zeroes a range inside the file; never changes the size. */
int store_co_zero(struct store_file *file, uint64_t offset, uint64_t length);

/*
 * The next run of data at or behind `offset`: 1 with its bounds, or 0 if there
 * is none before the end of the file.
 */
int store_co_next_data(struct store_file *file, uint64_t offset,
		       uint64_t *ret_start, uint64_t *ret_end);

/* Copies inside the kernel (reflink where it can): the bytes copied. */
int64_t store_co_copy(struct store_file *from, uint64_t from_offset,
		      struct store_file *to, uint64_t to_offset,
		      uint64_t length);

/*
 * The two files share the blocks of the range from now on (FICLONERANGE).
 * -EINVAL if it doesn't lie on whole blocks, -EXDEV, -EOPNOTSUPP.
 */
int store_co_clone(struct store_file *from, uint64_t from_offset,
		   struct store_file *to, uint64_t to_offset, uint64_t length);

/* Part of a file; STORE_SPAN_REST: up to its end, wherever that will be. */
struct store_span {
	uint64_t offset; /* up to INT64_MAX */
	uint64_t length; /* not 0 */
};

#define STORE_SPAN_REST UINT64_MAX

enum store_lock {
	STORE_LOCK_NONE,
	STORE_LOCK_SHARED,    /* of a file that can be read */
	STORE_LOCK_EXCLUSIVE, /* of one that can be written */
};

/*
 * Locks part of this open file against other opens (advice: F_OFD_SETLK), or
 * changes or gives back what it has there. -EAGAIN: somebody has it.
 * -EOPNOTSUPP for a backend without descriptors.
 */
int store_co_lock(struct store_file *file, const struct store_span *span,
		  enum store_lock kind);

/* ---- attributes ---- */

/* As fgetxattr(2): the size; -ENODATA, -ERANGE, -EOPNOTSUPP. */
int64_t store_co_xattr_get(struct store_creds *creds, struct store_file *file,
			   const char *name, void *to, size_t size);

/*
 * The first of `names` (up to a NULL) that the file has, in one go: its size,
 * and its index in `ret_which`. -ENODATA: it has none of them.
 */
int64_t store_co_xattr_first(struct store_creds *creds, struct store_file *file,
			     const char *const *names, void *to, size_t size,
			     size_t *ret_which);
int store_co_xattr_set(struct store_creds *creds, struct store_file *file,
		       const char *name, const void *value, size_t size);

/* The same for one that is not there; else -EEXIST. */
int store_co_xattr_create(struct store_creds *creds, struct store_file *file,
			  const char *name, const void *value, size_t size);
int store_co_xattr_remove(struct store_creds *creds, struct store_file *file,
			  const char *name);

/* Names, each with its NUL, one behind the other: bytes used. -ERANGE. */
int64_t store_co_xattr_list(struct store_creds *creds, struct store_file *file,
			    char *to, size_t size);

/* tv_nsec may be UTIME_OMIT or UTIME_NOW. */
int store_co_set_times(struct store_creds *creds, struct store_file *file,
		       const struct timespec *atime,
		       const struct timespec *mtime);
int store_co_set_mode(struct store_creds *creds, struct store_file *file,
		      mode_t mode);

/* -1 leaves that one as it is. */
int store_co_set_owner(struct store_creds *creds, struct store_file *file,
		       uid_t uid, gid_t gid);

/* ---- counters of this worker, for tests and status ---- */

struct store_counters {
	uint64_t bytes_copied;   /* read through memory */
	uint64_t bytes_spliced;  /* read through a pipe */
	uint64_t splices_direct; /* splice(2), page cache */
	uint64_t splices_ring;   /* IORING_OP_SPLICE or a hand */
	uint64_t bytes_written;
	uint64_t pipes; /* that exist now */
};

const struct store_counters *store_counters(void);

/*
 * Gives back what this worker keeps: its pooled pipes. Before the thread ends,
 * when no credentials are held and no pipe is lent; counters start anew.
 */
void store_worker_end(void);
