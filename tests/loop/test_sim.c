/*
 * The simulated world itself: the same seed tells the same story, loops take
 * turns, time jumps, and what is to go wrong does. That loops keep their word
 * in it is what the other tests of this room show.
 */
#include "tests/loop/engines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LOOPS = 3,
	NOTES = 200,
};

static struct loop *new_loop(struct loop_sim *sim)
{
	struct loop *loop;

	assert_int_equal(loop_sim_loop(sim, &loop), 0);
	return loop;
}

/* Until nothing is left to do, now or ever. */
static void run_out(struct loop_sim *sim)
{
	while (loop_sim_step(sim) || loop_sim_jump(sim, LOOP_FOREVER))
		continue;
}

/* ---- several loops ---- */

struct numbered {
	struct loop_note note;
	struct loop *to;
	int from, number;
};

struct mailing {
	struct loop_sim *sim;
	struct loop *loops[LOOPS];
	struct numbered notes[LOOPS][NOTES];
	int expected[LOOPS][LOOPS]; /* to, from */
	int arrived;
};

static struct mailing m;

static int index_of(const struct loop *loop)
{
	for (int i = 0; i < LOOPS; i++) {
		if (m.loops[i] == loop)
			return i;
	}
	fail();
	return -1;
}

static void arrived(struct loop_note *note)
{
	struct numbered *n = (struct numbered *)note;
	int to = index_of(loop_current());

	assert_ptr_equal(n->to, loop_current());
	assert_true(n->number > m.expected[to][n->from]);
	m.expected[to][n->from] = n->number;
	m.arrived++;
	loop_sim_note(m.sim, (uint64_t)(n->from << 16 | n->number));
}

static void co_mail(void *arg)
{
	int from = index_of(loop_current());

	(void)arg;
	for (int i = 0; i < NOTES; i++) {
		struct numbered *n = &m.notes[from][i];

		*n = (struct numbered){
			.note.deliver = arrived,
			.to = m.loops[(from + i) % LOOPS],
			.from = from,
			.number = i + 1,
		};
		loop_post(n->to, &n->note);
		if (i % 7 == 0)
			loop_co_yield();
		if (i % 50 == 0)
			loop_co_sleep(loop_ms(3));
	}
}

static void spawn_mail(void *arg)
{
	assert_non_null(loop_spawn(co_mail, arg));
}

/* The trace of a world in which three loops write to each other. */
static uint64_t mail_around(uint64_t seed)
{
	struct loop_sim_options options = engine_sim;
	struct loop_sim sim;

	options.seed = seed;
	loop_sim_init(&sim, &options);
	m = (struct mailing){ .sim = &sim };
	for (int i = 0; i < LOOPS; i++)
		m.loops[i] = new_loop(&sim);
	for (int i = 0; i < LOOPS; i++)
		loop_sim_within(m.loops[i], spawn_mail, NULL);
	run_out(&sim);
	assert_int_equal(m.arrived, LOOPS * NOTES);
	for (int i = 0; i < LOOPS; i++)
		loop_stop(m.loops[i]);
	run_out(&sim);
	for (int i = 0; i < LOOPS; i++) {
		assert_true(loop_sim_is_over(&sim, m.loops[i]));
		loop_sim_loop_free(m.loops[i]);
	}
	assert_null(loop_current());
	return sim.trace;
}

static void loops_on_one_thread_write_to_each_other_in_order(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++)
		mail_around(seed);
}

static void a_seed_tells_one_story_and_another_a_different_one(void **state)
{
	uint64_t first = mail_around(7);

	(void)state;
	assert_int_equal(mail_around(7), first);
	assert_int_not_equal(mail_around(8), first);
}

/* ---- time ---- */

static void co_sleep_long(void *arg)
{
	bool *is_over = arg;

	assert_int_equal(loop_co_sleep(loop_ms(3600 * 1000)), 0);
	*is_over = true;
}

static void spawn_sleeper(void *arg)
{
	assert_non_null(loop_spawn(co_sleep_long, arg));
}

