/*
 * What holders lose and keep: MS-FSA 2.1.5.18, 2.1.5.19; MS-SMB2 3.3.1.4. The
 * tables are those of the specification as Windows answers; letters are R, H
 * and W, and "s", "x", "b" stand for the levels II, EXCLUSIVE and BATCH.
 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/oplock.h"
#include "gateway/fsa/windows.h"

#define R SMB_CACHE_READ
#define H SMB_CACHE_HANDLE
#define W SMB_CACHE_WRITE

static uint8_t caching_of(const char *letters)
{
	uint8_t caching = 0;

	for (; *letters; letters++) {
		switch (*letters) {
		case 'R':
		case 's':
			caching |= R;
			break;
		case 'H':
			caching |= H;
			break;
		case 'W':
			caching |= W;
			break;
		case 'x':
			caching |= R | W;
			break;
		case 'b':
			caching |= R | W | H;
			break;
		default:
			fail();
		}
	}
	return caching;
}

static struct fsa_oplock oplock_of(const char *letters)
{
	return (struct fsa_oplock){
		.is_lease = !strpbrk(letters, "sxb"),
		.caching = caching_of(letters),
	};
}

/* ---- losing ---- */

struct loss {
	const char *held;
	enum fsa_oplock_event event;
	const char *left;
	bool must_ack, delays;
};

static void check_loss(const struct loss *loss)
{
	struct fsa_oplock oplock = oplock_of(loss->held);
	uint8_t held = oplock.caching, left = caching_of(loss->left);
	uint8_t taken = fsa_oplock_taken(&oplock, loss->event, false);
	struct smb_break brk;
	bool is_told = fsa_oplock_break(&oplock, taken, &brk);

	assert_int_equal(is_told, held != left);
	assert_int_equal(fsa_oplock_delays(&oplock, loss->event), loss->delays);
	if (!is_told) {
		assert_int_equal(oplock.caching, held);
		return;
	}
	assert_int_equal(brk.from, held);
	assert_int_equal(brk.to, left);
	assert_int_equal(brk.must_ack, loss->must_ack);
	assert_false(brk.is_next);
	assert_int_equal(oplock.is_breaking, loss->must_ack);
	assert_int_equal(oplock.caching, loss->must_ack ? held : left);
}

