/* Rights: MS-FSA 2.1.5.1, MS-SMB2 2.2.13.1; and what modes make of them. */
#include "tests/fsa/desk.h"

#include "gateway/fsa/access.h"

static void generic_rights_are_replaced(void **state)
{
	(void)state;
	assert_int_equal(FILE_GENERIC_READ, fsa_access_map(GENERIC_READ));
	assert_int_equal(FILE_GENERIC_WRITE, fsa_access_map(GENERIC_WRITE));
	assert_int_equal(FILE_GENERIC_EXECUTE, fsa_access_map(GENERIC_EXECUTE));
	assert_int_equal(FILE_ALL_ACCESS, fsa_access_map(GENERIC_ALL));
	assert_int_equal(MAXIMUM_ALLOWED | DELETE | FILE_GENERIC_READ,
			 fsa_access_map(MAXIMUM_ALLOWED | DELETE |
					GENERIC_READ));
}

static void each_right_alone_may_be_asked_for_or_not(void **state)
{
	(void)state;
	assert_int_equal(NT_STATUS_ACCESS_DENIED, fsa_access_check_mask(0));
	for (unsigned int i = 0; i < 32; i++) {
		uint32_t bit = 1u << i;
		enum nt_status expected = NT_STATUS_SUCCESS;

		/* Unknown ones. */
		if (bit & 0x0ce0fe00)
			expected = NT_STATUS_ACCESS_DENIED;
		if (bit == ACCESS_SYSTEM_SECURITY)
			expected = NT_STATUS_PRIVILEGE_NOT_HELD;
		assert_int_equal(expected,
				 fsa_access_check_mask(fsa_access_map(bit)));
	}
}

static void linux_rights_make_windows_rights(void **state)
{
	static const uint32_t always = FILE_READ_ATTRIBUTES | FILE_READ_EA |
				       READ_CONTROL | SYNCHRONIZE;
	static const struct {
		struct fsa_access_facts facts;
		uint32_t mask;
	} cases[] = {
		{ { 0 }, 0 },
		{ { .can_read = true }, FILE_READ_DATA | FILE_EXECUTE },
		{ { .can_read = true, .is_directory = true },
		  FILE_LIST_DIRECTORY },
		{ { .can_execute = true }, 0 },
		{ { .can_execute = true, .is_directory = true },
		  FILE_TRAVERSE },
		{ { .can_write = true },
		  FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA |
			  FILE_WRITE_ATTRIBUTES },
		{ { .can_write = true, .is_directory = true },
		  FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY | FILE_WRITE_EA |
			  FILE_WRITE_ATTRIBUTES | FILE_DELETE_CHILD },
		{ { .can_delete = true }, DELETE },
		{ { .is_owner = true, .is_directory = true },
		  WRITE_DAC | WRITE_OWNER | FILE_WRITE_EA |
			  FILE_WRITE_ATTRIBUTES },
		{ { .is_owner = true,
		    .can_read = true,
		    .can_write = true,
		    .can_delete = true },
		  FILE_ALL_ACCESS },
		{ { .is_owner = true,
		    .is_directory = true,
		    .can_read = true,
		    .can_write = true,
		    .can_execute = true,
		    .can_delete = true },
		  FILE_ALL_ACCESS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cases[i].mask | always,
				 fsa_access_of(&cases[i].facts));
}

static uint32_t co_max(struct desk *d, struct smb_volume *volume,
		       const char *name)
{
	struct store_file *file = yard_co_open(d->y, name, STORE_OPEN_PATH);
	struct store_file *parent = yard_co_open(d->y, "", STORE_OPEN_PATH);
	struct store_stat stat;
	uint32_t mask;

	assert_int_equal(0, store_co_stat(file, &stat));
	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_co_access_max(fsa_volume_of(volume), file, &stat,
					   parent, &mask));
	store_file_close(parent);
	store_file_close(file);
	return mask;
}

YARD_ROOT_TEST(the_maximum_is_what_the_kernel_would_allow)
{
	struct smb_volume *ann, *bob;
	uint32_t data = FILE_READ_DATA | FILE_WRITE_DATA;
	struct desk d;

	desk_begin(&d, y);
	ann = desk_volume(&d, YARD_ANN);
	bob = desk_volume(&d, YARD_BOB);
	yard_put(y, "f", "x", 1);
	assert_int_equal(0, chown(yard_path(y, "f"), YARD_ANN, YARD_ANN));

	assert_int_equal(FILE_ALL_ACCESS, co_max(&d, ann, "f"));
	assert_int_equal(FILE_READ_DATA, co_max(&d, bob, "f") & data);
	assert_int_equal(0, co_max(&d, bob, "f") & WRITE_DAC);
	assert_int_equal(0, chmod(yard_path(y, "f"), 0466));
	assert_int_equal(FILE_READ_DATA, co_max(&d, ann, "f") & data);
	assert_int_equal(data, co_max(&d, bob, "f") & data);
	assert_int_equal(FILE_ALL_ACCESS, co_max(&d, d.volume, "f"));

	/* A sticky directory: names go with their owner alone. */
	assert_int_equal(DELETE, co_max(&d, bob, "f") & DELETE);
	assert_int_equal(0, chmod(yard_path(y, ""), 01777));
	assert_int_equal(0, co_max(&d, bob, "f") & DELETE);
	assert_int_equal(DELETE, co_max(&d, ann, "f") & DELETE);
	assert_int_equal(0, chmod(yard_path(y, ""), 0755));
	assert_int_equal(0, co_max(&d, ann, "f") & DELETE);

	fsa_object_ops.disconnect(ann);
	fsa_object_ops.disconnect(bob);
	desk_end(&d);
}

YARD_TEST(a_read_only_share_takes_every_change_away)
{
	uint32_t changes = FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA |
			   FILE_WRITE_ATTRIBUTES | FILE_DELETE_CHILD | DELETE |
			   WRITE_DAC | WRITE_OWNER;
	struct desk d;

	desk_begin(&d, y);
	yard_put(y, "f", "x", 1);
	d.volume->facts.access_max = 0x1200a9;
	assert_int_equal(0, co_max(&d, d.volume, "f") & changes);
	assert_int_equal(FILE_READ_DATA,
			 co_max(&d, d.volume, "f") & FILE_READ_DATA);
	desk_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generic_rights_are_replaced),
		cmocka_unit_test(each_right_alone_may_be_asked_for_or_not),
		cmocka_unit_test(linux_rights_make_windows_rights),
		cmocka_unit_test(the_maximum_is_what_the_kernel_would_allow),
		cmocka_unit_test(a_read_only_share_takes_every_change_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
