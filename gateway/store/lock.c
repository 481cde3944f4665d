/*
 * Advisory locks of the kernel on parts of open files. They belong to the open
 * file description, so they end with the file and are nobody's else in this
 * process.
 */
#include <errno.h>
#include <fcntl.h>

#include "gateway/loop/loop.h"
#include "gateway/store/ops.h"
#include "gateway/store/store.h"

struct lock_call {
	int fd;
	struct flock lock;
};

/* A network file system may have to ask its server. */
static int64_t call_lock(void *arg)
{
	struct lock_call *c = arg;

	if (!fcntl(c->fd, F_OFD_SETLK, &c->lock))
		return 0;
	return errno == EACCES ? -EAGAIN : -errno;
}

int store_local_co_lock(struct store_file *file, const struct store_span *span,
			enum store_lock kind)
{
	static const short types[] = {
		[STORE_LOCK_NONE] = F_UNLCK,
		[STORE_LOCK_SHARED] = F_RDLCK,
		[STORE_LOCK_EXCLUSIVE] = F_WRLCK,
	};
	struct lock_call c = {
		.fd = store_file_fd(file),
		.lock = {
			.l_type = types[kind],
			.l_whence = SEEK_SET,
			.l_start = (off_t)span->offset,
			.l_len = span->length == STORE_SPAN_REST
					 ? 0
					 : (off_t)span->length,
		},
	};

	return (int)loop_co_call(NULL, call_lock, &c);
}