static void every_state_loses_what_the_event_takes(void **state)
{
	static const struct loss losses[] = {
		{ "R", FSA_OPLOCK_SHARE, "R", false, false },
		{ "RH", FSA_OPLOCK_SHARE, "R", true, true },
		{ "RW", FSA_OPLOCK_SHARE, "RW", false, false },
		{ "RWH", FSA_OPLOCK_SHARE, "RW", true, true },
		{ "s", FSA_OPLOCK_SHARE, "s", false, false },
		{ "x", FSA_OPLOCK_SHARE, "x", false, false },
		{ "b", FSA_OPLOCK_SHARE, "s", true, true },

		{ "R", FSA_OPLOCK_OPEN, "R", false, false },
		{ "RH", FSA_OPLOCK_OPEN, "RH", false, false },
		{ "RW", FSA_OPLOCK_OPEN, "R", true, true },
		{ "RWH", FSA_OPLOCK_OPEN, "RH", true, true },
		{ "s", FSA_OPLOCK_OPEN, "s", false, false },
		{ "x", FSA_OPLOCK_OPEN, "s", true, true },
		{ "b", FSA_OPLOCK_OPEN, "s", true, true },

		{ "R", FSA_OPLOCK_OPEN_TO_DELETE, "R", false, false },
		{ "RH", FSA_OPLOCK_OPEN_TO_DELETE, "R", true, true },
		{ "RW", FSA_OPLOCK_OPEN_TO_DELETE, "R", true, true },
		{ "RWH", FSA_OPLOCK_OPEN_TO_DELETE, "R", true, true },
		{ "s", FSA_OPLOCK_OPEN_TO_DELETE, "s", false, false },
		{ "x", FSA_OPLOCK_OPEN_TO_DELETE, "s", true, true },
		{ "b", FSA_OPLOCK_OPEN_TO_DELETE, "s", true, true },

		{ "R", FSA_OPLOCK_OVERWRITE, "", false, false },
		{ "RH", FSA_OPLOCK_OVERWRITE, "", true, false },
		{ "RW", FSA_OPLOCK_OVERWRITE, "", true, true },
		{ "RWH", FSA_OPLOCK_OVERWRITE, "", true, true },
		{ "s", FSA_OPLOCK_OVERWRITE, "", false, false },
		{ "x", FSA_OPLOCK_OVERWRITE, "", true, true },
		{ "b", FSA_OPLOCK_OVERWRITE, "", true, true },

		{ "R", FSA_OPLOCK_WRITE, "", false, false },
		{ "RH", FSA_OPLOCK_WRITE, "", true, false },
		{ "RW", FSA_OPLOCK_WRITE, "", true, true },
		{ "RWH", FSA_OPLOCK_WRITE, "", true, true },
		{ "s", FSA_OPLOCK_WRITE, "", false, false },
		{ "x", FSA_OPLOCK_WRITE, "", true, true },
		{ "b", FSA_OPLOCK_WRITE, "", true, true },

		{ "R", FSA_OPLOCK_NAME, "R", false, false },
		{ "RH", FSA_OPLOCK_NAME, "R", true, true },
		{ "RW", FSA_OPLOCK_NAME, "RW", false, false },
		{ "RWH", FSA_OPLOCK_NAME, "RW", true, true },
		{ "s", FSA_OPLOCK_NAME, "s", false, false },
		{ "x", FSA_OPLOCK_NAME, "x", false, false },
		{ "b", FSA_OPLOCK_NAME, "s", true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		check_loss(&losses[i]);
}

static void nobody_loses_what_is_not_held(void **state)
{
	(void)state;
	for (int event = 0; event <= FSA_OPLOCK_NAME; event++) {
		struct fsa_oplock none = { .is_lease = event % 2 };
		struct smb_break brk;

		assert_false(fsa_oplock_break(
			&none,
			fsa_oplock_taken(&none, (enum fsa_oplock_event)event,
					 false),
			&brk));
		assert_false(
			fsa_oplock_delays(&none, (enum fsa_oplock_event)event));
	}
}

static void only_level_two_goes_with_ones_own_write(void **state)
{
	static const char *const all[] = {
		"R", "RH", "RW", "RWH", "s", "x", "b"
	};

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		struct fsa_oplock oplock = oplock_of(all[i]);

		for (int event = 0; event <= FSA_OPLOCK_NAME; event++) {
			bool goes = event == FSA_OPLOCK_WRITE &&
				    !strcmp(all[i], "s");

			assert_int_equal(
				fsa_oplock_taken(&oplock,
						 (enum fsa_oplock_event)event,
						 true),
				goes ? R : 0);
		}
	}
}

/* ---- acknowledging ---- */

static const uint8_t valid[] = { 0, R, R | H, R | W, R | W | H };

static void an_answer_keeps_what_was_offered_or_less(void **state)
{
	(void)state;
	for (size_t from = 0; from < 5; from++) {
		for (unsigned int taken = 0; taken < 8; taken++) {
			for (unsigned int kept = 0; kept < 8; kept++) {
				struct fsa_oplock oplock = {
					.is_lease = true,
					.caching = valid[from],
				};
				struct smb_break brk, next;
				bool has_next = false;
				enum fsa_oplock_ack ack;

				(void)fsa_oplock_break(&oplock, (uint8_t)taken,
						       &brk);
				bool is_breaking = oplock.is_breaking;
				uint8_t offered = oplock.offered;

				ack = fsa_oplock_ack(&oplock, (uint8_t)kept,
						     &has_next, &next);
				if (!is_breaking) {
					assert_int_equal(
						ack, FSA_OPLOCK_NOT_BREAKING);
				} else if (kept & ~offered) {
					assert_int_equal(ack,
							 FSA_OPLOCK_TOO_MUCH);
					assert_true(oplock.is_breaking);
					assert_int_equal(oplock.caching,
							 valid[from]);
				} else {
					assert_int_equal(ack, FSA_OPLOCK_ACKED);
					assert_false(has_next);
					assert_false(oplock.is_breaking);
					assert_int_equal(oplock.caching,
							 kept & R ? kept : 0);
				}
			}
		}
	}
}

/* What smbtorture's breaking3 shows of Windows. */
static void what_is_asked_meanwhile_follows_in_steps(void **state)
{
	struct fsa_oplock oplock = oplock_of("RWH");
	struct smb_break brk;
	bool has_next;

	(void)state;
	assert_true(fsa_oplock_break(&oplock, W, &brk));
	assert_int_equal(brk.to, R | H);
	assert_false(fsa_oplock_break(&oplock, R | W | H, &brk));

	assert_int_equal(fsa_oplock_ack(&oplock, R | H, &has_next, &brk),
			 FSA_OPLOCK_ACKED);
	assert_true(has_next && brk.must_ack && brk.is_next);
	assert_int_equal(brk.from, R | H);
	assert_int_equal(brk.to, R);
	assert_true(oplock.is_breaking);

	assert_int_equal(fsa_oplock_ack(&oplock, R, &has_next, &brk),
			 FSA_OPLOCK_ACKED);
	assert_true(has_next && brk.is_next);
	assert_false(brk.must_ack || oplock.is_breaking);
	assert_int_equal(brk.to, 0);
	assert_int_equal(oplock.caching, 0);
}

static void who_gives_up_all_is_asked_no_more(void **state)
{
	struct fsa_oplock oplock = oplock_of("RWH");
	struct smb_break brk;
	bool has_next;

	(void)state;
	assert_true(fsa_oplock_break(&oplock, W, &brk));
	assert_false(fsa_oplock_break(&oplock, R | W | H, &brk));
	assert_int_equal(fsa_oplock_ack(&oplock, 0, &has_next, &brk),
			 FSA_OPLOCK_ACKED);
	assert_false(has_next || oplock.is_breaking);
}

static void who_is_silent_has_nothing_any_more(void **state)
{
	struct fsa_oplock oplock = oplock_of("RWH");
	struct smb_break brk;
	bool has_next;

	(void)state;
	assert_true(fsa_oplock_break(&oplock, W, &brk));
	fsa_oplock_expire(&oplock);
	assert_int_equal(oplock.caching, 0);
	assert_int_equal(fsa_oplock_ack(&oplock, R | H, &has_next, &brk),
			 FSA_OPLOCK_NOT_BREAKING);
}

/* ---- granting ---- */

static struct fsa_oplock_others beside(const struct fsa_oplock *other)
{
	return (struct fsa_oplock_others){
		.has_open = true,
		.has_oplock = other->caching && !other->is_lease,
		.has_handle = other->is_lease && other->caching & H,
		.has_write = other->caching & W,
	};
}

static void check_contest(const char *held, const char *asked, bool is_lease,
			  const char *left, const char *granted)
{
	struct fsa_oplock oplock = oplock_of(held);
	struct smb_break brk;
	struct fsa_oplock_others others;
	bool has_next;

	if (fsa_oplock_break(&oplock,
			     fsa_oplock_taken(&oplock, FSA_OPLOCK_OPEN, false),
			     &brk) &&
	    brk.must_ack)
		assert_int_equal(fsa_oplock_ack(&oplock, brk.to, &has_next,
						&brk),
				 FSA_OPLOCK_ACKED);
	assert_int_equal(oplock.caching, caching_of(left));
	others = beside(&oplock);
	assert_int_equal(fsa_oplock_grant(is_lease, caching_of(asked), &others),
			 caching_of(granted));
}

static void a_second_open_gets_what_the_first_leaves(void **state)
{
	static const struct {
		const char *held, *asked, *left, *granted;
	} leases[] = {
		{ "R", "R", "R", "R" },       { "R", "RH", "R", "RH" },
		{ "R", "RW", "R", "R" },      { "R", "RWH", "R", "RH" },
		{ "RH", "R", "RH", "R" },     { "RH", "RH", "RH", "RH" },
		{ "RH", "RW", "RH", "R" },    { "RH", "RWH", "RH", "RH" },
		{ "RW", "R", "R", "R" },      { "RW", "RH", "R", "RH" },
		{ "RW", "RW", "R", "R" },     { "RW", "RWH", "R", "RH" },
		{ "RWH", "R", "RH", "R" },    { "RWH", "RH", "RH", "RH" },
		{ "RWH", "RW", "RH", "R" },   { "RWH", "RWH", "RH", "RH" },
		{ "s", "R", "s", "R" },       { "s", "RH", "s", "R" },
		{ "s", "RW", "s", "R" },      { "s", "RWH", "s", "R" },
		{ "x", "R", "s", "R" },       { "x", "RH", "s", "R" },
		{ "x", "RW", "s", "R" },      { "x", "RWH", "s", "R" },
		{ "b", "R", "s", "R" },       { "b", "RH", "s", "R" },
		{ "b", "RW", "s", "R" },      { "b", "RWH", "s", "R" },
	}, levels[] = {
		{ "R", "s", "R", "s" },       { "R", "x", "R", "s" },
		{ "R", "b", "R", "s" },       { "RH", "s", "RH", "" },
		{ "RH", "x", "RH", "" },      { "RH", "b", "RH", "" },
		{ "RW", "s", "R", "s" },      { "RW", "x", "R", "s" },
		{ "RW", "b", "R", "s" },      { "RWH", "s", "RH", "" },
		{ "RWH", "x", "RH", "" },     { "RWH", "b", "RH", "" },
		{ "s", "s", "s", "s" },       { "s", "b", "s", "s" },
		{ "x", "x", "s", "s" },       { "b", "b", "s", "s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(leases) / sizeof(leases[0]); i++)
		check_contest(leases[i].held, leases[i].asked, true,
			      leases[i].left, leases[i].granted);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		check_contest(levels[i].held, levels[i].asked, false,
			      levels[i].left, levels[i].granted);
}

static void alone_one_gets_what_is_valid(void **state)
{
	struct fsa_oplock_others nobody = {};

	(void)state;
	for (unsigned int asked = 0; asked < 256; asked++) {
		uint8_t expected = asked & R ? asked & (R | W | H) : 0;

		assert_int_equal(fsa_oplock_grant(true, (uint8_t)asked,
						  &nobody),
				 expected);
		assert_int_equal(fsa_oplock_grant(false, (uint8_t)asked,
						  &nobody),
				 expected);
	}
}

/* A stat open breaks nobody, and gets nothing beside one who may write. */
static void nothing_is_granted_beside(struct fsa_oplock_others others)
{
	for (unsigned int asked = 0; asked < 8; asked++) {
		for (int is_lease = 0; is_lease < 2; is_lease++)
			assert_int_equal(fsa_oplock_grant(is_lease,
							  (uint8_t)asked,
							  &others),
					 0);
	}
}

static void beside_who_keeps_w_nothing_is_granted(void **state)
{
	(void)state;
	nothing_is_granted_beside(
		(struct fsa_oplock_others){ .has_write = true });
}

/* It would be told of no change that is on its way already. */
static void beside_who_is_writing_nothing_is_granted(void **state)
{
	struct fsa_oplock_others others = { .is_changing = true };
	struct fsa_oplock own = { .is_lease = true, .caching = R };

	(void)state;
	nothing_is_granted_beside(others);
	assert_false(fsa_oplock_raise(&own, R | H, &others));
}

static void a_lease_grows_to_all_that_is_asked_or_not_at_all(void **state)
{
	static const char *const states[] = { "", "R", "RH", "RW", "RWH" };

	(void)state;
	for (size_t held = 0; held < 5; held++) {
		for (size_t asked = 0; asked < 5; asked++) {
			for (int has_other = 0; has_other < 2; has_other++) {
				struct fsa_oplock oplock =
					oplock_of(states[held]);
				struct fsa_oplock_others others = {
					.has_open = has_other,
				};
				uint8_t was = oplock.caching;
				uint8_t wanted = caching_of(states[asked]);
				bool grows = wanted != was && !(was & ~wanted);

				if (has_other && wanted & W)
					grows = false;
				assert_int_equal(fsa_oplock_raise(&oplock,
								  wanted,
								  &others),
						 grows);
				assert_int_equal(oplock.caching,
						 grows ? wanted : was);
			}
		}
	}
}

static void a_lease_does_not_grow_while_it_is_breaking(void **state)
{
	struct fsa_oplock oplock = oplock_of("RH");
	struct fsa_oplock_others nobody = {};
	struct smb_break brk;

	(void)state;
	assert_true(fsa_oplock_break(&oplock, H, &brk));
	assert_false(fsa_oplock_raise(&oplock, R | W | H, &nobody));
}

static void invalid_states_do_not_raise_a_lease(void **state)
{
	struct fsa_oplock_others nobody = {};

	(void)state;
	for (unsigned int asked = 0; asked < 256; asked++) {
		struct fsa_oplock oplock = oplock_of("");
		bool is_valid =
			asked & R && !(asked & ~(unsigned int)(R | W | H));

		assert_int_equal(fsa_oplock_raise(&oplock, (uint8_t)asked,
						  &nobody),
				 is_valid);
	}
}

static void stat_opens_touch_attributes_alone(void **state)
{
	static const uint32_t harmful[] = { FILE_READ_DATA, FILE_WRITE_DATA,
					    FILE_READ_EA,   FILE_WRITE_EA,
					    FILE_EXECUTE,   DELETE,
					    WRITE_DAC,      WRITE_OWNER };
	uint32_t harmless =
		FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES | SYNCHRONIZE;

	(void)state;
	assert_true(fsa_oplock_is_stat(harmless, true));
	assert_true(fsa_oplock_is_stat(harmless, false));
	assert_true(fsa_oplock_is_stat(READ_CONTROL, true));
	assert_false(fsa_oplock_is_stat(READ_CONTROL, false));
	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
		assert_false(fsa_oplock_is_stat(harmless | harmful[i], true));
		assert_false(fsa_oplock_is_stat(harmless | harmful[i], false));
	}
}

/* ---- a file with many holders, by chance ---- */

enum {
	HOLDERS = 6,
	STEPS = 300000,
};

/* A holder, and what its client believes: it hears of breaks late. */
struct party {
	struct fsa_oplock oplock;
	bool is_open;
	uint8_t believes;
	bool owes;
	uint8_t owed;
};

static struct party parties[HOLDERS];
static uint64_t seed = 1;

static unsigned int chance(unsigned int below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(seed >> 33) % below;
}

static void hear(struct party *p, const struct smb_break *brk)
{
	assert_int_equal(brk->from, p->believes);
	assert_int_equal(brk->to & ~brk->from, 0);
	assert_int_equal(brk->must_ack, (brk->from & (W | H)) != 0);
	assert_false(p->owes);
	if (!brk->must_ack) {
		p->believes = brk->to;
		return;
	}
	p->owes = true;
	p->owed = brk->to;
}

static bool all_break(const struct party *by, enum fsa_oplock_event event)
{
	bool must_wait = false;

	for (int i = 0; i < HOLDERS; i++) {
		struct party *p = &parties[i];
		struct smb_break brk;

		if (!p->is_open)
			continue;
		if (fsa_oplock_break(&p->oplock,
				     fsa_oplock_taken(&p->oplock, event,
						      p == by),
				     &brk))
			hear(p, &brk);
		if (p != by && fsa_oplock_delays(&p->oplock, event))
			must_wait = true;
	}
	return must_wait;
}

static void answer(struct party *p)
{
	struct smb_break next;
	bool has_next = false;
	uint8_t kept = p->owed & (uint8_t)chance(8);

	if (chance(4))
		kept = p->owed;
	kept = fsa_oplock_valid(kept);
	if (!chance(20)) {
		fsa_oplock_expire(&p->oplock);
		p->believes = 0;
		p->owes = false;
		return;
	}
	p->owes = false;
	p->believes = kept;
	assert_int_equal(fsa_oplock_ack(&p->oplock, kept, &has_next, &next),
			 FSA_OPLOCK_ACKED);
	if (has_next)
		hear(p, &next);
}

static struct fsa_oplock_others others_of(const struct party *self)
{
	struct fsa_oplock_others others = {};

	for (int i = 0; i < HOLDERS; i++) {
		const struct party *p = &parties[i];

		if (p == self || !p->is_open)
			continue;
		others.has_open = true;
		others.has_oplock |= p->oplock.caching && !p->oplock.is_lease;
		others.has_handle |=
			p->oplock.is_lease && p->oplock.caching & H;
		others.has_write |= (p->oplock.caching & W) != 0;
	}
	return others;
}

static void open_party(struct party *p)
{
	enum fsa_oplock_event event =
		chance(3) ? FSA_OPLOCK_OPEN : FSA_OPLOCK_OVERWRITE;
	struct fsa_oplock_others others;

	if (all_break(p, event))
		return; /* it waits, and comes again */
	others = others_of(p);
	*p = (struct party){ .is_open = true };
	p->oplock.is_lease = chance(2);
	p->oplock.caching = fsa_oplock_grant(p->oplock.is_lease,
					     (uint8_t)chance(8), &others);
	if (!p->oplock.is_lease && p->oplock.caching == (R | H))
		p->oplock.caching = R;
	p->believes = p->oplock.caching;
}

static void raise(struct party *p)
{
	struct fsa_oplock_others others = others_of(p);

	if (p->oplock.is_lease &&
	    fsa_oplock_raise(&p->oplock, (uint8_t)chance(8), &others))
		p->believes = p->oplock.caching;
}

/* Who believes that it may write back has the file for itself. */
static void check_parties(void)
{
	for (int i = 0; i < HOLDERS; i++) {
		const struct party *p = &parties[i];

		if (!p->is_open)
			continue;
		assert_int_equal(p->believes, p->oplock.caching);
		assert_int_equal(p->owes, p->oplock.is_breaking);
		if (!(p->believes & W))
			continue;
		for (int k = 0; k < HOLDERS; k++)
			assert_true(k == i || !parties[k].is_open);
	}
}

static void many_holders_stay_coherent(void **state)
{
	(void)state;
	for (int step = 0; step < STEPS; step++) {
		struct party *p = &parties[chance(HOLDERS)];

		if (!p->is_open) {
			open_party(p);
		} else if (p->owes && chance(2)) {
			answer(p);
		} else {
			switch (chance(5)) {
			case 0:
				p->is_open = false;
				break;
			case 1:
				(void)all_break(p, FSA_OPLOCK_WRITE);
				break;
			case 2:
				(void)all_break(p, FSA_OPLOCK_NAME);
				break;
			case 3:
				(void)all_break(NULL, FSA_OPLOCK_SHARE);
				break;
			default:
				raise(p);
			}
		}
		check_parties();
	}
}

/* An end comes of it: answers alone, and nobody owes anything any more. */
static void answers_come_to_an_end(void **state)
{
	(void)state;
	for (int i = 0; i < HOLDERS; i++) {
		for (int steps = 0; parties[i].is_open && parties[i].owes;
		     steps++) {
			assert_true(steps < 4);
			answer(&parties[i]);
		}
	}
	check_parties();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_loses_what_the_event_takes),
		cmocka_unit_test(nobody_loses_what_is_not_held),
		cmocka_unit_test(only_level_two_goes_with_ones_own_write),
		cmocka_unit_test(an_answer_keeps_what_was_offered_or_less),
		cmocka_unit_test(what_is_asked_meanwhile_follows_in_steps),
		cmocka_unit_test(who_gives_up_all_is_asked_no_more),
		cmocka_unit_test(who_is_silent_has_nothing_any_more),
		cmocka_unit_test(a_second_open_gets_what_the_first_leaves),
		cmocka_unit_test(alone_one_gets_what_is_valid),
		cmocka_unit_test(beside_who_keeps_w_nothing_is_granted),
		cmocka_unit_test(beside_who_is_writing_nothing_is_granted),
		cmocka_unit_test(
			a_lease_grows_to_all_that_is_asked_or_not_at_all),
		cmocka_unit_test(a_lease_does_not_grow_while_it_is_breaking),
		cmocka_unit_test(invalid_states_do_not_raise_a_lease),
		cmocka_unit_test(stat_opens_touch_attributes_alone),
		cmocka_unit_test(many_holders_stay_coherent),
		cmocka_unit_test(answers_come_to_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
