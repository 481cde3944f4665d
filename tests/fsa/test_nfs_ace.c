/* Owner, group and mode among the entries of a DACL: MA-6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/fsa/nfs_ace.h"

static void what_was_put_in_is_taken_out(void **state)
{
	const struct smb_ace other = {
		.mask = 7,
		.sid = { .revision = 1,
			 .count = 3,
			 .authority = 5,
			 .parts = { 88, 4, 1 } },
	};
	struct smb_ace aces[5] = { [0] = other, [4] = other };
	mode_t mode = 1;

	(void)state;
	fsa_nfs_aces_write(aces + 1, 1000, 100, 0100640);
	assert_int_equal(SMB_ACE_DENIED, aces[1].type);
	assert_int_equal(0, aces[1].mask);
	assert_int_equal(1000, aces[1].sid.parts[2]);
	assert_int_equal(100, aces[2].sid.parts[2]);
	assert_int_equal(2, fsa_nfs_aces_take(aces, 5, &mode));
	assert_int_equal(0640, mode);
	assert_int_equal(7, aces[1].mask);
	mode = 1;
	assert_int_equal(2, fsa_nfs_aces_take(aces, 2, &mode));
	assert_int_equal(1, mode);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_in_is_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
