/*
 * Identities: what a thread does to be somebody else for a moment. The C
 * library's set*id functions change all threads, so the bare system calls are
 * made here, which change the caller's alone.
 *
 * Real, effective and saved ids change together: a FUSE mount without
 * allow_other looks at all three. The kernel takes a thread's rights away with
 * uid 0; PR_SET_KEEPCAPS lets the permitted ones stay, unused, for the way
 * back. A process that has its rights without being root would keep them in
 * use as well; they are put down here, so that no user acts with more than is
 * his.
 */
#include <assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gateway/loop/inside.h"

#define GROUPS_MAX 65536 /* NGROUPS_MAX of the kernel */

struct rights {
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
};

struct loop_credentials {
	uid_t uid[3]; /* real, effective, saved */
	gid_t gid[3];
	struct rights rights;
	size_t group_count;
	gid_t groups[];
};

static int call(long ret)
{
	return ret < 0 ? -errno : 0;
}

static int rights_get(struct rights *ret_rights)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return call(syscall(SYS_capget, &header, ret_rights->sets));
}

static int rights_set(const struct rights *rights)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return call(syscall(SYS_capset, &header, rights->sets));
}

/* The same rights, none of them in use. */
static struct rights rights_asleep(const struct rights *rights)
{
	struct rights asleep = *rights;

	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		asleep.sets[i].effective = 0;
	return asleep;
}

static int groups_set(size_t count, const gid_t *groups)
{
	return call(syscall(SYS_setgroups, count, groups));
}

static int ids_set(const uid_t uid[3], const gid_t gid[3])
{
	int ret = call(syscall(SYS_setresgid, gid[0], gid[1], gid[2]));

	if (ret == 0)
		ret = call(syscall(SYS_setresuid, uid[0], uid[1], uid[2]));
	return ret;
}

struct loop_credentials *loop_credentials_new(void)
{
	long count = syscall(SYS_getgroups, 0, NULL);

	if (count < 0)
		return NULL;

	struct loop_credentials *own =
		calloc(1, sizeof(*own) + (size_t)count * sizeof(gid_t));

	if (own == NULL)
		return NULL;
	own->group_count = (size_t)count;
	if (syscall(SYS_getgroups, count, own->groups) != count ||
	    syscall(SYS_getresuid, &own->uid[0], &own->uid[1], &own->uid[2]) ||
	    syscall(SYS_getresgid, &own->gid[0], &own->gid[1], &own->gid[2]) ||
	    rights_get(&own->rights) < 0)
		return loop_credentials_free(own);
	return own;
}

struct loop_credentials *loop_credentials_free(struct loop_credentials *own)
{
	free(own);
	return NULL;
}

int loop_credentials_take(const struct loop_credentials *own,
			  const struct loop_identity *identity)
{
	const uid_t uid[3] = { identity->uid, identity->uid, identity->uid };
	const gid_t gid[3] = { identity->gid, identity->gid, identity->gid };
	struct rights asleep = rights_asleep(&own->rights);
	int ret = call(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));

	if (ret == 0)
		ret = groups_set(identity->group_count, identity->groups);
	/* Who may not do this has changed nothing yet. */
	if (ret < 0)
		return ret;
	ret = ids_set(uid, gid);
	if (ret == 0)
		ret = rights_set(identity->uid == 0 ? &own->rights : &asleep);
	if (ret < 0)
		loop_credentials_restore(own);
	return ret;
}

void loop_credentials_restore(const struct loop_credentials *own)
{
	int ret = rights_set(&own->rights);

	if (ret == 0)
		ret = groups_set(own->group_count, own->groups);
	if (ret == 0)
		ret = ids_set(own->uid, own->gid);
	if (ret == 0)
		ret = rights_set(&own->rights);
	if (ret == 0)
		ret = call(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0));
	/* To go on as the wrong user would be worse than to end. */
	if (ret < 0)
		abort();
}

/* Tries it on the calling thread; the engine registers it meanwhile. */
static int identity_try(struct loop_identity *identity)
{
	struct loop_credentials *own = loop_credentials_new();
	struct loop *loop = identity->loop;

	if (own == NULL)
		return -ENOMEM;

	int ret = loop_credentials_take(own, identity);

	if (ret == 0) {
		ret = loop->ops->identity_add(loop, identity);
		loop_credentials_restore(own);
	}
	loop_credentials_free(own);
	return ret;
}

int loop_identity_new(uid_t uid, gid_t gid, const gid_t *groups,
		      size_t group_count, struct loop_identity **ret_identity)
{
	struct loop *loop = loop_current();

	if (group_count > GROUPS_MAX)
		return -EINVAL;

	struct loop_identity *identity =
		calloc(1, sizeof(*identity) + group_count * sizeof(gid_t));

	if (identity == NULL)
		return -ENOMEM;
	*identity = (struct loop_identity){
		.loop = loop,
		.serial = ++loop->identity_serial,
		.uid = uid,
		.gid = gid,
		.group_count = group_count,
	};
	if (group_count > 0)
		memcpy(identity->groups, groups, group_count * sizeof(gid_t));

	int ret = identity_try(identity);

	if (ret < 0) {
		free(identity);
		return ret;
	}
	*ret_identity = identity;
	return 0;
}

struct loop_identity *loop_identity_free(struct loop_identity *identity)
{
	if (identity == NULL)
		return NULL;
	assert(identity->loop == loop_current());
	identity->loop->ops->identity_drop(identity->loop, identity);
	free(identity);
	return NULL;
}
