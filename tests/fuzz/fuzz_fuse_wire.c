/*
 * Replies of a program that serves files by FUSE, each kind by its first byte:
 * whatever comes, nothing is read beyond it, and what is taken holds what
 * fuse/proto.h promises.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/init.h"
#include "fuse/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_head(const uint8_t *data, size_t size)
{
	struct fuse_out_header head = { .len = 0 };
	int err;

	memcpy(&head, data, size < sizeof(head) ? size : sizeof(head));
	err = fusefs_reply_check(&head, size);
	assert(err <= 0 && err > -512);
	assert(err || size >= sizeof(head));
}

static void take_attr(const uint8_t *data, size_t size)
{
	struct fusefs_attr attr;
	uint64_t ns;

	if (!fusefs_attr_take(data, size, &attr, &ns))
		assert(attr.size <= INT64_MAX && attr.mode & S_IFMT &&
		       attr.mtime.tv_nsec < 1000000000);
}

static void take_entry(const uint8_t *data, size_t size)
{
	struct fusefs_entry e;

	if (!fusefs_entry_take(data, size, &e))
		assert(e.node > FUSEFS_ROOT && e.attr.size <= INT64_MAX);
}

static void take_listing(const uint8_t *data, size_t size)
{
	struct fusefs_dirent e;
	size_t at = 0, before;
	int got;

	do {
		before = at;
		got = fusefs_dirent_take(data, size, &at, &e);
		assert(at <= size);
		if (got == 1)
			assert(at > before && e.name_length &&
			       !memchr(e.name, '/', e.name_length));
	} while (got == 1);
}

static void take_facts(const uint8_t *data, size_t size)
{
	struct fusefs_entry facts;
	struct fusefs_dirent e;
	size_t at = 0, before;
	int got;

	do {
		before = at;
		got = fusefs_direntplus_take(data, size, &at, &e, &facts);
		assert(at <= size);
		if (got == 1)
			assert(at > before && e.name_length &&
			       facts.node != FUSEFS_ROOT && !facts.held);
	} while (got == 1);
}

static void take_target(const uint8_t *data, size_t size)
{
	char to[64];

	if (!fusefs_target_take(data, size, to, sizeof(to)))
		assert(strlen(to) == size);
}

static void take_init(const uint8_t *data, size_t size)
{
	struct fusefs_limits limits;

	for (unsigned int step = 0; step < FUSEFS_INIT_STEPS; step++) {
		if (!fusefs_init_take(step, data, size, 200000, &limits))
			assert(limits.read_max >= 4096 &&
			       limits.read_max <= 200000 &&
			       limits.write_max >= 4096 &&
			       limits.write_max <= 200000);
	}
}

static void take_notice(const uint8_t *data, size_t size)
{
	struct fusefs_notice n;

	for (int32_t code = 0; code < 8; code++) {
		if (!fusefs_notice_take(code, data, size, &n))
			assert(strlen(n.name) <= FUSEFS_NAME_MAX &&
			       !strchr(n.name, '/'));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const takers[])(const uint8_t *, size_t) = {
		take_head,   take_attr, take_entry,  take_listing,
		take_target, take_init, take_notice, take_facts,
	};
	uint8_t *body;

	if (!size)
		return 0;
	/* A block of just its size, so that a byte too many is seen. */
	body = malloc(size);
	memcpy(body, data + 1, size - 1);
	takers[data[0] % (sizeof(takers) / sizeof(takers[0]))](body, size - 1);
	free(body);
	return 0;
}
