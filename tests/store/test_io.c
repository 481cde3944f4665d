/*
 * Reading and writing: the same bytes whichever way they go, and proof of the
 * way they went.
 */
#include "tests/store/yard.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "gateway/store/pipe.h"

#define KIB 1024u
#define MIB (1024u * 1024)

/* What lies at each place of the test file. */
static uint8_t byte_at(uint64_t offset)
{
	return (uint8_t)(offset * 31 + offset / 4096 * 7 + 1);
}

static void put_pattern(const struct yard *y, const char *name, size_t size)
{
	uint8_t *bytes = malloc(size);
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = byte_at(i);
	yard_put(y, name, bytes, size);
	free(bytes);
}

static uint8_t *room(void *owner, uint32_t length)
{
	uint8_t **to = owner;

	assert_null(*to); /* asked for once */
	*to = malloc(length + 1);
	return *to;
}

static uint8_t *no_room(void *owner, uint32_t length)
{
	(void)owner;
	(void)length;
	return NULL;
}

/* The body as memory, wherever it was; frees or gives back what held it. */
static uint8_t *body_bytes(struct store_body *body, uint8_t *memory)
{
	uint8_t *bytes = memory;
	uint32_t done = 0;
	int left = -1;
	ssize_t n;

	if (!body->pipe)
		return bytes ? bytes : calloc(1, 1);
	assert_null(memory);
	bytes = malloc(body->length);
	for (; done < body->length; done += (uint32_t)n) {
		n = read(store_pipe_read_fd(body->pipe), bytes + done,
			 body->length - done);
		assert_true(n > 0);
	}
	assert_int_equal(0, ioctl(store_pipe_read_fd(body->pipe), FIONREAD,
				  &left));
	assert_int_equal(0, left);
	store_pipe_give(body->pipe, true);
	return bytes;
}

/* Reads and compares: the length. */
static uint32_t co_check(struct store_file *file, uint64_t offset,
			 uint32_t length, bool may_be_opaque)
{
	uint8_t *memory = NULL, *bytes;
	const struct store_read how = {
		.offset = offset,
		.length = length,
		.may_be_opaque = may_be_opaque,
		.room = room,
		.owner = &memory,
	};
	struct store_body body;
	uint32_t i;

	assert_int_equal(0, store_co_read(file, &how, &body));
	bytes = body_bytes(&body, memory);
	for (i = 0; i < body.length; i++) {
		if (bytes[i] != byte_at(offset + i))
			fail_msg("wrong byte at %lu", (long)(offset + i));
	}
	free(bytes);
	return body.length;
}

static const struct {
	uint64_t offset;
	uint32_t length, got;
	bool fits; /* a pipe */
} reads[] = {
	{ 0, 0, 0, false },
	{ 0, 1, 1, true },
	{ 0, 64 * KIB, 64 * KIB, true },
	{ 1, 64 * KIB, 64 * KIB, true },
	{ 0, MIB, MIB, true },
	{ 4096, MIB, MIB, true },
	{ 4095, MIB, MIB, false },
	{ 4095, MIB - 4096, MIB - 4096, true },
	{ 1, MIB - 4096 + 4095, MIB - 1, true },
	{ 0, MIB + 1, MIB + 1, false },
	{ 0, 2 * MIB, 2 * MIB, false },
	{ 2 * MIB, MIB, 4097, true },
	{ 2 * MIB + 4096, 64 * KIB, 1, true },
	{ 2 * MIB + 4097, 64 * KIB, 0, true },
	{ UINT64_C(1) << 40, 64 * KIB, 0, true },
};

static void co_read_all(struct yard *y, enum store_read_path way)
{
	struct store_tree *tree =
		yard_tree(y, &(struct store_options){ .read_path = way });
	const struct store_counters *c = store_counters();
	struct store_file *file;
	size_t i;

	assert_int_equal(0, store_co_open(tree, NULL, NULL, "f",
					  STORE_OPEN_READ, 0, &file));
	for (i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		uint64_t copied = c->bytes_copied, spliced = c->bytes_spliced;
		bool by_pipe = way != STORE_READ_COPY && reads[i].fits;

		if (way == STORE_READ_AUTO && reads[i].length < 64 * KIB)
			by_pipe = false;
		assert_int_equal(reads[i].got, co_check(file, reads[i].offset,
							reads[i].length, true));
		assert_int_equal(by_pipe ? 0 : reads[i].got,
				 c->bytes_copied - copied);
		assert_int_equal(by_pipe ? reads[i].got : 0,
				 c->bytes_spliced - spliced);
	}
	assert_in_range(c->pipes, 0, 1);
	store_file_close(file);
	store_tree_unref(tree);
}

YARD_TEST(both_ways_read_the_same)
{
	put_pattern(y, "f", 2 * MIB + 4097);
	co_read_all(y, STORE_READ_COPY);
	co_read_all(y, STORE_READ_SPLICE);
	co_read_all(y, STORE_READ_AUTO);
}

