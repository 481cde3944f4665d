/*
 * The one SMB1 message that is understood: a NEGOTIATE that offers an SMB2
 * dialect beside the old ones (MS-SMB2 3.3.5.3). It is answered in SMB2; SMB1
 * itself is not spoken. This exchange is no part of the preauth hash.
 */
#include "smb/frame.h"

#include <string.h>

#include "smb/cmd/negotiate.h"
#include "smb/engine.h"
#include "smb/reply.h"

enum {
	SMB1_COM_NEGOTIATE = 0x72,
	SMB1_HEADER_LENGTH = 32,
	SMB1_DIALECT_BUFFER = 2, /* BufferFormat before each name */
};

/* Whether it is a NEGOTIATE; `ret_names` is its list of dialects. */
static bool decode(struct bytes frame, struct reader *ret_names)
{
	struct reader r = reader_of(frame);

	rd_skip(&r, 4);
	uint8_t command = rd_u8(&r);

	rd_seek(&r, SMB1_HEADER_LENGTH);
	uint8_t words = rd_u8(&r);
	uint16_t length = rd_u16(&r);

	*ret_names = rd_sub(&r, length);
	return rd_ok(&r) && command == SMB1_COM_NEGOTIATE && words == 0;
}

static bool is_listed(struct reader names, const char *dialect)
{
	while (rd_left(&names)) {
		const uint8_t *at = names.start + names.at + 1;

		if (rd_u8(&names) != SMB1_DIALECT_BUFFER)
			return false;
		const uint8_t *end = memchr(at, 0, names.length - names.at);

		if (!end)
			return false;
		if (strcmp((const char *)at, dialect) == 0)
			return true;
		rd_skip(&names, (size_t)(end - at) + 1);
	}
	return false;
}

/* 0: none of ours. */
static uint16_t choose(const struct smb_server_facts *facts,
		       struct reader names)
{
	if (facts->dialect_max > SMB_DIALECT_202 &&
	    is_listed(names, "SMB 2.???"))
		return SMB_DIALECT_WILDCARD;
	if (facts->dialect_min <= SMB_DIALECT_202 &&
	    is_listed(names, "SMB 2.002"))
		return SMB_DIALECT_202;
	return 0;
}

static bool answer(struct smb_channel *channel, uint16_t dialect)
{
	struct smb_reply *reply =
		smb_reply_new(channel,
			      SMB_HEADER_LENGTH + SMB_NEGOTIATE_BODY_MAX);

	if (!reply)
		return false;
	struct smb_header header = {
		.command = SMB2_NEGOTIATE,
		.flags = SMB2_FLAGS_SERVER_TO_REDIR,
		.credits = smb_credit_grant(&channel->credits, 1, 0),
	};
	struct writer h =
		writer_at(smb_reply_message(reply), SMB_HEADER_LENGTH);
	struct writer w =
		writer_at(smb_reply_message(reply) + SMB_HEADER_LENGTH,
			  SMB_NEGOTIATE_BODY_MAX);

	smb_header_write(&h, &header);
	smb_negotiate_answer(channel, dialect, &w);
	smb_reply_send(channel, reply, SMB_HEADER_LENGTH + w.at);
	return true;
}

bool smb_smb1_take(struct smb_channel *channel, struct bytes frame,
		   const char **ret_why)
{
	struct reader names;

	*ret_why = "SMB1 is not spoken";
	if (!decode(frame, &names))
		return false;
	uint16_t dialect = choose(channel->engine->facts, names);

	if (dialect == 0)
		return false;
	/* Its message id 0 is spent: the next one is 1. */
	smb_credit_take(&channel->credits, 0, 1);
	smb_negotiate_settle(channel, dialect);
	if (dialect == SMB_DIALECT_WILDCARD) {
		channel->dialect = 0;
		channel->state = SMB_CHANNEL_WILDCARD;
	}
	*ret_why = "out of memory";
	return answer(channel, dialect);
}
