/*
 * Sessions on connections: both lists that a binding is in, the counts of its
 * connection, and what makes two ends fit. Leaves the exchange to
 * cmd/session_setup.c.
 */
#include "smb/binding.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/limits.h"
#include "smb/session.h"
#include "smb/wire/header.h"

struct smb_binding *smb_binding_new(struct smb_session *session,
				    struct smb_channel *channel)
{
	if (channel->binding_count >= SMB_SESSIONS_MAX)
		return NULL;
	struct smb_binding *binding = calloc(1, sizeof(*binding));

	if (!binding)
		return NULL;
	binding->refs = 1;
	binding->session = session;
	binding->channel = channel;
	memcpy(binding->preauth, channel->preauth, sizeof(binding->preauth));
	TAILQ_INSERT_TAIL(&session->bindings, binding, session_entry);
	TAILQ_INSERT_TAIL(&channel->bindings, binding, channel_entry);
	session->binding_count++;
	channel->binding_count++;
	channel->half_open_count++;
	return binding;
}

struct smb_binding *smb_binding_find(struct smb_session *session,
				     const struct smb_channel *channel)
{
	struct smb_binding *binding;

	TAILQ_FOREACH(binding, &session->bindings, session_entry) {
		if (binding->channel == channel)
			return smb_binding_ref(binding);
	}
	return NULL;
}

struct smb_binding *smb_binding_ref(struct smb_binding *binding)
{
	binding->refs++;
	return binding;
}

struct smb_binding *smb_binding_unref(struct smb_binding *binding)
{
	if (!binding || --binding->refs > 0)
		return NULL;
	assert(!binding->session);
	smb_auth_free(binding->auth);
	smb_signer_free(binding->signer);
	explicit_bzero(binding->preauth, sizeof(binding->preauth));
	free(binding);
	return NULL;
}

void smb_binding_set_up(struct smb_binding *binding)
{
	assert(!binding->is_up);
	assert(binding->session);
	binding->is_up = true;
	binding->session->up_count++;
	binding->channel->half_open_count--;
	binding->channel->up_count++;
}

void smb_binding_remove(struct smb_binding *binding)
{
	struct smb_session *session = binding->session;
	struct smb_channel *channel = binding->channel;

	assert(session);
	TAILQ_REMOVE(&session->bindings, binding, session_entry);
	TAILQ_REMOVE(&channel->bindings, binding, channel_entry);
	session->binding_count--;
	channel->binding_count--;
	if (binding->is_up) {
		session->up_count--;
		if (--channel->up_count == 0)
			channel->stranger_since =
				smb_engine_ticks(channel->engine);
	} else {
		channel->half_open_count--;
	}
	binding->session = NULL;
	binding->channel = NULL;
	smb_binding_unref(binding);
}

void smb_binding_co_lose(struct smb_binding *binding)
{
	struct smb_session *session = binding->session;

	if (session->up_count > (binding->is_up ? 1 : 0))
		smb_binding_remove(binding);
	else
		smb_session_co_end(session, 0);
}

/* ---- what has to agree ---- */

static bool is_gmac(enum smb_signing signing)
{
	return signing == SMB_SIGNING_AES_GMAC;
}

enum nt_status smb_binding_check(const struct smb_session_facts *session,
				 const struct smb_channel *channel,
				 bool is_signed)
{
	bool has_other_gmac =
		is_gmac(session->signing) != is_gmac(channel->signing);

	if (has_other_gmac)
		return is_gmac(session->signing)
			       ? NT_STATUS_REQUEST_OUT_OF_SEQUENCE
			       : NT_STATUS_NOT_SUPPORTED;
	if (channel->dialect < SMB_DIALECT_300 ||
	    !channel->engine->facts->is_multichannel)
		return NT_STATUS_REQUEST_NOT_ACCEPTED;
	if (!is_signed || session->dialect != channel->dialect ||
	    session->cipher != channel->cipher)
		return NT_STATUS_INVALID_PARAMETER;
	/* Another client's: its worker is not ours to know. */
	if (memcmp(session->client_guid, channel->client_guid, 16) != 0)
		return NT_STATUS_USER_SESSION_DELETED;
	return session->is_authenticated ? NT_STATUS_SUCCESS
					 : NT_STATUS_NOT_SUPPORTED;
}
