/* Listeners: many connections, none lost, and lack of descriptors survived. */
#include "tests/loop/engines.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS = 500
};

struct door {
	int fd;
	struct sockaddr_in address;
	struct loop_listener *listener;
	size_t accepted;
	int error;
	bool is_nonblocking;
	bool free_at_once;
};

static void accepted(void *arg, int fd)
{
	struct door *d = arg;

	assert_null(loop_self());
	if (fd < 0) {
		d->error = fd;
		return;
	}
	d->accepted++;
	d->is_nonblocking = (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 &&
			    (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
	loop_close(fd);
	if (d->free_at_once)
		d->listener = loop_listener_free(d->listener);
}

static void door_open(struct door *d)
{
	socklen_t length = sizeof(d->address);

	d->address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	d->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(d->fd, (struct sockaddr *)&d->address, length),
			 0);
	assert_int_equal(listen(d->fd, 1024), 0);
	getsockname(d->fd, (struct sockaddr *)&d->address, &length);
	assert_int_equal(loop_listener_new(d->fd, accepted, d, &d->listener),
			 0);
}

static void door_close(struct door *d)
{
	d->listener = loop_listener_free(d->listener);
	loop_close(d->fd);
}

static int knock(const struct door *d)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&d->address,
				 sizeof(d->address)),
			 0);
	return fd;
}

static void co_many(void *arg)
{
	struct door d = { .accepted = 0 };

	(void)arg;
	door_open(&d);
	for (int i = 0; i < CONNECTIONS; i++) {
		close(knock(&d));
		if (i % 50 == 0)
			loop_co_yield();
	}
	while (d.accepted < CONNECTIONS)
		loop_co_sleep(loop_ms(1));
	assert_true(d.is_nonblocking);
	assert_int_equal(d.error, 0);
	door_close(&d);
}

static void five_hundred_connections_are_all_accepted(void **state)
{
	(void)state;
	on_each_engine(co_many, NULL);
}

static void co_freed_inside(void *arg)
{
	struct door d = { .free_at_once = true };

	(void)arg;
	door_open(&d);
	for (int i = 0; i < 10; i++)
		close(knock(&d));
	loop_co_sleep(loop_ms(3));
	assert_int_equal(d.accepted, 1);
	assert_null(d.listener);
	loop_close(d.fd);
}

static void a_listener_may_be_freed_by_what_it_calls(void **state)
{
	(void)state;
	on_each_engine(co_freed_inside, NULL);
}

static void co_no_descriptors(void *arg)
{
	struct door d = { .accepted = 0 };
	struct rlimit limit;
	struct rlimit low;
	int fd;

	(void)arg;
	door_open(&d);
	loop_co_yield();
	fd = knock(&d);
	getrlimit(RLIMIT_NOFILE, &limit);
	low = (struct rlimit){ .rlim_cur = 3, .rlim_max = limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &low);
	while (d.error == 0 && d.accepted == 0)
		loop_co_sleep(loop_ms(1));
	setrlimit(RLIMIT_NOFILE, &limit);
	while (d.accepted == 0)
		loop_co_sleep(loop_ms(1));
	assert_true(d.error == -EMFILE || d.error == 0);
	close(fd);
	door_close(&d);
}

static void lack_of_descriptors_is_told_and_passes(void **state)
{
	(void)state;
	on_each_engine(co_no_descriptors, NULL);
}

static void a_listener_can_be_freed_after_the_loop_has_run(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		struct loop *loop = engine_loop(engines[i]);
		struct door d = { .accepted = 0 };

		if (loop == NULL)
			continue;
		door_open(&d);
		loop_stop(loop);
		loop_run(loop);
		door_close(&d);
		loop_free(loop);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_hundred_connections_are_all_accepted),
		cmocka_unit_test(a_listener_may_be_freed_by_what_it_calls),
		cmocka_unit_test(lack_of_descriptors_is_told_and_passes),
		cmocka_unit_test(
			a_listener_can_be_freed_after_the_loop_has_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
