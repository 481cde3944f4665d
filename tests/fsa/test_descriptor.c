/* Descriptors beside files: what is stored, and when it is believed. */
#include "tests/fsa/house.h"

#include <sys/xattr.h>

#include "gateway/fsa/acl.h"
#include "gateway/fsa/aclattr.h"
#include "gateway/fsa/descriptor.h"
#include "gateway/fsa/sid.h"

enum {
	READS = FILE_READ_DATA | FILE_READ_ATTRIBUTES,
};

static bool can_keep(struct house *h)
{
	h->share.acl = FSA_ACL_XATTR;
	return fsa_descriptor_is_kept(&h->share, S_IFREG);
}

static struct fsa_volume *volume_of(struct house *h)
{
	return fsa_volume_of(h->volume);
}

static struct store_file *co_file(struct house *h, const char *name,
				  struct store_stat *ret_stat)
{
	struct store_file *file = yard_co_open(h->y, name, STORE_OPEN_PATH);

	assert_int_equal(store_co_stat(file, ret_stat), 0);
	return file;
}

/* Stores a DACL of one ACE for everyone. */
static void co_put(struct house *h, const char *name, uint32_t mask)
{
	struct smb_ace one = { .mask = mask, .sid = fsa_sid_everyone() };
	struct store_stat stat;
	struct store_file *file = co_file(h, name, &stat);
	struct smb_descriptor sd = {
		.has_owner = true,
		.has_group = true,
		.has_dacl = true,
		.owner = fsa_sid_of_user(stat.uid),
		.group = fsa_sid_of_group(stat.gid),
		.dacl = &one,
		.dacl_count = 1,
	};

	assert_int_equal(fsa_co_descriptor_put(volume_of(h), file, &stat, &sd),
			 NT_STATUS_SUCCESS);
	store_file_close(file);
}

/* The mask of its first ACE; 0: nothing is stored, or not believed. */
static uint32_t co_mask(struct house *h, const char *name)
{
	struct store_stat stat;
	struct store_file *file = co_file(h, name, &stat);
	struct fsa_descriptor d;
	uint32_t mask;

	assert_int_equal(fsa_co_descriptor_get(volume_of(h), file, &stat, &d),
			 NT_STATUS_SUCCESS);
	mask = d.is_stored && d.sd.dacl_count ? d.aces[0].mask : 0;
	fsa_descriptor_fini(&d);
	store_file_close(file);
	return mask;
}

static mode_t mode_of(struct house *h, const char *name)
{
	struct stat st;

	assert_int_equal(stat(yard_path(h->y, name), &st), 0);
	return st.st_mode & 07777;
}

HOUSE_TEST(what_is_stored_comes_back)
{
	if (!can_keep(h))
		return;
	yard_put(h->y, "f", "", 0);
	assert_int_equal(co_mask(h, "f"), 0);
	co_put(h, "f", READS);
	assert_int_equal(co_mask(h, "f"), READS);
	assert_int_equal(mode_of(h, "f"), 0644);
	co_put(h, "f", FILE_ALL_ACCESS);
	assert_int_equal(co_mask(h, "f"), FILE_ALL_ACCESS);
	assert_int_equal(mode_of(h, "f"), 0777);
}

HOUSE_TEST(whoever_changes_the_mode_means_it)
{
	if (!can_keep(h))
		return;
	yard_put(h->y, "f", "", 0);
	co_put(h, "f", READS);
	assert_int_equal(chmod(yard_path(h->y, "f"), 0600), 0);
	assert_int_equal(co_mask(h, "f"), 0);
	assert_int_equal(chmod(yard_path(h->y, "f"), 0644), 0);
	assert_int_equal(co_mask(h, "f"), READS);
	if (!geteuid()) {
		assert_int_equal(chown(yard_path(h->y, "f"), YARD_ANN, 0), 0);
		assert_int_equal(co_mask(h, "f"), 0);
	}
}

HOUSE_TEST(rubbish_says_nothing)
{
	const char *path = yard_path(h->y, "f");

	if (!can_keep(h))
		return;
	yard_put(h->y, "f", "", 0);
	co_put(h, "f", READS);
	assert_int_equal(setxattr(path, FSA_ACLATTR_NAME, "", 0, 0), 0);
	assert_int_equal(co_mask(h, "f"), 0);
	assert_int_equal(setxattr(path, FSA_ACLATTR_NAME, "0123456789ab1", 13,
				  0),
			 0);
	assert_int_equal(co_mask(h, "f"), 0);
}

HOUSE_TEST(other_shares_keep_none)
{
	if (!can_keep(h))
		return;
	yard_put(h->y, "f", "", 0);
	co_put(h, "f", READS);
	assert_false(fsa_descriptor_is_kept(&h->share, S_IFLNK));
	h->share.acl = FSA_ACL_MODE;
	assert_int_equal(co_mask(h, "f"), 0);
}

HOUSE_TEST(a_long_one_fits)
{
	static struct smb_ace aces[100];
	struct store_stat stat;
	struct fsa_descriptor d;

	if (!can_keep(h))
		return;
	yard_put(h->y, "f", "", 0);

	struct store_file *file = co_file(h, "f", &stat);
	struct smb_descriptor sd = {
		.has_owner = true,
		.has_group = true,
		.has_dacl = true,
		.owner = fsa_sid_of_user(stat.uid),
		.group = fsa_sid_of_group(stat.gid),
		.dacl = aces,
		.dacl_count = 100,
	};

	for (uint32_t i = 0; i < 100; i++)
		aces[i] = (struct smb_ace){ .mask = i,
					    .sid = fsa_sid_of_user(i) };
	assert_int_equal(fsa_co_descriptor_put(volume_of(h), file, &stat, &sd),
			 NT_STATUS_SUCCESS);
	assert_int_equal(store_co_stat(file, &stat), 0);
	assert_int_equal(fsa_co_descriptor_get(volume_of(h), file, &stat, &d),
			 NT_STATUS_SUCCESS);
	assert_int_equal(d.sd.dacl_count, 100);
	assert_int_equal(d.aces[99].mask, 99);
	fsa_descriptor_fini(&d);
	store_file_close(file);
}

