/* POSIX ACLs and DACLs: acl(5), MS-DTYP 2.5.3.2. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "gateway/fsa/dacl.h"
#include "gateway/fsa/posix_acl.h"
#include "gateway/fsa/sid.h"
#include "gateway/fsa/windows.h"

enum {
	UID = 1000,
	GID = 100,
};

static const struct fsa_posix_file file = { false, UID, GID, false };
static const struct fsa_posix_file directory = { true, UID, GID, false };
static struct smb_ace aces[FSA_POSIX_ACES_MAX];

/* user, user 7, group, group 8, mask, others */
static struct fsa_posix_acl acl_of(unsigned int user, unsigned int named,
				   unsigned int group, unsigned int named_group,
				   unsigned int other)
{
	unsigned int mask = named | group | named_group;

	return (struct fsa_posix_acl){
		.count = 6,
		.entries = { { FSA_POSIX_USER_OBJ, (uint16_t)user, 0 },
			     { FSA_POSIX_USER, (uint16_t)named, 7 },
			     { FSA_POSIX_GROUP_OBJ, (uint16_t)group, 0 },
			     { FSA_POSIX_GROUP, (uint16_t)named_group, 8 },
			     { FSA_POSIX_MASK, (uint16_t)mask, 0 },
			     { FSA_POSIX_OTHER, (uint16_t)other, 0 } },
	};
}

static void assert_same(const struct fsa_posix_acl *a,
			const struct fsa_posix_acl *b)
{
	assert_int_equal(a->count, b->count);
	for (uint32_t i = 0; i < a->count; i++) {
		assert_int_equal(a->entries[i].tag, b->entries[i].tag);
		assert_int_equal(a->entries[i].bits, b->entries[i].bits);
		assert_int_equal(a->entries[i].id, b->entries[i].id);
	}
}

static void bytes_are_the_kernel_s(void **state)
{
	static const uint8_t wanted[] = {
		2,    0, 0, 0,                         /* version */
		0x01, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, /* owner */
		0x02, 0, 5, 0, 7,    0,    0,    0,    /* user 7 */
		0x04, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, /* group */
		0x08, 0, 1, 0, 8,    0,    0,    0,    /* group 8 */
		0x10, 0, 5, 0, 0xff, 0xff, 0xff, 0xff, /* mask */
		0x20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* others */
	};
	struct fsa_posix_acl acl = acl_of(7, 5, 4, 1, 0), got;
	uint8_t bytes[FSA_POSIX_BYTES_MAX];
	struct writer w = writer_at(bytes, sizeof(bytes));

	(void)state;
	fsa_posix_acl_write(&w, &acl);
	assert_int_equal(w.at, sizeof(wanted));
	assert_memory_equal(bytes, wanted, sizeof(wanted));
	assert_true(fsa_posix_acl_read((struct bytes){ bytes, w.at }, &got));
	assert_int_equal(got.count, 6);
	assert_int_equal(got.entries[1].id, 7);
	assert_int_equal(got.entries[3].bits, 1);
}

static void what_is_cut_or_unknown_is_none(void **state)
{
	struct fsa_posix_acl acl = acl_of(7, 5, 4, 1, 0), got;
	uint8_t bytes[FSA_POSIX_BYTES_MAX + 8] = { 0 };
	struct writer w = writer_at(bytes, sizeof(bytes));

	(void)state;
	fsa_posix_acl_write(&w, &acl);
	for (size_t n = 0; n < w.at; n++)
		assert_int_equal(fsa_posix_acl_read((struct bytes){ bytes, n },
						    &got),
				 n > 4 && n % 8 == 4);
	bytes[4] = 3;
	assert_false(fsa_posix_acl_read((struct bytes){ bytes, w.at }, &got));
	bytes[4] = 1;
	bytes[0] = 1;
	assert_false(fsa_posix_acl_read((struct bytes){ bytes, w.at }, &got));
	bytes[0] = 2;
	for (size_t at = 4; at < sizeof(bytes); at += 8)
		bytes[at] = FSA_POSIX_USER;
	assert_false(fsa_posix_acl_read((struct bytes){ bytes, sizeof(bytes) },
					&got));
}

/* All bits of all entries: 2^15 ACLs, of files and for new ones. */
static void a_dacl_says_what_the_acl_says(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 1u << 15; n++) {
		struct fsa_posix_acl acl = acl_of(n & 7, n >> 3 & 7, n >> 6 & 7,
						  n >> 9 & 7, n >> 12 & 7);
		struct fsa_posix_acl back;
		uint32_t count =
			fsa_posix_acl_to_dacl(&acl, &directory, false, aces);

		assert_true(fsa_posix_acl_from_dacl(aces, count, &directory,
						    false, &back));
		assert_same(&acl, &back);
		count = fsa_posix_acl_to_dacl(&acl, &directory, true, aces);
		assert_true(fsa_posix_acl_from_dacl(aces, count, &directory,
						    true, &back));
		assert_same(&acl, &back);

		/* What is for others is nothing for the directory itself. */
		assert_true(fsa_posix_acl_from_dacl(aces, count, &directory,
						    false, &back));
		assert_int_equal(back.count, 3);
		assert_int_equal(fsa_posix_acl_mode(&back), 0);
	}
}

