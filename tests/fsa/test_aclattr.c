/*
 * Descriptors in xattrs: ours, and Samba's xattr_NTACL as its own library
 * writes it, in all four versions.
 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "gateway/fsa/aclattr.h"
#include "smb/wire/sd.h"

/*
 * Owner S-1-5-21-1-2-3-1000, group S-1-5-21-1-2-3-513; the owner may do
 * anything, everyone may read. Without the offsets to its four parts.
 */
static const uint8_t head[] = { 0x01, 0x00, 0x04, 0x80 };
static const uint8_t parts[] = {
	0x01, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x15, 0x00, 0x00, 0x00,
	0x01, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00,
	0xe8, 0x03, 0x00, 0x00, 0x01, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05,
	0x15, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00,
	0x03, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x04, 0x00, 0x40, 0x00,
	0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x24, 0x00, 0xff, 0x01, 0x00, 0x00,
	0x01, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x15, 0x00, 0x00, 0x00,
	0x01, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00,
	0xe8, 0x03, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x89, 0x00, 0x12, 0x00,
	0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
};

enum {
	OWNER_AT = 20,
	GROUP_AT = 48,
	DACL_AT = 76,
	HEAD_MAX = 160,
};

static size_t put_v(uint8_t *to, uint16_t version)
{
	struct writer w = writer_at(to, 512);

	wr_u16(&w, version);
	wr_u16(&w, version);
	wr_u32(&w, 0x20000);
	if (version > 1)
		wr_u32(&w, 0x20004);
	for (int i = 0; version == 2 && i < 16; i++)
		wr_u8(&w, 1);
	if (version > 2)
		wr_u16(&w, 1);
	for (int i = 0; version > 2 && i < 64; i++)
		wr_u8(&w, 1);
	if (version == 4) {
		wr_copy(&w, "posix_acl", 10);
		wr_align(&w, 4);
		wr_u64(&w, 0);
		for (int i = 0; i < 64; i++)
			wr_u8(&w, 2);
	}
	wr_align(&w, 4);

	uint32_t start = (uint32_t)w.at;

	wr_copy(&w, head, sizeof(head));
	wr_u32(&w, start + OWNER_AT);
	wr_u32(&w, start + GROUP_AT);
	wr_u32(&w, 0);
	wr_u32(&w, start + DACL_AT);
	wr_copy(&w, parts, sizeof(parts));
	assert_true(wr_ok(&w));
	return w.at;
}

static void all_of_samba_s_versions_are_read(void **state)
{
	static const size_t lengths[] = { 148, 168, 220, 300 };
	static struct smb_ace aces[SMB_ACES_MAX];

	(void)state;
	for (uint16_t version = 1; version <= 4; version++) {
		uint8_t blob[512];
		size_t length = put_v(blob, version);
		struct smb_descriptor sd;
		struct bytes in;

		assert_int_equal(length, lengths[version - 1]);
		assert_true(fsa_aclattr_read_samba(blob, length, &in));
		assert_int_equal(smb_descriptor_read(in, aces, &sd),
				 NT_STATUS_SUCCESS);
		assert_int_equal(sd.owner.parts[4], 1000);
		assert_int_equal(sd.group.parts[4], 513);
		assert_int_equal(sd.dacl_count, 2);
		assert_int_equal(aces[0].mask, 0x1ff);
		assert_int_equal(aces[1].mask, 0x120089);
	}
}

static void what_is_cut_short_is_none(void **state)
{
	(void)state;
	for (uint16_t version = 0; version <= 6; version++) {
		uint8_t whole[512], blob[512];
		size_t length = put_v(whole, version);
		size_t least = length - sizeof(parts);
		struct bytes in;

		for (size_t n = 0; n <= length; n++) {
			memcpy(blob, whole, length);
			assert_int_equal(fsa_aclattr_read_samba(blob, n, &in),
					 version >= 1 && version <= 4 &&
						 n >= least);
		}
	}
}

static void pointers_to_nothing_are_none(void **state)
{
	uint8_t blob[512];
	struct bytes in;
	size_t length = put_v(blob, 1);

	(void)state;
	memset(blob + 4, 0, 4);
	assert_false(fsa_aclattr_read_samba(blob, length, &in));
	length = put_v(blob, 3);
	memset(blob + 8, 0, 4);
	assert_false(fsa_aclattr_read_samba(blob, length, &in));

	/* A part that would begin in front of the descriptor. */
	length = put_v(blob, 2);
	memset(blob + 32, 0, 4);
	blob[32] = 4;
	assert_false(fsa_aclattr_read_samba(blob, length, &in));
}

static void ours_comes_back(void **state)
{
	const struct fsa_aclattr attr = { 04755, 1000, 0xfffffffe };
	uint8_t blob[FSA_ACLATTR_HEAD + 3];
	struct writer w = writer_at(blob, sizeof(blob));
	struct fsa_aclattr got;
	struct bytes sd;

	(void)state;
	fsa_aclattr_write(&w, &attr);
	assert_int_equal(w.at, FSA_ACLATTR_HEAD);
	wr_copy(&w, "abc", 3);
	assert_true(fsa_aclattr_read((struct bytes){ blob, w.at }, &got, &sd));
	assert_int_equal(got.mode, attr.mode);
	assert_int_equal(got.uid, attr.uid);
	assert_int_equal(got.gid, attr.gid);
	assert_int_equal(sd.length, 3);
	assert_memory_equal(sd.at, "abc", 3);
	for (size_t n = 0; n < FSA_ACLATTR_HEAD; n++)
		assert_false(
			fsa_aclattr_read((struct bytes){ blob, n }, &got, &sd));
	blob[0] = 2;
	assert_false(fsa_aclattr_read((struct bytes){ blob, w.at }, &got, &sd));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_samba_s_versions_are_read),
		cmocka_unit_test(what_is_cut_short_is_none),
		cmocka_unit_test(pointers_to_nothing_are_none),
		cmocka_unit_test(ours_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
