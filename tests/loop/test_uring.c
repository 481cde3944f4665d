/*
 * The ring itself. Tests uring.c, uring_prep.c and uring_probe.c; what the
 * ring does for files and sockets is tested beside the plain engine, in the
 * files of these.
 */
#include "tests/loop/engines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/loop/inside.h"
#include "gateway/loop/uring.h"

static struct loop *ring_or_skip(void)
{
	struct loop *loop = engine_loop(LOOP_ENGINE_URING);

	if (loop == NULL)
		skip();
	return loop;
}

static void the_probe_agrees_with_the_ring(void **state)
{
	struct loop_features f;
	struct loop *loop;

	(void)state;
	loop_probe(&f);
	assert_int_equal(strncmp(f.text, "io_uring: ", 10), 0);
	assert_true(f.text[strlen(f.text) - 1] != ' ');
	loop = ring_or_skip();
	assert_true(f.has_uring);
	assert_int_equal(loop->ops->can_stream(loop), f.has_multishot_recv);
	loop_free(loop);
}

/* ---- more completions than the queue has room for ---- */

enum {
	OPERATIONS = 6000
};

static size_t completed;

static void count(struct loop_op *op, int64_t result, bool more)
{
	assert_int_equal(result, 1);
	assert_false(more);
	assert_false(op->is_done);
	op->is_done = true;
	completed++;
}

static void co_overflow(void *arg)
{
	static struct loop_op ops[OPERATIONS];
	static char bytes[OPERATIONS];
	struct loop *loop = loop_current();
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)arg;
	completed = 0;
	for (size_t i = 0; i < OPERATIONS; i++) {
		ops[i] = (struct loop_op){
			.verb = LOOP_VERB_READ,
			.fd = fd,
			.to = &bytes[i],
			.length = 1,
			.loop = loop,
			.complete = count,
		};
		loop->ops->start(loop, &ops[i]);
	}
	while (completed < OPERATIONS)
		loop_co_sleep(loop_ms(1));
	for (size_t i = 0; i < OPERATIONS; i++)
		assert_int_equal(bytes[i], 0x7f);
	close(fd);
}

static void no_completion_is_lost_when_the_queue_overflows(void **state)
{
	struct loop *loop = ring_or_skip();

	(void)state;
	run_on(loop, co_overflow, NULL);
	loop_free(loop);
}

/* ---- one system call a round ---- */

static void co_read_one(void *arg)
{
	size_t *left = arg;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char byte;

	assert_int_equal(loop_co_read(fd, &byte, 1, 0), 1);
	close(fd);
	(*left)--;
}

static void co_batch(void *arg)
{
	const struct loop_counters *c = loop_counters(loop_current());
	uint64_t enters = c->enters;
	size_t left = 100;

	(void)arg;
	for (int i = 0; i < 100; i++)
		loop_spawn(co_read_one, &left);
	while (left > 0)
		loop_co_yield();
	assert_true(c->enters - enters < 50);
}

static void operations_of_a_round_share_a_system_call(void **state)
{
	struct loop *loop = ring_or_skip();

	(void)state;
	run_on(loop, co_batch, NULL);
	loop_free(loop);
}

/* ---- buffers ---- */

static void co_idle(void *arg)
{
	enum {
		SOCKETS = 100
	};
	struct loop_inbox *inboxes[SOCKETS];
	int pairs[SOCKETS][2];
	char byte;

	(void)arg;
	for (int i = 0; i < SOCKETS; i++) {
		assert_int_equal(socketpair(AF_UNIX,
					    SOCK_STREAM | SOCK_NONBLOCK, 0,
					    pairs[i]),
				 0);
		assert_int_equal(loop_inbox_new(pairs[i][0], &inboxes[i]), 0);
		assert_int_equal(loop_inbox_co_fill(inboxes[i], &byte, 1,
						    loop_now() + 1000),
				 -ETIMEDOUT);
	}
	assert_true(loop_current()->ops->can_stream(loop_current()));
	for (int i = 0; i < SOCKETS; i++) {
		loop_inbox_co_free(inboxes[i]);
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
}

static void idle_sockets_hold_no_buffers(void **state)
{
	struct loop_features f;
	struct loop *loop;

	(void)state;
	loop_probe(&f);
	if (!f.has_multishot_recv)
		skip();
	loop = ring_or_skip();
	run_on(loop, co_idle, NULL);
	loop_free(loop);
}

/* ---- entries: each field where the kernel looks for it ---- */

static void an_entry_carries_its_operation(void **state)
{
	struct loop_identity as = { .personality = 77 };
	struct open_how how = { .flags = O_RDONLY };
	struct loop_op op = {
		.verb = LOOP_VERB_OPENAT2,
		.as = &as,
		.fd = 5,
		.path = "a",
		.how = &how,
	};
	struct io_uring_sqe sqe;

	(void)state;
	loop_uring_prep(&sqe, &op);
	assert_int_equal(sqe.opcode, IORING_OP_OPENAT2);
	assert_int_equal(sqe.fd, 5);
	assert_int_equal(sqe.personality, 77);
	assert_ptr_equal((void *)(uintptr_t)sqe.addr, op.path);
	assert_ptr_equal((void *)(uintptr_t)sqe.off, &how);
	assert_int_equal(sqe.len, sizeof(how));
	assert_ptr_equal((void *)(uintptr_t)sqe.user_data, &op);
	op = (struct loop_op){
		.verb = LOOP_VERB_FALLOCATE,
		.fd = 6,
		.flags = 3,
		.offset = 1ull << 40,
		.length = 1ull << 41,
	};
	loop_uring_prep(&sqe, &op);
	assert_int_equal(sqe.off, 1ull << 40);
	assert_int_equal(sqe.addr, 1ull << 41);
	assert_int_equal(sqe.len, 3);
	assert_int_equal(sqe.personality, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_probe_agrees_with_the_ring),
		cmocka_unit_test(
			no_completion_is_lost_when_the_queue_overflows),
		cmocka_unit_test(operations_of_a_round_share_a_system_call),
		cmocka_unit_test(idle_sockets_hold_no_buffers),
		cmocka_unit_test(an_entry_carries_its_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
