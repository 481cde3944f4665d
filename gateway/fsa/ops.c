/*
 * The room as the protocol engine sees it: smb_object_ops.
 */
#include "gateway/fsa/object.h"
#include "gateway/fsa/outside.h"

static void disconnect(struct smb_volume *volume)
{
	fsa_find_forget(fsa_volume_of(volume));
	fsa_disconnect(volume);
}

/* ---- what may change a file itself is marked as ours (outside.h) ---- */

static enum nt_status co_write(struct smb_object *object,
			       const struct smb_write *how)
{
	struct fsa_node *node = fsa_node_file(fsa_open_of(object)->node);
	enum nt_status status;

	fsa_own_begin(node);
	status = fsa_co_write(object, how);
	fsa_own_end(node);
	return status;
}

static enum nt_status co_set(struct smb_object *object,
			     const struct smb_set *set)
{
	struct fsa_node *node = fsa_node_file(fsa_open_of(object)->node);
	enum nt_status status;

	fsa_own_begin(node);
	status = fsa_co_set(object, set);
	fsa_own_end(node);
	return status;
}

static enum nt_status co_set_security(struct smb_object *object, uint32_t parts,
				      const uint8_t *security, uint32_t length)
{
	struct fsa_node *node = fsa_node_file(fsa_open_of(object)->node);
	enum nt_status status;

	fsa_own_begin(node);
	status = fsa_co_set_security(object, parts, security, length);
	fsa_own_end(node);
	return status;
}

/* MS-FSCC 2.3: those that need write access, and some that tell otherwise. */
static bool code_may_change(uint32_t code)
{
	enum {
		WRITE_ACCESS = 0x8000,
		SET_REPARSE_POINT = 0x900a4,
		DELETE_REPARSE_POINT = 0x900ac,
		SET_SPARSE = 0x900c4,
	};

	return code & WRITE_ACCESS || code == SET_REPARSE_POINT ||
	       code == DELETE_REPARSE_POINT || code == SET_SPARSE;
}

static enum nt_status co_ioctl(struct smb_object *object,
			       const struct smb_ioctl *ioctl,
			       uint32_t *ret_length)
{
	struct fsa_node *node = fsa_node_file(fsa_open_of(object)->node);
	enum nt_status status;

	if (!code_may_change(ioctl->code))
		return fsa_co_ioctl(object, ioctl, ret_length);
	fsa_own_begin(node);
	status = fsa_co_ioctl(object, ioctl, ret_length);
	fsa_own_end(node);
	return status;
}

static enum nt_status co_copy(struct smb_object *target,
			      const struct smb_copy *how, uint64_t *ret_copied)
{
	struct fsa_node *node = fsa_node_file(fsa_open_of(target)->node);
	enum nt_status status;

	fsa_own_begin(node);
	status = fsa_co_copy(target, how, ret_copied);
	fsa_own_end(node);
	return status;
}

const struct smb_object_ops fsa_object_ops = {
	.disconnect = disconnect,
	.co_create = fsa_co_create,
	.co_close = fsa_co_close,
	.co_flush = fsa_co_flush,
	.co_read = fsa_co_read,
	.co_write = co_write,
	.co_lock = fsa_co_lock,
	.co_list = fsa_co_list,
	.co_query = fsa_co_query,
	.co_set = co_set,
	.co_query_security = fsa_co_query_security,
	.co_set_security = co_set_security,
	.co_query_eas = fsa_co_query_eas,
	.co_query_streams = fsa_co_query_streams,
	.co_query_volume = fsa_co_query_volume,
	.co_ioctl = co_ioctl,
	.co_copy = co_copy,
	.co_notify = fsa_co_notify,
	.oplock_answer = fsa_oplock_answer,
	.oplock_lapse = fsa_oplock_lapse,
	.closing = fsa_closing,
	.co_keep = fsa_co_keep,
	.is_of = fsa_is_of,
	.co_may_return = fsa_co_may_return,
	.co_depart = fsa_co_depart,
	.arrive = fsa_arrive,
	.co_tell = fsa_co_tell,
	.body_drop = fsa_body_drop,
};
