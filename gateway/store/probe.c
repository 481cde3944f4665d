/*
 * Finds out at the start what a file system can do, by doing it: user
 * attributes, birth times, holes, shared extents, names that match in any
 * case. Everything that writes happens in a file that has no name (O_TMPFILE)
 * or has lost it before anything else is tried, so that nothing is left behind
 * even by a crash. A tree that must not be written to is only asked.
 *
 * Runs at the start, outside of any loop: plain calls that may block.
 */
#include "gateway/store/probe.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "gateway/store/file.h"

/* Not in <linux/magic.h> everywhere. */
#define MAGIC_BCACHEFS 0xca451a4e
#define MAGIC_ZFS      0x2fc12fc1

#define PROBE_ATTRIBUTE "user.smbgate.probe"

/* How many names of a directory are looked at for one that has a letter. */
#define PROBE_NAMES 64

/* ---- case ---- */

bool store_probe_case(int dir_fd, const char *name, bool *ret_is_so)
{
	char turned[NAME_MAX + 1];
	struct stat as_is, other;
	size_t n = strlen(name), i;

	if (n > NAME_MAX)
		return false;
	memcpy(turned, name, n + 1);
	for (i = 0; i < n; i++) {
		if (islower((unsigned char)turned[i]))
			turned[i] = (char)toupper((unsigned char)turned[i]);
		else
			turned[i] = (char)tolower((unsigned char)turned[i]);
	}
	if (!strcmp(turned, name) ||
	    fstatat(dir_fd, name, &as_is, AT_SYMLINK_NOFOLLOW))
		return false;
	/* Both may exist, side by side: then they are not one file. */
	*ret_is_so = !fstatat(dir_fd, turned, &other, AT_SYMLINK_NOFOLLOW) &&
		     as_is.st_dev == other.st_dev &&
		     as_is.st_ino == other.st_ino && as_is.st_nlink == 1;
	return true;
}

/*
 * Asks for the flag that says so, else tries a name that is there already.
 * Only regular files will do: directories have several links.
 */
static bool is_case_insensitive(int root_fd)
{
	int fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int flags = 0, left = PROBE_NAMES;
	bool is_so = false;
	struct dirent *e;
	DIR *dir;

	if (fd < 0)
		return false;
	if (!ioctl(fd, FS_IOC_GETFLAGS, &flags) && flags & FS_CASEFOLD_FL)
		is_so = true;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return is_so;
	}
	while (!is_so && left-- > 0 && (e = readdir(dir))) {
		if (e->d_type == DT_REG &&
		    store_probe_case(root_fd, e->d_name, &is_so))
			break;
	}
	closedir(dir);
	return is_so;
}

/* ---- a file to try things with ---- */

/*
 * With a name, but only for a moment: long enough to try its case, and an
 * attribute, which some programs behind FUSE can't set on what has no name.
 */
static int make_named(int root_fd, struct store_features *f)
{
	char name[64];
	uint64_t salt = 0;
	int fd;

	if (getrandom(&salt, sizeof(salt), 0) != sizeof(salt))
		return -1;
	snprintf(name, sizeof(name), ".smbgate-probe-%016llx",
		 (unsigned long long)salt);
	fd = openat(root_fd, name,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	store_probe_case(root_fd, name, &f->is_case_insensitive);
	f->has_xattr = !fsetxattr(fd, PROBE_ATTRIBUTE, "1", 1, 0);
	unlinkat(root_fd, name, 0);
	return fd;
}

static int make_file(int root_fd, struct store_features *f)
{
	int fd = openat(root_fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd < 0 && errno != EACCES && errno != EROFS && errno != EPERM)
		fd = make_named(root_fd, f);
	return fd;
}

/* ---- what can be done with it ---- */

/* True holes: not only the calls that say "all of it is data". */
static bool try_sparse(int fd)
{
	const off_t far = 4 << 20;

	if (pwrite(fd, "x", 1, far) != 1)
		return false;
	if (lseek(fd, 0, SEEK_DATA) <= 0 || lseek(fd, 0, SEEK_HOLE) != 0)
		return false;
	return !fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			  far);
}

