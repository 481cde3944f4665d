/* Security descriptors on the wire (MS-DTYP 2.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "smb/wire/sd.h"
#include "tests/fake/hex.h"

static const struct smb_sid everyone = { 1, 1, 1, { 0 } };
static const struct smb_sid unix_user = { 1, 2, 22, { 1, 1000 } };
static const struct smb_sid unix_group = { 1, 2, 22, { 2, 100 } };
static const struct smb_ace aces_of_three[] = {
	{ SMB_ACE_ALLOWED, 0, 0x1f01ff, { 1, 2, 22, { 1, 1000 } } },
	{ SMB_ACE_DENIED, 3, 0x2, { 1, 2, 22, { 2, 100 } } },
	{ SMB_ACE_ALLOWED, 0x13, 0x1200a9, { 1, 1, 1, { 0 } } },
};

static const struct smb_descriptor full = {
	.has_owner = true,
	.has_group = true,
	.has_dacl = true,
	.owner = { 1, 2, 22, { 1, 1000 } },
	.group = { 1, 2, 22, { 2, 100 } },
	.dacl = aces_of_three,
	.dacl_count = 3,
};

static size_t written(const struct smb_descriptor *sd, uint8_t *to, size_t size)
{
	struct writer w = writer_at(to, size);

	smb_descriptor_write(&w, sd);
	assert_true(wr_ok(&w));
	assert_int_equal(w.at, smb_descriptor_size(sd));
	return w.at;
}

static void a_descriptor_is_laid_out_as_the_specification_says(void **state)
{
	const struct smb_descriptor sd = {
		.has_owner = true,
		.has_dacl = true,
		.owner = everyone,
		.dacl = &aces_of_three[2],
		.dacl_count = 1,
	};
	uint8_t bytes[128], expected[128];
	size_t length = unhex("01 00 0480 14000000 00000000 00000000 20000000"
			      "01 01 000000000001 00000000"
			      "02 00 1c00 0100 0000"
			      "00 13 1400 a9001200 01 01 000000000001 00000000",
			      expected, sizeof(expected));

	(void)state;
	assert_int_equal(written(&sd, bytes, sizeof(bytes)), length);
	assert_memory_equal(bytes, expected, length);
}

static void what_is_written_is_read_back(void **state)
{
	struct smb_ace aces[SMB_ACES_MAX];
	struct smb_descriptor sd;
	uint8_t bytes[256];

	(void)state;
	for (unsigned int parts = 0; parts < 16; parts++) {
		struct smb_descriptor in = full;

		in.has_owner = parts & 1;
		in.has_group = parts & 2;
		in.has_dacl = parts & 4;
		in.is_dacl_null = (parts & 12) == 12;
		struct bytes b = { bytes, written(&in, bytes, 256) };

		assert_int_equal(smb_descriptor_read(b, aces, &sd),
				 NT_STATUS_SUCCESS);
		assert_int_equal(sd.has_owner, in.has_owner);
		assert_int_equal(sd.has_group, in.has_group);
		assert_int_equal(sd.has_dacl, in.has_dacl);
		assert_int_equal(sd.is_dacl_null, in.is_dacl_null);
		if (in.has_owner)
			assert_true(smb_sid_equal(&sd.owner, &unix_user));
		if (in.has_group)
			assert_true(smb_sid_equal(&sd.group, &unix_group));
		if (!in.has_dacl || in.is_dacl_null)
			continue;
		assert_int_equal(sd.dacl_count, 3);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(aces[i].type, aces_of_three[i].type);
			assert_int_equal(aces[i].flags, aces_of_three[i].flags);
			assert_int_equal(aces[i].mask, aces_of_three[i].mask);
			assert_true(smb_sid_equal(&aces[i].sid,
						  &aces_of_three[i].sid));
		}
	}
}

/* A compound puts a descriptor behind other bytes. */
static void offsets_count_from_the_descriptor(void **state)
{
	uint8_t alone[256], behind[300];
	struct writer w = writer_at(behind, sizeof(behind));
	size_t length = written(&full, alone, sizeof(alone));

	(void)state;
	wr_zero(&w, 10);
	smb_descriptor_write(&w, &full);

	assert_memory_equal(behind + 10, alone, length);
}

