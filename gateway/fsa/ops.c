/*
 * The room as the protocol engine sees it: smb_object_ops.
 */
#include "gateway/fsa/object.h"

static void disconnect(struct smb_volume *volume)
{
	fsa_find_forget(fsa_volume_of(volume));
	fsa_disconnect(volume);
}

const struct smb_object_ops fsa_object_ops = {
	.disconnect = disconnect,
	.co_create = fsa_co_create,
	.co_close = fsa_co_close,
	.co_flush = fsa_co_flush,
	.co_read = fsa_co_read,
	.co_write = fsa_co_write,
	.co_lock = fsa_co_lock,
	.co_list = fsa_co_list,
	.co_query = fsa_co_query,
	.co_set = fsa_co_set,
	.co_query_security = fsa_co_query_security,
	.co_set_security = fsa_co_set_security,
	.co_query_eas = fsa_co_query_eas,
	.co_query_streams = fsa_co_query_streams,
	.co_query_volume = fsa_co_query_volume,
	.co_ioctl = fsa_co_ioctl,
	.co_copy = fsa_co_copy,
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
