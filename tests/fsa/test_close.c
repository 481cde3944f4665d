/* CLOSE, and deleting with the last one: MS-FSA 2.1.5.4, CL-1, CL-2, CA-6. */
#include "tests/fsa/desk.h"

static enum nt_status co_dispose(struct smb_object *object, bool is_delete)
{
	const struct smb_set set = { .kind = SMB_SET_DISPOSITION,
				     .is_delete = is_delete };

	return fsa_object_ops.co_set(object, &set);
}

YARD_TEST(a_file_goes_with_the_last_of_its_opens)
{
	struct smb_object *first, *second;
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "f", "abc", 3);
	first = desk_co_open(d.volume, "f", DESK_RW | DELETE, DESK_ALL,
			     FILE_OPEN, FILE_DELETE_ON_CLOSE);
	second = desk_co_open(d.volume, "f", DESK_RW, DESK_ALL, FILE_OPEN, 0);
	desk_co_close(first);
	assert_true(desk_exists(&d, "f"));
	assert_int_equal(NT_STATUS_DELETE_PENDING,
			 desk_co_try(d.volume, "F", FILE_READ_DATA, DESK_ALL,
				     FILE_OPEN, 0));
	assert_int_equal(0, desk_co_write(second, 0, "xyz"));
	desk_co_close(second);
	assert_false(desk_exists(&d, "f"));
	desk_end(&d);
}

YARD_TEST(a_disposition_can_be_taken_back)
{
	struct smb_object *object;
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "f", "abc", 3);
	object = desk_co_open(d.volume, "f", DESK_RW | DELETE, DESK_ALL,
			      FILE_OPEN, 0);
	assert_int_equal(0, co_dispose(object, true));
	assert_int_equal(NT_STATUS_DELETE_PENDING,
			 desk_co_try(d.volume, "f", FILE_READ_DATA, DESK_ALL,
				     FILE_OPEN_IF, 0));
	assert_int_equal(0, co_dispose(object, false));
	desk_co_close(object);
	assert_true(desk_exists(&d, "f"));
	desk_end(&d);
}

YARD_TEST(a_directory_that_is_not_empty_stays)
{
	struct smb_object *dir;
	struct desk d;

	desk_begin(&d, y);
	yard_mkdir(y, "d");
	dir = desk_co_open(d.volume, "d", FILE_READ_DATA | DELETE, DESK_ALL,
			   FILE_OPEN, FILE_DELETE_ON_CLOSE);
	yard_put(y, "d/f", "x", 1);
	desk_co_close(dir);
	assert_true(desk_exists(&d, "d/f"));
	assert_int_equal(0, unlink(yard_path(y, "d/f")));
	/* And may be opened again, and goes when it is empty. */
	dir = desk_co_open(d.volume, "d", FILE_READ_DATA | DELETE, DESK_ALL,
			   FILE_OPEN, FILE_DELETE_ON_CLOSE);
	desk_co_close(dir);
	assert_false(desk_exists(&d, "d"));
	desk_end(&d);
}

/* Of several names the one goes that the file was opened by. */
YARD_TEST(only_the_name_that_was_opened_goes)
{
	struct smb_object *first, *second;
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "one", "x", 1);
	assert_int_equal(0, link(yard_path(y, "one"), yard_path(y, "two")));
	first = desk_co_open(d.volume, "one", DESK_RW, DESK_ALL, FILE_OPEN, 0);
	second = desk_co_open(d.volume, "two", DESK_RW | DELETE, DESK_ALL,
			      FILE_OPEN, FILE_DELETE_ON_CLOSE);
	desk_co_close(second);
	desk_co_close(first);
	assert_true(desk_exists(&d, "one"));
	assert_false(desk_exists(&d, "two"));
	desk_end(&d);
}

YARD_TEST(another_file_in_its_place_stays)
{
	struct smb_object *object;
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "f", "old", 3);
	yard_put(y, "g", "new", 3);
	object = desk_co_open(d.volume, "f", DESK_RW | DELETE, DESK_ALL,
			      FILE_OPEN, FILE_DELETE_ON_CLOSE);
	assert_int_equal(0, rename(yard_path(y, "g"), yard_path(y, "f")));
	desk_co_close(object);
	assert_true(desk_exists(&d, "f"));
	desk_end(&d);
}

YARD_TEST(the_root_is_never_deleted)
{
	struct desk d;

	desk_begin(&d, y);
	assert_int_equal(NT_STATUS_CANNOT_DELETE,
			 desk_co_try(d.volume, "", DELETE, DESK_ALL, FILE_OPEN,
				     FILE_DELETE_ON_CLOSE));
	assert_true(desk_exists(&d, ""));
	desk_end(&d);
}

/* CL-1: facts are those after all that the close does. */
YARD_TEST(a_write_time_that_was_set_survives_later_writes)
{
	const uint64_t when = 131000000000000000;
	const struct smb_set set = { .kind = SMB_SET_BASIC, .write = when };
	struct smb_file_facts facts;
	struct smb_object *object;
	struct desk d;
	struct stat st;

	desk_begin(&d, y);
	object = desk_co_open(d.volume, "f", FILE_ALL_ACCESS, DESK_ALL,
			      FILE_CREATE, 0);
	assert_int_equal(0, fsa_object_ops.co_set(object, &set));
	assert_int_equal(0, desk_co_write(object, 0, "later"));
	assert_int_equal(0, fsa_object_ops.co_close(object, &facts));
	assert_int_equal(when, facts.write);
	assert_int_equal(5, facts.end_of_file);
	assert_int_equal(0, lstat(yard_path(y, "f"), &st));
	assert_int_equal(fsa_time_to_unix(when).tv_sec, st.st_mtim.tv_sec);
	desk_end(&d);
}

