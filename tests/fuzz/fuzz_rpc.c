/*
 * Bytes written to a named pipe. The first byte of an input chooses the pipe
 * and whether it is bound already; an answer is read in small and large pieces.
 */
#include <stdlib.h>

#include "smb/rpc/interface.h"
#include "smb/rpc/rpc.h"
#include "tests/fake/realm.h"
#include "tests/fake/rpc.h"
#include "tests/fake/still.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void drain(struct smb_pipe *pipe)
{
	static const size_t sizes[] = { 0, 1, 16, 5000 };
	enum nt_status status = NT_STATUS_SUCCESS;
	uint8_t to[5000];
	size_t got;

	for (unsigned int i = 0; !nt_status_is_error(status); i++)
		status = smb_pipe_read(pipe, to, sizes[i % 4], &got);
	assert(smb_pipe_available(pipe) == 0);
}

static void bind(struct smb_pipe *pipe, const struct smb_rpc_interface *face)
{
	uint8_t bytes[128];
	size_t length =
		fake_rpc_bind(bytes, sizeof(bytes), face->uuid, face->version);

	smb_pipe_write(pipe, (struct bytes){ bytes, length });
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const struct {
		const struct smb_rpc_interface *face;
		uint16_t name[6];
	} pipes[] = {
		{ &smb_rpc_srvsvc, { 's', 'r', 'v', 's', 'v', 'c' } },
		{ &smb_rpc_wkssvc, { 'w', 'k', 's', 's', 'v', 'c' } },
		{ &smb_rpc_lsarpc, { 'l', 's', 'a', 'r', 'p', 'c' } },
	};
	static struct fake_realm realm;
	static const struct smb_ports ports = {
		.host_ops = &still_host_ops,
		.realm_ops = &fake_realm_ops,
		.realm = &realm,
	};
	struct smb_pipe *pipe;

	if (length == 0)
		return 0;
	/* Bit 1 tells whether it is bound: the others which it is. */
	size_t which = ((bytes[0] & 1) | (bytes[0] >> 1 & 2)) % 3;
	struct smb_name name = { pipes[which].name, 6 };

	fake_realm_init(&realm);
	fake_realm_add_share(&realm, "home", "of all");
	fake_realm_add_account(&realm, "ann", "Secret-1");
	if (smb_pipe_open(&ports, &realm.guest.user, name, &pipe))
		abort();
	if (bytes[0] & 2)
		bind(pipe, pipes[which].face);
	smb_pipe_write(pipe, (struct bytes){ bytes + 1, length - 1 });
	drain(pipe);
	smb_pipe_free(pipe);
	assert(realm.references == 0);
	return 0;
}
