/*
 * A connection with a program that the test plays: calls in flight, replies in
 * any order, late, lying, or never.
 */
#include "tests/fuse/cm.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuse/conn.h"

static const struct fusefs_who nobody = { 0 };

struct stage {
	struct fusefs_conn *conn;
	int theirs;
};

static int set_up(void **state)
{
	const struct fusefs_limits limits = { .minor = 13 };
	struct stage *s = calloc(1, sizeof(*s));
	size_t message_max;
	int ours;

	assert_int_equal(fusefs_conn_pair(&ours, &s->theirs, &message_max), 0);
	assert_true(message_max >= FUSEFS_IO_SIZE + 4096);
	assert_int_equal(fusefs_conn_new(ours, &limits, &s->conn), 0);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	fusefs_conn_close(s->conn);
	fusefs_conn_unref(s->conn);
	close(s->theirs);
	free(s);
	return 0;
}

struct waiting {
	struct fusefs_call call;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool is_done;
	char to[64];
};

static void done(struct fusefs_call *call)
{
	struct waiting *w = call->arg;

	pthread_mutex_lock(&w->mutex);
	w->is_done = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->mutex);
}

static void begin(struct stage *s, struct waiting *w, uint32_t opcode)
{
	*w = (struct waiting){ .mutex = PTHREAD_MUTEX_INITIALIZER,
			       .changed = PTHREAD_COND_INITIALIZER };
	w->call.to = w->to;
	w->call.to_size = sizeof(w->to);
	w->call.done = done;
	w->call.arg = w;
	fusefs_request_init(&w->call.request, opcode, 1, &nobody, 0);
	assert_int_equal(fusefs_conn_send(s->conn, &w->call), 0);
}

static void end(struct waiting *w)
{
	pthread_mutex_lock(&w->mutex);
	while (!w->is_done)
		pthread_cond_wait(&w->changed, &w->mutex);
	pthread_mutex_unlock(&w->mutex);
}

/* The next request that the program reads. */
static struct fuse_in_header read_request(struct stage *s, void *body,
					  size_t size)
{
	struct {
		struct fuse_in_header head;
		uint8_t body[4096];
	} message;
	ssize_t n = recv(s->theirs, &message, sizeof(message), 0);

	assert_true(n >= (ssize_t)sizeof(message.head));
	assert_int_equal(message.head.len, n);
	if (body)
		memcpy(body, message.body, size);
	return message.head;
}

