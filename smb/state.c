/*
 * The encoding of state.h. A field that is added later goes to the end of its
 * record, with a new version; what a version means never changes.
 */
#include "smb/state.h"

#include <stdio.h>
#include <string.h>

#include "smb/lease.h"
#include "smb/session.h"
#include "smb/tree.h"

enum kind {
	KIND_SESSION = 1,
	KIND_TREE = 2,
	KIND_OPEN = 3,
	KIND_LEASE = 4,
	KIND_LOCK = 5,
};

enum {
	VERSION = 1, /* of all kinds, so far */
};

/* ---- records ---- */

static struct later begin(struct writer *w, enum kind kind)
{
	wr_u16(w, (uint16_t)kind);
	wr_u16(w, VERSION);
	return wr_later_u32(w);
}

static void end(struct writer *w, struct later length)
{
	wr_now_u32(w, length, (uint32_t)(w->at - length.at - 4));
}

/* The record's body; `r` is then behind it. */
static enum nt_status take(struct reader *r, enum kind kind,
			   struct reader *ret_body)
{
	struct reader at = *r;
	uint16_t kind_read = rd_u16(&at);
	uint16_t version = rd_u16(&at);
	uint32_t length = rd_u32(&at);
	struct reader body = rd_sub(&at, length);

	if (!rd_ok(&at) || kind_read != kind || length > SMB_STATE_RECORD_MAX)
		return NT_STATUS_INVALID_PARAMETER;
	if (version != VERSION)
		return NT_STATUS_UNKNOWN_REVISION;
	*ret_body = body;
	*r = at;
	return NT_STATUS_SUCCESS;
}

/* Whether it was read to its end, and no further. */
static bool is_whole(const struct reader *body)
{
	return rd_ok(body) && rd_left(body) == 0;
}

static void save_flag(struct writer *w, bool flag)
{
	wr_u8(w, flag);
}

static bool load_flag(struct reader *r)
{
	uint8_t flag = rd_u8(r);

	if (flag > 1)
		rd_fail(r);
	return flag == 1;
}

static void save_text(struct writer *w, const char *text)
{
	size_t length = strnlen(text, SMB_STATE_NAME_MAX - 1);

	wr_u16(w, (uint16_t)length);
	wr_copy(w, text, length);
}

static void load_text(struct reader *r, char text[SMB_STATE_NAME_MAX])
{
	uint16_t length = rd_u16(r);

	if (length >= SMB_STATE_NAME_MAX) {
		rd_fail(r);
		return;
	}
	rd_copy(r, text, length);
	text[length] = '\0';
	if (rd_ok(r) && strlen(text) != length)
		rd_fail(r);
}

/* ---- sessions ---- */

void smb_session_describe(const struct smb_session *session,
			  struct smb_session_state *ret_state)
{
	const struct smb_user *user = session->user;
	struct smb_session_state state = {
		.id = session->id,
		.dialect = session->facts.dialect,
		.is_guest = user->is_guest,
		.is_anonymous = user->is_anonymous,
		.must_sign = session->must_sign,
		.must_seal = session->must_seal,
	};

	memcpy(state.client_guid, session->facts.client_guid, 16);
	snprintf(state.user, sizeof(state.user), "%s", user->name);
	*ret_state = state;
}

void smb_session_save(struct writer *w, const struct smb_session_state *state)
{
	struct later length = begin(w, KIND_SESSION);

	wr_u64(w, state->id);
	wr_u16(w, state->dialect);
	wr_copy(w, state->client_guid, sizeof(state->client_guid));
	save_text(w, state->user);
	save_flag(w, state->is_guest);
	save_flag(w, state->is_anonymous);
	save_flag(w, state->must_sign);
	save_flag(w, state->must_seal);
	end(w, length);
}

enum nt_status smb_session_load(struct reader *r,
				struct smb_session_state *ret_state)
{
	struct smb_session_state state = { 0 };
	struct reader at = *r, body;
	enum nt_status status = take(&at, KIND_SESSION, &body);

	if (status != NT_STATUS_SUCCESS)
		return status;
	state.id = rd_u64(&body);
	state.dialect = rd_u16(&body);
	rd_copy(&body, state.client_guid, sizeof(state.client_guid));
	load_text(&body, state.user);
	state.is_guest = load_flag(&body);
	state.is_anonymous = load_flag(&body);
	state.must_sign = load_flag(&body);
	state.must_seal = load_flag(&body);
	if (!is_whole(&body) || state.id == 0)
		return NT_STATUS_INVALID_PARAMETER;
	*ret_state = state;
	*r = at;
	return NT_STATUS_SUCCESS;
}

/* ---- trees ---- */

void smb_tree_describe(const struct smb_tree *tree,
		       struct smb_tree_state *ret_state)
{
	struct smb_tree_state state = {
		.id = tree->id,
		.session_id = tree->session->id,
		.access_max = tree->facts.access_max,
		.must_encrypt = tree->facts.must_encrypt,
	};

