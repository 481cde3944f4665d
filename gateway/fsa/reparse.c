/*
 * Reparse points (MS-FSA 2.1.5.10): links, FIFOs and sockets as clients read
 * and make them. Linux can't turn a file into a link; so one is made beside it
 * and takes its name, and the open goes on with what has the name now.
 *
 * Devices are shown and never made.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/fsa/change.h"
#include "gateway/fsa/dosattr.h"
#include "gateway/fsa/fsctl.h"
#include "gateway/fsa/reparse_data.h"
#include "gateway/fsa/stream.h"
#include "gateway/fsa/windows.h"

enum {
	LINK_MAX_BYTES = 4096,
	MODE_NEW = 0644,
};

/* ---- get ---- */

enum nt_status fsa_co_get_reparse_point(struct fsa_fsctl *f)
{
	struct fsa_open *open = f->open;
	struct fsa_reparse reparse;
	struct store_stat stat;
	enum nt_status status;
	int err;

	if (!open->is_special)
		return NT_STATUS_NOT_A_REPARSE_POINT;
	err = store_co_stat(open->file, &stat);
	if (err)
		return fsa_status(FSA_QUERY, err);
	reparse = (struct fsa_reparse){ .kind = stat.mode & S_IFMT,
					.device = stat.rdev };
	if (S_ISLNK(stat.mode)) {
		reparse.target = malloc(LINK_MAX_BYTES);
		if (!reparse.target)
			return NT_STATUS_INSUFFICIENT_RESOURCES;
		err = store_co_readlink(open->file, reparse.target,
					LINK_MAX_BYTES);
	}
	status = fsa_status(FSA_QUERY, err);
	if (nt_status_is_ok(status))
		status = fsa_reparse_write(open->volume->share, &reparse,
					   &f->out);
	free(reparse.target);
	if (nt_status_is_ok(status) && !wr_ok(&f->out))
		status = NT_STATUS_BUFFER_TOO_SMALL;
	return status;
}

/* ---- one thing in the place of another ---- */

struct swap {
	struct fsa_open *open;
	const struct fsa_reparse *to; /* NULL: an empty file */
	struct store_creds *creds;    /* borrowed */
	char *path;
	const char *leaf;
	struct store_file *dir;
	char beside[64]; /* the name that the new thing has at first */
};

static enum nt_status co_swap_init(struct swap *s, struct fsa_open *open,
				   const struct fsa_reparse *to)
{
	char *slash;
	size_t good;
	int err;

	*s = (struct swap){ .open = open,
			    .to = to,
			    .creds = open->volume->creds,
			    .path = fsa_open_path(open) };
	if (!s->path)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	if (!*s->path) /* the root */
		return NT_STATUS_ACCESS_DENIED;
	slash = strrchr(s->path, '/');
	s->leaf = slash ? slash + 1 : s->path;
	if (slash)
		*slash = '\0';
	err = store_co_walk(open->tree, s->creds, slash ? s->path : "", &s->dir,
			    &good);
	if (slash)
		*slash = '/';
	/* One file is swapped by one open at a time: nobody else has it. */
	snprintf(s->beside, sizeof(s->beside), ".smbgate-%" PRIx64,
		 open->node->key.inode);
	return fsa_status(FSA_WALK, err);
}

static void swap_fini(struct swap *s)
{
	store_file_close(s->dir);
	free(s->path);
}

static int co_make_file(const struct swap *s)
{
	struct store_file *file;
	int err = store_co_open(s->open->tree, s->creds, s->dir, s->beside,
				STORE_OPEN_CREATE | STORE_OPEN_WRITE, MODE_NEW,
				&file);

	if (!err)
		store_file_close(file);
	return err;
}

static int co_make(const struct swap *s)
{
	if (!s->to)
		return co_make_file(s);
	if (S_ISLNK(s->to->kind))
		return store_co_symlink(s->creds, s->dir, s->beside,
					s->to->target);
	return store_co_mknod(s->creds, s->dir, s->beside,
			      s->to->kind | MODE_NEW);
}

/* The name is still that of this file, nobody else has it open, and this open
   has not been swapped before. */
static enum nt_status co_check_alone(const struct swap *s)
{
	struct fsa_node *node = s->open->node;
	struct store_stat stat;
	int err = store_co_stat_at(s->creds, s->dir, s->leaf, &stat);
	bool is_alone = !s->open->former;

	if (err)
		return fsa_status(FSA_OPEN, err);
	if (!fsa_key_equal(&stat.key, &node->key))
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	fsa_node_lock(node);
	is_alone = is_alone && TAILQ_FIRST(&node->opens) == s->open &&
		   !TAILQ_NEXT(s->open, node_entry) &&
		   !fsa_node_has_stream_opens(node) && !node->is_delete_pending;
	fsa_node_unlock(node);
	return is_alone ? NT_STATUS_SUCCESS : NT_STATUS_SHARING_VIOLATION;
}

/* A name takes over that of a file, but not that of a directory. */
static enum nt_status co_put_in_place(const struct swap *s)
{
	enum nt_status status = co_check_alone(s);
	int err = 0;

	if (!nt_status_is_ok(status))
		return status;
	if (s->open->base.is_directory)
		err = store_co_unlink(s->creds, s->dir, s->leaf, true);
	if (!err)
		err = store_co_rename(s->creds, s->dir, s->beside, s->dir,
				      s->leaf, 0);
	return fsa_status(FSA_RENAME, err);
}

