/* Facts of volumes: MS-FSCC 2.5. */
#include "tests/fsa/house.h"

HOUSE_TEST(a_volume_says_what_it_can_do)
{
	const struct store_features *can = store_tree_features(h->y->tree);
	struct smb_volume_facts facts;

	assert_int_equal(fsa_object_ops.co_query_volume(h->volume, &facts),
			 NT_STATUS_SUCCESS);
	/* Case is kept, Unicode, hard links; no stored ACLs. */
	assert_int_equal(facts.attributes & 0x400007, 0x400007);
	assert_int_equal(facts.attributes & 0x8, 0);
	assert_int_equal((facts.attributes & 0x40000) != 0, can->has_xattr);
	assert_int_equal((facts.attributes & 0x800000) != 0, can->has_xattr);
	assert_int_equal(facts.attributes & 0x80000, 0);
	assert_false(facts.is_read_only);
	assert_int_equal(facts.name_max, 255);
	assert_string_equal(facts.label, "house");
}

HOUSE_TEST(sizes_fit_together)
{
	struct smb_volume_facts facts;

	assert_int_equal(fsa_object_ops.co_query_volume(h->volume, &facts),
			 NT_STATUS_SUCCESS);
	assert_int_equal(facts.unit_sectors * facts.sector_bytes, 4096);
	assert_true(facts.units_total > 0);
	assert_true(facts.units_free <= facts.units_total);
	assert_true(facts.units_available <= facts.units_free);
}

HOUSE_TEST(serial_and_birth_stay_the_same)
{
	struct smb_volume_facts a, b;

	assert_int_equal(fsa_object_ops.co_query_volume(h->volume, &a),
			 NT_STATUS_SUCCESS);
	yard_put(h->y, "f", "x", 1);
	assert_int_equal(fsa_object_ops.co_query_volume(h->volume, &b),
			 NT_STATUS_SUCCESS);
	assert_int_equal(a.serial, b.serial);
	assert_int_equal(a.volume_id, b.volume_id);
	assert_int_not_equal(a.creation, 0);
	assert_int_equal(a.creation, b.creation);
}

HOUSE_TEST(a_read_only_tree_is_a_read_only_volume)
{
	const struct store_options options = { .is_read_only = true };
	struct fsa_share share = h->share;
	struct smb_volume_facts facts;
	struct smb_volume *volume;

	share.tree = yard_tree(h->y, &options);
	volume = house_volume(&share);
	assert_int_equal(fsa_object_ops.co_query_volume(volume, &facts),
			 NT_STATUS_SUCCESS);
	assert_int_equal(facts.attributes & 0x80000, 0x80000);
	assert_true(facts.is_read_only);
	fsa_object_ops.disconnect(volume);
	store_tree_unref(share.tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_volume_says_what_it_can_do),
		cmocka_unit_test(sizes_fit_together),
		cmocka_unit_test(serial_and_birth_stay_the_same),
		cmocka_unit_test(a_read_only_tree_is_a_read_only_volume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
