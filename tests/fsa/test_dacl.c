/* DACLs: MS-DTYP 2.5.3.2 (evaluation), 2.5.3.4 (inheritance). */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/fsa/dacl.h"
#include "gateway/fsa/sid.h"
#include "gateway/fsa/windows.h"

enum {
	ANN = 1000,
	BEN = 1001,
	STAFF = 50,

	OI = FSA_ACE_OBJECT_INHERIT,
	CI = FSA_ACE_CONTAINER_INHERIT,
	NP = FSA_ACE_NO_PROPAGATE,
	IO = FSA_ACE_INHERIT_ONLY,
	ID = FSA_ACE_INHERITED,

	R = FILE_READ_DATA,
	W = FILE_WRITE_DATA,
};

#define IMPLIED ((uint32_t)(READ_CONTROL | WRITE_DAC))

static bool is_staff(const void *groups, gid_t gid)
{
	(void)groups;
	return gid == STAFF;
}

static bool is_in_no_group(const void *groups, gid_t gid)
{
	(void)groups;
	(void)gid;
	return false;
}

static const struct fsa_subject ann = { ANN, is_staff, NULL };
static const struct fsa_subject ben = { BEN, is_in_no_group, NULL };
static const struct fsa_subject root = { 0, is_in_no_group, NULL };

static struct smb_sid sid_of(uint64_t authority, uint32_t part)
{
	return (struct smb_sid){ .revision = 1,
				 .count = 1,
				 .authority = authority,
				 .parts = { part } };
}

static struct smb_sid builtin(uint32_t part)
{
	return (struct smb_sid){
		.revision = 1, .count = 2, .authority = 5, .parts = { 32, part }
	};
}

static struct smb_ace ace(uint8_t type, uint32_t mask, struct smb_sid sid)
{
	return (struct smb_ace){ .type = type, .mask = mask, .sid = sid };
}

/* Of Ann's; the ACEs up to the first without a SID. */
static struct smb_descriptor of_ann(const struct smb_ace *aces)
{
	struct smb_descriptor sd = { .has_owner = true,
				     .has_group = true,
				     .has_dacl = true,
				     .owner = fsa_sid_of_user(ANN),
				     .group = fsa_sid_of_group(STAFF),
				     .dacl = aces };

	while (aces[sd.dacl_count].sid.revision)
		sd.dacl_count++;
	return sd;
}

static uint32_t rights(const struct smb_ace *aces,
		       const struct fsa_subject *who)
{
	struct smb_descriptor sd = of_ann(aces);

	return fsa_dacl_rights(&sd, who);
}

