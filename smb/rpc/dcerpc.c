/*
 * RPC's runtime: bindings, fragments, faults. Little-endian NDR 2.0 without
 * authentication of its own (the SMB session has seen to that). What the calls
 * mean is known by the interfaces.
 */
#include "smb/rpc/dcerpc.h"

#include <stdlib.h>
#include <string.h>

#include "smb/limits.h"

enum {
	/* C706 12.6.4.1 */
	REQUEST = 0,
	RESPONSE = 2,
	FAULT = 3,
	BIND = 11,
	BIND_ACK = 12,
	BIND_NAK = 13,
	ALTER_CONTEXT = 14,
	ALTER_CONTEXT_RESPONSE = 15,
	CO_CANCEL = 18,
	ORPHANED = 19,
	/* C706 12.6.3.1 */
	FLAG_FIRST = 0x01,
	FLAG_LAST = 0x02,
	FLAG_DID_NOT_EXECUTE = 0x20,
	FLAG_OBJECT = 0x80,
	LITTLE_ENDIAN_ASCII = 0x10,
	/* What Windows says, and the least that everyone must take. */
	FRAGMENT_MAX = 4280,
	FRAGMENT_MIN = 1432,
	RESPONSE_HEADER = SMB_RPC_HEADER + 8,
	CONTROL_MAX = 512, /* BIND_ACK and the like */
	/* p_cont_def_result_t and its reasons, C706 12.6.4.4 */
	ACCEPTED = 0,
	REJECTED = 2,
	NO_SUCH_INTERFACE = 1,
	NO_SUCH_TRANSFER_SYNTAX = 2,
	LOCAL_LIMIT = 3,
	/* provider_reject_reason, MS-RPCE 2.2.2.5 */
	AUTHENTICATION_UNKNOWN = 8,
	/* Any number but zero: there are no groups of associations here. */
	ASSOCIATION = 0x53f0,
	SYNTAX_LENGTH = 20, /* a UUID and a version */
};

/* 8a885d04-1ceb-11c9-9fe8-08002b104860 */
static const uint8_t ndr_uuid[16] = { 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c,
				      0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00,
				      0x2b, 0x10, 0x48, 0x60 };

struct head {
	uint8_t type, flags;
	uint16_t auth_length;
	uint32_t call_id;
};

size_t smb_rpc_fragment_length(const uint8_t *bytes)
{
	struct reader r = reader_at(bytes + SMB_RPC_LENGTH_AT, 2);

	return rd_u16(&r);
}

void smb_rpc_fini(struct smb_rpc *rpc)
{
	free(rpc->stub);
	rpc->stub = NULL;
}

/* ---- what goes out ---- */

static struct later begin(struct writer *w, uint8_t type, uint8_t flags,
			  uint32_t call_id)
{
	wr_u8(w, 5);
	wr_u8(w, 0);
	wr_u8(w, type);
	wr_u8(w, flags);
	wr_u32(w, LITTLE_ENDIAN_ASCII);
	struct later length = wr_later_u16(w);

	wr_u16(w, 0);
	wr_u32(w, call_id);
	return length;
}

static bool send(struct smb_rpc *rpc, struct writer *w, struct later length)
{
	wr_now_u16(w, length, (uint16_t)w->at);
	return wr_ok(w) &&
	       rpc->send(rpc->arg, (struct bytes){ w->start, w->at });
}

static bool send_fault(struct smb_rpc *rpc, enum smb_rpc_fault status)
{
	uint8_t to[64];
	struct writer w = writer_at(to, sizeof(to));
	uint8_t flags = FLAG_FIRST | FLAG_LAST;

	if (status == SMB_RPC_UNKNOWN_OPERATION ||
	    status == SMB_RPC_UNKNOWN_INTERFACE)
		flags |= FLAG_DID_NOT_EXECUTE;
	struct later length = begin(&w, FAULT, flags, rpc->call_id);

	wr_u32(&w, 0);
	wr_u16(&w, rpc->context_id);
	wr_u16(&w, 0);
	wr_u32(&w, (uint32_t)status);
	wr_u32(&w, 0);
	return send(rpc, &w, length);
}

