/* POSIX ACLs of files, and shares that show and set them: acl(5). */
#include "tests/fsa/house.h"

#include "gateway/fsa/dacl.h"
#include "gateway/fsa/posix_xattr.h"
#include "gateway/fsa/sid.h"

static bool has_acls(struct house *h)
{
	h->share.acl = FSA_ACL_POSIX;
	return fsa_posix_is_there(&h->share, S_IFREG);
}

static struct fsa_posix_acl co_acl(struct house *h, const char *name,
				   bool is_default)
{
	struct store_file *file = yard_co_open(h->y, name, STORE_OPEN_PATH);
	struct fsa_posix_acl acl;
	struct store_stat stat;

	assert_int_equal(store_co_stat(file, &stat), 0);
	assert_int_equal(fsa_co_posix_get(file, &stat, is_default, &acl),
			 NT_STATUS_SUCCESS);
	store_file_close(file);
	return acl;
}

/* Everyone reads, and user 7 writes; for children if `flags` say so. */
static enum nt_status co_set(struct smb_object *object, uint8_t flags)
{
	const struct smb_ace two[] = {
		{ .flags = flags,
		  .mask = FILE_WRITE_DATA,
		  .sid = fsa_sid_of_user(7) },
		{ .flags = flags,
		  .mask = FILE_READ_DATA,
		  .sid = fsa_sid_everyone() },
	};
	struct smb_descriptor sd = { .has_dacl = true,
				     .dacl = two,
				     .dacl_count = 2 };
	uint8_t in[256];
	struct writer w = writer_at(in, sizeof(in));

	smb_descriptor_write(&w, &sd);
	return fsa_object_ops.co_set_security(object, SMB_SECURITY_DACL, in,
					      (uint32_t)w.at);
}

HOUSE_TEST(a_dacl_becomes_an_acl_and_comes_back)
{
	static struct smb_ace aces[SMB_ACES_MAX];
	struct smb_object *f = house_co_file(h, "f");
	struct fsa_posix_acl acl;
	struct smb_descriptor sd;
	uint8_t out[512];
	uint32_t length;

	if (!has_acls(h))
		goto close;
	assert_int_equal(co_acl(h, "f", false).count, 3);
	assert_int_equal(co_set(f, 0), NT_STATUS_SUCCESS);
	acl = co_acl(h, "f", false);
	assert_int_equal(acl.count, 5);
	assert_int_equal(acl.entries[1].id, 7);
	assert_int_equal(acl.entries[1].bits, 6);
	assert_int_equal(fsa_posix_acl_mode(&acl), 0444);
	assert_int_equal(fsa_object_ops.co_query_security(f, SMB_SECURITY_DACL,
							  out, sizeof(out),
							  &length),
			 NT_STATUS_SUCCESS);
	assert_int_equal(smb_descriptor_read((struct bytes){ out, length },
					     aces, &sd),
			 NT_STATUS_SUCCESS);
	assert_int_equal(sd.dacl_count, 4);
	assert_true(aces[1].mask & FILE_WRITE_DATA);
close:
	house_co_close(f);
}

HOUSE_TEST(what_is_inherited_is_the_kernel_s_to_give)
{
	struct smb_object *d = house_co_dir(h, "d"), *f;
	struct fsa_posix_acl acl;

	if (!has_acls(h))
		goto close;
	assert_int_equal(co_set(d, FSA_ACE_OBJECT_INHERIT |
					   FSA_ACE_CONTAINER_INHERIT),
			 NT_STATUS_SUCCESS);
	assert_int_equal(co_acl(h, "d", true).count, 5);
	f = house_co_file(h, "d\\f");
	acl = co_acl(h, "d/f", false);
	assert_int_equal(acl.count, 5);
	assert_int_equal(acl.entries[1].id, 7);
	assert_int_equal(acl.entries[1].bits, 6);
	house_co_close(f);

	/* Without anything to inherit there is none, also twice. */
	assert_int_equal(co_set(d, 0), NT_STATUS_SUCCESS);
	assert_int_equal(co_acl(h, "d", true).count, 0);
	assert_int_equal(co_set(d, 0), NT_STATUS_SUCCESS);
close:
	house_co_close(d);
}

HOUSE_TEST(links_have_none)
{
	if (!has_acls(h))
		return;
	assert_false(fsa_posix_is_there(&h->share, S_IFLNK));
	assert_true(fsa_posix_is_there(&h->share, S_IFDIR));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dacl_becomes_an_acl_and_comes_back),
		cmocka_unit_test(what_is_inherited_is_the_kernel_s_to_give),
		cmocka_unit_test(links_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
