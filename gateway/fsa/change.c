/*
 * One place for all that follows from a change. Which change is which is for
 * those who make it to know, and who is told for notify.c and dirlease.c.
 */
#include "gateway/fsa/change.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/dirlease.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/outside.h"

void fsa_changed(const struct fsa_open *by, const char *path,
		 enum fsa_action action, uint32_t filter)
{
	const struct fsa_node *node = by->node;

	/* Of a name that another file took the kernel says nothing. */
	if (action == FSA_ACTION_ADDED)
		fsa_own_name(node->fsa, node->tree, path, true);
	else if (action == FSA_ACTION_MODIFIED)
		fsa_own_change(node->fsa, node->tree, path);
	fsa_notify_changed(node->fsa, node->tree, path, action, filter);
	fsa_dirlease_changed(node->fsa, node->tree, path,
			     fsa_open_parent_key(by));
}

void fsa_changed_stream(const struct fsa_open *by, const char *path,
			const char *stream, enum fsa_action action,
			uint32_t filter)
{
	const struct fsa_node *node = by->node;

	fsa_notify_stream(node->fsa, node->tree, path, stream, action, filter);
	fsa_dirlease_changed(node->fsa, node->tree, path,
			     fsa_open_parent_key(by));
}

void fsa_changed_self(struct fsa_open *by, uint32_t filter)
{
	char *path = fsa_open_path(by);

	if (path)
		fsa_changed(by, path, FSA_ACTION_MODIFIED, filter);
	free(path);
}

void fsa_changed_name(const struct fsa_open *by, const char *from,
		      const char *to)
{
	const struct fsa_node *node = by->node;
	const uint8_t *key = fsa_open_parent_key(by);

	fsa_own_name(node->fsa, node->tree, from, false);
	fsa_own_name(node->fsa, node->tree, to, true);
	fsa_dirlease_changed(node->fsa, node->tree, from, key);
	fsa_node_moved(node->fsa, node->tree, from, to, node->is_directory);
	if (node->is_directory)
		fsa_dirlease_moved(node->fsa, node->tree, from, to);
	fsa_notify_renamed(node->fsa, node->tree, from, to, node->is_directory);
	fsa_dirlease_changed(node->fsa, node->tree, to, key);
}

void fsa_changed_gone(const struct fsa_open *by, const char *path)
{
	struct fsa_node *node = fsa_node_file(by->node);
	bool is_one;

	fsa_node_lock(node);
	is_one = by->has_parent_key && node->has_doomed_key &&
		 !memcmp(by->parent_key, node->doomed_key,
			 sizeof(node->doomed_key));
	fsa_node_unlock(node);
	fsa_own_name(node->fsa, node->tree, path, false);
	fsa_notify_changed(node->fsa, node->tree, path, FSA_ACTION_REMOVED,
			   node->is_directory ? FSA_CHANGE_DIR_NAME
					      : FSA_CHANGE_FILE_NAME);
	if (node->is_directory)
		fsa_notify_gone(node->fsa, node->tree, path);
	fsa_dirlease_changed(node->fsa, node->tree, path,
			     is_one ? by->parent_key : NULL);
}