static unsigned int flags_of(const struct swap *s)
{
	uint32_t granted = s->open->base.granted;
	unsigned int flags = STORE_OPEN_NOFOLLOW;

	if (s->to)
		return flags;
	if (granted & (FILE_READ_DATA | FILE_EXECUTE))
		flags |= STORE_OPEN_READ;
	if (granted & (FILE_WRITE_DATA | FILE_APPEND_DATA))
		flags |= STORE_OPEN_WRITE;
	return flags;
}

/*
 * The open stands for the new thing. Other requests may still be at work on
 * the old one, so it stays until the open goes. The node keeps its place in
 * the table: who opens the new thing beside this open gets a node of his own.
 */
static enum nt_status co_adopt(const struct swap *s)
{
	struct fsa_open *open = s->open;
	struct store_file *file;
	struct store_stat stat;
	int err = store_co_open(open->tree, s->creds, s->dir, s->leaf,
				flags_of(s), 0, &file);

	if (!err) {
		err = store_co_stat(file, &stat);
		if (err)
			store_file_close(file);
	}
	if (err)
		return fsa_status(FSA_OPEN, err);
	open->former = open->file;
	open->file = file;
	open->is_special = s->to != NULL;
	open->base.is_directory = false;
	fsa_node_lock(open->node);
	open->node->key = stat.key;
	open->node->is_directory = false;
	fsa_node_unlock(open->node);
	fsa_changed(open, s->path, FSA_ACTION_MODIFIED, FSA_CHANGE_ATTRIBUTES);
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_swap(struct fsa_open *open,
			      const struct fsa_reparse *to)
{
	struct swap s;
	enum nt_status status = co_swap_init(&s, open, to);

	if (nt_status_is_ok(status))
		status = co_check_alone(&s);
	if (nt_status_is_ok(status)) {
		status = fsa_status(FSA_CREATE, co_make(&s));
		if (nt_status_is_ok(status)) {
			status = co_put_in_place(&s);
			if (!nt_status_is_ok(status))
				(void)store_co_unlink(s.creds, s.dir, s.beside,
						      false);
		}
	}
	if (nt_status_is_ok(status))
		status = co_adopt(&s);
	swap_fini(&s);
	return status;
}

/* ---- set and delete ---- */

static enum nt_status check_rights(const struct fsa_open *open)
{
	const uint32_t any = FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES;

	/* Where links are followed, nobody could see what was made. */
	if (!fsa_share_shows_links(open->volume->share))
		return NT_STATUS_INVALID_DEVICE_REQUEST;
	/* It is the file that becomes another thing. */
	if (fsa_open_is_stream(open))
		return NT_STATUS_INVALID_PARAMETER;
	return open->base.granted & any ? NT_STATUS_SUCCESS
					: NT_STATUS_ACCESS_DENIED;
}

/* What has data would lose them. */
static enum nt_status co_check_empty(struct fsa_open *open)
{
	struct store_stat stat;
	int err;

	if (open->is_special || open->base.is_directory)
		return NT_STATUS_SUCCESS; /* rmdir sees to directories */
	err = store_co_stat(open->file, &stat);
	if (err)
		return fsa_status(FSA_QUERY, err);
	return stat.size == 0 ? NT_STATUS_SUCCESS : NT_STATUS_NOT_SUPPORTED;
}

static enum nt_status co_tag_of(struct fsa_open *open, uint32_t *ret_tag)
{
	struct store_stat stat;
	int err = store_co_stat(open->file, &stat);

	if (!err)
		*ret_tag = fsa_reparse_tag(stat.mode);
	return fsa_status(FSA_QUERY, err);
}

enum nt_status fsa_co_set_reparse_point(struct fsa_fsctl *f)
{
	struct fsa_reparse to = { 0 };
	uint32_t tag = 0;
	enum nt_status status = check_rights(f->open);

	if (nt_status_is_ok(status))
		status = fsa_reparse_read(f->open->volume->share, &f->in, &to);
	if (nt_status_is_ok(status) && (S_ISCHR(to.kind) || S_ISBLK(to.kind)))
		status = NT_STATUS_ACCESS_DENIED;
	if (nt_status_is_ok(status))
		status = co_tag_of(f->open, &tag);
	if (nt_status_is_ok(status) && tag && tag != fsa_reparse_tag(to.kind))
		status = NT_STATUS_IO_REPARSE_TAG_MISMATCH;
	if (nt_status_is_ok(status))
		status = co_check_empty(f->open);
	if (nt_status_is_ok(status))
		status = co_swap(f->open, &to);
	free(to.target);
	return status;
}

enum nt_status fsa_co_delete_reparse_point(struct fsa_fsctl *f)
{
	uint32_t tag = rd_u32(&f->in), is = 0;
	uint16_t length = rd_u16(&f->in);
	enum nt_status status = check_rights(f->open);

	rd_skip(&f->in, 2);
	if (!nt_status_is_ok(status))
		return status;
	if (!rd_ok(&f->in) || length != 0 || rd_left(&f->in) != 0)
		return NT_STATUS_IO_REPARSE_DATA_INVALID;
	status = co_tag_of(f->open, &is);
	if (!nt_status_is_ok(status))
		return status;
	if (!is)
		return NT_STATUS_NOT_A_REPARSE_POINT;
	if (tag != is)
		return NT_STATUS_IO_REPARSE_TAG_MISMATCH;
	return co_swap(f->open, NULL);
}
