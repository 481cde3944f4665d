/* Elements of DER (X.690 8.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "smb/auth/der.h"
#include "tests/fake/hex.h"

static void what_is_written_is_read_back(void **state)
{
	static const size_t lengths[] = { 0,   1,   2,     127,   128,
					  255, 256, 65535, 65536, 70000 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t n = lengths[i], size = n + 32;
		uint8_t *content = calloc(1, n + 1), *to = malloc(size);
		struct writer w = writer_at(to, size);
		size_t outer = smb_der_begin(&w, SMB_DER_SEQUENCE);

		smb_der_write(&w, SMB_DER_OCTETS, (struct bytes){ content, n });
		smb_der_end(&w, outer);
		assert_true(wr_ok(&w));
		struct reader r = reader_at(to, w.at);

		assert_true(smb_der_is(&r, SMB_DER_SEQUENCE));
		struct reader inside = smb_der_enter(&r, SMB_DER_SEQUENCE);
		struct reader octets = smb_der_enter(&inside, SMB_DER_OCTETS);

		assert_true(rd_ok(&octets));
		assert_int_equal(rd_left(&octets), n);
		assert_int_equal(rd_left(&inside), 0);
		assert_int_equal(rd_left(&r), 0);
		free(content);
		free(to);
	}
}

static void lengths_are_as_short_as_they_can_be(void **state)
{
	uint8_t to[16];
	struct writer w = writer_at(to, sizeof(to));

	(void)state;
	smb_der_write(&w, SMB_DER_OCTETS, (struct bytes){ to + 8, 2 });

	assert_int_equal(w.at, 4);
	assert_int_equal(to[1], 2);
}

static void malformed_elements_are_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"04",
		"0401",
		"0480aa0000",
		"04820100",
		"0484ffffffff",
		"0485ffffffffff",
		"3001aa",
		"0488ffffffffffffffffaa",
	};
	uint8_t bytes[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reader r =
			reader_at(bytes, unhex(cases[i], bytes, sizeof(bytes)));
		struct reader inside = smb_der_enter(&r, SMB_DER_OCTETS);

		assert_false(rd_ok(&r));
		assert_false(rd_ok(&inside));
		assert_int_equal(rd_left(&inside), 0);
	}
}

static void an_element_is_passed_over(void **state)
{
	uint8_t bytes[] = { 0xa1, 2, 9, 9, 0x04, 0, 0x1f, 0 };
	struct reader r = reader_at(bytes, sizeof(bytes));

	(void)state;
	smb_der_skip(&r);
	assert_true(smb_der_is(&r, SMB_DER_OCTETS));
	smb_der_skip(&r);
	assert_true(rd_ok(&r));
	/* A tag of several bytes: SPNEGO has none. */
	smb_der_skip(&r);
	assert_false(rd_ok(&r));
	assert_false(smb_der_is(&r, 0x1f));
}

static void what_does_not_fit_is_not_written(void **state)
{
	uint8_t to[4];
	struct writer w = writer_at(to, sizeof(to));
	size_t outer = smb_der_begin(&w, SMB_DER_SEQUENCE);

	(void)state;
	smb_der_write(&w, SMB_DER_OCTETS, (struct bytes){ to, 2 });
	smb_der_end(&w, outer);

	assert_false(wr_ok(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(lengths_are_as_short_as_they_can_be),
		cmocka_unit_test(malformed_elements_are_refused),
		cmocka_unit_test(an_element_is_passed_over),
		cmocka_unit_test(what_does_not_fit_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
