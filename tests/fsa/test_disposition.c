/* What a CREATE asks for: MS-FSA 2.1.5.1, MS-SMB2 2.2.13. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/fsa/disposition.h"
#include "gateway/fsa/windows.h"

static void each_disposition_does_what_it_says(void **state)
{
	static const struct {
		uint32_t disposition;
		bool exists;
		enum nt_status status;
		bool creates, overwrites;
		enum smb_create_action action;
	} cases[] = {
		{ FILE_SUPERSEDE, true, 0, false, true, SMB_CREATE_SUPERSEDED },
		{ FILE_SUPERSEDE, false, 0, true, false, SMB_CREATE_CREATED },
		{ FILE_OPEN, true, 0, false, false, SMB_CREATE_OPENED },
		{ FILE_OPEN, false, NT_STATUS_OBJECT_NAME_NOT_FOUND },
		{ FILE_CREATE, true, NT_STATUS_OBJECT_NAME_COLLISION },
		{ FILE_CREATE, false, 0, true, false, SMB_CREATE_CREATED },
		{ FILE_OPEN_IF, true, 0, false, false, SMB_CREATE_OPENED },
		{ FILE_OPEN_IF, false, 0, true, false, SMB_CREATE_CREATED },
		{ FILE_OVERWRITE, true, 0, false, true,
		  SMB_CREATE_OVERWRITTEN },
		{ FILE_OVERWRITE, false, NT_STATUS_OBJECT_NAME_NOT_FOUND },
		{ FILE_OVERWRITE_IF, true, 0, false, true,
		  SMB_CREATE_OVERWRITTEN },
		{ FILE_OVERWRITE_IF, false, 0, true, false,
		  SMB_CREATE_CREATED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsa_step step;

		assert_int_equal(cases[i].status,
				 fsa_disposition(cases[i].disposition,
						 cases[i].exists, &step));
		if (cases[i].status)
			continue;
		assert_int_equal(cases[i].creates, step.creates);
		assert_int_equal(cases[i].overwrites, step.overwrites);
		assert_int_equal(cases[i].action, step.action);
	}
}

static enum nt_status option(uint32_t options)
{
	return fsa_create_check(FILE_READ_DATA, 0, 0, FILE_OPEN, options);
}

static void each_option_alone_is_known_refused_or_wrong(void **state)
{
	const uint32_t unsupported = 0x00102080, wrong = 0xff000000;

	(void)state;
	for (unsigned int i = 0; i < 32; i++) {
		uint32_t bit = 1u << i;
		enum nt_status expected = NT_STATUS_SUCCESS;

		if (bit & unsupported)
			expected = NT_STATUS_NOT_SUPPORTED;
		if (bit & wrong)
			expected = NT_STATUS_INVALID_PARAMETER;
		if (bit == FILE_DELETE_ON_CLOSE)
			expected = NT_STATUS_ACCESS_DENIED;
		assert_int_equal(expected, option(bit));
	}
}

static void options_that_contradict_each_other_are_wrong(void **state)
{
	(void)state;
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 option(FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE));
	for (uint32_t d = FILE_SUPERSEDE; d <= FILE_OVERWRITE_IF; d++) {
		bool fits =
			d == FILE_OPEN || d == FILE_CREATE || d == FILE_OPEN_IF;

		assert_int_equal(fits ? NT_STATUS_SUCCESS
				      : NT_STATUS_INVALID_PARAMETER,
				 fsa_create_check(FILE_READ_DATA, 0, 0, d,
						  FILE_DIRECTORY_FILE));
	}
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 fsa_create_check(FILE_APPEND_DATA, 0, 0, FILE_OPEN,
					  FILE_NO_INTERMEDIATE_BUFFERING));
	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_create_check(FILE_GENERIC_WRITE, 0, 0, FILE_OPEN,
					  FILE_NO_INTERMEDIATE_BUFFERING));
	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_create_check(DELETE, 0, 0, FILE_OPEN,
					  FILE_DELETE_ON_CLOSE));
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 fsa_create_check(DELETE, 0, 0, 6, 0));
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 fsa_create_check(DELETE, 0, 8, FILE_OPEN, 0));
}

static void each_attribute_alone_is_known_or_wrong(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 32; i++) {
		uint32_t bit = 1u << i;
		enum nt_status expected = bit & 0x7fb7
						  ? NT_STATUS_SUCCESS
						  : NT_STATUS_INVALID_PARAMETER;

		if (bit == FILE_ATTRIBUTE_ENCRYPTED)
			expected = NT_STATUS_ACCESS_DENIED;
		assert_int_equal(expected,
				 fsa_create_check(FILE_READ_DATA, bit, 0,
						  FILE_OPEN_IF, 0));
	}
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 fsa_create_check(FILE_READ_DATA,
					  FILE_ATTRIBUTE_TEMPORARY, 0,
					  FILE_CREATE, FILE_DIRECTORY_FILE));
}

/* MS-FSA 2.1.5.1.2: what hides must be said again. */
static void overwriting_asks_for_the_same_hiding_attributes(void **state)
{
	(void)state;
	for (uint32_t existing = 0; existing < 8; existing++) {
		for (uint32_t asked = 0; asked < 8; asked++) {
			bool may = !(existing & FILE_ATTRIBUTE_READONLY) &&
				   (existing & asked & 6) == (existing & 6);

			assert_int_equal(may ? NT_STATUS_SUCCESS
					     : NT_STATUS_ACCESS_DENIED,
					 fsa_overwrite_check(existing, asked));
		}
	}
}

static void new_files_get_archive_and_new_directories_do_not(void **state)
{
	(void)state;
	assert_int_equal(FILE_ATTRIBUTE_ARCHIVE,
			 fsa_attributes_of_new(FILE_ATTRIBUTE_NORMAL, false));
	assert_int_equal(FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_HIDDEN,
			 fsa_attributes_of_new(FILE_ATTRIBUTE_HIDDEN |
						       FILE_ATTRIBUTE_DIRECTORY,
					       false));
	assert_int_equal(0,
			 fsa_attributes_of_new(FILE_ATTRIBUTE_DIRECTORY, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_disposition_does_what_it_says),
		cmocka_unit_test(each_option_alone_is_known_refused_or_wrong),
		cmocka_unit_test(options_that_contradict_each_other_are_wrong),
		cmocka_unit_test(each_attribute_alone_is_known_or_wrong),
		cmocka_unit_test(
			overwriting_asks_for_the_same_hiding_attributes),
		cmocka_unit_test(
			new_files_get_archive_and_new_directories_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
