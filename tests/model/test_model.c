/*
 * The whole server against a simple model of one: seeded chance, no threads,
 * no sockets that others have, no clock.
 *
 * SEED, STEPS, WORKERS   play this one alone; FAULTS=1: with faults
 * VERBOSE=1              and tell each step
 * DEBUG=1                with the server's log
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "gateway/log.h"
#include "tests/model/play.h"

enum {
	SEEDS = 3,
#if defined(__SANITIZE_ADDRESS__)
	STEPS = 10000, /* it is slow then */
#else
	STEPS = 50000,
#endif
	WORKERS = 3,
};

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static struct play_result play_one(uint64_t seed, uint64_t steps,
				   bool has_faults)
{
	struct play_options options = {
		.seed = seed,
		.steps = steps,
		.workers = (unsigned int)number("WORKERS", WORKERS),
		.is_verbose = number("VERBOSE", 0),
		.has_faults = has_faults,
	};
	struct play_result r = play(&options);

	print_message("# seed %llu: %llu steps, %llu requests, %llu waits, "
		      "%llu breaks, %llu cuts, %llu faults, %llu events, "
		      "at most %llu states, trace %016llx\n",
		      (unsigned long long)seed, (unsigned long long)r.steps,
		      (unsigned long long)r.requests,
		      (unsigned long long)r.waits, (unsigned long long)r.breaks,
		      (unsigned long long)r.cuts, (unsigned long long)r.faults,
		      (unsigned long long)r.events,
		      (unsigned long long)r.states_max,
		      (unsigned long long)r.trace);
	assert_true(r.is_good);
	return r;
}

static void what_the_server_does_can_be_explained(void **state)
{
	uint64_t first = number("SEED", 0);
	uint64_t count = first ? 1 : SEEDS;

	(void)state;
	for (uint64_t i = 0; i < count; i++)
		play_one(first ? first : 1 + i, number("STEPS", STEPS),
			 number("FAULTS", 0));
}

static void whatever_fails_nothing_is_left(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < SEEDS; i++)
		play_one(1 + i, number("STEPS", STEPS) / 2, true);
}

static void a_seed_plays_the_same_twice(void **state)
{
	(void)state;
	uint64_t first = play_one(42, 2000, false).trace;

	assert_int_equal(play_one(42, 2000, false).trace, first);
	assert_int_not_equal(play_one(43, 2000, false).trace, first);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(what_the_server_does_can_be_explained),
		cmocka_unit_test(whatever_fails_nothing_is_left),
		cmocka_unit_test(a_seed_plays_the_same_twice),
	};
	const struct CMUnitTest one[] = {
		cmocka_unit_test(what_the_server_does_can_be_explained),
	};

	gw_log_set_level(number("DEBUG", 0) ? GW_LOG_DEBUG : GW_LOG_ERROR);
	if (number("SEED", 0))
		return cmocka_run_group_tests(one, NULL, NULL);
	return cmocka_run_group_tests(all, NULL, NULL);
}
