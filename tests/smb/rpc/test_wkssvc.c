/* The workstation service (MS-WKST 3.2.4.1), by calls over a pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smb/rpc/interface.h"
#include "smb/rpc/ndr.h"
#include "smb/rpc/rpc.h"
#include "tests/fake/hex.h"
#include "tests/fake/realm.h"
#include "tests/fake/rpc.h"
#include "tests/fake/still.h"

static struct fake_realm realm;
static const struct smb_ports ports = {
	.host_ops = &still_host_ops,
	.realm_ops = &fake_realm_ops,
	.realm = &realm,
};

/* The results of WkstaGetInfo. */
static size_t asked(struct smb_user *user, uint32_t level, uint8_t *to,
		    size_t size)
{
	static const uint16_t name[] = { 'w', 'k', 's', 's', 'v', 'c' };
	uint8_t bytes[128];
	struct writer w = writer_at(bytes, sizeof(bytes));
	struct smb_pipe *pipe;
	uint32_t fault;
	size_t length;

	assert_int_equal(smb_pipe_open(&ports, user,
				       (struct smb_name){ name, 6 }, &pipe),
			 NT_STATUS_SUCCESS);
	length = fake_rpc_bind(bytes, sizeof(bytes), smb_rpc_wkssvc.uuid, 1);
	smb_pipe_write(pipe, (struct bytes){ bytes, length });
	smb_pipe_read(pipe, to, size, &length);
	smb_ndr_write_u32(&w, 0);
	smb_ndr_write_u32(&w, level);
	length = fake_rpc_call(pipe, 0, (struct bytes){ bytes, w.at }, to, size,
			       &fault);
	assert_int_equal(fault, 0);
	smb_pipe_free(pipe);
	assert_int_equal(realm.references, 0);
	return length;
}

#define FAKE "05000000 00000000 05000000 460041004b0045000000 0000"
#define WORKGROUP                                         \
	"0a000000 00000000 0a000000 57004f0052004b004700" \
	"52004f005500500000 00"
#define EMPTY "01000000 00000000 01000000 0000 0000"

static void the_station_is_described(void **state)
{
	static const struct {
		uint32_t level;
		const char *hex;
	} cases[] = {
		{ 100, "64000000 04000200 f4010000 0c000200 10000200 06000000"
		       "01000000" FAKE WORKGROUP "00000000" },
		{ 101, "65000000 04000200 f4010000 0c000200 10000200 06000000"
		       "01000000 1c000200" FAKE WORKGROUP EMPTY "00000000" },
		{ 102, "66000000 04000200 f4010000 0c000200 10000200 06000000"
		       "01000000 1c000200 01000000" FAKE WORKGROUP EMPTY
		       "00000000" },
		{ 103, "67000000 00000000 7c000000" },
	};

	(void)state;
	fake_realm_init(&realm);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t to[512], bytes[512];
		size_t n = unhex(cases[i].hex, bytes, sizeof(bytes));

		assert_int_equal(asked(&realm.guest.user, cases[i].level, to,
				       sizeof(to)),
				 n);
		assert_memory_equal(to, bytes, n);
	}
}

static void the_anonymous_are_told_the_name_alone(void **state)
{
	uint8_t to[512];

	(void)state;
	fake_realm_init(&realm);
	size_t n = asked(&realm.anonymous.user, 100, to, sizeof(to));

	assert_int_equal(to[n - 4], 0);
	n = asked(&realm.anonymous.user, 101, to, sizeof(to));
	assert_int_equal(to[n - 4], 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_station_is_described),
		cmocka_unit_test(the_anonymous_are_told_the_name_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
