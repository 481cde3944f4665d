/*
 * The names of a file's extended attributes. What they mean is for eas.c and
 * stream.c to know.
 */
#include "gateway/fsa/xattrs.h"

#include <stdlib.h>
#include <string.h>

enum {
	LIST_MAX = 64 * 1024, /* no longer list of Linux' */
};

enum nt_status fsa_xattrs_co_list(struct fsa_volume *volume,
				  struct store_file *file,
				  struct fsa_xattrs *ret_names)
{
	char *list;
	int64_t n;

	*ret_names = (struct fsa_xattrs){};
	if (!store_tree_features(volume->share->tree)->has_xattr)
		return NT_STATUS_SUCCESS;
	list = malloc(LIST_MAX);
	if (!list)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	n = store_co_xattr_list(volume->creds, file, list, LIST_MAX);
	if (n < 0) {
		free(list);
		return fsa_status(FSA_XATTR, n);
	}
	*ret_names = (struct fsa_xattrs){ list, (size_t)n };
	return NT_STATUS_SUCCESS;
}

void fsa_xattrs_fini(struct fsa_xattrs *names)
{
	free(names->at);
	*names = (struct fsa_xattrs){};
}

const char *fsa_xattrs_next(const struct fsa_xattrs *names, const char *name)
{
	const char *next = name ? name + strlen(name) + 1 : names->at;

	return next && next < names->at + names->length ? next : NULL;
}