	snprintf(state.share, sizeof(state.share), "%s", tree->facts.name);
	*ret_state = state;
}

void smb_tree_save(struct writer *w, const struct smb_tree_state *state)
{
	struct later length = begin(w, KIND_TREE);

	wr_u32(w, state->id);
	wr_u64(w, state->session_id);
	save_text(w, state->share);
	wr_u32(w, state->access_max);
	save_flag(w, state->must_encrypt);
	end(w, length);
}

enum nt_status smb_tree_load(struct reader *r, struct smb_tree_state *ret_state)
{
	struct smb_tree_state state = { 0 };
	struct reader at = *r, body;
	enum nt_status status = take(&at, KIND_TREE, &body);

	if (status != NT_STATUS_SUCCESS)
		return status;
	state.id = rd_u32(&body);
	state.session_id = rd_u64(&body);
	load_text(&body, state.share);
	state.access_max = rd_u32(&body);
	state.must_encrypt = load_flag(&body);
	if (!is_whole(&body) || state.id == 0)
		return NT_STATUS_INVALID_PARAMETER;
	*ret_state = state;
	*r = at;
	return NT_STATUS_SUCCESS;
}

/* ---- opens ---- */

static void describe_lease_of(const struct smb_open *open,
			      struct smb_open_state *state)
{
	const struct smb_lease *lease = open->lease;

	if (!lease)
		return;
	state->has_lease = lease->holder.is_lease;
	state->caching = lease->caching;
	if (state->has_lease)
		memcpy(state->lease_key, lease->key, sizeof(lease->key));
}

void smb_open_describe(const struct smb_open *open,
		       struct smb_open_state *ret_state)
{
	const struct smb_durable *durable = &open->durable;
	struct smb_open_state state = {
		.persistent = open->persistent,
		.volatile_id = open->volatile_id,
		.tree_id = open->tree->id,
		.granted = open->object ? open->object->granted : 0,
		.is_directory = open->object && open->object->is_directory,
		.action = (uint8_t)open->action,
		.is_durable = durable->is_granted,
		.is_resilient = durable->is_resilient,
		.is_disconnected = durable->is_disconnected,
		.timeout_ms = durable->timeout_ms,
		.channel_sequence = open->sequence.number,
		.instance = open->instanced.instance,
	};

	memcpy(state.client_guid, durable->client_guid, 16);
	memcpy(state.create_guid, durable->create_guid, SMB_CREATE_GUID_LENGTH);
	memcpy(state.lock_sequence, open->lock_sequence, SMB_LOCK_BUCKETS);
	describe_lease_of(open, &state);
	*ret_state = state;
}

static void save_durable(struct writer *w, const struct smb_open_state *state)
{
	save_flag(w, state->is_durable);
	save_flag(w, state->is_resilient);
	save_flag(w, state->is_disconnected);
	wr_u32(w, state->timeout_ms);
	wr_copy(w, state->client_guid, sizeof(state->client_guid));
	wr_copy(w, state->create_guid, sizeof(state->create_guid));
	save_flag(w, state->has_lease);
	wr_copy(w, state->lease_key, sizeof(state->lease_key));
	wr_u8(w, state->caching);
}

static void load_durable(struct reader *r, struct smb_open_state *state)
{
	state->is_durable = load_flag(r);
	state->is_resilient = load_flag(r);
	state->is_disconnected = load_flag(r);
	state->timeout_ms = rd_u32(r);
	rd_copy(r, state->client_guid, sizeof(state->client_guid));
	rd_copy(r, state->create_guid, sizeof(state->create_guid));
	state->has_lease = load_flag(r);
	rd_copy(r, state->lease_key, sizeof(state->lease_key));
	state->caching = rd_u8(r);
}

static void save_instance(struct writer *w, const struct smb_instance *instance)
{
	save_flag(w, instance->has_id);
	wr_copy(w, instance->id, sizeof(instance->id));
	save_flag(w, instance->has_version);
	wr_u64(w, instance->version_high);
	wr_u64(w, instance->version_low);
}

static void load_instance(struct reader *r, struct smb_instance *instance)
{
	instance->has_id = load_flag(r);
	rd_copy(r, instance->id, sizeof(instance->id));
	instance->has_version = load_flag(r);
	instance->version_high = rd_u64(r);
	instance->version_low = rd_u64(r);
}

void smb_open_save(struct writer *w, const struct smb_open_state *state)
{
	struct later length = begin(w, KIND_OPEN);

	wr_u64(w, state->persistent);
	wr_u64(w, state->volatile_id);
	wr_u32(w, state->tree_id);
	wr_u32(w, state->granted);
	save_flag(w, state->is_directory);
	wr_u8(w, state->action);
	save_durable(w, state);
	wr_u16(w, state->channel_sequence);
	wr_copy(w, state->lock_sequence, sizeof(state->lock_sequence));
	save_instance(w, &state->instance);
	end(w, length);
}