/* One fragment of a response, from `at` on; ref_at moves behind it. */
static bool send_part(struct smb_rpc *rpc, struct bytes stub, size_t *ref_at)
{
	uint8_t to[FRAGMENT_MAX];
	struct writer w = writer_at(to, rpc->fragment_max);
	size_t room = (rpc->fragment_max - RESPONSE_HEADER) & ~(size_t)7;
	size_t left = stub.length - *ref_at;
	size_t n = left < room ? left : room;
	uint8_t flags = *ref_at == 0 ? FLAG_FIRST : 0;

	if (n == left)
		flags |= FLAG_LAST;
	struct later length = begin(&w, RESPONSE, flags, rpc->call_id);

	wr_u32(&w, (uint32_t)left);
	wr_u16(&w, rpc->context_id);
	wr_u16(&w, 0);
	wr_copy(&w, stub.at + *ref_at, n);
	*ref_at += n;
	return send(rpc, &w, length);
}

static bool send_response(struct smb_rpc *rpc, struct bytes stub)
{
	size_t at = 0;

	do {
		if (!send_part(rpc, stub, &at))
			return false;
	} while (at < stub.length);
	return true;
}

/* ---- bindings ---- */

static bool knows_context(const struct smb_rpc *rpc, uint16_t id)
{
	for (unsigned int i = 0; i < rpc->context_count; i++)
		if (rpc->contexts[i] == id)
			return true;
	return false;
}

/* Whether our transfer syntax is among those that are offered. */
static bool offers_ndr(struct reader *r, uint8_t count)
{
	bool is_found = false;

	for (int i = 0; i < count; i++) {
		const uint8_t *uuid = rd_raw(r, sizeof(ndr_uuid));
		uint32_t version = rd_u32(r);

		if (uuid && version == 2 &&
		    memcmp(uuid, ndr_uuid, sizeof(ndr_uuid)) == 0)
			is_found = true;
	}
	return is_found;
}

static bool is_our_interface(const struct smb_rpc *rpc, const uint8_t *uuid,
			     uint16_t version)
{
	const struct smb_rpc_interface *ours = rpc->interface;

	return uuid && version == ours->version &&
	       memcmp(uuid, ours->uuid, sizeof(ours->uuid)) == 0;
}

static bool accept_context(struct smb_rpc *rpc, uint16_t id)
{
	if (knows_context(rpc, id))
		return true;
	if (rpc->context_count == SMB_RPC_CONTEXTS_MAX)
		return false;
	rpc->contexts[rpc->context_count++] = id;
	return true;
}

/* Reads one presentation context and writes what is thought of it. */
static void take_context(struct smb_rpc *rpc, struct reader *r,
			 struct writer *w)
{
	uint16_t id = rd_u16(r), result = REJECTED, reason = 0;
	uint8_t transfers = rd_u8(r);

	rd_skip(r, 1);
	const uint8_t *uuid = rd_raw(r, 16);
	uint16_t version = rd_u16(r);

	rd_skip(r, 2);
	if (!offers_ndr(r, transfers))
		reason = NO_SUCH_TRANSFER_SYNTAX;
	else if (!is_our_interface(rpc, uuid, version))
		reason = NO_SUCH_INTERFACE;
	else if (rd_ok(r) && !accept_context(rpc, id))
		reason = LOCAL_LIMIT;
	else
		result = ACCEPTED;
	wr_u16(w, result);
	wr_u16(w, reason);
	if (result == ACCEPTED) {
		wr_copy(w, ndr_uuid, sizeof(ndr_uuid));
		wr_u32(w, 2);
	} else {
		wr_zero(w, SYNTAX_LENGTH);
	}
}

