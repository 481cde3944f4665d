/* Byte ranges against a model that asks byte by byte: MS-FSA 2.1.4.10. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "gateway/fsa/range.h"

#define WORLD 6 /* offsets and lengths that the model tries */

static const char owners[2];

/*
 * Two ranges meet if they have a byte in common; a range of no bytes stands
 * between two of them, and meets what has both.
 */
static bool model_meet(const struct fsa_range *a, const struct fsa_range *b)
{
	for (uint64_t i = 0; i < 2 * WORLD; i++) {
		bool in_a = i >= a->offset && i < a->offset + a->length;
		bool in_b = i >= b->offset && i < b->offset + b->length;
		bool before_a = i && i - 1 >= a->offset &&
				i - 1 < a->offset + a->length;
		bool before_b = i && i - 1 >= b->offset &&
				i - 1 < b->offset + b->length;

		if (a->length && b->length && in_a && in_b)
			return true;
		if (!a->length && b->length && i == a->offset && in_b &&
		    before_b)
			return true;
		if (!b->length && a->length && i == b->offset && in_a &&
		    before_a)
			return true;
	}
	return false;
}

static bool model_is_free(const struct fsa_range *held,
			  const struct fsa_range *want)
{
	if (!model_meet(held, want))
		return true;
	if (want->is_exclusive)
		return false;
	return !held->is_exclusive || held->owner == want->owner;
}

static bool model_allows_io(const struct fsa_range *held,
			    const struct fsa_range *io, bool is_write)
{
	if (!held->length || !io->length || !model_meet(held, io))
		return true;
	return held->is_exclusive ? held->owner == io->owner : !is_write;
}

static void try_pair(const struct fsa_range *held, struct fsa_range want)
{
	struct fsa_ranges r = { 0 };

	assert_true(fsa_range_add(&r, held));
	for (int owner = 0; owner < 2; owner++) {
		want.owner = &owners[owner];
		for (int kind = 0; kind < 2; kind++) {
			want.is_exclusive = kind;
			assert_int_equal(model_is_free(held, &want),
					 fsa_range_is_free(&r, &want));
			assert_int_equal(model_allows_io(held, &want, kind),
					 fsa_range_allows_io(&r, want.owner,
							     want.offset,
							     want.length,
							     kind));
		}
	}
	fsa_ranges_fini(&r);
}

static void all_small_pairs_agree_with_the_model(void **state)
{
	(void)state;
	for (uint64_t a = 0; a < WORLD * WORLD * 2; a++) {
		for (uint64_t b = 0; b < WORLD * WORLD; b++) {
			struct fsa_range held = {
				.offset = a % WORLD,
				.length = a / WORLD % WORLD,
				.is_exclusive = a / (WORLD * WORLD),
				.owner = &owners[0],
			};

			try_pair(&held, (struct fsa_range){
						.offset = b % WORLD,
						.length = b / WORLD,
					});
		}
	}
}

static void many_ranges_agree_with_each_of_them(void **state)
{
	struct fsa_range held[64], want;
	struct fsa_ranges r = { 0 };

	(void)state;
	srandom(7);
	for (size_t i = 0; i < 64; i++) {
		held[i] = (struct fsa_range){
			.offset = (uint64_t)random() % WORLD,
			.length = (uint64_t)random() % WORLD,
			.is_exclusive = random() % 2,
			.owner = &owners[random() % 2],
		};
		assert_true(fsa_range_add(&r, &held[i]));
	}
	for (size_t round = 0; round < 2000; round++) {
		bool is_free = true;

		want = held[round % 64];
		want.offset = (uint64_t)random() % WORLD;
		for (size_t i = 0; i < r.count; i++)
			is_free = is_free && model_is_free(&held[i], &want);
		assert_int_equal(is_free, fsa_range_is_free(&r, &want));
	}
	assert_true(fsa_range_remove_owner(&r, &owners[0]));
	assert_false(fsa_range_remove_owner(&r, &owners[0]));
	assert_true(fsa_range_remove_owner(&r, &owners[1]));
	assert_null(r.at);
}

/* The end of the number space: MS-SMB2 lets locks lie up there. */
static void ranges_at_the_end_of_64_bits_do_not_wrap(void **state)
{
	struct fsa_range last = { UINT64_MAX, 1, true, &owners[0] };
	struct fsa_range all = { 1, UINT64_MAX, true, &owners[1] };
	struct fsa_range first = { 0, 1, true, &owners[1] };
	struct fsa_ranges r = { 0 };

	(void)state;
	assert_true(fsa_range_add(&r, &last));
	assert_false(fsa_range_is_free(&r, &all));
	assert_true(fsa_range_is_free(&r, &first));
	assert_false(fsa_range_is_free(&r, &last));
	fsa_ranges_fini(&r);
	assert_true(fsa_range_add(&r, &all));
	assert_false(fsa_range_is_free(&r, &last));
	assert_true(fsa_range_is_free(&r, &first));
	fsa_ranges_fini(&r);
}

static void an_unlock_takes_the_exclusive_one_of_two_first(void **state)
{
	struct fsa_range shared = { 0, 10, false, &owners[0] };
	struct fsa_range exclusive = { 0, 10, true, &owners[0] };
	struct fsa_range other = { 0, 10, false, &owners[1] };
	struct fsa_ranges r = { 0 };

	(void)state;
	assert_true(fsa_range_add(&r, &exclusive));
	assert_true(fsa_range_add(&r, &shared));
	assert_false(fsa_range_is_free(&r, &other));
	assert_true(fsa_range_remove(&r, &owners[0], 0, 10));
	assert_true(fsa_range_is_free(&r, &other));
	assert_false(fsa_range_remove(&r, &owners[1], 0, 10));
	assert_false(fsa_range_remove(&r, &owners[0], 0, 9));
	assert_true(fsa_range_remove(&r, &owners[0], 0, 10));
	assert_false(fsa_range_remove(&r, &owners[0], 0, 10));
}

static void undo_takes_back_the_last_ones_alone(void **state)
{
	struct fsa_range a = { 0, 10, false, &owners[0] };
	struct fsa_range b = { 20, 10, true, &owners[0] };
	struct fsa_ranges r = { 0 };

	(void)state;
	assert_true(fsa_range_add(&r, &a));
	assert_true(fsa_range_add(&r, &b));
	assert_true(fsa_range_add(&r, &b));
	fsa_range_undo(&r, 2);
	assert_int_equal(1, r.count);
	assert_true(fsa_range_remove(&r, &owners[0], 0, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_small_pairs_agree_with_the_model),
		cmocka_unit_test(many_ranges_agree_with_each_of_them),
		cmocka_unit_test(ranges_at_the_end_of_64_bits_do_not_wrap),
		cmocka_unit_test(
			an_unlock_takes_the_exclusive_one_of_two_first),
		cmocka_unit_test(undo_takes_back_the_last_ones_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
