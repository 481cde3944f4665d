/*
 * The users file: read line by line, and changed as a whole. Two that change
 * it at once take turns by a lock on the file; a reader sees the old or the
 * new one, never half of one.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/limits.h"
#include "gateway/users.h"
#include "smb/wire/utf16.h"

bool gw_users_file_each(const char *path, struct gw_complaints *c,
			void (*each)(void *arg, const struct gw_user_line *line,
				     const struct gw_spot *spot),
			void *arg)
{
	struct gw_spot spot = { .file = path };
	unsigned int count = c->count;
	const char *fault;
	struct stat st;
	char *text;
	int err = gw_file_read(path, GW_USERS_BYTES_MAX, &text, &st);

	if (err < 0) {
		gw_complain(c, &spot,
			    err == -ENOENT ? "smbgate user add NAME makes it"
					   : NULL,
			    "%s", gw_file_error(err));
		return false;
	}
	fault = gw_secret_fault(path, &st);
	if (fault)
		gw_complain(c, &spot, NULL, "%s", fault);
	for (const char *at = text; !fault && *at;) {
		size_t length = strcspn(at, "\n");
		size_t bare = length;
		struct gw_user_line line;
		const char *wrong;

		spot.line++;
		if (bare > 0 && at[bare - 1] == '\r')
			bare--;
		if (!gw_user_line_is_blank(at, bare)) {
			wrong = gw_user_line_parse(at, bare, &line);
			if (wrong)
				gw_complain(c, &spot, NULL, "%s", wrong);
			else
				each(arg, &line, &spot);
		}
		at += length + (at[length] == '\n');
	}
	gw_secret_free(text);
	return c->count == count;
}

/* ---- changing ---- */

/* The text of a file while it is changed, and where the user's line is. */
struct edit {
	char *text;
	struct gw_user_line line;
	size_t from, to; /* bytes of the line; both 0 if there is none */
	bool is_there;
};

static void edit_find(struct edit *e, const char *name)
{
	for (size_t at = 0; e->text[at];) {
		size_t length = strcspn(e->text + at, "\n");
		struct gw_user_line line;

		if (!gw_user_line_is_blank(e->text + at, length) &&
		    !gw_user_line_parse(e->text + at, length, &line) &&
		    smb_utf8_equal_nocase(line.name, name)) {
			e->line = line;
			e->from = at;
			e->to = at + length + (e->text[at + length] == '\n');
			e->is_there = true;
			return;
		}
		at += length + (e->text[at + length] == '\n');
	}
	e->from = e->to = strlen(e->text);
}

static void edit_apply(struct edit *e, const struct gw_user_edit *how)
{
	struct gw_user_line *line = &e->line;

	if (how->kind == GW_USER_ADD) {
		*line = (struct gw_user_line){ .has_uid = false };
		snprintf(line->name, sizeof(line->name), "%s", how->name);
	}
	if (how->kind == GW_USER_DISABLE || how->kind == GW_USER_ENABLE)
		line->is_disabled = how->kind == GW_USER_DISABLE;
	if (how->has_uid) {
		line->has_uid = true;
		line->uid = how->uid;
	}
	if (how->nt_hash) {
		memcpy(line->nt_hash, how->nt_hash, GW_NT_HASH_LENGTH);
		line->has_password = true;
		line->changed = (uint32_t)time(NULL);
	}
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

static int write_edited(int fd, const struct edit *e, bool keeps_line)
{
	char line[GW_USER_LINE_MAX] = "";
	bool lacks_end = e->from > 0 && e->text[e->from - 1] != '\n';
	int err = write_all(fd, e->text, e->from);

	if (err == 0 && lacks_end)
		err = write_all(fd, "\n", 1);
	if (err == 0 && keeps_line) {
		gw_user_line_format(&e->line, line);
		err = write_all(fd, line, strlen(line));
		explicit_bzero(line, sizeof(line));
		if (err == 0)
			err = write_all(fd, "\n", 1);
	}
	if (err == 0)
		err = write_all(fd, e->text + e->to, strlen(e->text + e->to));
	if (err == 0 && fsync(fd) < 0)
		err = -errno;
	return err;
}

static void sync_directory(const char *path)
{
	char directory[PATH_MAX];
	char *slash;
	int fd;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (!slash)
		return;
	slash[slash == directory] = '\0';
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* Writes beside the file and renames over it; owner and mode stay. */
static int replace(const char *path, int old_fd, const struct edit *e,
		   bool keeps_line)
{
	char beside[PATH_MAX];
	struct stat st;
	int fd, err;

	if ((size_t)snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >=
	    sizeof(beside))
		return -ENAMETOOLONG;
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fstat(old_fd, &st) < 0 ? -errno : 0;
	if (err == 0 && (st.st_uid != geteuid() || st.st_gid != getegid()) &&
	    fchown(fd, st.st_uid, st.st_gid) < 0)
		err = -errno;
	if (err == 0)
		err = write_edited(fd, e, keeps_line);
	close(fd);
	if (err == 0 && rename(beside, path) < 0)
		err = -errno;
	if (err < 0)
		unlink(beside);
	else
		sync_directory(path);
	return err;
}

/* Whether the descriptor is still what the path names. */
static bool is_current(int fd, const char *path)
{
	struct stat ours, now;

	return fstat(fd, &ours) == 0 && stat(path, &now) == 0 &&
	       ours.st_dev == now.st_dev && ours.st_ino == now.st_ino;
}

/* The file, locked; made if it may be. */
static int open_locked(const char *path, bool may_create)
{
	int flags = O_RDWR | O_CLOEXEC | O_NONBLOCK;

	for (;;) {
		int fd = open(path, flags | (may_create ? O_CREAT : 0), 0600);

		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX) < 0) {
			int err = -errno;

			close(fd);
			return err;
		}
		if (is_current(fd, path))
			return fd;
		close(fd); /* replaced while we waited */
	}
}

static bool edit_do(const char *path, int fd, const struct gw_user_edit *how,
		    struct edit *e, FILE *errors)
{
	bool is_add = how->kind == GW_USER_ADD;
	int err;

	edit_find(e, how->name);
	if (e->is_there == is_add) {
		fprintf(errors,
			is_add ? "smbgate: %s has a user %s already: "
				 "smbgate user set\n"
			       : "smbgate: %s has no user %s\n",
			path, how->name);
		return false;
	}
	edit_apply(e, how);
	err = replace(path, fd, e, how->kind != GW_USER_DELETE);
	if (err < 0)
		fprintf(errors, "smbgate: %s: %s\n", path, strerror(-err));
	return err == 0;
}

bool gw_users_file_edit(const char *path, const struct gw_user_edit *how,
			FILE *errors)
{
	struct edit e = { .text = NULL };
	char real[PATH_MAX];
	const char *fault = NULL;
	bool ok = false;
	struct stat st;
	int fd, err;

	/* A link to the file stays one. */
	if (!realpath(path, real))
		snprintf(real, sizeof(real), "%s", path);
	fd = open_locked(real, how->kind == GW_USER_ADD);
	err = fd < 0 ? fd
		     : gw_file_read(real, GW_USERS_BYTES_MAX, &e.text, &st);
	if (err == 0)
		fault = gw_secret_fault(real, &st);
	if (err < 0 || fault)
		fprintf(errors, "smbgate: %s: %s\n", path,
			fault ? fault : gw_file_error(err));
	else
		ok = edit_do(real, fd, how, &e, errors);
	gw_secret_free(e.text);
	explicit_bzero(&e, sizeof(e));
	if (fd >= 0)
		close(fd);
	return ok;
}
