/* Disk images of Time Machine, and the size of a volume that has a limit. */
#include "tests/fsa/house.h"

#include "gateway/fsa/bundle.h"

#define PLIST(rest)                                                  \
	"<?xml version=\"1.0\"?>\n<plist version=\"1.0\">\n<dict>\n" \
	"\t<key>CFBundleInfoDictionaryVersion</key>\n"               \
	"\t<string>6.0</string>\n" rest "</dict>\n</plist>\n"

static uint64_t band_size(const char *plist)
{
	return fsa_bundle_band_size(
		(struct bytes){ (const uint8_t *)plist, strlen(plist) });
}

static void the_size_of_a_band_is_found(void **state)
{
	(void)state;
	assert_int_equal(band_size(PLIST("\t<key>band-size</key>\n"
					 "\t<integer>8388608</integer>\n"
					 "\t<key>size</key>\n"
					 "\t<integer>5</integer>\n")),
			 8388608);
	assert_int_equal(band_size(""), 0);
	assert_int_equal(band_size(PLIST("")), 0);
	assert_int_equal(band_size("<key>band-size</key>"), 0);
	assert_int_equal(band_size("<key>band-size</key><integer>8"), 0);
	assert_int_equal(band_size("<key>band-size</key><integer>-8<"), 0);
	assert_int_equal(band_size("<key>band-size</key><integer>"
				   "99999999999999999999</integer>"),
			 0);
	/* Another key's number. */
	assert_int_equal(band_size("<key>band-size</key><key>size</key>"
				   "<integer>8</integer>"),
			 0);
}

static void images_are_known_by_their_names(void **state)
{
	(void)state;
	assert_true(fsa_bundle_is_name("Mac.sparsebundle"));
	assert_true(fsa_bundle_is_name("Mac.backupbundle"));
	assert_false(fsa_bundle_is_name(".sparsebundle"));
	assert_false(fsa_bundle_is_name("Mac.sparsebundle.old"));
	assert_false(fsa_bundle_is_name("sparsebundle"));
	assert_false(fsa_bundle_is_name(""));
}

static void put_image(struct house *h, const char *name, unsigned int bands)
{
	static const char plist[] =
		PLIST("<key>band-size</key><integer>65536</integer>");
	char path[128];

	yard_mkdir(h->y, name);
	snprintf(path, sizeof(path), "%s/Info.plist", name);
	yard_put(h->y, path, plist, sizeof(plist) - 1);
	snprintf(path, sizeof(path), "%s/bands", name);
	yard_mkdir(h->y, path);
	for (unsigned int i = 0; i < bands; i++) {
		snprintf(path, sizeof(path), "%s/bands/%x", name, i);
		yard_put(h->y, path, "", 0);
	}
}

static void facts_of(struct fsa_share *share, struct smb_volume_facts *ret)
{
	struct smb_volume *volume = house_volume(share);

	assert_int_equal(fsa_object_ops.co_query_volume(volume, ret),
			 NT_STATUS_SUCCESS);
	fsa_object_ops.disconnect(volume);
}

HOUSE_TEST(a_volume_is_no_larger_than_it_may_be)
{
	struct fsa_share share = h->share;
	struct smb_volume_facts facts, whole;

	facts_of(&share, &whole);
	share.size_max = 40 * 4096;
	facts_of(&share, &facts);
	assert_int_equal(facts.units_total, 40);
	assert_int_equal(facts.units_free, 40);
	assert_int_equal(facts.units_available, 40);
	/* Two bands of 16 units, one image, one that is none yet. */
	put_image(h, "a.sparsebundle", 2);
	put_image(h, "other", 9);
	yard_mkdir(h->y, "b.backupbundle");
	facts_of(&share, &facts);
	assert_int_equal(facts.units_total, 40);
	assert_int_equal(facts.units_free, 8);
	assert_int_equal(facts.units_available, 8);
	put_image(h, "c.backupbundle", 1);
	facts_of(&share, &facts);
	assert_int_equal(facts.units_free, 0);
	/* More than there is. */
	share.size_max = INT64_MAX;
	facts_of(&share, &facts);
	assert_int_equal(facts.units_total, whole.units_total);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_size_of_a_band_is_found),
		cmocka_unit_test(images_are_known_by_their_names),
		cmocka_unit_test(a_volume_is_no_larger_than_it_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
