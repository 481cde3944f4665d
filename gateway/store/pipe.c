/*
 * The pool of a worker's pipes. Knows how large a pipe can be had, what to do
 * when it can't, and that one with bytes left in it is poison. Who fills and
 * who empties them is io.c's and the connection's business.
 */
#include "gateway/store/pipe.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include "gateway/loop/loop.h"
#include "gateway/store/worker.h"

/*
 * Below the size that every pipe has by default, it is one that the kernel has
 * cut short for want of pages: of no use.
 */
#define SIZE_MIN (64u * 1024)

/* When none that is large enough could be had: how long not to ask again. */
#define PAUSE_MS 1000

struct store_pipe {
	SLIST_ENTRY(store_pipe) entry;
	int read_fd, write_fd;
	size_t pages; /* that it takes */
};

static _Thread_local SLIST_HEAD(, store_pipe) pool;
static _Thread_local uint64_t pause_until_ns;

static size_t page_size(void)
{
	static _Thread_local size_t size;

	if (!size)
		size = (size_t)sysconf(_SC_PAGESIZE);
	return size;
}

size_t store_pipe_pages(uint64_t offset, uint64_t length)
{
	uint64_t page = page_size();

	return (size_t)((offset % page + length + page - 1) / page);
}

uint64_t store_pipe_bytes(uint64_t offset, size_t pages)
{
	uint64_t page = page_size();

	return pages ? pages * page - offset % page : 0;
}

/* The largest size that the kernel grants; 0 if that is too small. */
static size_t grow(int fd)
{
	unsigned int size;
	int got;

	for (size = STORE_PIPE_SIZE; size > SIZE_MIN; size /= 2) {
		if (fcntl(fd, F_SETPIPE_SZ, size) >= 0)
			break;
	}
	got = fcntl(fd, F_GETPIPE_SZ);
	return got < (int)SIZE_MIN ? 0 : (size_t)got;
}

static struct store_pipe *pipe_new(void)
{
	struct store_pipe *p = malloc(sizeof(*p));
	size_t size;
	int fds[2];

	if (!p || pipe2(fds, O_CLOEXEC)) {
		free(p);
		return NULL;
	}
	size = grow(fds[0]);
	if (!size) {
		close(fds[0]);
		close(fds[1]);
		free(p);
		return NULL;
	}
	*p = (struct store_pipe){
		.read_fd = fds[0],
		.write_fd = fds[1],
		.pages = size / page_size(),
	};
	store_worker_counters()->pipes++;
	return p;
}

static void pipe_free(struct store_pipe *p)
{
	store_worker_counters()->pipes--;
	close(p->read_fd);
	close(p->write_fd);
	free(p);
}

struct store_pipe *store_pipe_take(size_t pages)
{
	struct store_pipe *p;

	if (pages > STORE_PIPE_SIZE / page_size())
		return NULL;
	SLIST_FOREACH(p, &pool, entry) {
		if (p->pages >= pages) {
			SLIST_REMOVE(&pool, p, store_pipe, entry);
			return p;
		}
	}
	if (store_counters()->pipes >= STORE_PIPES_MAX ||
	    loop_now() < pause_until_ns)
		return NULL;
	p = pipe_new();
	if (!p || p->pages < pages) {
		pause_until_ns = loop_now() + loop_ms(PAUSE_MS);
		return store_pipe_give(p, true);
	}
	return p;
}

struct store_pipe *store_pipe_give(struct store_pipe *pipe, bool is_empty)
{
	if (!pipe)
		return NULL;
	if (is_empty)
		SLIST_INSERT_HEAD(&pool, pipe, entry);
	else
		pipe_free(pipe);
	return NULL;
}

size_t store_pipe_room(const struct store_pipe *pipe)
{
	return pipe->pages;
}

int store_pipe_read_fd(const struct store_pipe *pipe)
{
	return pipe->read_fd;
}

int store_pipe_write_fd(const struct store_pipe *pipe)
{
	return pipe->write_fd;
}

void store_pipes_end(void)
{
	struct store_pipe *p;

	while ((p = SLIST_FIRST(&pool))) {
		SLIST_REMOVE_HEAD(&pool, entry);
		pipe_free(p);
	}
	assert(!store_counters()->pipes);
}
