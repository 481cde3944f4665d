/*
 * Tests address.c: addresses as people write them.
 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "gateway/address.h"

static void addresses_are_read(void **state)
{
	static const struct {
		const char *text;
		const char *means; /* NULL: nothing */
	} cases[] = {
		{ "10.0.0.5:1445", "10.0.0.5:1445" },
		{ "10.0.0.5", "10.0.0.5:445" },
		{ "[::1]:1445", "[::1]:1445" },
		{ "[::1]", "[::1]:445" },
		{ "::1", "[::1]:445" },
		{ "fd00::5", "[fd00::5]:445" },
		{ ":1445", "[::]:1445" },
		{ "*:1445", "[::]:1445" },
		{ "0.0.0.0:445", "0.0.0.0:445" },
		{ "localhost:1445", "127.0.0.1:1445" },
		{ "127.0.0.1:0", "127.0.0.1:0" },
		{ "", NULL },
		{ "10.0.0.5:", NULL },
		{ "10.0.0.5:65536", NULL },
		{ "10.0.0.5:-1", NULL },
		{ "10.0.0.5:44x", NULL },
		{ "10.0.0.256", NULL },
		{ "[::1", NULL },
		{ "[::1]445", NULL },
		{ "server.example:445", NULL },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gw_address a;
		bool ok = gw_address_parse(cases[i].text, 445, &a);

		if (ok != (cases[i].means != NULL))
			fail_msg("%s", cases[i].text);
		if (ok)
			assert_string_equal(a.text, cases[i].means);
	}
}

static void all_addresses_are_known_as_such(void **state)
{
	struct gw_address a;

	(void)state;
	gw_address_any(1445, &a);
	assert_true(gw_address_is_any(&a));
	assert_int_equal(gw_address_port(&a), 1445);
	assert_true(gw_address_parse("0.0.0.0", 445, &a));
	assert_true(gw_address_is_any(&a));
	assert_true(gw_address_parse("127.0.0.1", 445, &a));
	assert_false(gw_address_is_any(&a));
}

static void mapped_and_plain_ipv4_are_the_same_peer(void **state)
{
	struct gw_address plain, mapped;
	uint8_t a[16], b[16];

	(void)state;
	assert_true(gw_address_parse("10.0.0.5:9", 445, &plain));
	assert_true(gw_address_parse("[::ffff:10.0.0.5]:9", 445, &mapped));
	gw_address_key(&plain.sa, a);
	gw_address_key(&mapped.sa, b);
	assert_memory_equal(a, b, sizeof(a));
	assert_string_equal(mapped.text, "10.0.0.5:9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(all_addresses_are_known_as_such),
		cmocka_unit_test(mapped_and_plain_ipv4_are_the_same_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