static void a_cut_descriptor_is_refused(void **state)
{
	struct smb_ace aces[SMB_ACES_MAX];
	struct smb_descriptor sd;
	uint8_t bytes[256];
	size_t length = written(&full, bytes, sizeof(bytes));

	(void)state;
	for (size_t n = 0; n < length; n++) {
		uint8_t *cut = malloc(n ? n : 1);
		struct bytes b = { cut, n };

		memcpy(cut, bytes, n);
		assert_int_equal(smb_descriptor_read(b, aces, &sd),
				 NT_STATUS_INVALID_SECURITY_DESCR);
		free(cut);
	}
}

static void malformed_descriptors_are_refused(void **state)
{
	static const struct {
		const char *what, *hex;
	} cases[] = {
		{ "revision", "02000080 00000000 00000000 00000000 00000000" },
		{ "absolute", "01000000 00000000 00000000 00000000 00000000" },
		{ "owner in the header",
		  "01000080 04000000 00000000 00000000 00000000"
		  "0101000000000001 00000000" },
		{ "owner outside",
		  "01000080 ffffffff 00000000 00000000 00000000" },
		{ "SID revision", "01000080 14000000 00000000 00000000 00000000"
				  "0201000000000001 00000000" },
		{ "SID of 16 parts",
		  "01000080 14000000 00000000 00000000 00000000"
		  "0110000000000001 00000000 00000000 00000000 00000000"
		  "00000000 00000000 00000000 00000000 00000000 00000000"
		  "00000000 00000000 00000000 00000000 00000000 00000000" },
		{ "ACL shorter than its header",
		  "01000480 00000000 00000000 00000000 14000000"
		  "02000400 00000000" },
		{ "ACL of more ACEs than bytes",
		  "01000480 00000000 00000000 00000000 14000000"
		  "02000800 01000000" },
		{ "ACL revision", "01000480 00000000 00000000 00000000 14000000"
				  "01000800 00000000" },
		{ "ACE of no length",
		  "01000480 00000000 00000000 00000000 14000000"
		  "02001000 01000000 0000 0000 00000000" },
		{ "ACE shorter than its SID",
		  "01000480 00000000 00000000 00000000 14000000"
		  "02001c00 01000000 00001000 ff011f00"
		  "0101000000000001 00000000" },
		{ "object ACE in a DACL",
		  "01000480 00000000 00000000 00000000 14000000"
		  "04001c00 01000000 06001400 ff011f00"
		  "0101000000000001 00000000" },
		{ "too many ACEs",
		  "01000480 00000000 00000000 00000000 14000000"
		  "02001c00 01020000 00001400 ff011f00"
		  "0101000000000001 00000000" },
	};
	struct smb_ace aces[SMB_ACES_MAX];
	struct smb_descriptor sd;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[128];
		struct bytes b = { bytes,
				   unhex(cases[i].hex, bytes, sizeof(bytes)) };

		if (smb_descriptor_read(b, aces, &sd) == NT_STATUS_SUCCESS)
			fail_msg("%s was accepted", cases[i].what);
	}
}

static void an_acl_too_long_for_its_field_is_not_written(void **state)
{
	enum {
		MANY = 3000
	};
	static struct smb_ace many[MANY];
	static uint8_t bytes[MANY * 32];
	struct smb_descriptor sd = { .has_dacl = true,
				     .dacl = many,
				     .dacl_count = MANY };
	struct writer w = writer_at(bytes, sizeof(bytes));

	(void)state;
	for (int i = 0; i < MANY; i++)
		many[i] = aces_of_three[0];
	smb_descriptor_write(&w, &sd);

	assert_false(wr_ok(&w));
}

static void sids_differ_in_any_of_their_parts(void **state)
{
	static const struct smb_sid other = { 1, 2, 22, { 1, 1001 } };

	(void)state;
	assert_true(smb_sid_equal(&unix_user, &unix_user));
	assert_false(smb_sid_equal(&unix_user, &unix_group));
	assert_false(smb_sid_equal(&unix_user, &everyone));
	assert_false(smb_sid_equal(&unix_user, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_descriptor_is_laid_out_as_the_specification_says),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(offsets_count_from_the_descriptor),
		cmocka_unit_test(a_cut_descriptor_is_refused),
		cmocka_unit_test(malformed_descriptors_are_refused),
		cmocka_unit_test(an_acl_too_long_for_its_field_is_not_written),
		cmocka_unit_test(sids_differ_in_any_of_their_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