/* The name by which the pipe is known to others: only BIND is told. */
static void write_address(const struct smb_rpc *rpc, struct writer *w,
			  bool is_bind)
{
	static const char prefix[] = "\\PIPE\\";
	size_t length = strlen(rpc->interface->pipe);

	if (is_bind) {
		wr_u16(w, (uint16_t)(sizeof(prefix) + length));
		wr_copy(w, prefix, sizeof(prefix) - 1);
		wr_copy(w, rpc->interface->pipe, length);
		wr_u8(w, 0);
	} else {
		wr_u16(w, 0);
	}
	wr_align(w, 4);
}

static size_t clamped(size_t v, size_t min, size_t max)
{
	if (v < min)
		return min;
	return v < max ? v : max;
}

/* C706 12.6.4.3, and ALTER_CONTEXT, which is the same later on. */
static bool take_bind(struct smb_rpc *rpc, const struct head *head,
		      struct reader *r)
{
	bool is_bind = head->type == BIND;
	uint8_t to[CONTROL_MAX];
	struct writer w = writer_at(to, sizeof(to));
	struct later length =
		begin(&w, is_bind ? BIND_ACK : ALTER_CONTEXT_RESPONSE,
		      FLAG_FIRST | FLAG_LAST, head->call_id);

	rd_skip(r, 2);
	uint16_t receive_max = rd_u16(r);

	rd_skip(r, 4);
	uint8_t count = rd_u8(r);

	rd_skip(r, 3);
	if (is_bind)
		rpc->fragment_max =
			clamped(receive_max, FRAGMENT_MIN, FRAGMENT_MAX);
	wr_u16(&w, (uint16_t)rpc->fragment_max);
	wr_u16(&w, FRAGMENT_MAX);
	wr_u32(&w, ASSOCIATION);
	write_address(rpc, &w, is_bind);
	wr_u8(&w, count);
	wr_zero(&w, 3);
	for (int i = 0; i < count && rd_ok(r) && wr_ok(&w); i++)
		take_context(rpc, r, &w);
	return rd_ok(r) && send(rpc, &w, length);
}

static bool send_nak(struct smb_rpc *rpc, const struct head *head)
{
	uint8_t to[64];
	struct writer w = writer_at(to, sizeof(to));
	struct later length =
		begin(&w, BIND_NAK, FLAG_FIRST | FLAG_LAST, head->call_id);

	wr_u16(&w, AUTHENTICATION_UNKNOWN);
	wr_u8(&w, 1); /* one version: 5.0 */
	wr_u8(&w, 5);
	wr_u8(&w, 0);
	wr_align(&w, 4);
	return send(rpc, &w, length);
}

/* ---- calls ---- */

static smb_rpc_fn *find_operation(const struct smb_rpc *rpc)
{
	const struct smb_rpc_interface *face = rpc->interface;

	for (size_t i = 0; i < face->count; i++)
		if (face->operations[i].number == rpc->operation)
			return face->operations[i].answer;
	return NULL;
}

/* Room for the longest answer costs little: what is not touched is not had. */
static bool answer(struct smb_rpc *rpc, smb_rpc_fn *operation)
{
	uint8_t *room = malloc(SMB_RPC_CALL_MAX);
	struct smb_rpc_call call = {
		.ports = rpc->ports,
		.user = rpc->user,
		.in = reader_at(rpc->stub, rpc->stub_length),
		.out = writer_at(room, SMB_RPC_CALL_MAX),
	};
	enum smb_rpc_fault fault = SMB_RPC_NO_MEMORY;
	bool is_sent;

	if (room)
		fault = operation(&call);
	if (fault == SMB_RPC_OK && !rd_ok(&call.in))
		fault = SMB_RPC_BAD_STUB_DATA;
	if (fault == SMB_RPC_OK && !wr_ok(&call.out))
		fault = SMB_RPC_NO_MEMORY;
	if (fault == SMB_RPC_OK)
		is_sent =
			send_response(rpc, (struct bytes){ room, call.out.at });
	else
		is_sent = send_fault(rpc, fault);
	free(room);
	return is_sent;
}