YARD_TEST(what_has_to_lie_in_memory_does)
{
	const struct store_counters *c = store_counters();
	struct store_file *file;

	put_pattern(y, "f", MIB);
	file = yard_co_open(y, "f", STORE_OPEN_READ);
	assert_int_equal(MIB, co_check(file, 0, MIB, false));
	assert_int_equal(MIB, c->bytes_copied);
	assert_int_equal(0, c->bytes_spliced);
	assert_int_equal(0, c->pipes);
	store_file_close(file);
}

YARD_TEST(cached_bytes_are_spliced_without_the_loop)
{
	const struct store_counters *c = store_counters();
	struct store_file *file;

	put_pattern(y, "f", MIB);
	file = yard_co_open(y, "f", STORE_OPEN_READ);
	assert_int_equal(MIB, co_check(file, 0, MIB, true));
	assert_true(c->splices_direct > 0);
	assert_int_equal(0, c->splices_ring);
	store_file_close(file);
}

/* The first MIB of it leaves the page cache, unless it is the only copy. To ask
 * by reading would not do: that starts the read-ahead. */
static bool co_make_cold(int fd)
{
	unsigned char in_core[MIB / 4096];
	void *map = mmap(NULL, MIB, PROT_READ, MAP_SHARED, fd, 0);
	bool is_cold = false;
	int tries;

	assert_true(map != MAP_FAILED);
	assert_int_equal(0, fsync(fd));
	for (tries = 0; tries < 200 && !is_cold; tries++) {
		if (tries)
			loop_co_sleep(10000000);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		assert_int_equal(0, mincore(map, MIB, in_core));
		is_cold = !memchr(in_core, 1, sizeof(in_core));
	}
	munmap(map, MIB);
	return is_cold;
}

YARD_TEST(bytes_on_the_disk_are_spliced_by_another_thread)
{
	const struct store_counters *c = store_counters();
	struct store_file *file;

	put_pattern(y, "f", MIB);
	file = yard_co_open(y, "f", STORE_OPEN_READ);
	if (!co_make_cold(store_file_fd(file))) {
		print_message("this file system has no cold files\n");
		store_file_close(file);
		return;
	}
	assert_int_equal(MIB, co_check(file, 0, MIB, true));
	assert_true(c->splices_ring > 0);
	store_file_close(file);
}

YARD_TEST(when_no_pipe_is_free_memory_will_do)
{
	const struct store_counters *c = store_counters();
	struct store_pipe *pipes[STORE_PIPES_MAX];
	struct store_file *file;
	size_t n = 0;

	put_pattern(y, "f", MIB);
	file = yard_co_open(y, "f", STORE_OPEN_READ);
	while (n < STORE_PIPES_MAX && (pipes[n] = store_pipe_take(256)))
		n++;
	assert_int_equal(MIB, co_check(file, 0, MIB, true));
	assert_int_equal(MIB, c->bytes_copied);
	while (n)
		store_pipe_give(pipes[--n], true);
	assert_int_equal(MIB, co_check(file, 0, MIB, true));
	assert_int_equal(MIB, c->bytes_spliced);
	store_file_close(file);
}

YARD_TEST(no_memory_is_said_and_nothing_lost)
{
	struct store_read how = { .length = 10, .room = no_room };
	struct store_body body;
	struct store_file *file;

	put_pattern(y, "f", 100);
	file = yard_co_open(y, "f", STORE_OPEN_READ);
	assert_int_equal(-ENOMEM, store_co_read(file, &how, &body));
	assert_int_equal(100, co_check(file, 0, 200, false));
	how.offset = INT64_MAX;
	assert_int_equal(-EINVAL, store_co_read(file, &how, &body));
	how.offset = UINT64_MAX;
	assert_int_equal(-EINVAL, store_co_read(file, &how, &body));
	store_file_close(file);
}

YARD_TEST(what_can_not_be_read_says_so)
{
	struct store_file *file;
	uint8_t *memory = NULL;
	const struct store_read how = {
		.length = MIB,
		.may_be_opaque = true,
		.room = room,
		.owner = &memory,
	};
	struct store_body body;

	put_pattern(y, "f", MIB);
	file = yard_co_open(y, "f", STORE_OPEN_WRITE);
	assert_int_equal(-EBADF, store_co_read(file, &how, &body));
	store_file_close(file);
	file = yard_co_open(y, "", STORE_OPEN_READ);
	free(memory);
	memory = NULL;
	assert_int_equal(-EISDIR, store_co_read(file, &how, &body));
	free(memory);
	store_file_close(file);
	/* A pipe that met an error is not kept. */
	assert_int_equal(0, store_counters()->pipes);
}

/* ---- a file that changes under the reader ---- */

struct cutter {
	int fd;
	atomic_bool is_over;
};