static void an_hour_passes_when_it_is_told_to(void **state)
{
	struct loop_sim sim;
	bool is_over = false;

	(void)state;
	loop_sim_init(&sim, &engine_sim);
	struct loop *loop = new_loop(&sim);
	uint64_t start = sim.now_ns;

	loop_sim_within(loop, spawn_sleeper, &is_over);
	while (loop_sim_step(&sim))
		continue;
	assert_false(loop_sim_jump(&sim, start + loop_ms(1000)));
	assert_int_equal(sim.now_ns, start + loop_ms(1000));
	assert_false(loop_sim_step(&sim));
	assert_true(loop_sim_jump(&sim, LOOP_FOREVER));
	while (loop_sim_step(&sim))
		continue;
	assert_true(is_over);
	assert_true(sim.now_ns >= start + loop_ms(3600 * 1000));
	loop_stop(loop);
	run_out(&sim);
	loop_sim_loop_free(loop);
}

/* ---- what goes wrong ---- */

static void run_in(const struct loop_sim_options *options,
		   loop_fiber_fn *co_body, void *arg)
{
	struct loop_options how = { .engine = LOOP_ENGINE_AUTO };
	struct loop_sim sim;
	struct loop *loop;

	loop_sim_init(&sim, options);
	how.world = &sim.world;
	assert_int_equal(loop_new(&how, &loop), 0);
	run_on(loop, co_body, arg);
	loop_free(loop);
}

static void co_fail(void *arg)
{
	struct open_how how = { .flags = O_RDONLY };
	int *failed = arg;

	for (int i = 0; i < 1000; i++) {
		int fd = loop_co_openat2(NULL, AT_FDCWD, "/dev/null", &how);

		if (fd >= 0)
			close(fd);
		else
			(*failed)++;
	}
}

static void one_operation_in_ten_fails_if_it_is_told_to(void **state)
{
	struct loop_sim_options options = {
		.seed = 3,
		.error_ppm = { [LOOP_SIM_NAMES] = 100000 },
	};
	int failed = 0;

	(void)state;
	run_in(&options, co_fail, &failed);
	assert_in_range(failed, 50, 150);
	options.error_ppm[LOOP_SIM_NAMES] = 0;
	options.error_ppm[LOOP_SIM_DATA] = 100000;
	failed = 0;
	run_in(&options, co_fail, &failed);
	assert_int_equal(failed, 0);
}

static int64_t answer(void *arg)
{
	(void)arg;
	return 42;
}

static void co_hang(void *arg)
{
	uint64_t start = loop_now();

	(void)arg;
	assert_int_equal(loop_co_call(NULL, answer, NULL), 42);
	assert_true(loop_now() >= start + loop_ms(5000));
}

static void a_call_hangs_for_as_long_as_it_is_told_to(void **state)
{
	struct loop_sim_options options = {
		.hang_ppm = 1000000,
		.hang_ns = loop_ms(5000),
	};

	(void)state;
	run_in(&options, co_hang, NULL);
}

static void co_reset(void *arg)
{
	struct loop_inbox *inbox;
	int pair[2];
	char byte = 1;

	(void)arg;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
				    pair),
			 0);
	assert_int_equal(loop_inbox_new(pair[0], &inbox), 0);
	assert_int_equal(write(pair[1], &byte, 1), 1);
	assert_int_equal(loop_inbox_co_fill(inbox, &byte, 1, LOOP_FOREVER),
			 -ECONNRESET);
	loop_inbox_co_free(inbox);
	/* The peer sees it too. */
	assert_int_equal(read(pair[1], &byte, 1), 0);
	close(pair[0]);
	close(pair[1]);
}

static void a_connection_is_reset_for_both_ends(void **state)
{
	struct loop_sim_options options = {
		.error_ppm = { [LOOP_SIM_SOCKETS] = 1000000 },
	};

	(void)state;
	run_in(&options, co_reset, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			loops_on_one_thread_write_to_each_other_in_order),
		cmocka_unit_test(
			a_seed_tells_one_story_and_another_a_different_one),
		cmocka_unit_test(an_hour_passes_when_it_is_told_to),
		cmocka_unit_test(one_operation_in_ten_fails_if_it_is_told_to),
		cmocka_unit_test(a_call_hangs_for_as_long_as_it_is_told_to),
		cmocka_unit_test(a_connection_is_reset_for_both_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
