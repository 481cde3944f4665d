/*
 * Where the tests of fsa/ work: the yard of store/'s tests, with a share on
 * it and volumes of several users, and short ways to say CREATE and CLOSE.
 */
#pragma once

#include "tests/store/yard.h"

#include "gateway/fsa/fsa.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/windows.h"
#include "smb/wire/utf16.h"

enum {
	DESK_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
	DESK_RW = FILE_READ_DATA | FILE_WRITE_DATA | FILE_READ_ATTRIBUTES |
		  SYNCHRONIZE,
};

struct desk {
	struct yard *y;
	struct fsa *fsa;
	struct fsa_share share;
	struct smb_volume *volume; /* of the process's own user */
};

static inline struct smb_volume *desk_volume(struct desk *d, uid_t uid)
{
	const struct smb_share_facts facts = { .name = "s",
					       .access_max = 0x1f01ff };
	struct smb_volume *volume =
		fsa_volume_new(&d->share, yard_creds(uid), &facts, NULL, NULL);

	assert_non_null(volume);
	return volume;
}

static inline void desk_begin(struct desk *d, struct yard *y)
{
	*d = (struct desk){ .y = y, .fsa = fsa_new() };
	assert_non_null(d->fsa);
	d->share = (struct fsa_share){ .fsa = d->fsa,
				       .tree = y->tree,
				       .maps_names = true };
	d->volume = desk_volume(d, geteuid());
}

static inline void desk_end(struct desk *d)
{
	assert_int_equal(0, fsa_node_count(d->fsa));
	fsa_object_ops.disconnect(d->volume);
	fsa_free(d->fsa);
}

static inline struct smb_name desk_name(const char *utf8)
{
	static uint16_t units[8][512];
	static unsigned int next;
	uint16_t *to = units[next++ % 8];
	size_t count = smb_utf8_to_utf16(utf8, strlen(utf8), to, 512);

	assert_true(count != SIZE_MAX);
	return (struct smb_name){ to, (uint32_t)count };
}

static inline enum nt_status desk_co_create(struct smb_volume *volume,
					    const char *name,
					    struct smb_create how,
					    struct smb_created *ret)
{
	static struct smb_call call;

	how.name = desk_name(name);
	return fsa_object_ops.co_create(volume, &call, &how, ret);
}

/* Opens or makes `name`, and must. */
static inline struct smb_object *desk_co_open(struct smb_volume *volume,
					      const char *name, uint32_t access,
					      uint32_t sharing,
					      uint32_t disposition,
					      uint32_t options)
{
	struct smb_created created;
	const struct smb_create how = { .access = access,
					.sharing = sharing,
					.disposition = disposition,
					.options = options };

	assert_int_equal(NT_STATUS_SUCCESS,
			 desk_co_create(volume, name, how, &created));
	return created.object;
}

static inline void desk_co_close(struct smb_object *object)
{
	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_object_ops.co_close(object, NULL));
}

/* Opens and closes: what the opening said. */
static inline enum nt_status desk_co_try(struct smb_volume *volume,
					 const char *name, uint32_t access,
					 uint32_t sharing, uint32_t disposition,
					 uint32_t options)
{
	struct smb_created created = { 0 };
	const struct smb_create how = { .access = access,
					.sharing = sharing,
					.disposition = disposition,
					.options = options };
	enum nt_status status = desk_co_create(volume, name, how, &created);

	if (nt_status_is_ok(status))
		desk_co_close(created.object);
	free(created.symlink_target);
	return status;
}

static inline bool desk_exists(const struct desk *d, const char *name)
{
	struct stat st;

	return !lstat(yard_path(d->y, name), &st);
}

static inline enum nt_status desk_co_write(struct smb_object *object,
					   uint64_t offset, const char *text)
{
	const struct smb_write how = { .bytes = (const uint8_t *)text,
				       .length = (uint32_t)strlen(text),
				       .offset = offset };

	return fsa_object_ops.co_write(object, &how);
}

static inline uint8_t *desk_room(void *owner, uint32_t length)
{
	(void)length;
	return owner;
}

/* Reads into `to`, which has room for `length` bytes and a NUL. */
static inline enum nt_status desk_co_read(struct smb_object *object,
					  uint64_t offset, uint32_t length,
					  uint32_t minimum, char *to)
{
	const struct smb_read how = { .offset = offset,
				      .length = length,
				      .minimum = minimum,
				      .room = desk_room,
				      .owner = to };
	struct smb_body body = { 0 };
	enum nt_status status = fsa_object_ops.co_read(object, &how, &body);

	to[nt_status_is_ok(status) ? body.length : 0] = '\0';
	return status;
}
