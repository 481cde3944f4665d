/* The border between errno and NTSTATUS: MS-ERREF 2.3. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "gateway/fsa/object.h"

static void the_same_errno_means_what_was_being_done(void **state)
{
	static const struct {
		enum fsa_verb verb;
		int err;
		enum nt_status status;
	} cases[] = {
		{ FSA_WALK, ENOENT, NT_STATUS_OBJECT_PATH_NOT_FOUND },
		{ FSA_OPEN, ENOENT, NT_STATUS_OBJECT_NAME_NOT_FOUND },
		{ FSA_WALK, ENOTDIR, NT_STATUS_OBJECT_PATH_NOT_FOUND },
		{ FSA_OPEN, ENOTDIR, NT_STATUS_NOT_A_DIRECTORY },
		{ FSA_OPEN, EISDIR, NT_STATUS_FILE_IS_A_DIRECTORY },
		{ FSA_CREATE, EEXIST, NT_STATUS_OBJECT_NAME_COLLISION },
		{ FSA_OPEN, EACCES, NT_STATUS_ACCESS_DENIED },
		{ FSA_OPEN, EPERM, NT_STATUS_ACCESS_DENIED },
		{ FSA_WRITE, EROFS, NT_STATUS_MEDIA_WRITE_PROTECTED },
		{ FSA_WRITE, ENOSPC, NT_STATUS_DISK_FULL },
		{ FSA_WRITE, EDQUOT, NT_STATUS_DISK_FULL },
		{ FSA_DELETE, ENOTEMPTY, NT_STATUS_DIRECTORY_NOT_EMPTY },
		{ FSA_RENAME, EXDEV, NT_STATUS_NOT_SAME_DEVICE },
		{ FSA_OPEN, EXDEV, NT_STATUS_ACCESS_DENIED },
		{ FSA_OPEN, EMFILE, NT_STATUS_TOO_MANY_OPENED_FILES },
		{ FSA_LINK, EMLINK, NT_STATUS_TOO_MANY_LINKS },
		{ FSA_CREATE, ENAMETOOLONG, NT_STATUS_OBJECT_NAME_INVALID },
		{ FSA_SET, EINVAL, NT_STATUS_INVALID_PARAMETER },
		{ FSA_OPEN, ETXTBSY, NT_STATUS_SHARING_VIOLATION },
		{ FSA_READ, EIO, NT_STATUS_IO_DEVICE_ERROR },
		{ FSA_READ, ENOMEM, NT_STATUS_INSUFFICIENT_RESOURCES },
		{ FSA_OPEN, EOPNOTSUPP, NT_STATUS_IO_REPARSE_TAG_NOT_HANDLED },
		{ FSA_FSCTL, EOPNOTSUPP, NT_STATUS_INVALID_DEVICE_REQUEST },
		{ FSA_XATTR, EOPNOTSUPP, NT_STATUS_EAS_NOT_SUPPORTED },
		{ FSA_XATTR, E2BIG, NT_STATUS_EA_TOO_LARGE },
		{ FSA_READ, ENOTCONN, NT_STATUS_UNEXPECTED_NETWORK_ERROR },
		{ FSA_WRITE, EFBIG, NT_STATUS_FILE_TOO_LARGE },
		{ FSA_WAIT, ECANCELED, NT_STATUS_CANCELLED },
		{ FSA_WAIT, ETIMEDOUT, NT_STATUS_IO_TIMEOUT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cases[i].status,
				 fsa_status(cases[i].verb, -cases[i].err));
}

static void counts_are_success_and_the_unknown_is_a_failure(void **state)
{
	(void)state;
	assert_int_equal(NT_STATUS_SUCCESS, fsa_status(FSA_READ, 0));
	assert_int_equal(NT_STATUS_SUCCESS, fsa_status(FSA_READ, 1 << 20));
	for (int err = 1; err < 200; err++) {
		for (int verb = FSA_WALK; verb <= FSA_WAIT; verb++)
			assert_false(nt_status_is_ok(
				fsa_status((enum fsa_verb)verb, -err)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_errno_means_what_was_being_done),
		cmocka_unit_test(
			counts_are_success_and_the_unknown_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