static void answer(struct stage *s, uint64_t unique, int error,
		   const char *body)
{
	struct fuse_out_header head = { .error = error, .unique = unique };
	struct iovec parts[] = { { &head, sizeof(head) },
				 { (void *)(uintptr_t)body, strlen(body) } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	head.len = (uint32_t)(sizeof(head) + strlen(body));
	assert_true(sendmsg(s->theirs, &message, 0) > 0);
}

static void replies_find_their_calls_in_any_order(void **state)
{
	struct stage *s = *state;
	struct waiting a, b;
	uint64_t first, second;

	begin(s, &a, FUSE_GETATTR);
	begin(s, &b, FUSE_GETATTR);
	first = read_request(s, NULL, 0).unique;
	second = read_request(s, NULL, 0).unique;
	answer(s, second, 0, "second");
	answer(s, first, -ENOENT, "");
	end(&b);
	end(&a);
	assert_int_equal(b.call.err, 0);
	assert_int_equal(b.call.length, 6);
	assert_memory_equal(b.to, "second", 6);
	assert_int_equal(a.call.err, -ENOENT);
}

static void what_a_program_does_not_know_is_not_asked_again(void **state)
{
	struct stage *s = *state;
	struct fusefs_call call = { .done = done };
	struct waiting a;

	begin(s, &a, FUSE_GETXATTR);
	answer(s, read_request(s, NULL, 0).unique, -ENOSYS, "");
	end(&a);
	assert_int_equal(a.call.err, -ENOSYS);
	fusefs_request_init(&call.request, FUSE_GETXATTR, 1, &nobody, 0);
	assert_int_equal(fusefs_conn_send(s->conn, &call), -ENOSYS);
	begin(s, &a, FUSE_GETATTR);
	answer(s, read_request(s, NULL, 0).unique, 0, "x");
	end(&a);
}

static void who_gives_up_interrupts_and_hears_no_more(void **state)
{
	struct stage *s = *state;
	struct fuse_interrupt_in in;
	struct waiting a, b;
	uint64_t unique;

	begin(s, &a, FUSE_READ);
	unique = read_request(s, NULL, 0).unique;
	assert_true(fusefs_conn_give_up(s->conn, &a.call));
	assert_int_equal(read_request(s, &in, sizeof(in)).opcode,
			 FUSE_INTERRUPT);
	assert_int_equal(in.unique, unique);

	answer(s, unique | 1, -EAGAIN, ""); /* of the INTERRUPT */
	answer(s, unique, 0, "late");
	begin(s, &b, FUSE_GETATTR);
	answer(s, read_request(s, NULL, 0).unique, 0, "well");
	end(&b);
	assert_memory_equal(b.to, "well", 4);
	assert_false(a.is_done);
}

static void what_comes_too_late_is_given_back(void **state)
{
	struct stage *s = *state;
	const struct fuse_open_out opened = { .fh = 77 };
	struct fuse_out_header head = { .len = sizeof(head) + sizeof(opened) };
	struct iovec parts[] = { { &head, sizeof(head) },
				 { (void *)(uintptr_t)&opened,
				   sizeof(opened) } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	struct fuse_release_in in;
	struct waiting a;

	begin(s, &a, FUSE_OPEN);
	head.unique = read_request(s, NULL, 0).unique;
	assert_true(fusefs_conn_give_up(s->conn, &a.call));
	read_request(s, NULL, 0);
	assert_true(sendmsg(s->theirs, &message, 0) > 0);

	assert_int_equal(read_request(s, &in, sizeof(in)).opcode, FUSE_RELEASE);
	assert_int_equal(in.fh, 77);
}

static void too_much_ends_the_connection(void **state)
{
	struct stage *s = *state;
	char much[sizeof(((struct waiting *)0)->to) + 2];
	struct waiting a, b;

	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	begin(s, &a, FUSE_READ);
	begin(s, &b, FUSE_READ);
	answer(s, read_request(s, NULL, 0).unique, 0, much);
	end(&a);
	end(&b);
	assert_int_equal(a.call.err, -EPROTO);
	assert_int_equal(b.call.err, -ENOTCONN);
	assert_false(fusefs_conn_is_open(s->conn));
}

static void notices_and_noise_are_passed_over(void **state)
{
	struct stage *s = *state;
	struct waiting a;

	answer(s, 0, FUSE_NOTIFY_INVAL_ENTRY, "whatever it is");
	answer(s, 4711, 0, "nobody's");
	assert_int_equal(send(s->theirs, "short", 5, 0), 5);
	begin(s, &a, FUSE_GETATTR);
	answer(s, read_request(s, NULL, 0).unique, 0, "x");
	end(&a);
	assert_int_equal(a.call.err, 0);
}

static void the_end_of_a_program_ends_its_calls(void **state)
{
	struct stage *s = *state;
	struct waiting a;

	begin(s, &a, FUSE_GETATTR);
	shutdown(s->theirs, SHUT_RDWR);
	end(&a);
	assert_int_equal(a.call.err, -ENOTCONN);
	assert_int_equal(fusefs_conn_send(s->conn, &a.call), -ENOTCONN);
}

static void nobody_waits_for_ever(void **state)
{
	struct stage *s = *state;
	struct fusefs_call call = { .to = NULL };

	fusefs_request_init(&call.request, FUSE_STATFS, 1, &nobody, 0);
	assert_int_equal(fusefs_conn_ask(s->conn, &call, 50), -ETIMEDOUT);
	assert_int_equal(read_request(s, NULL, 0).opcode, FUSE_STATFS);
	assert_int_equal(read_request(s, NULL, 0).opcode, FUSE_INTERRUPT);
}

static void a_full_socket_says_so(void **state)
{
	struct stage *s = *state;
	static const char data[65536];
	struct fusefs_call call = { .done = done };
	int err = 0, sent = 0;

	for (; !err && sent < 1000; sent++) {
		struct fusefs_call *one = calloc(1, sizeof(*one));

		*one = call;
		fusefs_request_init(&one->request, FUSE_WRITE, 1, &nobody, 0);
		one->request.data = data;
		one->request.data_size = sizeof(data);
		err = fusefs_conn_send(s->conn, one);
		if (!err)
			assert_true(fusefs_conn_give_up(s->conn, one));
		free(one);
	}
	assert_int_equal(err, -EAGAIN);
}

static void nodes_are_forgotten_when_there_are_too_many(void **state)
{
	struct stage *s = *state;
	struct fuse_forget_in in;
	struct fusefs_entry entry = { .node = 2 };

	for (; entry.node < FUSEFS_NODES_IDLE_MAX + 3; entry.node++)
		fusefs_conn_pass(s->conn, &entry);
	assert_int_equal(read_request(s, &in, sizeof(in)).opcode, FUSE_FORGET);
	assert_int_equal(in.nlookup, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(replies_find_their_calls_in_any_order),
		TEST(what_a_program_does_not_know_is_not_asked_again),
		TEST(who_gives_up_interrupts_and_hears_no_more),
		TEST(what_comes_too_late_is_given_back),
		TEST(too_much_ends_the_connection),
		TEST(notices_and_noise_are_passed_over),
		TEST(the_end_of_a_program_ends_its_calls),
		TEST(nobody_waits_for_ever),
		TEST(a_full_socket_says_so),
		TEST(nodes_are_forgotten_when_there_are_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
