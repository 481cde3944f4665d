/*
 * What create contexts mean, MS-SMB2 2.2.13.2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/cmd/create.h"
#include "smb/wire/context.h"
#include "smb/wire/posix.h"

static uint8_t chain[1024];
static struct writer w;
static size_t last;
static struct smb_create how;
static struct smb_create_wishes wishes;

static void begin(void)
{
	w = writer_at(chain, sizeof(chain));
	last = SIZE_MAX;
	how = (struct smb_create){ 0 };
	wishes = (struct smb_create_wishes){ 0 };
}

static void add(const char *tag, const void *data, size_t length)
{
	smb_create_context_add(&w, 0, &last, tag, data, length);
}

static enum nt_status read_chain(void)
{
	return smb_create_read_contexts((struct bytes){ chain, w.at }, &how,
					&wishes);
}

static void what_is_known_is_taken(void **state)
{
	static const uint8_t eas[] = { 0, 0, 0, 0, 0, 1, 1, 0, 'E', 0, 'v' };

	(void)state;
	begin();
	add("AlSi", "\0\0\1\0\0\0\0\0", 8);
	add("MxAc", "\7\0\0\0\0\0\0\0", 8);
	add("QFid", NULL, 0);
	add("TWrp", "\5\0\0\0\0\0\0\0", 8);
	add("SecD", "descriptor", 10);
	add("ExtA", eas, sizeof(eas));

	assert_int_equal(read_chain(), NT_STATUS_SUCCESS);
	assert_true(how.has_allocation);
	assert_int_equal(how.allocation, 65536);
	assert_true(how.wants_max_access);
	assert_int_equal(wishes.max_access_since, 7);
	assert_true(wishes.wants_file_id);
	assert_true(how.has_snapshot);
	assert_int_equal(how.snapshot, 5);
	assert_int_equal(how.security_length, 10);
	assert_memory_equal(how.security, "descriptor", 10);
	assert_int_equal(how.eas_length, sizeof(eas));
	assert_memory_equal(how.eas, eas, sizeof(eas));
}

/* Its name has 16 bytes. */
static void the_posix_extensions_tell_a_mode(void **state)
{
	struct bytes name = { smb_posix_id, SMB_POSIX_ID_LENGTH };

	(void)state;
	begin();
	add("QFid", NULL, 0);
	smb_create_context_add_named(&w, 0, &last, name, "\244\1\0\0", 4);
	assert_int_equal(read_chain(), NT_STATUS_SUCCESS);
	assert_true(wishes.wants_posix && wishes.wants_file_id);
	assert_int_equal(wishes.posix_mode, 0644);
	begin();
	smb_create_context_add_named(&w, 0, &last, name, "\244\1\0", 3);
	assert_int_equal(read_chain(), NT_STATUS_INVALID_PARAMETER);
}

static void an_empty_chain_asks_for_nothing(void **state)
{
	(void)state;
	begin();
	assert_int_equal(read_chain(), NT_STATUS_SUCCESS);
	assert_false(how.has_allocation || how.wants_max_access ||
		     how.has_snapshot || how.security || how.eas ||
		     wishes.wants_file_id);
}

static void what_is_not_known_is_passed_over(void **state)
{
	static const uint8_t zero[52];

	(void)state;
	begin();
	add("AAPL", zero, 24);
	add("FooO", NULL, 0);
	add("MxAc", NULL, 0);
	assert_int_equal(read_chain(), NT_STATUS_SUCCESS);
	assert_true(how.wants_max_access);
}

/* 2.2.13.2.8, 2.2.13.2.10: the length tells the version. */
static void a_lease_is_asked_for_in_two_versions(void **state)
{
	static const uint8_t lease[] =
		"0123456789abcdef\7\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0"
		"parent key of it\1\2\0";

	(void)state;
	begin();
	add("RqLs", lease, 32);
	assert_int_equal(read_chain(), NT_STATUS_SUCCESS);
	assert_int_equal(wishes.lease.version, 1);
	assert_memory_equal(wishes.lease.key, lease, 16);
	assert_int_equal(wishes.lease.state, 7);
	assert_int_equal(wishes.lease.epoch, 0);
	begin();
	add("RqLs", lease, 52);
	assert_int_equal(read_chain(), NT_STATUS_SUCCESS);
	assert_int_equal(wishes.lease.version, 2);
	assert_int_equal(wishes.lease.flags, 4);
	assert_memory_equal(wishes.lease.parent_key, "parent key of it", 16);
	assert_int_equal(wishes.lease.epoch, 0x201);
}

/* 2.2.13.2.3, .4, .11, .12. */
static void durable_opens_are_asked_for_and_reclaimed(void **state)
{
	static const uint8_t data[] = "\1\2\3\4\5\6\7\10"
				      "volatile"
				      "a guid of create\0\0\0";

	(void)state;
	begin();
	add("DHnQ", data, 16);
	assert_int_equal(read_chain(), NT_STATUS_SUCCESS);
	assert_true(wishes.durable.wants_v1);
	begin();
	add("DH2Q", data, 32);
	assert_int_equal(read_chain(), NT_STATUS_SUCCESS);
	assert_true(wishes.durable.wants_v2);
	assert_int_equal(wishes.durable.timeout_ms, 0x04030201);
	assert_memory_equal(wishes.durable.create_guid, data + 16, 16);
	begin();
	add("DHnC", data, 16);
	assert_int_equal(read_chain(), NT_STATUS_SUCCESS);
	assert_true(wishes.durable.reclaims_v1);
	assert_int_equal(wishes.durable.persistent, 0x0807060504030201);
	begin();
	add("DH2C", data, 36);
	assert_int_equal(read_chain(), NT_STATUS_SUCCESS);
	assert_true(wishes.durable.reclaims_v2);
	assert_int_equal(wishes.durable.persistent, 0x0807060504030201);
	assert_memory_equal(wishes.durable.create_guid, data + 16, 16);
}

