/*
 * A security descriptor of a client. What could be read is written again, and
 * what was written is read: it must say the same.
 */
#include <stdlib.h>

#include "smb/wire/sd.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void assert_same(const struct smb_descriptor *a,
			const struct smb_descriptor *b)
{
	assert(a->has_owner == b->has_owner && a->has_group == b->has_group);
	assert(a->has_dacl == b->has_dacl && a->has_sacl == b->has_sacl);
	assert(!a->has_owner || smb_sid_equal(&a->owner, &b->owner));
	assert(!a->has_group || smb_sid_equal(&a->group, &b->group));
	assert(a->dacl_count == b->dacl_count);
	for (uint32_t i = 0; i < a->dacl_count; i++) {
		assert(a->dacl[i].type == b->dacl[i].type);
		assert(a->dacl[i].flags == b->dacl[i].flags);
		assert(a->dacl[i].mask == b->dacl[i].mask);
		assert(smb_sid_equal(&a->dacl[i].sid, &b->dacl[i].sid));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct smb_ace aces[SMB_ACES_MAX], again[SMB_ACES_MAX];
	struct smb_descriptor sd, second;

	if (smb_descriptor_read((struct bytes){ bytes, length }, aces, &sd))
		return 0;
	size_t size = smb_descriptor_size(&sd);
	uint8_t *to = malloc(size);
	struct writer w = writer_at(to, size);

	smb_descriptor_write(&w, &sd);
	assert(wr_ok(&w) && w.at == size);
	enum nt_status status =
		smb_descriptor_read((struct bytes){ to, size }, again, &second);

	assert(status == NT_STATUS_SUCCESS);
	assert_same(&sd, &second);
	free(to);
	return 0;
}
