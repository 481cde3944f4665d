/*
 * Messages of the client: chains, signatures, seals, and the way back.
 */
#include "tests/client/client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "smb/status.h"

enum {
	FRONT = SMB_TRANSFORM_LENGTH,
	OUT_MIN = 64 * 1024, /* one element without payload, and more */
	ELEMENT_MIN = 4096,
	AT_FLAGS = 16,
	AT_NEXT = 20,
	STATUS_PENDING = 0x103,
};

void client_init(struct client *c, const struct client_link *link)
{
	*c = (struct client){
		.link = *link,
		.guid = { 0xc1, 0x1e, 0x27 },
		.credits = 1,
		.credits_asked = 1,
		.security_mode = 1,
		.capabilities = 0x7f,
	};
	client_reserve(c, OUT_MIN);
}

void client_reserve(struct client *c, size_t more)
{
	size_t size = c->w.at + more;

	assert(size <= CLIENT_MESSAGE_MAX);
	if (size <= c->w.size)
		return;
	c->out = realloc(c->out, FRONT + size + SMB_SEAL_SPARE);
	assert(c->out);
	c->w.start = c->out + FRONT;
	c->w.size = size;
}

void client_fini(struct client *c)
{
	free(c->out);
	free(c->in);
}

/* ---- out ---- */

static void pad(struct client *c)
{
	wr_align(&c->w, 8);
}

struct writer *client_begin(struct client *c, enum smb_command command,
			    struct client_session *session, uint32_t tree_id,
			    uint32_t flags)
{
	bool is_cancel = command == SMB2_CANCEL;
	uint16_t charge = c->dialect > SMB_DIALECT_202 ? 1 : 0;

	assert(c->element_count < CLIENT_ELEMENTS_MAX);
	client_reserve(c, ELEMENT_MIN);
	if (c->element_count)
		pad(c);
	if (c->charge > 1)
		charge = c->charge;
	struct smb_header header = {
		.credit_charge = charge,
		.command = (uint16_t)command,
		.credits = c->credits_asked,
		.flags = flags,
		.message_id = c->message_id,
		.process_id = 0xfeff,
		.tree_id = tree_id,
		.session_id = session ? session->id : 0,
	};

	c->elements[c->element_count++] = (struct client_element){
		.at = c->w.at,
		.session = session,
		.is_signed = session && session->signs && session->signer,
	};
	smb_header_write(&c->w, &header);
	if (!is_cancel) {
		c->message_id += charge ? charge : 1;
		c->credits -= charge ? charge : 1;
	}
	c->charge = 0;
	return &c->w;
}

size_t client_body_at(const struct client *c)
{
	return c->w.at - c->elements[c->element_count - 1].at -
	       SMB_HEADER_LENGTH;
}

static size_t element_end(const struct client *c, unsigned int i)
{
	return i + 1 < c->element_count ? c->elements[i + 1].at : c->w.at;
}

struct bytes client_finish(struct client *c)
{
	uint8_t *start = c->out + FRONT;
	struct client_session *session = c->elements[0].session;
	bool is_sealed = session && session->seals;
	size_t length = c->w.at;

	assert(wr_ok(&c->w));
	for (unsigned int i = 0; i < c->element_count; i++) {
		struct client_element *e = &c->elements[i];
		size_t size = element_end(c, i) - e->at;

		if (i + 1 < c->element_count)
			wr_uint_to(start + e->at + AT_NEXT, size, 4);
		if (e->is_signed && !is_sealed)
			smb_sign_in_place(e->session->signer, start + e->at,
					  size);
	}
	c->element_count = 0;
	c->w.at = 0;
	if (!is_sealed)
		return (struct bytes){ start, length };
	if (!smb_seal(session->sealer, c->out, length, session->id))
		assert(!"nonces are used up");
	return (struct bytes){ c->out, FRONT + length };
}

bool client_post(struct client *c)
{
	struct bytes message = client_finish(c);

	return c->link.send(c->link.link, message.at, message.length);
}

/* ---- in ---- */

static struct client_session *session_of(struct client *c, uint64_t id)
{
	for (size_t i = 0; i < sizeof(c->sessions) / sizeof(c->sessions[0]);
	     i++) {
		if (c->sessions[i] && c->sessions[i]->id == id)
			return c->sessions[i];
	}
	return NULL;
}

static bool receive(struct client *c)
{
	struct smb_transform head;
	size_t length;

	free(c->in);
	c->in = c->link.receive(c->link.link, &length);
	c->in_at = 0;
	c->in_end = c->in ? length : 0;
	c->in_is_sealed = false;
	if (!c->in)
		return false;
	if (length < 4 || memcmp(c->in, "\xfdSMB", 4) != 0)
		return true;
	if (!smb_transform_parse((struct bytes){ c->in, length }, &head))
		assert(!"no transform header");
	struct client_session *session = session_of(c, head.session_id);

	assert(session);
	if (!smb_unseal(session->unsealer, c->in, length))
		assert(!"wrong seal");
	c->in_at = SMB_TRANSFORM_LENGTH;
	c->in_is_sealed = true;
	return true;
}

/* The server had no key for it; it keeps the flag then. */
static bool is_left_unsigned(const struct client_answer *answer)
{
	static const uint8_t none[sizeof(answer->header.signature)];

	return memcmp(answer->header.signature, none, sizeof(none)) == 0 &&
	       (answer->status == (uint32_t)NT_STATUS_ACCESS_DENIED ||
		answer->status == (uint32_t)NT_STATUS_USER_SESSION_DELETED);
}

static void check_signature(struct client *c, struct client_answer *answer)
{
	struct client_session *session =
		session_of(c, answer->header.session_id);

	if (!(answer->header.flags & SMB2_FLAGS_SIGNED) || !session ||
	    !session->signer || (session->binds && answer->status == 0) ||
	    is_left_unsigned(answer))
		return;
	answer->is_signed =
		smb_signature_is_right(session->signer, answer->whole.at,
				       answer->whole.length);
	if (!answer->is_signed)
		c->has_bad_signature = true;
}

bool client_take(struct client *c, struct client_answer *ret_answer)
{
	struct client_answer answer = { .is_sealed = false };

	if (c->in_at >= c->in_end && !receive(c))
		return false;
	struct reader r = reader_at(c->in + c->in_at, c->in_end - c->in_at);

	if (!smb_header_read(&r, &answer.header))
		assert(!"no SMB2 header");
	size_t length =
		answer.header.next ? answer.header.next : c->in_end - c->in_at;

	assert(length <= c->in_end - c->in_at);
	assert(answer.header.next % 8 == 0);
	assert(answer.header.flags & SMB2_FLAGS_SERVER_TO_REDIR);
	answer.whole = (struct bytes){ c->in + c->in_at, length };
	answer.body = (struct bytes){ c->in + c->in_at + SMB_HEADER_LENGTH,
				      length - SMB_HEADER_LENGTH };
	answer.status = answer.header.status;
	answer.is_sealed = c->in_is_sealed;
	answer.is_last = !answer.header.next;
	c->in_at += length;
	c->credits += answer.header.credits;
	if (!answer.is_sealed)
		check_signature(c, &answer);
	*ret_answer = answer;
	return true;
}

uint32_t client_ask(struct client *c, struct client_answer *ret_answer)
{
	struct client_answer answer = { .status = UINT32_MAX };

	if (!client_post(c))
		return UINT32_MAX;
	do {
		if (!client_take(c, &answer))
			return UINT32_MAX;
	} while (answer.status == STATUS_PENDING);
	if (ret_answer)
		*ret_answer = answer;
	return answer.status;
}
