/*
 * Descriptors of new files; those of open ones are asked for and set by the
 * verbs in object.h. Private to gateway/fsa/.
 */
#pragma once

#include "gateway/fsa/descriptor.h"
#include "gateway/fsa/object.h"

/*
 * Gives a new file the descriptor that was sent with CREATE (`security`, NULL
 * without: MS-SMB2 3.3.5.9.2), or else what it inherits of its directory's.
 * INVALID_SECURITY_DESCR, INVALID_OWNER, INVALID_PRIMARY_GROUP.
 */
enum nt_status fsa_co_security_of_new(struct fsa_open *open,
				      const struct fsa_descriptor *parent,
				      const uint8_t *security, uint32_t length);
