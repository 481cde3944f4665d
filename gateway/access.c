/*
 * Tries access(2) as another user. Without the right to become one, it is
 * tried as ourselves, which is then also who the server would be.
 */
#include "gateway/access.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/identity.h"
#include "gateway/realm.h"

enum {
	CAN_READ = 1,
	CAN_WRITE = 2,
	FAILED = 4
};

/* In the child: the answer as exit status. */
static int try_as(const struct gw_identity *who, const char *path)
{
	int can = 0;

	if (geteuid() == 0 && who->uid != 0 &&
	    (setgroups(who->count, who->groups) < 0 ||
	     setresgid(who->gid, who->gid, who->gid) < 0 ||
	     setresuid(who->uid, who->uid, who->uid) < 0))
		return FAILED;
	if (faccessat(AT_FDCWD, path, R_OK | X_OK, AT_EACCESS) == 0)
		can |= CAN_READ;
	if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0)
		can |= CAN_WRITE;
	return can;
}

static void show_owner(const struct stat *st, char *to, size_t size)
{
	static const char letters[] = "rwxrwxrwx";
	char mode[10] = "---------";
	char owner[64];

	for (unsigned int i = 0; i < 9; i++) {
		if (st->st_mode & (0400u >> i))
			mode[i] = letters[i];
	}
	gw_identity_show(st->st_uid, owner, sizeof(owner));
	snprintf(to, size, "d%s of %s, group %u", mode, owner, st->st_gid);
}

int gw_access_of(const struct gw_share *share, uid_t uid,
		 struct gw_access *ret_access)
{
	const struct gw_identity *as = gw_share_as(share);
	const char *path = gw_share_source(share);
	struct gw_identity own = { .count = 0 };
	struct gw_access access = { .can_read = false };
	struct stat st;
	int status = 0;
	int err = uid == as->uid ? 0 : gw_identity_find(uid, &own);
	pid_t child;

	if (err < 0 || stat(path, &st) < 0)
		return err < 0 ? err : -errno;
	fflush(NULL);
	child = fork();
	if (child == 0)
		_exit(try_as(uid == as->uid ? as : &own, path));
	err = child < 0 || waitpid(child, &status, 0) < 0 ? -errno : 0;
	gw_identity_fini(&own);
	if (err == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) & FAILED))
		err = -EPERM;
	if (err < 0)
		return err;
	access.can_read = WEXITSTATUS(status) & CAN_READ;
	access.can_write = WEXITSTATUS(status) & CAN_WRITE;
	show_owner(&st, access.owner, sizeof(access.owner));
	*ret_access = access;
	return 0;
}
