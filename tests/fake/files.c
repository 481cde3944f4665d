/*
 * The tree itself: no rules, no waiting.
 */
#include "tests/fake/files.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "smb/wire/utf16.h"

enum {
	ATTRIBUTE_DIRECTORY = 0x10,
	ATTRIBUTE_ARCHIVE = 0x20,
	CLUSTER = 4096,
};

struct fake_file *fake_file_new(struct fake_file *parent, struct smb_name name,
				bool is_directory, uint64_t now, uint64_t index)
{
	struct fake_file *f = calloc(1, sizeof(*f));

	assert(f);
	assert(name.count <= FAKE_NAME_MAX);
	TAILQ_INIT(&f->children);
	f->refs = 1;
	f->parent = parent;
	f->name_count = name.count;
	if (name.count)
		memcpy(f->name, name.units, name.count * sizeof(uint16_t));
	f->facts = (struct smb_file_facts){
		.creation = now,
		.access = now,
		.write = now,
		.change = now,
		.attributes =
			is_directory ? ATTRIBUTE_DIRECTORY : ATTRIBUTE_ARCHIVE,
		.links = 1,
		.index = index,
		.volume_id = 0x1234,
		.is_directory = is_directory,
	};
	if (parent)
		TAILQ_INSERT_TAIL(&parent->children, f, entry);
	return f;
}

void fake_file_unref(struct fake_file *f)
{
	if (--f->refs > 0)
		return;
	assert(TAILQ_EMPTY(&f->children));
	free(f->data);
	free(f);
}

void fake_file_unlink(struct fake_file *f)
{
	if (!f->parent)
		return;
	TAILQ_REMOVE(&f->parent->children, f, entry);
	f->parent = NULL;
	fake_file_unref(f);
}

void fake_file_resize(struct fake_file *f, size_t length)
{
	if (length > f->length) {
		f->data = realloc(f->data, length);
		assert(f->data);
		memset(f->data + f->length, 0, length - f->length);
	}
	f->length = length;
	f->facts.end_of_file = length;
	f->facts.allocation = (length + CLUSTER - 1) / CLUSTER * CLUSTER;
}

void fake_tree_free(struct fake_file *f)
{
	struct fake_file *child;

	while ((child = TAILQ_FIRST(&f->children))) {
		fake_tree_free(child);
		fake_file_unlink(child);
	}
}

struct fake_file *fake_file_child(struct fake_file *f, struct smb_name name)
{
	struct fake_file *child;

	TAILQ_FOREACH(child, &f->children, entry) {
		struct smb_name theirs = { child->name, child->name_count };

		if (smb_name_equal_nocase(theirs, name))
			return child;
	}
	return NULL;
}

enum nt_status fake_file_walk(struct fake_file *root, struct smb_name path,
			      struct fake_file **ret_parent,
			      struct smb_name *ret_leaf)
{
	struct fake_file *at = root;
	uint32_t start = 0;

	for (uint32_t i = 0; i < path.count; i++) {
		if (path.units[i] != '\\')
			continue;
		struct smb_name piece = { path.units + start, i - start };

		at = fake_file_child(at, piece);
		if (!at || !at->facts.is_directory)
			return NT_STATUS_OBJECT_PATH_NOT_FOUND;
		start = i + 1;
	}
	*ret_parent = at;
	*ret_leaf = (struct smb_name){ path.units + start, path.count - start };
	return NT_STATUS_SUCCESS;
}
