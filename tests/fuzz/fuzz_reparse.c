/*
 * What clients send with SET_REPARSE_POINT (MS-FSCC 2.1.2). A target that is
 * taken must be a path, and be told again.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/fsa/object.h"
#include "gateway/fsa/reparse_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[65536];
	struct fsa_share share = { .maps_names = size > 0 && data[0] & 1 };
	struct fsa_reparse reparse = { 0 };
	struct reader r;
	struct writer w = writer_at(out, sizeof(out));

	if (size == 0)
		return 0;
	r = reader_at(data + 1, size - 1);
	if (fsa_reparse_read(&share, &r, &reparse) != NT_STATUS_SUCCESS)
		return 0;
	assert(fsa_reparse_tag(reparse.kind) != 0);
	assert(!S_ISLNK(reparse.kind) || *reparse.target);
	assert(fsa_reparse_write(&share, &reparse, &w) == NT_STATUS_SUCCESS);
	assert(wr_ok(&w));
	free(reparse.target);
	return 0;
}
