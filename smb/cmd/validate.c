/*
 * FSCTL_VALIDATE_NEGOTIATE_INFO (MS-SMB2 2.2.31.4, 3.3.5.15.12): before 3.1.1
 * nothing protects a NEGOTIATE, so clients of 3.0 ask afterwards, signed, what
 * the server understood.
 */
#include "smb/cmd/ioctl.h"

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/session.h"

enum {
	ANSWER_SIZE = 24,
	DIALECTS_MAX = 64, /* clients know five */
};

struct claim {
	uint32_t capabilities;
	const uint8_t *guid;
	uint16_t security_mode;
	uint16_t count;
	uint16_t dialects[DIALECTS_MAX];
};

static bool read_claim(struct bytes in, struct claim *claim)
{
	struct reader r = reader_of(in);

	claim->capabilities = rd_u32(&r);
	claim->guid = rd_raw(&r, 16);
	claim->security_mode = rd_u16(&r);
	claim->count = rd_u16(&r);
	if (claim->count > DIALECTS_MAX)
		return false;
	for (uint16_t i = 0; i < claim->count; i++)
		claim->dialects[i] = rd_u16(&r);
	return rd_ok(&r);
}

/* In 3.1.1 the preauthentication hash does it: nobody honest asks. */
static bool claim_is_true(const struct smb_channel *channel,
			  const struct claim *claim)
{
	uint16_t dialect = smb_dialect_choose(channel->engine->facts,
					      claim->dialects, claim->count);

	return channel->dialect != SMB_DIALECT_311 &&
	       dialect == channel->dialect &&
	       claim->capabilities == channel->client_capabilities &&
	       claim->security_mode == channel->client_security_mode &&
	       memcmp(claim->guid, channel->client_guid, 16) == 0;
}

enum nt_status smb_fsctl_validate_negotiate(struct smb_request *rq,
					    struct smb_fsctl_call *call)
{
	const struct smb_channel *channel = rq->channel;
	struct claim claim = { 0 };

	if (!read_claim(call->in, &claim))
		return NT_STATUS_INVALID_PARAMETER;
	if (wr_left(&call->out) < ANSWER_SIZE)
		return NT_STATUS_BUFFER_TOO_SMALL;
	if (!claim_is_true(channel, &claim)) {
		rq->is_drop = true;
		return NT_STATUS_ACCESS_DENIED;
	}
	wr_u32(&call->out, channel->capabilities);
	wr_copy(&call->out, channel->engine->facts->guid, 16);
	wr_u16(&call->out, channel->security_mode);
	wr_u16(&call->out, channel->dialect);
	/* The answer proves nothing without a signature. */
	rq->must_sign = rq->session->has_key && !rq->is_sealed;
	return NT_STATUS_SUCCESS;
}
