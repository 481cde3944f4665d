/*
 * FUSE's messages as the kernel's side sends and receives them
 * (<linux/fuse.h>, protocol 7.13 and later): requests put together without
 * copying, replies checked before anybody looks at them. The peer is a program
 * on this host, but what it sends is foreign all the same: each length is
 * checked, each number that decides something has its bounds.
 *
 * Pure: bytes in, bytes out.
 */
#pragma once

#include <linux/fuse.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

enum {
	FUSEFS_ROOT = 1, /* node id of the root */
	/* Longest name, without its NUL; the kernel's FUSE_NAME_MAX. */
	FUSEFS_NAME_MAX = 1024,
	FUSEFS_PARTS_MAX = 5,
	/* The largest listing that is asked for at once. */
	FUSEFS_LISTING_SIZE = 32 * 1024,
};

struct fusefs_node;

/* Who asks; the program may look at it. */
struct fusefs_who {
	uint32_t uid, gid;
};

/* A request. Names and data are borrowed until it is sent. */
struct fusefs_request {
	struct fuse_in_header head;
	union {
		struct fuse_init_in init;
		struct fuse_getattr_in getattr;
		struct fuse_setattr_in setattr;
		struct fuse_mknod_in mknod;
		struct fuse_mkdir_in mkdir;
		struct fuse_rename2_in rename;
		struct fuse_link_in link;
		struct fuse_open_in open;
		struct fuse_create_in create;
		struct fuse_release_in release;
		struct fuse_flush_in flush;
		struct fuse_read_in read;
		struct fuse_write_in write;
		struct fuse_fsync_in fsync;
		struct fuse_setxattr_in setxattr;
		struct fuse_getxattr_in getxattr;
		struct fuse_forget_in forget;
		struct fuse_fallocate_in fallocate;
		struct fuse_lseek_in lseek;
		struct fuse_interrupt_in interrupt;
	} body;
	size_t body_size;
	const char *names[2]; /* sent with their NULs */
	const void *data;
	size_t data_size;
};

/* Begins a request of this kind with a body of this size, all zero. */
void fusefs_request_init(struct fusefs_request *r, uint32_t opcode,
			 uint64_t node, const struct fusefs_who *who,
			 size_t body_size);

/*
 * Sets the length in the header and gives the parts to send, up to
 * FUSEFS_PARTS_MAX: how many.
 */
size_t fusefs_request_parts(struct fusefs_request *r,
			    struct iovec parts[FUSEFS_PARTS_MAX]);

/* ---- replies ---- */

/*
 * `length` bytes were received, with this header. 0 or the -errno that the
 * program has answered; -EPROTO if this is no reply.
 */
int fusefs_reply_check(const struct fuse_out_header *head, size_t length);

struct fusefs_attr {
	uint64_t ino; /* as the program numbers it; may be 0 */
	uint64_t size, blocks;
	struct timespec atime, mtime, ctime;
	mode_t mode;
	uint32_t links, uid, gid, rdev;
};

struct fusefs_entry {
	uint64_t node;
	uint64_t generation;
	uint64_t entry_ns, attr_ns; /* how long name and facts hold */
	struct fusefs_attr attr;
	/* Not told just now, but kept (conn.h), and held already; or NULL. */
	struct fusefs_node *held;
};

/* -EPROTO for a reply of another length, a size or a type that can't be. */
int fusefs_attr_take(const void *body, size_t length,
		     struct fusefs_attr *ret_attr, uint64_t *ret_attr_ns);

/* Also -ENOENT for a name that is known not to be there (node 0). */
int fusefs_entry_take(const void *body, size_t length,
		      struct fusefs_entry *ret_entry);

/*
 * What a program says unasked: that a node's facts, and its data if so, or a
 * name in a directory, are not what they were.
 */
struct fusefs_notice {
	uint64_t node; /* with a name: the directory */
	bool is_data;
	char name[FUSEFS_NAME_MAX + 1]; /* or "" */
};

/* `code`: FUSE_NOTIFY_…. -EPROTO; -ENOSYS of a code that says no such thing. */
int fusefs_notice_take(int32_t code, const void *body, size_t length,
		       struct fusefs_notice *ret_notice);

/* A listing's next entry. */
struct fusefs_dirent {
	uint64_t ino;
	uint64_t cookie;
	uint32_t type; /* DT_… */
	size_t name_length;
	const char *name; /* not terminated; in the reply */
};

/*
 * Takes an entry at *at of a READDIR reply and moves *at behind it: 1; 0 at
 * the end, or where the reply ends within an entry that is not its first
 * (programs with libfuse 2 cut a listing anywhere); -EPROTO for what can't be
 * an entry: one without a name, with a slash or a NUL in it, or a first one
 * that is longer than the reply.
 */
int fusefs_dirent_take(const void *body, size_t length, size_t *at,
		       struct fusefs_dirent *ret_entry);

/* The same with the file's facts, of READDIRPLUS; node 0: without. */
int fusefs_direntplus_take(const void *body, size_t length, size_t *at,
			   struct fusefs_dirent *ret_entry,
			   struct fusefs_entry *ret_facts);

/* A target: without a NUL in it, terminated into `to`. -EPROTO, -ERANGE. */
int fusefs_target_take(const void *body, size_t length, char *to, size_t size);

/* 0 if a name may be sent: one component. Else -EINVAL or -ENAMETOOLONG. */
int fusefs_name_check(const char *name);