/* Numbers are 0 to 15, and kept as one more; 0 is none. */
static bool lock_sequence_is_right(const struct smb_open_state *state)
{
	for (int i = 0; i < SMB_LOCK_BUCKETS; i++) {
		if (state->lock_sequence[i] > 16)
			return false;
	}
	return true;
}

static bool caching_is_right(uint8_t caching)
{
	return !(caching &
		 ~(SMB_CACHE_READ | SMB_CACHE_HANDLE | SMB_CACHE_WRITE));
}

enum nt_status smb_open_load(struct reader *r, struct smb_open_state *ret_state)
{
	struct smb_open_state state = { 0 };
	struct reader at = *r, body;
	enum nt_status status = take(&at, KIND_OPEN, &body);

	if (status != NT_STATUS_SUCCESS)
		return status;
	state.persistent = rd_u64(&body);
	state.volatile_id = rd_u64(&body);
	state.tree_id = rd_u32(&body);
	state.granted = rd_u32(&body);
	state.is_directory = load_flag(&body);
	state.action = rd_u8(&body);
	load_durable(&body, &state);
	state.channel_sequence = rd_u16(&body);
	rd_copy(&body, state.lock_sequence, sizeof(state.lock_sequence));
	load_instance(&body, &state.instance);
	if (!is_whole(&body) || state.action > SMB_CREATE_OVERWRITTEN ||
	    !caching_is_right(state.caching) || !lock_sequence_is_right(&state))
		return NT_STATUS_INVALID_PARAMETER;
	*ret_state = state;
	*r = at;
	return NT_STATUS_SUCCESS;
}

/* ---- leases ---- */

void smb_lease_describe(const struct smb_lease *lease,
			struct smb_lease_state *ret_state)
{
	struct smb_lease_state state = {
		.has_parent = lease->has_parent,
		.version = lease->version,
		.epoch = lease->epoch,
		.caching = lease->caching,
		.is_awaited = lease->is_awaited,
	};

	memcpy(state.client_guid, lease->client_guid, 16);
	memcpy(state.key, lease->key, sizeof(state.key));
	memcpy(state.parent_key, lease->parent_key, sizeof(state.parent_key));
	*ret_state = state;
}

void smb_lease_save(struct writer *w, const struct smb_lease_state *state)
{
	struct later length = begin(w, KIND_LEASE);

	wr_copy(w, state->client_guid, sizeof(state->client_guid));
	wr_copy(w, state->key, sizeof(state->key));
	wr_copy(w, state->parent_key, sizeof(state->parent_key));
	save_flag(w, state->has_parent);
	wr_u8(w, state->version);
	wr_u16(w, state->epoch);
	wr_u8(w, state->caching);
	save_flag(w, state->is_awaited);
	end(w, length);
}

enum nt_status smb_lease_load(struct reader *r,
			      struct smb_lease_state *ret_state)
{
	struct smb_lease_state state = { 0 };
	struct reader at = *r, body;
	enum nt_status status = take(&at, KIND_LEASE, &body);

	if (status != NT_STATUS_SUCCESS)
		return status;
	rd_copy(&body, state.client_guid, sizeof(state.client_guid));
	rd_copy(&body, state.key, sizeof(state.key));
	rd_copy(&body, state.parent_key, sizeof(state.parent_key));
	state.has_parent = load_flag(&body);
	state.version = rd_u8(&body);
	state.epoch = rd_u16(&body);
	state.caching = rd_u8(&body);
	state.is_awaited = load_flag(&body);
	if (!is_whole(&body) || state.version < 1 || state.version > 2 ||
	    !caching_is_right(state.caching))
		return NT_STATUS_INVALID_PARAMETER;
	*ret_state = state;
	*r = at;
	return NT_STATUS_SUCCESS;
}

/* ---- ranges ---- */

void smb_lock_save(struct writer *w, const struct smb_lock_state *state)
{
	struct later length = begin(w, KIND_LOCK);

	wr_u64(w, state->persistent);
	wr_u64(w, state->offset);
	wr_u64(w, state->length);
	save_flag(w, state->is_exclusive);
	end(w, length);
}

/* The last byte of a range must have a 64-bit number (MS-FSA 2.1.5.8). */
static bool range_is_right(const struct smb_lock_state *state)
{
	return !state->length ||
	       state->offset <= UINT64_MAX - state->length + 1;
}

enum nt_status smb_lock_load(struct reader *r, struct smb_lock_state *ret_state)
{
	struct smb_lock_state state = { 0 };
	struct reader at = *r, body;
	enum nt_status status = take(&at, KIND_LOCK, &body);

	if (status != NT_STATUS_SUCCESS)
		return status;
	state.persistent = rd_u64(&body);
	state.offset = rd_u64(&body);
	state.length = rd_u64(&body);
	state.is_exclusive = load_flag(&body);
	if (!is_whole(&body) || !range_is_right(&state))
		return NT_STATUS_INVALID_PARAMETER;
	*ret_state = state;
	*r = at;
	return NT_STATUS_SUCCESS;
}
