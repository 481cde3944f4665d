/* Listeners: many connections, none lost, and lack of descriptors survived. */
#include "tests/loop/engines.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
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

/* ---- the clock ---- */

struct late {
	struct door door;
	uint64_t told_at; /* what loop_now() said when somebody came */
};

static void accepted_late(void *arg, int fd)
{
	struct late *late = arg;

	late->told_at = loop_now();
	loop_close(fd);
}

static void *knock_later(void *arg)
{
	const struct late *late = arg;
	struct timespec while_it_waits = { .tv_nsec = 100 * 1000 * 1000 };

	nanosleep(&while_it_waits, NULL);
	close(knock(&late->door));
	return NULL;
}

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What happens while the loop waits does not happen before it waited. */
static void co_time_passes_while_it_waits(void *arg)
{
	struct late late = { .told_at = 0 };
	uint64_t began = clock_now();
	pthread_t thread;

	(void)arg;
	door_open(&late.door);
	loop_listener_free(late.door.listener);
	assert_int_equal(loop_listener_new(late.door.fd, accepted_late, &late,
					   &late.door.listener),
			 0);
	pthread_create(&thread, NULL, knock_later, &late);
	while (late.told_at == 0)
		loop_co_sleep(loop_ms(300));
	assert_true(late.told_at >= began + loop_ms(100));
	pthread_join(thread, NULL);
	door_close(&late.door);
}

static void time_passes_while_it_waits(void **state)
{
	(void)state;
	on_engines_with_hands(co_time_passes_while_it_waits, NULL);
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
		cmocka_unit_test(time_passes_while_it_waits),
		cmocka_unit_test(five_hundred_connections_are_all_accepted),
		cmocka_unit_test(a_listener_may_be_freed_by_what_it_calls),
		cmocka_unit_test(lack_of_descriptors_is_told_and_passes),
		cmocka_unit_test(
			a_listener_can_be_freed_after_the_loop_has_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
