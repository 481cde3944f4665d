/*
 * REPARSE_DATA_BUFFER (MS-FSCC 2.1.2): what Linux's links, FIFOs, sockets and
 * devices are called there. Links go by the tag of symbolic links, the rest by
 * NFS's; clients may also name them as WSL does. Pure.
 *
 * Thread: any.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "gateway/fsa/fsa.h"
#include "smb/wire/cursor.h"

/* A thing that is neither file nor directory. */
struct fsa_reparse {
	mode_t kind;  /* S_IFLNK, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK */
	char *target; /* of a link: malloc; bytes as the disk has them */
	dev_t device;
};

/* The tag by which such a thing is shown; 0 for files and directories. */
uint32_t fsa_reparse_tag(mode_t mode);

/*
 * What a client wants made. IO_REPARSE_DATA_INVALID; NOT_SUPPORTED for tags
 * that mean nothing here and links that lead off this share's disk. Free
 * ret_reparse->target.
 */
enum nt_status fsa_reparse_read(const struct fsa_share *share, struct reader *r,
				struct fsa_reparse *ret_reparse);

/* The buffer for a thing that is there. INSUFFICIENT_RESOURCES; the writer
   fails if it does not fit. */
enum nt_status fsa_reparse_write(const struct fsa_share *share,
				 const struct fsa_reparse *reparse,
				 struct writer *w);

/*
 * A link's target with backslashes, as clients read it (malloc); NULL: out of
 * memory. A relative one has none in front.
 */
uint16_t *fsa_reparse_target(const struct fsa_share *share, const char *target,
			     uint32_t *ret_count, bool *ret_is_relative);
