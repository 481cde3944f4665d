/*
 * Objects of the store in memory whose client is away.
 */
#include <assert.h>

#include "smb/wire/utf16.h"
#include "tests/fake/objects_inside.h"

static struct object *object_of(struct smb_object *object)
{
	return (struct object *)object;
}

enum nt_status fake_co_keep(struct smb_object *object, bool is_resilient)
{
	(void)object;
	(void)is_resilient;
	return fake_co_enter(FAKE_KEEP, NULL);
}

bool fake_is_of(const struct smb_object *object,
		const struct smb_volume *volume)
{
	const struct object *o = (const void *)object;
	const struct fake_file *root = o->file;

	while (root->parent)
		root = root->parent;
	return root == fake_root_of(volume);
}

enum nt_status fake_co_may_return(struct smb_object *object,
				  const struct smb_name *name)
{
	struct smb_name path = fake_path_of(object_of(object));
	struct smb_name own = { path.units + 1, path.count - 1 };

	if (name && !smb_name_equal_nocase(*name, own))
		return NT_STATUS_INVALID_PARAMETER;
	return fake_co_enter(FAKE_RETURN, NULL);
}

void fake_co_depart(struct smb_object *object)
{
	struct object *o = object_of(object);

	assert(!o->is_away);
	o->is_away = true;
}

void fake_arrive(struct smb_object *object, struct smb_volume *volume)
{
	struct object *o = object_of(object);

	(void)volume;
	assert(o->is_away);
	o->is_away = false;
	o->is_closing = false;
}

enum nt_status fake_co_tell(struct smb_object *object, bool wants_max_access,
			    struct smb_created *ret_created)
{
	struct object *o = object_of(object);

	(void)wants_max_access;
	*ret_created = (struct smb_created){
		.object = object,
		.action = SMB_CREATE_OPENED,
		.facts = o->file->facts,
		.max_access = 0x1f01ff,
		.has_grant = o->caching,
		.caching = o->caching,
	};
	return NT_STATUS_SUCCESS;
}
