/*
 * Requests are a header, a body, names and data, one behind the other; so each
 * stays where it is until it is sent. Replies are read by way of memcpy into
 * the structures of <linux/fuse.h>, once their length is known to be right.
 */
#include "fuse/proto.h"

#include <errno.h>
#include <string.h>

void fusefs_request_init(struct fusefs_request *r, uint32_t opcode,
			 uint64_t node, const struct fusefs_who *who,
			 size_t body_size)
{
	*r = (struct fusefs_request){
		.head = { .opcode = opcode,
			  .nodeid = node,
			  .uid = who->uid,
			  .gid = who->gid },
		.body_size = body_size,
	};
}

size_t fusefs_request_parts(struct fusefs_request *r,
			    struct iovec parts[FUSEFS_PARTS_MAX])
{
	size_t count = 0, length = 0;

	parts[count++] = (struct iovec){ &r->head, sizeof(r->head) };
	if (r->body_size)
		parts[count++] = (struct iovec){ &r->body, r->body_size };
	for (size_t i = 0; i < 2; i++) {
		if (r->names[i])
			parts[count++] =
				(struct iovec){ (void *)(uintptr_t)r->names[i],
						strlen(r->names[i]) + 1 };
	}
	if (r->data_size)
		parts[count++] = (struct iovec){ (void *)(uintptr_t)r->data,
						 r->data_size };
	for (size_t i = 0; i < count; i++)
		length += parts[i].iov_len;
	r->head.len = (uint32_t)length;
	return count;
}

/* ---- replies ---- */

int fusefs_reply_check(const struct fuse_out_header *head, size_t length)
{
	if (length < sizeof(*head) || head->len != length || !head->unique)
		return -EPROTO;
	if (head->error > 0 || head->error <= -512)
		return -EPROTO;
	if (head->error && length != sizeof(*head))
		return -EPROTO;
	return head->error;
}

static bool is_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return true;
	default:
		return false;
	}
}

static struct timespec time_of(uint64_t s, uint32_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)s,
				  .tv_nsec = ns < 1000000000 ? ns : 999999999 };
}

static int attr_of(const struct fuse_attr *from, struct fusefs_attr *to)
{
	if (from->size > INT64_MAX || !is_type(from->mode))
		return -EPROTO;
	*to = (struct fusefs_attr){
		.ino = from->ino,
		.size = from->size,
		.blocks = from->blocks,
		.atime = time_of(from->atime, from->atimensec),
		.mtime = time_of(from->mtime, from->mtimensec),
		.ctime = time_of(from->ctime, from->ctimensec),
		.mode = from->mode,
		.links = from->nlink,
		.uid = from->uid,
		.gid = from->gid,
		.rdev = from->rdev,
	};
	return 0;
}

/* Long ones are as good as for ever. */
static uint64_t ns_of(uint64_t s, uint32_t ns)
{
	if (s > 1000000000)
		s = 1000000000;
	return s * 1000000000 + (ns < 1000000000 ? ns : 0);
}

int fusefs_attr_take(const void *body, size_t length,
		     struct fusefs_attr *ret_attr, uint64_t *ret_attr_ns)
{
	struct fuse_attr_out out;

	if (length != sizeof(out))
		return -EPROTO;
	memcpy(&out, body, sizeof(out));
	*ret_attr_ns = ns_of(out.attr_valid, out.attr_valid_nsec);
	return attr_of(&out.attr, ret_attr);
}

int fusefs_entry_take(const void *body, size_t length,
		      struct fusefs_entry *ret_entry)
{
	struct fuse_entry_out out;
	struct fusefs_attr attr;
	int err;

	if (length != sizeof(out))
		return -EPROTO;
	memcpy(&out, body, sizeof(out));
	if (!out.nodeid)
		return -ENOENT;
	/* The root is nobody's child. */
	err = out.nodeid == FUSEFS_ROOT ? -EPROTO : attr_of(&out.attr, &attr);
	if (err)
		return err;
	*ret_entry = (struct fusefs_entry){
		.node = out.nodeid,
		.generation = out.generation,
		.entry_ns = ns_of(out.entry_valid, out.entry_valid_nsec),
		.attr_ns = ns_of(out.attr_valid, out.attr_valid_nsec),
		.attr = attr,
	};
	return 0;
}

