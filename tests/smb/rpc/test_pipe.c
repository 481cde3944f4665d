/* Named pipes in message mode (MS-SMB2 3.3.5.12, 3.3.5.13, MS-RPCE 2.1.1.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "smb/rpc/interface.h"
#include "smb/rpc/rpc.h"
#include "smb/wire/utf16.h"
#include "tests/fake/realm.h"
#include "tests/fake/rpc.h"
#include "tests/fake/still.h"

static struct fake_realm realm;
static const struct smb_ports ports = {
	.host_ops = &still_host_ops,
	.realm_ops = &fake_realm_ops,
	.realm = &realm,
};
static struct smb_pipe *pipe_;

static enum nt_status opened(const char *name)
{
	uint16_t units[64];
	size_t count = smb_utf8_to_utf16(name, strlen(name), units, 64);

	return smb_pipe_open(&ports, &realm.guest.user,
			     (struct smb_name){ units, (uint32_t)count },
			     &pipe_);
}

static int set_up(void **state)
{
	(void)state;
	fake_realm_init(&realm);
	return opened("srvsvc") == NT_STATUS_SUCCESS ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	pipe_ = smb_pipe_free(pipe_);
	return realm.references == 0 ? 0 : -1;
}

static void only_known_pipes_are_there(void **state)
{
	static const struct {
		const char *name;
		enum nt_status status;
		const char *path;
	} cases[] = {
		{ "srvsvc", NT_STATUS_SUCCESS, "\\srvsvc" },
		{ "SrvSvc", NT_STATUS_SUCCESS, "\\srvsvc" },
		{ "WKSSVC", NT_STATUS_SUCCESS, "\\wkssvc" },
		{ "lsarpc", NT_STATUS_SUCCESS, "\\lsarpc" },
		{ "", NT_STATUS_OBJECT_NAME_NOT_FOUND, NULL },
		{ "srvsv", NT_STATUS_OBJECT_NAME_NOT_FOUND, NULL },
		{ "srvsvc2", NT_STATUS_OBJECT_NAME_NOT_FOUND, NULL },
		{ "\\srvsvc", NT_STATUS_OBJECT_NAME_NOT_FOUND, NULL },
		{ "samr", NT_STATUS_OBJECT_NAME_NOT_FOUND, NULL },
		{ "a name that is longer than all of our pipes",
		  NT_STATUS_OBJECT_NAME_NOT_FOUND, NULL },
	};
	char path[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pipe_ = smb_pipe_free(pipe_);
		assert_int_equal(opened(cases[i].name), cases[i].status);
		if (!cases[i].path)
			continue;
		smb_utf16_to_utf8(smb_pipe_name(pipe_), path, sizeof(path));
		assert_string_equal(path, cases[i].path);
	}
}

static size_t bind_bytes(uint8_t *to, size_t size)
{
	return fake_rpc_bind(to, size, smb_rpc_srvsvc.uuid,
			     smb_rpc_srvsvc.version);
}

static void a_fragment_may_come_in_any_pieces(void **state)
{
	uint8_t in[128], out[256];
	size_t length = bind_bytes(in, sizeof(in)), got;

	for (size_t piece = 1; piece <= length; piece++) {
		tear_down(state);
		set_up(state);
		for (size_t at = 0; at < length; at += piece) {
			size_t n = length - at < piece ? length - at : piece;

			assert_int_equal(smb_pipe_available(pipe_), 0);
			assert_int_equal(smb_pipe_write(pipe_,
							(struct bytes){ in + at,
									n }),
					 NT_STATUS_SUCCESS);
		}
		assert_int_equal(smb_pipe_read(pipe_, out, sizeof(out), &got),
				 NT_STATUS_SUCCESS);
		assert_int_equal(out[2], 12);
	}
}

static void several_fragments_may_come_at_once(void **state)
{
	uint8_t in[256], out[256];
	size_t length = bind_bytes(in, sizeof(in)), got;

	(void)state;
	length += fake_rpc_request(in + length, sizeof(in) - length, 99,
				   (struct bytes){ NULL, 0 });
	length += fake_rpc_request(in + length, sizeof(in) - length, 98,
				   (struct bytes){ NULL, 0 });
	assert_int_equal(smb_pipe_write(pipe_, (struct bytes){ in, length }),
			 NT_STATUS_SUCCESS);

	/* One fragment a read, however much room there is. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(smb_pipe_read(pipe_, out, sizeof(out), &got),
				 NT_STATUS_SUCCESS);
		assert_int_equal(out[2], i == 0 ? 12 : 3);
	}
	assert_int_equal(smb_pipe_read(pipe_, out, sizeof(out), &got),
			 NT_STATUS_PIPE_EMPTY);
}

static void a_short_read_leaves_the_rest(void **state)
{
	uint8_t in[128], whole[256], out[256];
	size_t length = bind_bytes(in, sizeof(in)), total, got, at = 0;

	(void)state;
	assert_int_equal(smb_pipe_write(pipe_, (struct bytes){ in, length }),
			 NT_STATUS_SUCCESS);
	total = smb_pipe_available(pipe_);
	while (at < total) {
		size_t want = total - at < 7 ? total - at : 7;

		assert_int_equal(smb_pipe_read(pipe_, out + at, 7, &got),
				 at + want < total ? NT_STATUS_BUFFER_OVERFLOW
						   : NT_STATUS_SUCCESS);
		assert_int_equal(got, want);
		at += got;
		assert_int_equal(smb_pipe_available(pipe_), total - at);
	}
	tear_down(state);
	set_up(state);
	smb_pipe_write(pipe_, (struct bytes){ in, length });
	assert_int_equal(smb_pipe_read(pipe_, whole, 256, &got),
			 NT_STATUS_SUCCESS);
	assert_memory_equal(whole, out, total);
}

static void a_broken_pipe_stays_broken(void **state)
{
	static const uint8_t rubbish[16] = { 5, 0, 99, 3, 0x10, 0, 0, 0, 16 };
	static const uint8_t no_length[16] = { 5, 0, 11, 3, 0x10, 0, 0, 0, 15 };
	static const uint8_t *const cases[] = { rubbish, no_length };
	uint8_t in[128], out[256];
	size_t length = bind_bytes(in, sizeof(in)), got;

	for (int i = 0; i < 2; i++) {
		tear_down(state);
		set_up(state);
		smb_pipe_write(pipe_, (struct bytes){ in, length });
		assert_int_equal(smb_pipe_write(pipe_,
						(struct bytes){ cases[i], 16 }),
				 NT_STATUS_PIPE_DISCONNECTED);
		assert_int_equal(smb_pipe_write(pipe_,
						(struct bytes){ in, length }),
				 NT_STATUS_PIPE_DISCONNECTED);
		/* What was answered before is still there. */
		assert_int_equal(smb_pipe_read(pipe_, out, sizeof(out), &got),
				 NT_STATUS_SUCCESS);
		assert_int_equal(smb_pipe_read(pipe_, out, sizeof(out), &got),
				 NT_STATUS_PIPE_DISCONNECTED);
	}
}

/* A client that only asks, and never listens. */
static void unread_answers_have_a_limit(void **state)
{
	uint8_t in[256];
	size_t length = bind_bytes(in, sizeof(in));
	enum nt_status status =
		smb_pipe_write(pipe_, (struct bytes){ in, length });
	unsigned int count = 0;

	(void)state;
	length =
		fake_rpc_request(in, sizeof(in), 99, (struct bytes){ NULL, 0 });
	while (status == NT_STATUS_SUCCESS && count++ < 1000000)
		status = smb_pipe_write(pipe_, (struct bytes){ in, length });

	assert_int_equal(status, NT_STATUS_PIPE_DISCONNECTED);
	assert_true(smb_pipe_available(pipe_) <= 2 * 1024 * 1024);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_known_pipes_are_there),
		TEST(a_fragment_may_come_in_any_pieces),
		TEST(several_fragments_may_come_at_once),
		TEST(a_short_read_leaves_the_rest),
		TEST(a_broken_pipe_stays_broken),
		TEST(unread_answers_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