static void everybody_is_who_he_is(void **state)
{
	const struct {
		struct smb_sid sid;
		bool is_ann, is_ben, is_root;
	} cases[] = {
		{ fsa_sid_of_user(ANN), true, false, false },
		{ fsa_sid_of_user(0), false, false, true },
		{ fsa_sid_of_group(STAFF), true, false, false },
		{ fsa_sid_of_group(ANN), false, false, false },
		{ fsa_sid_everyone(), true, true, true },
		{ sid_of(5, 11), true, true, true },
		{ sid_of(5, 2), true, true, true },
		{ builtin(545), true, true, true },
		{ builtin(544), false, false, true },
		{ builtin(546), false, false, false },
		{ sid_of(5, 18), false, false, false }, /* SYSTEM */
		{ sid_of(5, 7), false, false, false },  /* ANONYMOUS */
		{ sid_of(3, 0), false, false, false },
		{ sid_of(3, 1), false, false, false },
		{ sid_of(3, 4), false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(fsa_subject_has(&ann, &cases[i].sid),
				 cases[i].is_ann);
		assert_int_equal(fsa_subject_has(&ben, &cases[i].sid),
				 cases[i].is_ben);
		assert_int_equal(fsa_subject_has(&root, &cases[i].sid),
				 cases[i].is_root);
	}
}

static void no_dacl_is_all_and_an_empty_one_is_nothing(void **state)
{
	const struct smb_ace none[] = { {} };
	struct smb_descriptor sd = of_ann(none);

	(void)state;
	assert_int_equal(fsa_dacl_rights(&sd, &ben), 0);
	assert_int_equal(fsa_dacl_rights(&sd, &ann), IMPLIED);
	sd.is_dacl_null = true;
	assert_int_equal(fsa_dacl_rights(&sd, &ben), FILE_ALL_ACCESS);
	sd.has_dacl = false;
	assert_int_equal(fsa_dacl_rights(&sd, &ben), FILE_ALL_ACCESS);
}

/*
 * Two ACEs of any kinds, with any of the sets of two rights, for Ben or for
 * somebody else: the first that speaks of a right decides it.
 */
static void the_first_ace_is_right(void **state)
{
	const uint32_t sets[] = { 0, R, W, R | W };

	(void)state;
	for (unsigned int n = 0; n < 4 * 4 * 4 * 4; n++) {
		struct smb_ace aces[3] = {};
		uint32_t expected = 0;

		for (unsigned int i = 0; i < 2; i++) {
			unsigned int bits = n >> (4 * i);

			aces[i] =
				ace(bits & 1 ? SMB_ACE_DENIED : SMB_ACE_ALLOWED,
				    sets[bits >> 2 & 3],
				    fsa_sid_of_user(bits & 2 ? BEN : ANN));
		}
		for (uint32_t right = R; right <= W; right <<= 1) {
			for (unsigned int i = 0; i < 2; i++) {
				if (!(aces[i].mask & right) ||
				    aces[i].sid.parts[1] != BEN)
					continue;
				if (aces[i].type == SMB_ACE_ALLOWED)
					expected |= right;
				break;
			}
		}
		assert_int_equal(rights(aces, &ben), expected);
	}
}

static void aces_for_children_and_audits_give_nothing(void **state)
{
	struct smb_ace aces[] = {
		ace(SMB_ACE_ALLOWED, R, fsa_sid_everyone()),
		ace(SMB_ACE_AUDIT, W, fsa_sid_everyone()),
		{},
	};

	(void)state;
	aces[0].flags = OI | IO;
	assert_int_equal(rights(aces, &ben), 0);
	aces[0].flags = OI;
	assert_int_equal(rights(aces, &ben), R);
}

static void generic_rights_are_those_of_files(void **state)
{
	const struct {
		uint32_t generic, mask;
	} cases[] = {
		{ GENERIC_READ, FILE_GENERIC_READ },
		{ GENERIC_WRITE, FILE_GENERIC_WRITE },
		{ GENERIC_EXECUTE, FILE_GENERIC_EXECUTE },
		{ GENERIC_ALL, FILE_ALL_ACCESS },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct smb_ace aces[] = {
			ace(SMB_ACE_ALLOWED, cases[i].generic,
			    fsa_sid_everyone()),
			{},
		};

		assert_int_equal(rights(aces, &ben), cases[i].mask);
		fsa_dacl_settle(aces, 1);
		assert_int_equal(aces[0].mask, cases[i].mask);
		aces[0].mask = cases[i].generic;
		aces[0].flags = OI | IO;
		fsa_dacl_settle(aces, 1);
		assert_int_equal(aces[0].mask, cases[i].generic);
	}
}

/* An owner may always look at his descriptor and change it. */
static void an_owner_has_what_is_implied(void **state)
{
	const struct smb_ace denied[] = {
		ace(SMB_ACE_DENIED, FILE_ALL_ACCESS, fsa_sid_everyone()),
		{},
	};
	const struct smb_ace creator[] = {
		ace(SMB_ACE_ALLOWED, R, sid_of(3, 0)),
		{},
	};

	(void)state;
	assert_int_equal(rights(denied, &ann), IMPLIED);
	assert_int_equal(rights(denied, &ben), 0);
	assert_int_equal(rights(creator, &ann), IMPLIED);
}

/* Unless OWNER RIGHTS speaks of him: MS-DTYP 2.4.2.4. */
static void owner_rights_are_the_owner_s(void **state)
{
	struct smb_ace aces[] = {
		ace(SMB_ACE_ALLOWED, W, sid_of(3, 4)),
		ace(SMB_ACE_DENIED, R, sid_of(3, 4)),
		ace(SMB_ACE_ALLOWED, R | FILE_READ_EA, fsa_sid_everyone()),
		{},
	};

	(void)state;
	assert_int_equal(rights(aces, &ann), W | FILE_READ_EA);
	assert_int_equal(rights(aces, &ben), R | FILE_READ_EA);
	aces[0].flags = IO | OI;
	aces[1].flags = IO | OI;
	assert_int_equal(rights(aces, &ann), IMPLIED | R | FILE_READ_EA);
}

static void root_may_take_ownership(void **state)
{
	const struct smb_ace none[] = { {} };

	(void)state;
	assert_int_equal(rights(none, &root), WRITE_OWNER);
}

static void only_known_control_bits_are_kept(void **state)
{
	const uint16_t auto_inherited = FSA_SD_DACL_AUTO_INHERITED;
	const uint16_t req = FSA_SD_DACL_AUTO_INHERIT_REQ;
	const uint16_t protected = FSA_SD_DACL_PROTECTED;

	(void)state;
	assert_int_equal(fsa_dacl_control(0x8004), 0);
	assert_int_equal(fsa_dacl_control(auto_inherited), 0);
	assert_int_equal(fsa_dacl_control(req), 0);
	assert_int_equal(fsa_dacl_control(auto_inherited | req),
			 auto_inherited);
	assert_int_equal(fsa_dacl_control(auto_inherited | req | protected),
			 auto_inherited | protected);
}

/* ---- inheritance ---- */

struct heir {
	uint8_t count;
	uint8_t flags[2];
};

/* The flags of what a file and a directory get, for each set of flags. */
static void flags_say_who_inherits(void **state)
{
	static const struct {
		uint8_t parent;
		struct heir file, directory;
	} cases[] = {
		{ 0, {}, {} },
		{ IO, {}, {} },
		{ NP, {}, {} },
		{ OI, { 1, { 0 } }, { 1, { OI | IO } } },
		{ OI | IO, { 1, { 0 } }, { 1, { OI | IO } } },
		{ OI | NP, { 1, { 0 } }, {} },
		{ CI, {}, { 1, { CI } } },
		{ CI | IO, {}, { 1, { CI } } },
		{ CI | NP, {}, { 1, { 0 } } },
		{ OI | CI, { 1, { 0 } }, { 1, { OI | CI } } },
		{ OI | CI | IO, { 1, { 0 } }, { 1, { OI | CI } } },
		{ OI | CI | NP, { 1, { 0 } }, { 1, { 0 } } },
		{ OI | CI | ID, { 1, { 0 } }, { 1, { OI | CI } } },
	};
	static struct smb_ace got[SMB_ACES_MAX];
	struct smb_ace aces[] = { ace(SMB_ACE_ALLOWED, R, fsa_sid_everyone()),
				  {} };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int is_directory = 0; is_directory < 2; is_directory++) {
			const struct heir *heir = is_directory
							  ? &cases[i].directory
							  : &cases[i].file;
			struct smb_descriptor sd = of_ann(aces);

			aces[0].flags = cases[i].parent;
			assert_int_equal(fsa_dacl_inherit(&sd, is_directory,
							  &sd.owner, &sd.group,
							  got),
					 heir->count);
			assert_int_equal(fsa_dacl_has_heirs(&sd, is_directory),
					 heir->count > 0);
			for (uint8_t k = 0; k < heir->count; k++)
				assert_int_equal(got[k].flags, heir->flags[k]);
		}
	}
}