/* Writes that have not been shown by the time of the close show as of it. */
YARD_TEST(a_close_settles_the_write_time)
{
	struct smb_file_facts facts;
	struct smb_object *object;
	struct timespec now;
	struct desk d;

	desk_begin(&d, y);
	object = desk_co_open(d.volume, "f", FILE_ALL_ACCESS, DESK_ALL,
			      FILE_CREATE, 0);
	assert_int_equal(0, desk_co_write(object, 0, "a"));
	assert_int_equal(0, fsa_object_ops.co_flush(object));
	assert_int_equal(0, desk_co_write(object, 0, "b"));
	assert_int_equal(0, loop_co_sleep(loop_ms(20)));
	assert_int_equal(0, clock_gettime(CLOCK_REALTIME, &now));
	assert_int_equal(0, fsa_object_ops.co_close(object, &facts));
	assert_true(facts.write >= fsa_time_from_unix(&now));
	desk_end(&d);
}

/* Ann may delete, Ben may not, and is the last who closes. */
YARD_ROOT_TEST(a_file_is_deleted_as_who_wanted_it)
{
	struct smb_volume *ann, *ben;
	struct smb_object *by_ann, *by_ben;
	struct desk d;

	desk_begin(&d, y);
	ann = desk_volume(&d, YARD_ANN);
	ben = desk_volume(&d, YARD_BOB);
	yard_mkdir(y, "d");
	assert_int_equal(0, chown(yard_path(y, "d"), YARD_ANN, YARD_ANN));
	yard_put(y, "d/f", "x", 1);
	by_ann = desk_co_open(ann, "d\\f", FILE_READ_DATA | DELETE, DESK_ALL,
			      FILE_OPEN, 0);
	by_ben = desk_co_open(ben, "d\\f", FILE_READ_DATA, DESK_ALL, FILE_OPEN,
			      0);
	assert_int_equal(0, co_dispose(by_ann, true));
	desk_co_close(by_ann);
	assert_true(desk_exists(&d, "d/f"));
	desk_co_close(by_ben);
	assert_false(desk_exists(&d, "d/f"));
	fsa_object_ops.disconnect(ben);
	fsa_object_ops.disconnect(ann);
	desk_end(&d);
}

YARD_ROOT_TEST(a_name_that_may_not_go_stays_and_opens_again)
{
	struct smb_object *object;
	struct smb_volume *ann;
	struct desk d;

	desk_begin(&d, y);
	ann = desk_volume(&d, YARD_ANN);
	yard_put(y, "f", "x", 1);
	object = desk_co_open(ann, "f", FILE_READ_DATA | DELETE, DESK_ALL,
			      FILE_OPEN, FILE_DELETE_ON_CLOSE);
	assert_int_equal(0, chmod(yard_path(y, ""), 0755));
	desk_co_close(object);
	assert_true(desk_exists(&d, "f"));
	assert_int_equal(0, desk_co_try(ann, "f", FILE_READ_DATA, DESK_ALL,
					FILE_OPEN, 0));
	fsa_object_ops.disconnect(ann);
	desk_end(&d);
}

/* The deleting takes a while, and nobody may get in between. */
static void co_reopen_often(void *arg)
{
	struct desk *d = arg;

	for (int i = 0; i < 20; i++) {
		enum nt_status status = desk_co_try(d->volume, "f", DESK_RW,
						    DESK_ALL, FILE_OPEN, 0);

		assert_true(!status || status == NT_STATUS_DELETE_PENDING ||
			    status == NT_STATUS_OBJECT_NAME_NOT_FOUND);
	}
	d->share.label[0]++;
}

YARD_TEST(opening_while_it_is_deleted_finds_it_pending_or_gone)
{
	struct desk d;

	desk_begin(&d, y);
	for (int i = 0; i < 20; i++) {
		d.share.label[0] = 0;
		assert_non_null(loop_spawn(co_reopen_often, &d));
		(void)desk_co_try(d.volume, "f", DESK_RW | DELETE, DESK_ALL,
				  FILE_OPEN_IF, FILE_DELETE_ON_CLOSE);
		while (!d.share.label[0])
			assert_int_equal(0, loop_co_sleep(loop_ms(1)));
		assert_int_equal(0, fsa_node_count(d.fsa));
	}
	desk_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_goes_with_the_last_of_its_opens),
		cmocka_unit_test(a_disposition_can_be_taken_back),
		cmocka_unit_test(a_directory_that_is_not_empty_stays),
		cmocka_unit_test(only_the_name_that_was_opened_goes),
		cmocka_unit_test(another_file_in_its_place_stays),
		cmocka_unit_test(the_root_is_never_deleted),
		cmocka_unit_test(
			a_write_time_that_was_set_survives_later_writes),
		cmocka_unit_test(a_close_settles_the_write_time),
		cmocka_unit_test(a_file_is_deleted_as_who_wanted_it),
		cmocka_unit_test(a_name_that_may_not_go_stays_and_opens_again),
		cmocka_unit_test(
			opening_while_it_is_deleted_finds_it_pending_or_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