static bool try_reflink(int fd, uint64_t block)
{
	static const char page[4096] = "x";
	struct file_clone_range range = {
		.src_fd = fd,
		.src_length = block,
		.dest_offset = block,
	};
	uint64_t done;

	for (done = 0; done < block; done += sizeof(page)) {
		if (pwrite(fd, page, sizeof(page), (off_t)done) !=
		    (ssize_t)sizeof(page))
			return false;
	}
	return !ioctl(fd, FICLONERANGE, &range);
}

static void try_writing(int fd, uint64_t block, struct store_features *f)
{
	f->has_xattr |= !fsetxattr(fd, PROBE_ATTRIBUTE, "1", 1, 0);
	f->has_sparse = try_sparse(fd);
	f->has_reflink = !ftruncate(fd, 0) && try_reflink(fd, block);
}

/* ---- what can be asked ---- */

struct store_kind store_kind_of(uint32_t magic)
{
	switch (magic) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
		return (struct store_kind){ .has_holes = true,
					    .is_local = true,
					    .dates_xattrs = true };
	case F2FS_SUPER_MAGIC:
	case MAGIC_BCACHEFS:
		return (struct store_kind){ .has_holes = true,
					    .is_local = true };
	case TMPFS_MAGIC:
		return (struct store_kind){ .has_holes = true,
					    .is_local = true,
					    .is_memory = true,
					    .dates_xattrs = true };
	case MAGIC_ZFS:
		return (struct store_kind){ .has_holes = true };
	case FUSE_SUPER_MAGIC:
	case NFS_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
	case V9FS_MAGIC:
		return (struct store_kind){ .is_far = true };
	default:
		return (struct store_kind){};
	}
}

static bool has_acl(int root_fd)
{
	char path[STORE_FD_PATH_SIZE];

	store_fd_path(root_fd, path);
	return getxattr(path, "system.posix_acl_access", NULL, 0) >= 0 ||
	       errno == ENODATA;
}

static void ask(int root_fd, const struct statfs *fs, struct store_features *f)
{
	char path[STORE_FD_PATH_SIZE];

	store_fd_path(root_fd, path);
	f->has_xattr = getxattr(path, PROBE_ATTRIBUTE, NULL, 0) >= 0 ||
		       errno == ENODATA;
	f->has_sparse = store_kind_of((uint32_t)fs->f_type).has_holes;
}

/* FNV-1a over what names the file system; a device number is a last resort. */
static uint64_t volume_id(const struct statfs *fs, const struct statx *st)
{
	unsigned char raw[sizeof(fs->f_fsid)];
	uint64_t hash = 0xcbf29ce484222325u, any = 0;
	size_t i;

	memcpy(raw, &fs->f_fsid, sizeof(raw));
	for (i = 0; i < sizeof(raw); i++) {
		any |= raw[i];
		hash = (hash ^ raw[i]) * 0x100000001b3u;
	}
	if (!any)
		hash ^= (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor;
	return hash;
}

int store_probe(int root_fd, bool may_write, struct store_features *ret)
{
	struct store_features f = {};
	struct statfs fs;
	struct statx st;
	int fd;

	if (fstatfs(root_fd, &fs) ||
	    statx(root_fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
		  &st))
		return -errno;
	f.has_btime = st.stx_mask & STATX_BTIME;
	f.has_acl = has_acl(root_fd);
	f.name_max = fs.f_namelen ? (uint32_t)fs.f_namelen : NAME_MAX;
	f.volume_id = volume_id(&fs, &st);
	f.is_case_insensitive = is_case_insensitive(root_fd);
	fd = may_write ? make_file(root_fd, &f) : -1;
	if (fd >= 0) {
		try_writing(fd, (uint64_t)fs.f_bsize, &f);
		close(fd);
	} else {
		ask(root_fd, &fs, &f);
	}
	*ret = f;
	return 0;
}
