/*
 * The two steps: 7.13, with a 16-byte request and a 24-byte reply, then 7.31
 * with small reads. Of the flags, only those are asked for whose meaning
 * direct.c knows how to live with.
 */
#include "fuse/init.h"

#include <errno.h>
#include <string.h>

static const struct step {
	uint32_t minor;
	size_t size; /* of its request's body */
} steps[FUSEFS_INIT_STEPS] = {
	{ 13, 16 },
	{ 31, sizeof(struct fuse_init_in) },
};

/* Requests are what they are since then: CREATE and its kin have a umask. */
#define MINOR_MIN 12

/* Up to 7.22 a reply ends after max_write. */
#define REPLY_COMPAT_SIZE 24

#define FLAGS                                                          \
	(FUSE_ASYNC_READ | FUSE_ATOMIC_O_TRUNC | FUSE_EXPORT_SUPPORT | \
	 FUSE_BIG_WRITES | FUSE_DONT_MASK | FUSE_PARALLEL_DIROPS |     \
	 FUSE_DO_READDIRPLUS | FUSE_MAX_PAGES | FUSE_POSIX_ACL)

void fusefs_init_request(unsigned int step, const struct fusefs_who *who,
			 struct fusefs_request *ret_request)
{
	fusefs_request_init(ret_request, FUSE_INIT, 0, who, steps[step].size);
	ret_request->body.init.major = FUSE_KERNEL_VERSION;
	ret_request->body.init.minor = steps[step].minor;
	ret_request->body.init.max_readahead = FUSEFS_IO_SIZE_MAX;
	ret_request->body.init.flags = FLAGS;
}

static uint32_t least(size_t a, size_t b)
{
	return (uint32_t)(a < b ? a : b);
}

int fusefs_init_take(unsigned int step, const void *body, size_t length,
		     size_t message_max, struct fusefs_limits *ret_limits)
{
	struct fuse_init_out out = { .major = 0 };
	size_t most = FUSEFS_IO_SIZE, write_max;

	if (length < REPLY_COMPAT_SIZE || length > sizeof(out))
		return -EPROTO;
	memcpy(&out, body, length);
	if (out.major != FUSE_KERNEL_VERSION || out.minor < MINOR_MIN)
		return -EPROTO;
	/* Who knows MAX_PAGES makes room for as much as is asked of it. */
	if (out.flags & FUSE_MAX_PAGES)
		most = FUSEFS_IO_SIZE_MAX;
	if (most > message_max - 256)
		most = message_max - 256;
	write_max = out.max_write < 4096 ? 4096 : out.max_write;
	*ret_limits = (struct fusefs_limits){
		.minor = least(out.minor, steps[step].minor),
		.flags = out.flags & FLAGS,
		.write_max = least(most, write_max),
		.read_max = least(most, out.flags & FUSE_MAX_PAGES
						? write_max
						: FUSEFS_IO_SIZE),
	};
	if (step > 0 && ret_limits->read_max > FUSEFS_IO_SIZE_SPLICED)
		ret_limits->read_max = FUSEFS_IO_SIZE_SPLICED;
	return 0;
}
