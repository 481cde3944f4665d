/*
 * Two shares of one directory that differ in their options: what is open in
 * one counts in the other.
 */
#include "tests/fsa/party.h"

#include <sys/xattr.h>

#include "gateway/fsa/stream.h"

/* The house, and the same read-only. */
struct views {
	struct store_tree *tree;
	struct fsa_share share;
	struct house other;
};

static void views_begin(struct views *v, struct house *h, bool is_read_only)
{
	const struct store_options options = { .is_read_only = is_read_only };

	v->tree = yard_tree(h->y, &options);
	v->share = h->share;
	v->share.tree = v->tree;
	h->share.grants_oplocks = v->share.grants_oplocks = true;
	h->share.streams = v->share.streams = FSA_STREAMS_XATTR;
	v->other = *h;
	v->other.volume = house_volume(&v->share);
}

static void views_end(struct views *v)
{
	fsa_object_ops.disconnect(v->other.volume);
	store_tree_unref(v->tree);
}

static struct smb_create reading(const char *name, uint32_t sharing)
{
	return (struct smb_create){ .name = house_name(name),
				    .access = FILE_READ_DATA,
				    .sharing = sharing,
				    .disposition = FILE_OPEN };
}

/* MS-FSA 2.1.5.1.2.2 */
HOUSE_TEST(what_one_share_does_not_share_the_other_can_not_open)
{
	struct smb_create how = reading("f", FILE_SHARE_READ);
	struct smb_object *f, *g = NULL;
	struct views v;

	views_begin(&v, h, true);
	yard_put(h->y, "f", "abc", 3);
	f = house_co_file(h, "f");
	assert_int_equal(house_co_create(&v.other, &how, &g),
			 NT_STATUS_SHARING_VIOLATION);
	how.sharing = HOUSE_SHARE_ALL;
	assert_int_equal(house_co_create(&v.other, &how, &g),
			 NT_STATUS_SUCCESS);
	assert_int_equal(fsa_node_count(h->fsa), 1);
	house_co_close(f);
	house_co_close(g);
	views_end(&v);
}

static void doom(struct smb_object *object)
{
	assert_int_equal(house_co_set(object,
				      (struct smb_set){
					      .kind = SMB_SET_DISPOSITION,
					      .is_delete = true }),
			 NT_STATUS_SUCCESS);
}

/* Whoever closes last: the name goes as its user and its share may do it. */
HOUSE_TEST(a_file_goes_with_its_last_open_in_a_read_only_share)
{
	struct smb_create how = reading("f", HOUSE_SHARE_ALL);
	struct smb_object *f, *g = NULL, *none = NULL;
	struct views v;

	views_begin(&v, h, true);
	yard_put(h->y, "f", "abc", 3);
	/* The node is of the share that can't delete. */
	assert_int_equal(house_co_create(&v.other, &how, &g),
			 NT_STATUS_SUCCESS);
	f = house_co_file(h, "f");
	doom(f);
	house_co_close(f);
	assert_true(house_exists(h, "f"));
	assert_int_equal(house_co_create(&v.other, &how, &none),
			 NT_STATUS_DELETE_PENDING);
	house_co_close(g);
	assert_false(house_exists(h, "f"));
	views_end(&v);
}

HOUSE_TEST(a_stream_goes_in_the_same_way)
{
	static const char xattr[] = FSA_STREAM_PREFIX "s" FSA_STREAM_SUFFIX;
	struct smb_create how = reading("f:s", HOUSE_SHARE_ALL);
	struct smb_object *f, *g = NULL;
	struct views v;

	if (!store_tree_features(h->y->tree)->has_xattr) {
		print_message("no xattrs here\n");
		return;
	}
	views_begin(&v, h, true);
	yard_put(h->y, "f", "abc", 3);
	assert_int_equal(setxattr(yard_path(h->y, "f"), xattr, "x", 2, 0), 0);
	assert_int_equal(house_co_create(&v.other, &how, &g),
			 NT_STATUS_SUCCESS);
	f = house_co_file(h, "f:s");
	doom(f);
	house_co_close(f);
	house_co_close(g);
	assert_int_equal(getxattr(yard_path(h->y, "f"), xattr, NULL, 0), -1);
	views_end(&v);
}

HOUSE_TEST(a_lease_of_one_share_is_broken_by_the_other)
{
	struct party first = party(true, true);
	struct opener a, b;
	struct views v;

	views_begin(&v, h, false);
	a = opener(h, &first, R | W | H);
	b = opener(&v.other, NULL, 0);
	co_now(&a, R | W | H);
	b.fiber = loop_spawn(co_open, &b);
	co_until(&b.is_over);
	assert_int_equal(b.status, NT_STATUS_SUCCESS);
	assert_int_equal(first.breaks, 1);
	house_co_close(b.created.object);
	house_co_close(a.created.object);
	views_end(&v);
}

static bool take(void *arg, const struct smb_dir_entry *entry)
{
	(void)arg;
	(void)entry;
	return true;
}

/* And what is renamed in one is known by its new name in the other. */
HOUSE_TEST(a_name_that_changes_in_one_share_changes_in_the_other)
{
	struct smb_create how = reading("d\\f", HOUSE_SHARE_ALL);
	struct smb_list list = { .pattern = house_name("*"), .take = take };
	struct smb_object *f, *g = NULL, *d;
	struct smb_open_facts facts;
	struct views v;

	views_begin(&v, h, true);
	yard_mkdir(h->y, "d");
	yard_put(h->y, "d/f", "abc", 3);
	assert_int_equal(house_co_create(&v.other, &how, &g),
			 NT_STATUS_SUCCESS);
	f = house_co_file(h, "d\\f");
	assert_int_equal(
		house_co_set(f, (struct smb_set){ .kind = SMB_SET_RENAME,
						  .name = house_name("d\\e") }),
		NT_STATUS_SUCCESS);
	facts = house_co_facts(g);
	assert_string_equal(house_text(facts.path), "\\d\\e");
	d = house_co_dir(h, "d");
	assert_int_equal(fsa_object_ops.co_list(d, &list), NT_STATUS_SUCCESS);
	house_co_close(d);
	house_co_close(f);
	house_co_close(g);
	views_end(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_one_share_does_not_share_the_other_can_not_open),
		cmocka_unit_test(
			a_file_goes_with_its_last_open_in_a_read_only_share),
		cmocka_unit_test(a_stream_goes_in_the_same_way),
		cmocka_unit_test(a_lease_of_one_share_is_broken_by_the_other),
		cmocka_unit_test(
			a_name_that_changes_in_one_share_changes_in_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
