/*
 * Files of the object store in memory: a tree of names and bytes. A file lives
 * as long as it is in its directory or open.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smb/ports.h"

enum {
	FAKE_NAME_MAX = 255,
};

struct fake_file {
	TAILQ_ENTRY(fake_file) entry;
	TAILQ_HEAD(, fake_file) children;
	struct fake_file *parent; /* NULL: the root, or unlinked */
	uint16_t name[FAKE_NAME_MAX];
	uint32_t name_count;
	uint8_t *data;
	size_t length;
	unsigned int refs; /* opens, and its place in a directory */
	struct smb_file_facts facts;
};

struct fake_file *fake_file_new(struct fake_file *parent, struct smb_name name,
				bool is_directory, uint64_t now,
				uint64_t index);
void fake_file_unref(struct fake_file *f);

/* Out of its directory. */
void fake_file_unlink(struct fake_file *f);
void fake_file_resize(struct fake_file *f, size_t length);

/* Unlinks all that is below. */
void fake_tree_free(struct fake_file *f);

/* NULL if there is none of this name, in any case. */
struct fake_file *fake_file_child(struct fake_file *f, struct smb_name name);

/* The directory that a path names its last piece in. */
enum nt_status fake_file_walk(struct fake_file *root, struct smb_name path,
			      struct fake_file **ret_parent,
			      struct smb_name *ret_leaf);