static void creators_become_somebody(void **state)
{
	static struct smb_ace got[SMB_ACES_MAX];
	struct smb_ace aces[] = {
		ace(SMB_ACE_ALLOWED, R, sid_of(3, 0)),
		ace(SMB_ACE_ALLOWED, W, sid_of(3, 1)),
		{},
	};
	struct smb_descriptor sd = of_ann(aces);
	struct smb_sid owner = fsa_sid_of_user(BEN), group = sd.group;

	(void)state;
	aces[0].flags = OI | CI;
	aces[1].flags = OI | CI | NP;
	assert_int_equal(fsa_dacl_inherit(&sd, false, &owner, &group, got), 2);
	assert_true(smb_sid_equal(&got[0].sid, &owner));
	assert_true(smb_sid_equal(&got[1].sid, &group));

	/* A directory keeps the pattern for those below it. */
	assert_int_equal(fsa_dacl_inherit(&sd, true, &owner, &group, got), 3);
	assert_true(smb_sid_equal(&got[0].sid, &owner));
	assert_int_equal(got[0].flags, 0);
	assert_true(smb_sid_equal(&got[1].sid, &aces[0].sid));
	assert_int_equal(got[1].flags, OI | CI | IO);
	assert_true(smb_sid_equal(&got[2].sid, &group));
	assert_int_equal(got[2].flags, 0);
}