static enum nt_status read_named(const uint8_t name[16], const uint8_t *data,
				 uint16_t length)
{
	begin();
	wr_u32(&w, 0);
	wr_u16(&w, 16);
	wr_u16(&w, 16);
	wr_u16(&w, 0);
	wr_u16(&w, 32);
	wr_u32(&w, length);
	wr_copy(&w, name, 16);
	wr_copy(&w, data, length);
	return read_chain();
}

/* 2.2.13.2.13, 2.2.13.2.15; their names are GUIDs. */
static void instances_have_an_id_and_a_version(void **state)
{
	static const uint8_t id_name[] = { 0x45, 0xbc, 0xa6, 0x6a, 0xef, 0xa7,
					   0xf7, 0x4a, 0x90, 0x08, 0xfa, 0x46,
					   0x2e, 0x14, 0x4d, 0x74 };
	static const uint8_t version_name[] = { 0xb9, 0x82, 0xd0, 0xb7,
						0x3b, 0x56, 0x07, 0x4f,
						0xa0, 0x7b, 0x52, 0x4a,
						0x81, 0x16, 0xa0, 0x10 };
	static const uint8_t id[24] = "\x14\0\0\0an instance's id";
	static const uint8_t version[24] = { 24, [8] = 2, [16] = 3 };

	(void)state;
	assert_int_equal(read_named(id_name, id, 20), NT_STATUS_SUCCESS);
	assert_true(wishes.instance.has_id && !wishes.instance.has_version);
	assert_memory_equal(wishes.instance.id, id + 4, 16);
	assert_int_equal(read_named(version_name, version, 24),
			 NT_STATUS_SUCCESS);
	assert_true(wishes.instance.has_version && !wishes.instance.has_id);
	assert_int_equal(wishes.instance.version_high, 2);
	assert_int_equal(wishes.instance.version_low, 3);
	assert_int_equal(read_named(id_name, id, 19),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(read_named(id_name, version, 20),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(read_named(version_name, version, 20),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(read_named(version_name, id, 24),
			 NT_STATUS_INVALID_PARAMETER);
}

static void wrong_sizes_are_refused(void **state)
{
	static const struct {
		const char *tag;
		size_t length;
	} bad[] = {
		{ "AlSi", 0 },  { "AlSi", 7 },  { "AlSi", 9 },  { "MxAc", 4 },
		{ "MxAc", 9 },  { "QFid", 1 },  { "TWrp", 0 },  { "TWrp", 16 },
		{ "SecD", 0 },  { "ExtA", 0 },  { "RqLs", 0 },  { "RqLs", 31 },
		{ "RqLs", 33 }, { "RqLs", 53 }, { "DHnQ", 0 },  { "DHnQ", 15 },
		{ "DHnC", 15 }, { "DHnC", 17 }, { "DH2Q", 16 }, { "DH2Q", 31 },
		{ "DH2C", 16 }, { "DH2C", 35 }, { "DH2C", 37 },
	};
	static const uint8_t zero[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin();
		add(bad[i].tag, zero, bad[i].length);
		assert_int_equal(read_chain(), NT_STATUS_INVALID_PARAMETER);
	}
}

static void bad_eas_have_their_own_errors(void **state)
{
	(void)state;
	begin();
	add("ExtA", "\0\0\0\0\0\1\2\0E\0v", 11);
	assert_int_equal(read_chain(), NT_STATUS_EA_LIST_INCONSISTENT);
	begin();
	add("ExtA", "\0\0\0\0\0\1\1\0*\0v", 11);
	assert_int_equal(read_chain(), NT_STATUS_INVALID_EA_NAME);
}

static void bad_geometry_outweighs_a_refusal(void **state)
{
	static const uint8_t zero[16];

	(void)state;
	begin();
	add("DHnC", zero, 16);
	add("MxAc", NULL, 0);
	chain[last + 6] = 3; /* NameLength */
	assert_int_equal(read_chain(), NT_STATUS_INVALID_PARAMETER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known_is_taken),
		cmocka_unit_test(the_posix_extensions_tell_a_mode),
		cmocka_unit_test(an_empty_chain_asks_for_nothing),
		cmocka_unit_test(what_is_not_known_is_passed_over),
		cmocka_unit_test(a_lease_is_asked_for_in_two_versions),
		cmocka_unit_test(durable_opens_are_asked_for_and_reclaimed),
		cmocka_unit_test(instances_have_an_id_and_a_version),
		cmocka_unit_test(wrong_sizes_are_refused),
		cmocka_unit_test(bad_eas_have_their_own_errors),
		cmocka_unit_test(bad_geometry_outweighs_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
