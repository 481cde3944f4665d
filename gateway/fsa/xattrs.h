/*
 * The names of a file's extended attributes, for those who keep something in
 * them. Private to gateway/fsa/.
 */
#pragma once

#include <stddef.h>

#include "gateway/fsa/object.h"

enum {
	/* What Linux allows: a name, a value. */
	FSA_XATTR_NAME_MAX = 255,
	FSA_XATTR_VALUE_MAX = 64 * 1024,
};

/* All names of a file, each with its NUL. Start with {}. */
struct fsa_xattrs {
	char *at; /* malloc */
	size_t length;
};

/*
 * None where the file system has no such attributes. End with
 * fsa_xattrs_fini().
 */
enum nt_status fsa_xattrs_co_list(struct fsa_volume *volume,
				  struct store_file *file,
				  struct fsa_xattrs *ret_names);
void fsa_xattrs_fini(struct fsa_xattrs *names);

/* The name behind `name`, or the first; NULL at the end. */
const char *fsa_xattrs_next(const struct fsa_xattrs *names, const char *name);
