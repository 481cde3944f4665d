/* What is remembered of extended attributes, and when that ends. */
#include "tests/fsa/house.h"

#include <sys/xattr.h>

#include "gateway/fsa/attr_cache.h"
#include "gateway/fsa/dosattr.h"

enum {
	PLENTY = 100000, /* more files than the table has places */
};

static const uint64_t year_ns = 31536000ull * 1000000000u;

/* Some file of the tree that was changed a year ago. */
static struct store_stat co_old(struct house *h, uint64_t inode)
{
	struct store_file *root = yard_co_open(h->y, "", STORE_OPEN_PATH);
	struct store_stat stat;

	assert_int_equal(store_co_stat(root, &stat), 0);
	store_file_close(root);
	stat.key.inode = inode;
	stat.key.generation = 1;
	stat.has_btime = true;
	stat.ctime.tv_sec = (time_t)((loop_wall_now() - year_ns) / 1000000000u);
	return stat;
}

static void add(struct house *h, const struct store_stat *stat,
		unsigned int known, uint32_t attributes)
{
	fsa_attr_cache_add(&h->share, stat, loop_wall_now(),
			   &(struct fsa_attr_facts){
				   .known = known,
				   .dosattr.attributes = attributes,
			   });
}

static struct fsa_attr_facts found(struct house *h,
				   const struct store_stat *stat)
{
	struct fsa_attr_facts facts;

	fsa_attr_cache_find(&h->share, stat, &facts);
	return facts;
}

HOUSE_TEST(facts_hold_until_the_change_time_moves)
{
	struct store_stat stat = co_old(h, 7);

	if (!fsa_attr_cache_takes(&h->share, &stat)) {
		print_message("this file system dates no xattrs\n");
		return;
	}
	assert_int_equal(found(h, &stat).known, 0);
	add(h, &stat, FSA_KNOWN_NO_EAS, 0);
	add(h, &stat, FSA_KNOWN_DOSATTR, FILE_ATTRIBUTE_HIDDEN);
	assert_int_equal(found(h, &stat).known,
			 FSA_KNOWN_NO_EAS | FSA_KNOWN_DOSATTR);
	assert_int_equal(found(h, &stat).dosattr.attributes,
			 FILE_ATTRIBUTE_HIDDEN);
	stat.ctime.tv_nsec ^= 1;
	assert_int_equal(found(h, &stat).known, 0);
	add(h, &stat, FSA_KNOWN_NO_DESCRIPTOR, 0);
	assert_int_equal(found(h, &stat).known, FSA_KNOWN_NO_DESCRIPTOR);
	stat.key.generation++;
	assert_int_equal(found(h, &stat).known, 0);
}

HOUSE_TEST(what_cannot_be_told_apart_is_not_remembered)
{
	struct store_stat stat = co_old(h, 7), other = stat;
	uint64_t now = loop_wall_now();

	/* In the same tick of the clock it may change again. */
	stat.ctime = (struct timespec){ .tv_sec = (time_t)(now / 1000000000u),
					.tv_nsec = (long)(now % 1000000000u) };
	add(h, &stat, FSA_KNOWN_NO_EAS, 0);
	assert_int_equal(found(h, &stat).known, 0);
	/* A number may be used again. */
	other.has_btime = false;
	add(h, &other, FSA_KNOWN_NO_EAS, 0);
	assert_int_equal(found(h, &other).known, 0);
	/* Who knows what lies there. */
	other = co_old(h, 7);
	other.key.device++;
	add(h, &other, FSA_KNOWN_NO_EAS, 0);
	assert_int_equal(found(h, &other).known, 0);
	fsa_attr_cache_find(&h->share, NULL, &(struct fsa_attr_facts){});
}

HOUSE_TEST(new_files_take_the_places_of_others)
{
	struct store_stat stat = co_old(h, 0);
	size_t known = 0;

	for (stat.key.inode = 0; stat.key.inode < PLENTY; stat.key.inode++) {
		add(h, &stat, FSA_KNOWN_NO_EAS, 0);
		assert_int_equal(found(h, &stat).known != 0,
				 fsa_attr_cache_takes(&h->share, &stat));
	}
	for (stat.key.inode = 0; stat.key.inode < PLENTY; stat.key.inode++)
		known += found(h, &stat).known != 0;
	assert_true(known < PLENTY / 2);
}

static uint64_t co_cost_of_facts(struct smb_object *object, uint32_t attributes)
{
	const struct loop_counters *counters = loop_counters(loop_current());
	uint64_t before = counters->submitted + counters->hand_calls;
	struct smb_open_facts facts = { .wants_ea_size = true };

	assert_int_equal(fsa_object_ops.co_query(object, &facts),
			 NT_STATUS_SUCCESS);
	assert_int_equal(facts.file.attributes, attributes);
	return counters->submitted + counters->hand_calls - before;
}

/* The second question costs no call that waits; a change is seen at once. */
HOUSE_TEST(an_unchanged_file_is_not_asked_twice)
{
	struct store_stat stat = co_old(h, 7);
	struct smb_object *f;

	yard_put(h->y, "file", "12345", 5);
	if (setxattr(yard_path(h->y, "file"), FSA_DOSATTR_NAME, "0x22", 5, 0))
		return;
	f = house_co_open(h, "file", FILE_READ_ATTRIBUTES, 0);
	loop_co_sleep(loop_ms(200));
	co_cost_of_facts(f, 0x22);
	for (int i = 0; i < 3; i++) {
		uint64_t cost = co_cost_of_facts(f, 0x22);

		assert_true(cost == 0 ||
			    !fsa_attr_cache_takes(&h->share, &stat));
	}
	assert_int_equal(setxattr(yard_path(h->y, "file"), FSA_DOSATTR_NAME,
				  "0x21", 5, 0),
			 0);
	co_cost_of_facts(f, 0x21);
	assert_int_equal(removexattr(yard_path(h->y, "file"), FSA_DOSATTR_NAME),
			 0);
	co_cost_of_facts(f, FILE_ATTRIBUTE_NORMAL);
	house_co_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_hold_until_the_change_time_moves),
		cmocka_unit_test(what_cannot_be_told_apart_is_not_remembered),
		cmocka_unit_test(new_files_take_the_places_of_others),
		cmocka_unit_test(an_unchanged_file_is_not_asked_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