/* Version 1 of Samba's: owner and group of a domain, each with an ACE. */
HOUSE_TEST(samba_s_is_read_where_it_is)
{
	const struct smb_sid someone = { .revision = 1,
					 .count = 5,
					 .authority = 5,
					 .parts = { 21, 1, 2, 3, 1000 } };
	const struct smb_ace one = { .mask = READS, .sid = someone };
	struct smb_descriptor sd = { .has_owner = true,
				     .has_dacl = true,
				     .owner = someone,
				     .dacl = &one,
				     .dacl_count = 1 };
	uint8_t blob[256] = { 1, 0, 1, 0, 0, 0, 2, 0 };
	struct writer w = writer_at(blob + 8, sizeof(blob) - 8);
	struct fsa_descriptor d;
	struct store_stat stat;

	if (!can_keep(h) || geteuid())
		return;
	yard_put(h->y, "f", "", 0);
	smb_descriptor_write(&w, &sd);
	for (size_t at = 4; at < 20; at += 4)
		blob[8 + at] += blob[8 + at] ? 8 : 0;
	if (setxattr(yard_path(h->y, "f"), FSA_ACLATTR_SAMBA, blob, 8 + w.at,
		     0))
		return; /* not in every container */

	struct store_file *file = co_file(h, "f", &stat);
	struct smb_sid user = fsa_sid_of_user(stat.uid);

	assert_int_equal(fsa_co_descriptor_get(volume_of(h), file, &stat, &d),
			 NT_STATUS_SUCCESS);
	assert_true(d.is_stored);
	assert_true(smb_sid_equal(&d.sd.owner, &user));
	assert_true(smb_sid_equal(&d.aces[0].sid, &user));
	assert_true(d.sd.has_group);
	fsa_descriptor_fini(&d);
	store_file_close(file);

	/* Ours is the newer one. */
	co_put(h, "f", FILE_READ_DATA);
	assert_int_equal(co_mask(h, "f"), FILE_READ_DATA);
}

static mode_t mode_for(const struct smb_descriptor *sd, bool is_directory)
{
	struct fsa_posix_acl acl;

	assert_true(fsa_descriptor_acl(sd, is_directory, 1, 1, &acl));
	return fsa_posix_acl_mode(&acl);
}

static void modes_come_near_to_descriptors(void **state)
{
	static const struct {
		uint32_t mask;
		mode_t file, directory;
	} cases[] = {
		{ 0, 0600, 0700 },
		{ READ_CONTROL, 0600, 0700 },
		{ FILE_READ_DATA, 0644, 0755 },
		{ FILE_WRITE_DATA, 0622, 0733 },
		{ FILE_EXECUTE, 0755, 0711 },
		{ FILE_ALL_ACCESS, 0777, 0777 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct smb_ace one = { .mask = cases[i].mask,
					     .sid = fsa_sid_everyone() };
		struct smb_descriptor sd = { .has_dacl = true,
					     .dacl = &one,
					     .dacl_count = 1 };

		assert_int_equal(mode_for(&sd, false), cases[i].file);
		assert_int_equal(mode_for(&sd, true), cases[i].directory);
		sd.is_dacl_null = true;
		assert_int_equal(mode_for(&sd, false), 0777);
	}
}

/* Whoever is named gets it in Linux too, and nobody else does. */
HOUSE_TEST(who_is_named_passes_the_kernel)
{
	const struct smb_ace one = { .mask = FILE_GENERIC_READ,
				     .sid = fsa_sid_of_user(YARD_ANN) };
	struct smb_descriptor sd = { .has_owner = true,
				     .has_group = true,
				     .has_dacl = true,
				     .owner = fsa_sid_of_user(0),
				     .group = fsa_sid_of_group(0),
				     .dacl = &one,
				     .dacl_count = 1 };
	struct store_stat stat;

	if (geteuid() || !can_keep(h) ||
	    !store_tree_features(h->y->tree)->has_acl)
		return;

	struct store_creds *ann = yard_creds(YARD_ANN);
	struct store_creds *bob = yard_creds(YARD_BOB);

	yard_put(h->y, "f", "", 0);

	struct store_file *file = co_file(h, "f", &stat);

	assert_int_equal(fsa_co_descriptor_put(volume_of(h), file, &stat, &sd),
			 NT_STATUS_SUCCESS);
	assert_int_equal(store_co_access(ann, file, R_OK), 0);
	assert_true(store_co_access(ann, file, W_OK) < 0);
	assert_true(store_co_access(bob, file, R_OK) < 0);
	store_file_close(file);
	store_creds_unref(ann);
	store_creds_unref(bob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_stored_comes_back),
		cmocka_unit_test(whoever_changes_the_mode_means_it),
		cmocka_unit_test(rubbish_says_nothing),
		cmocka_unit_test(other_shares_keep_none),
		cmocka_unit_test(a_long_one_fits),
		cmocka_unit_test(samba_s_is_read_where_it_is),
		cmocka_unit_test(modes_come_near_to_descriptors),
		cmocka_unit_test(who_is_named_passes_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
