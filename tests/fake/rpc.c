/*
 * The client's side of connection-oriented RPC (C706 12.6).
 */
#include "tests/fake/rpc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	CALL_ID = 7
};

static const uint8_t ndr[16] = {
	0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11,
	0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60
};

static struct later head(struct writer *w, uint8_t type)
{
	wr_u8(w, 5);
	wr_u8(w, 0);
	wr_u8(w, type);
	wr_u8(w, 3);
	wr_u32(w, 0x10);
	struct later length = wr_later_u16(w);

	wr_u16(w, 0);
	wr_u32(w, CALL_ID);
	return length;
}

size_t fake_rpc_bind(uint8_t *to, size_t size, const uint8_t uuid[16],
		     uint16_t version)
{
	struct writer w = writer_at(to, size);
	struct later length = head(&w, 11);

	wr_u16(&w, 4280);
	wr_u16(&w, 4280);
	wr_u32(&w, 0);
	wr_u32(&w, 1);
	wr_u16(&w, 0);
	wr_u16(&w, 1);
	wr_copy(&w, uuid, 16);
	wr_u16(&w, version);
	wr_u16(&w, 0);
	wr_copy(&w, ndr, 16);
	wr_u32(&w, 2);
	wr_now_u16(&w, length, (uint16_t)w.at);
	assert(wr_ok(&w));
	return w.at;
}

size_t fake_rpc_request(uint8_t *to, size_t size, uint16_t operation,
			struct bytes stub)
{
	struct writer w = writer_at(to, size);
	struct later length = head(&w, 0);

	wr_u32(&w, (uint32_t)stub.length);
	wr_u16(&w, 0);
	wr_u16(&w, operation);
	wr_copy(&w, stub.at, stub.length);
	wr_now_u16(&w, length, (uint16_t)w.at);
	assert(wr_ok(&w));
	return w.at;
}

/* Adds one fragment of the answer; says whether more will come. */
static bool take(struct reader r, struct writer *w, uint32_t *ret_fault)
{
	rd_skip(&r, 2);
	uint8_t type = rd_u8(&r), flags = rd_u8(&r);

	rd_skip(&r, 4);
	assert(rd_u16(&r) == r.length);
	rd_skip(&r, 2);
	assert(rd_u32(&r) == CALL_ID);
	rd_skip(&r, 8);
	assert(type == 2 || type == 3);
	if (type == 3) {
		*ret_fault = rd_u32(&r);
		return false;
	}
	struct bytes part = rd_bytes(&r, rd_left(&r));

	wr_copy(w, part.at, part.length);
	return !(flags & 2);
}

size_t fake_rpc_call(struct smb_pipe *pipe, uint16_t operation,
		     struct bytes stub, uint8_t *to, size_t size,
		     uint32_t *ret_fault)
{
	uint8_t *request = malloc(stub.length + 64), fragment[8192];
	struct bytes in = { request, fake_rpc_request(request, stub.length + 64,
						      operation, stub) };
	struct writer w = writer_at(to, size);
	enum nt_status status = smb_pipe_write(pipe, in);
	size_t length;

	assert(status == NT_STATUS_SUCCESS);
	free(request);
	*ret_fault = 0;
	do {
		status = smb_pipe_read(pipe, fragment, sizeof(fragment),
				       &length);
		assert(status == NT_STATUS_SUCCESS);
	} while (take(reader_at(fragment, length), &w, ret_fault));
	assert(wr_ok(&w));
	return w.at;
}
