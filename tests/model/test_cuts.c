/*
 * Channels that are cut, late and silent: whatever happens to them, the end is
 * that of one that nobody disturbs.
 *
 * RUNS        how many seeds
 * SEED        the first of them; alone, if RUNS is not given
 * VERBOSE=1   tells each stage
 * DEBUG=1     with the server's log
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/log.h"
#include "tests/model/cuts.h"

enum {
#if defined(__SANITIZE_ADDRESS__)
	RUNS = 30, /* it is slow then */
#else
	RUNS = 150,
#endif
};

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static struct cuts_result play_one(uint64_t seed, bool is_calm)
{
	struct cuts_options options = {
		.seed = seed,
		.is_calm = is_calm,
		.is_verbose = number("VERBOSE", 0),
	};

	return cuts(&options);
}

static void add(struct cuts_result *sum, const struct cuts_result *r)
{
	sum->events += r->events;
	sum->cuts += r->cuts;
	sum->silences += r->silences;
	sum->binds += r->binds;
	sum->logons += r->logons;
	sum->replays += r->replays;
	sum->refusals += r->refusals;
	sum->reopens += r->reopens;
	sum->reads += r->reads;
	sum->breaks += r->breaks;
}

static void tell(uint64_t runs, const struct cuts_result *r)
{
	print_message("# %llu runs: %llu events, %u cuts, %u silences, %u "
		      "sessions, %u binds, %u replays, %u refused as late, %u "
		      "opens lost, %u reads by the other client, %u breaks\n",
		      (unsigned long long)runs, (unsigned long long)r->events,
		      r->cuts, r->silences, r->logons, r->binds, r->replays,
		      r->refusals, r->reopens, r->reads, r->breaks);
}

static void the_end_is_that_of_one_quiet_channel(void **state)
{
	uint64_t first = number("SEED", 1);
	uint64_t runs = number("RUNS", number("SEED", 0) ? 1 : RUNS);
	struct cuts_result calm = play_one(0, true), sum = { .why = NULL };
	unsigned int failures = 0;

	(void)state;
	assert_null(calm.why);
	assert_string_equal(calm.end, "d:256,12,6,7,4 e:128,11,13 ");
	for (uint64_t seed = first; seed < first + runs; seed++) {
		struct cuts_result r = play_one(seed, false);

		if (!r.why && strcmp(r.end, calm.end) != 0)
			r.why = "the end is another";
		if (r.why) {
			print_message("# seed %llu: %s: %s\n",
				      (unsigned long long)seed, r.why, r.end);
			failures++;
		}
		add(&sum, &r);
		if ((seed - first + 1) % 10000 == 0)
			tell(seed - first + 1, &sum);
	}
	tell(runs, &sum);
	assert_int_equal(failures, 0);
}

static void a_seed_plays_the_same_twice(void **state)
{
	(void)state;
	assert_true(play_one(7, false).trace == play_one(7, false).trace);
	assert_true(play_one(7, false).trace != play_one(8, false).trace);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(the_end_is_that_of_one_quiet_channel),
		cmocka_unit_test(a_seed_plays_the_same_twice),
	};

	gw_log_set_level(number("DEBUG", 0) ? GW_LOG_DEBUG : GW_LOG_ERROR);
	return cmocka_run_group_tests(all, NULL, NULL);
}