/* The name, NUL included, is the rest of the message. */
static int notice_of(uint64_t dir, uint32_t name_length, const char *name,
		     size_t rest, struct fusefs_notice *ret)
{
	if (!name_length || name_length > FUSEFS_NAME_MAX ||
	    rest != (size_t)name_length + 1 || name[name_length] ||
	    memchr(name, '\0', name_length) || memchr(name, '/', name_length))
		return -EPROTO;
	ret->node = dir;
	ret->is_data = false;
	memcpy(ret->name, name, rest);
	return 0;
}

int fusefs_notice_take(int32_t code, const void *body, size_t length,
		       struct fusefs_notice *ret_notice)
{
	union {
		struct fuse_notify_inval_inode_out inode;
		struct fuse_notify_inval_entry_out entry;
		struct fuse_notify_delete_out gone;
	} out;
	const char *rest = body;

	switch (code) {
	case FUSE_NOTIFY_INVAL_INODE:
		if (length != sizeof(out.inode))
			return -EPROTO;
		memcpy(&out.inode, body, length);
		ret_notice->node = out.inode.ino;
		ret_notice->is_data = out.inode.off >= 0;
		ret_notice->name[0] = '\0';
		return 0;
	case FUSE_NOTIFY_INVAL_ENTRY:
		if (length < sizeof(out.entry))
			return -EPROTO;
		memcpy(&out.entry, body, sizeof(out.entry));
		return notice_of(out.entry.parent, out.entry.namelen,
				 rest + sizeof(out.entry),
				 length - sizeof(out.entry), ret_notice);
	case FUSE_NOTIFY_DELETE:
		if (length < sizeof(out.gone))
			return -EPROTO;
		memcpy(&out.gone, body, sizeof(out.gone));
		return notice_of(out.gone.parent, out.gone.namelen,
				 rest + sizeof(out.gone),
				 length - sizeof(out.gone), ret_notice);
	default:
		return -ENOSYS;
	}
}

int fusefs_dirent_take(const void *body, size_t length, size_t *at,
		       struct fusefs_dirent *ret_entry)
{
	const char *bytes = (const char *)body + *at;
	size_t left = length - *at, size;
	struct fuse_dirent head;
	const char *name = bytes + FUSE_NAME_OFFSET;

	if (!left)
		return 0;
	if (left < FUSE_NAME_OFFSET)
		return *at ? 0 : -EPROTO;
	memcpy(&head, bytes, FUSE_NAME_OFFSET);
	if (!head.namelen || head.namelen > FUSEFS_NAME_MAX)
		return -EPROTO;
	size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + head.namelen);
	if (size > left)
		return *at ? 0 : -EPROTO;
	if (memchr(name, '/', head.namelen) || memchr(name, '\0', head.namelen))
		return -EPROTO;
	*at += size;
	*ret_entry = (struct fusefs_dirent){
		.ino = head.ino,
		.cookie = head.off,
		.type = head.type,
		.name_length = head.namelen,
		.name = name,
	};
	return 1;
}

int fusefs_direntplus_take(const void *body, size_t length, size_t *at,
			   struct fusefs_dirent *ret_entry,
			   struct fusefs_entry *ret_facts)
{
	const size_t size = sizeof(struct fuse_entry_out);
	size_t after = *at + size;
	int got;

	if (*at == length)
		return 0;
	if (length - *at < size)
		return *at ? 0 : -EPROTO;
	got = fusefs_dirent_take(body, length, &after, ret_entry);
	if (got < 0)
		return got;
	if (!got)
		return *at ? 0 : -EPROTO;
	/* "." and ".." may have some, or what is none. */
	if (fusefs_entry_take((const char *)body + *at, size, ret_facts))
		*ret_facts = (struct fusefs_entry){ .node = 0 };
	*at = after;
	return 1;
}

int fusefs_target_take(const void *body, size_t length, char *to, size_t size)
{
	if (!length || memchr(body, '\0', length))
		return -EPROTO;
	if (length >= size)
		return -ERANGE;
	memcpy(to, body, length);
	to[length] = '\0';
	return 0;
}

int fusefs_name_check(const char *name)
{
	if (!*name || !strcmp(name, ".") || !strcmp(name, "..") ||
	    strchr(name, '/'))
		return -EINVAL;
	return strlen(name) > FUSEFS_NAME_MAX ? -ENAMETOOLONG : 0;
}