static void a_mode_is_an_acl(void **state)
{
	(void)state;
	for (mode_t mode = 0; mode <= 0777; mode++) {
		struct fsa_posix_acl acl, back;
		uint32_t count;

		fsa_posix_acl_of_mode(mode, &acl);
		assert_int_equal(fsa_posix_acl_mode(&acl), mode);
		count = fsa_posix_acl_to_dacl(&acl, &file, false, aces);
		assert_true(fsa_posix_acl_from_dacl(aces, count, &file, false,
						    &back));
		assert_same(&acl, &back);
	}
}

static void the_mask_takes_away(void **state)
{
	struct fsa_posix_acl acl = acl_of(7, 7, 7, 7, 4), back;
	uint32_t count;

	(void)state;
	acl.entries[4].bits = 4;
	count = fsa_posix_acl_to_dacl(&acl, &file, false, aces);
	assert_true(fsa_posix_acl_from_dacl(aces, count, &file, false, &back));
	acl = acl_of(7, 4, 4, 4, 4);
	assert_same(&acl, &back);
}

static void who_is_denied_has_an_entry_without(void **state)
{
	const struct smb_ace two[] = {
		{ .type = SMB_ACE_DENIED,
		  .mask = FILE_WRITE_DATA,
		  .sid = fsa_sid_of_user(7) },
		{ .mask = FILE_READ_DATA | FILE_WRITE_DATA,
		  .sid = fsa_sid_everyone() },
	};
	struct fsa_posix_acl acl;

	(void)state;
	assert_true(fsa_posix_acl_from_dacl(two, 2, &file, false, &acl));
	assert_int_equal(acl.count, 5);
	assert_int_equal(acl.entries[1].tag, FSA_POSIX_USER);
	assert_int_equal(acl.entries[1].id, 7);
	assert_int_equal(acl.entries[1].bits, 4);
	assert_int_equal(fsa_posix_acl_mode(&acl), 0666);
}

static void the_file_s_own_have_no_entry_twice(void **state)
{
	const struct smb_ace three[] = {
		{ .mask = FILE_READ_DATA, .sid = fsa_sid_of_user(UID) },
		{ .mask = FILE_READ_DATA, .sid = fsa_sid_of_group(GID) },
		{ .mask = FILE_READ_DATA, .sid = fsa_sid_of_user(UID) },
	};
	struct fsa_posix_acl acl;

	(void)state;
	assert_true(fsa_posix_acl_from_dacl(three, 3, &file, false, &acl));
	assert_int_equal(acl.count, 3);
	assert_int_equal(fsa_posix_acl_mode(&acl), 0440);
}

/* Nobody locks out whoever makes a file by not speaking of creators. */
static void an_owner_to_come_is_the_directory_s(void **state)
{
	const uint8_t all = FSA_ACE_OBJECT_INHERIT | FSA_ACE_CONTAINER_INHERIT;
	struct smb_ace two[] = {
		{ .flags = all,
		  .mask = FILE_ALL_ACCESS,
		  .sid = fsa_sid_of_user(UID) },
		{ .flags = all,
		  .mask = FILE_READ_DATA,
		  .sid = fsa_sid_of_group(GID) },
	};
	struct fsa_posix_acl acl;

	(void)state;
	assert_true(fsa_posix_acl_from_dacl(two, 2, &directory, true, &acl));
	assert_int_equal(acl.count, 6);
	assert_int_equal(fsa_posix_acl_mode(&acl), 0740);

	/* Unless it does. */
	two[1].sid = fsa_sid_creator_owner();
	assert_true(fsa_posix_acl_from_dacl(two, 2, &directory, true, &acl));
	assert_int_equal(fsa_posix_acl_mode(&acl), 0400);
}

static void there_is_a_limit(void **state)
{
	static struct smb_ace many[FSA_POSIX_ENTRIES_MAX];
	struct fsa_posix_acl acl;
	uint32_t most = FSA_POSIX_ENTRIES_MAX - 4;

	(void)state;
	for (uint32_t i = 0; i < FSA_POSIX_ENTRIES_MAX; i++)
		many[i] = (struct smb_ace){ .mask = FILE_READ_DATA,
					    .sid = fsa_sid_of_user(5000 - i) };
	assert_true(fsa_posix_acl_from_dacl(many, most, &file, false, &acl));
	assert_int_equal(acl.count, FSA_POSIX_ENTRIES_MAX);
	for (uint32_t i = 2; i <= most; i++)
		assert_true(acl.entries[i].id > acl.entries[i - 1].id);
	assert_false(
		fsa_posix_acl_from_dacl(many, most + 1, &file, false, &acl));
	assert_false(fsa_posix_acl_from_dacl(many, FSA_POSIX_ENTRIES_MAX, &file,
					     false, &acl));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_the_kernel_s),
		cmocka_unit_test(what_is_cut_or_unknown_is_none),
		cmocka_unit_test(a_dacl_says_what_the_acl_says),
		cmocka_unit_test(a_mode_is_an_acl),
		cmocka_unit_test(the_mask_takes_away),
		cmocka_unit_test(who_is_denied_has_an_entry_without),
		cmocka_unit_test(the_file_s_own_have_no_entry_twice),
		cmocka_unit_test(an_owner_to_come_is_the_directory_s),
		cmocka_unit_test(there_is_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
