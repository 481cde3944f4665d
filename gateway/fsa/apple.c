/*
 * What macOS wants to know of a file besides what others do: of its streams
 * (afp.h), its mode, and what the user may do with it.
 */
#include <sys/stat.h>

#include "gateway/fsa/stream.h"

void fsa_co_apple_facts(struct fsa_volume *volume, struct store_file *file,
			const struct store_stat *stat,
			struct store_file *parent,
			struct smb_apple_facts *ret_facts)
{
	struct smb_apple_facts facts = { .mode = stat->mode };
	const struct timespec *added =
		stat->has_btime ? &stat->btime : &stat->mtime;
	uint8_t finder[FSA_AFP_FINDER_SIZE] = { 0 };

	(void)fsa_co_access_max(volume, file, stat, parent, &facts.access);
	if (fsa_streams_are_kept(volume->share)) {
		(void)fsa_stream_co_size(volume, file, FSA_AFP_RESOURCE_NAME,
					 &facts.resource);
		fsa_stream_co_finder(volume, file, finder);
	}
	fsa_afp_finder_compress(finder, S_ISDIR(stat->mode), added->tv_sec,
				facts.finder);
	*ret_facts = facts;
}