static void generic_rights_stay_generic_for_those_below(void **state)
{
	static struct smb_ace got[SMB_ACES_MAX];
	struct smb_ace aces[] = {
		ace(SMB_ACE_ALLOWED, GENERIC_READ, fsa_sid_everyone()),
		{},
	};
	struct smb_descriptor sd = of_ann(aces);

	(void)state;
	aces[0].flags = CI;
	assert_int_equal(fsa_dacl_inherit(&sd, true, &sd.owner, &sd.group, got),
			 2);
	assert_int_equal(got[0].mask, FILE_GENERIC_READ);
	assert_int_equal(got[0].flags, 0);
	assert_int_equal(got[1].mask, GENERIC_READ);
	assert_int_equal(got[1].flags, CI | IO);
}

static void who_inherits_automatically_is_marked(void **state)
{
	static struct smb_ace got[SMB_ACES_MAX];
	struct smb_ace aces[] = {
		ace(SMB_ACE_DENIED, R, fsa_sid_everyone()),
		{},
	};
	struct smb_descriptor sd = of_ann(aces);

	(void)state;
	aces[0].flags = OI;
	sd.control = FSA_SD_DACL_AUTO_INHERITED;
	assert_int_equal(fsa_dacl_inherit(&sd, false, &sd.owner, &sd.group,
					  got),
			 1);
	assert_int_equal(got[0].flags, ID);
	assert_int_equal(got[0].type, SMB_ACE_DENIED);
}

static void there_is_no_room_for_more_than_an_acl_holds(void **state)
{
	static struct smb_ace got[SMB_ACES_MAX], aces[SMB_ACES_MAX];
	struct smb_descriptor sd = { .has_dacl = true,
				     .dacl = aces,
				     .dacl_count = SMB_ACES_MAX };

	(void)state;
	for (size_t i = 0; i < SMB_ACES_MAX; i++) {
		aces[i] = ace(SMB_ACE_ALLOWED, R, sid_of(3, 0));
		aces[i].flags = CI;
	}
	assert_int_equal(fsa_dacl_inherit(&sd, true, &sd.owner, &sd.group, got),
			 SMB_ACES_MAX);
	sd.is_dacl_null = true;
	assert_int_equal(fsa_dacl_inherit(&sd, true, &sd.owner, &sd.group, got),
			 0);
	assert_false(fsa_dacl_has_heirs(&sd, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_is_who_he_is),
		cmocka_unit_test(no_dacl_is_all_and_an_empty_one_is_nothing),
		cmocka_unit_test(the_first_ace_is_right),
		cmocka_unit_test(aces_for_children_and_audits_give_nothing),
		cmocka_unit_test(generic_rights_are_those_of_files),
		cmocka_unit_test(an_owner_has_what_is_implied),
		cmocka_unit_test(owner_rights_are_the_owner_s),
		cmocka_unit_test(root_may_take_ownership),
		cmocka_unit_test(only_known_control_bits_are_kept),
		cmocka_unit_test(flags_say_who_inherits),
		cmocka_unit_test(creators_become_somebody),
		cmocka_unit_test(generic_rights_stay_generic_for_those_below),
		cmocka_unit_test(who_inherits_automatically_is_marked),
		cmocka_unit_test(there_is_no_room_for_more_than_an_acl_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