static bool call(struct smb_rpc *rpc)
{
	smb_rpc_fn *operation = find_operation(rpc);

	if (!knows_context(rpc, rpc->context_id))
		return send_fault(rpc, SMB_RPC_UNKNOWN_INTERFACE);
	if (!operation)
		return send_fault(rpc, SMB_RPC_UNKNOWN_OPERATION);
	return answer(rpc, operation);
}

static bool gather(struct smb_rpc *rpc, struct bytes part)
{
	if (part.length == 0)
		return true;
	if (!sum_fits(rpc->stub_length, part.length, SMB_RPC_CALL_MAX))
		return false;
	uint8_t *stub = realloc(rpc->stub, rpc->stub_length + part.length);

	if (!stub)
		return false;
	memcpy(stub + rpc->stub_length, part.at, part.length);
	rpc->stub = stub;
	rpc->stub_length += part.length;
	return true;
}

static void forget_request(struct smb_rpc *rpc)
{
	free(rpc->stub);
	rpc->stub = NULL;
	rpc->stub_length = 0;
	rpc->is_gathering = false;
}

/* C706 12.6.4.9: fragments of one call follow each other. */
static bool take_request(struct smb_rpc *rpc, const struct head *head,
			 struct reader *r)
{
	bool is_first = head->flags & FLAG_FIRST;

	rd_skip(r, 4);
	uint16_t context_id = rd_u16(r), operation = rd_u16(r);

	if (head->flags & FLAG_OBJECT)
		rd_skip(r, 16);
	if (!rd_ok(r) || is_first == rpc->is_gathering)
		return false;
	if (is_first) {
		rpc->call_id = head->call_id;
		rpc->context_id = context_id;
		rpc->operation = operation;
		rpc->is_gathering = true;
	}
	if (rpc->call_id != head->call_id || rpc->operation != operation ||
	    rpc->context_id != context_id)
		return false;
	if (!gather(rpc, rd_bytes(r, rd_left(r))))
		return false;
	if (!(head->flags & FLAG_LAST))
		return true;
	bool is_sent = call(rpc);

	forget_request(rpc);
	return is_sent;
}

/* ---- fragments ---- */

static bool read_head(struct reader *r, struct head *ret_head)
{
	struct head head;
	uint8_t major = rd_u8(r), minor = rd_u8(r);

	head.type = rd_u8(r);
	head.flags = rd_u8(r);
	uint8_t representation = rd_u8(r);

	rd_skip(r, 3 + 2);
	head.auth_length = rd_u16(r);
	head.call_id = rd_u32(r);
	if (!rd_ok(r) || major != 5 || minor > 1)
		return false;
	if (representation != LITTLE_ENDIAN_ASCII)
		return false;
	*ret_head = head;
	return true;
}

bool smb_rpc_take(struct smb_rpc *rpc, struct bytes fragment)
{
	struct reader r = reader_of(fragment);
	struct head head;

	if (!read_head(&r, &head))
		return false;
	/* Verifiers come with authentication, which is refused here. */
	if (head.auth_length &&
	    (head.type == BIND || head.type == ALTER_CONTEXT))
		return send_nak(rpc, &head);
	if (head.auth_length)
		return false;
	switch (head.type) {
	case BIND:
		return rpc->fragment_max == 0 && take_bind(rpc, &head, &r);
	case ALTER_CONTEXT:
		return rpc->fragment_max != 0 && take_bind(rpc, &head, &r);
	case REQUEST:
		return rpc->fragment_max != 0 && take_request(rpc, &head, &r);
	case CO_CANCEL: /* too late: calls are answered at once */
		return true;
	case ORPHANED:
		forget_request(rpc);
		return true;
	default:
		return false;
	}
}