static void *cut(void *arg)
{
	struct cutter *c = arg;

	while (!c->is_over) {
		if (ftruncate(c->fd, 300 * KIB + 5) || ftruncate(c->fd, 4096) ||
		    ftruncate(c->fd, MIB))
			break;
	}
	return NULL;
}

/* The length that is told is what can be had, whatever it is. */
YARD_TEST(a_file_cut_while_it_is_read_gives_what_it_says)
{
	struct cutter c = {};
	pthread_t thread;
	struct store_file *file;
	int i;

	put_pattern(y, "f", MIB);
	file = yard_co_open(y, "f", STORE_OPEN_READ);
	c.fd = open(yard_path(y, "f"), O_RDWR);
	assert_int_equal(0, pthread_create(&thread, NULL, cut, &c));
	for (i = 0; i < 400; i++) {
		uint8_t *memory = NULL;
		const struct store_read how = {
			.length = MIB,
			.may_be_opaque = i % 4,
			.room = room,
			.owner = &memory,
		};
		struct store_body body;

		assert_int_equal(0, store_co_read(file, &how, &body));
		assert_in_range(body.length, 4096, MIB);
		free(body_bytes(&body, memory));
	}
	c.is_over = true;
	pthread_join(thread, NULL);
	close(c.fd);
	store_file_close(file);
}

/* ---- writing ---- */

YARD_TEST(what_is_written_is_there)
{
	const struct store_counters *c = store_counters();
	const struct store_stat empty = {};
	struct store_stat st = empty;
	struct store_file *file;
	uint8_t bytes[100];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = byte_at(i);
	file = yard_co_open(y, "f",
			    STORE_OPEN_CREATE | STORE_OPEN_READ |
				    STORE_OPEN_WRITE);
	assert_int_equal(0, store_co_write(file, bytes + 50, 50, 50, false));
	assert_int_equal(0, store_co_write(file, bytes, 50, 0, true));
	assert_int_equal(100, co_check(file, 0, 200, false));
	assert_int_equal(100, c->bytes_written);
	assert_int_equal(0, store_co_write(file, bytes, 0, 500, false));
	assert_int_equal(0, store_co_stat(file, &st));
	assert_int_equal(100, st.size);
	assert_int_equal(0, store_co_flush(file));
	assert_int_equal(0, store_co_truncate(file, 60));
	assert_int_equal(60, co_check(file, 0, 200, false));
	store_file_close(file);
}

YARD_TEST(appending_ignores_where_it_was_told_to)
{
	struct store_file *file;
	uint8_t bytes[3];
	char got[8] = "";

	yard_put(y, "f", "abc", 3);
	file = yard_co_open(y, "f", STORE_OPEN_WRITE);
	memcpy(bytes, "def", 3);
	assert_int_equal(0, store_co_write(file, bytes, 3, UINT64_MAX, false));
	store_file_close(file);
	file = yard_co_open(y, "f", STORE_OPEN_READ);
	assert_int_equal(6, pread(store_file_fd(file), got, 8, 0));
	assert_string_equal("abcdef", got);
	store_file_close(file);
}

YARD_TEST(what_can_not_be_written_says_so)
{
	struct store_tree *tree =
		yard_tree(y, &(struct store_options){ .is_read_only = true });
	struct store_file *file;
	uint8_t byte = 1;

	yard_put(y, "f", "abc", 3);
	file = yard_co_open(y, "f", STORE_OPEN_READ);
	assert_int_equal(-EBADF, store_co_write(file, &byte, 1, 0, false));
	assert_int_equal(-EFBIG,
			 store_co_write(file, &byte, 1, INT64_MAX, false));
	assert_int_equal(-EFBIG, store_co_truncate(file, UINT64_MAX));
	assert_true(store_co_truncate(file, 0) < 0);
	store_file_close(file);
	assert_int_equal(0, store_co_open(tree, NULL, NULL, "f",
					  STORE_OPEN_READ, 0, &file));
	assert_int_equal(-EROFS, store_co_write(file, &byte, 1, 0, false));
	assert_int_equal(-EROFS, store_co_truncate(file, 0));
	store_file_close(file);
	store_tree_unref(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_read_the_same),
		cmocka_unit_test(what_has_to_lie_in_memory_does),
		cmocka_unit_test(cached_bytes_are_spliced_without_the_loop),
		cmocka_unit_test(
			bytes_on_the_disk_are_spliced_by_another_thread),
		cmocka_unit_test(when_no_pipe_is_free_memory_will_do),
		cmocka_unit_test(no_memory_is_said_and_nothing_lost),
		cmocka_unit_test(what_can_not_be_read_says_so),
		cmocka_unit_test(
			a_file_cut_while_it_is_read_gives_what_it_says),
		cmocka_unit_test(what_is_written_is_there),
		cmocka_unit_test(appending_ignores_where_it_was_told_to),
		cmocka_unit_test(what_can_not_be_written_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
