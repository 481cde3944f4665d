/*
 * The table of commands. Sizes are those of the requests' StructureSize, which
 * is odd where a variable part follows (MS-SMB2 2.2.3 to 2.2.39).
 */
#include "smb/dispatch.h"

#include "smb/cmd/cmd.h"

static const struct smb_command_row rows[SMB2_COMMANDS] = {
	[SMB2_NEGOTIATE] = { .name = "negotiate",
			     .size = 36,
			     .co_run = smb_cmd_co_negotiate,
			     .may_wait_long = true },
	[SMB2_SESSION_SETUP] = { .name = "session_setup",
				 .size = 25,
				 .co_run = smb_cmd_co_session_setup,
				 .may_wait_long = true },
	[SMB2_LOGOFF] = { .name = "logoff",
			  .size = 4,
			  .needs_session = true,
			  .co_run = smb_cmd_co_logoff,
			  .may_wait_long = true },
	[SMB2_TREE_CONNECT] = { .name = "tree_connect",
				.size = 9,
				.needs_session = true,
				.co_run = smb_cmd_co_tree_connect,
				.may_wait_long = true },
	[SMB2_TREE_DISCONNECT] = { .name = "tree_disconnect",
				   .size = 4,
				   .needs_session = true,
				   .needs_tree = true,
				   .co_run = smb_cmd_co_tree_disconnect,
				   .may_wait_long = true },
	[SMB2_CREATE] = { .name = "create",
			  .size = 57,
			  .needs_session = true,
			  .needs_tree = true,
			  .co_run = smb_cmd_co_create,
			  .may_wait_long = true },
	[SMB2_CLOSE] = { .name = "close",
			 .size = 24,
			 .needs_session = true,
			 .needs_tree = true,
			 .file_id_at = 8,
			 .binds_early = true,
			 .co_run = smb_cmd_co_close,
			 .may_wait_long = true },
	[SMB2_FLUSH] = { .name = "flush",
			 .size = 24,
			 .needs_session = true,
			 .needs_tree = true,
			 .file_id_at = 8,
			 .binds_early = true,
			 .co_run = smb_cmd_co_flush },
	[SMB2_READ] = { .name = "read",
			.size = 49,
			.needs_session = true,
			.needs_tree = true,
			.file_id_at = 16,
			.binds_early = true,
			.co_run = smb_cmd_co_read },
	[SMB2_WRITE] = { .name = "write",
			 .size = 49,
			 .needs_session = true,
			 .needs_tree = true,
			 .file_id_at = 16,
			 .binds_early = true,
			 .co_run = smb_cmd_co_write },
	[SMB2_LOCK] = { .name = "lock",
			.size = 48,
			.needs_session = true,
			.needs_tree = true,
			.file_id_at = 8,
			.co_run = smb_cmd_co_lock,
			.may_wait_long = true },
	[SMB2_IOCTL] = { .name = "ioctl",
			 .size = 57,
			 .needs_session = true,
			 .needs_tree = true,
			 .file_id_at = 8,
			 .co_run = smb_cmd_co_ioctl,
			 .may_wait_long = true },
	[SMB2_CANCEL] = { .name = "cancel", .size = 4, .needs_session = true },
	[SMB2_ECHO] = { .name = "echo", .size = 4, .co_run = smb_cmd_co_echo },
	[SMB2_QUERY_DIRECTORY] = { .name = "query_directory",
				   .size = 33,
				   .needs_session = true,
				   .needs_tree = true,
				   .file_id_at = 8,
				   .binds_early = true,
				   .co_run = smb_cmd_co_query_directory },
	[SMB2_CHANGE_NOTIFY] = { .name = "change_notify",
				 .size = 32,
				 .needs_session = true,
				 .needs_tree = true,
				 .file_id_at = 8,
				 .co_run = smb_cmd_co_change_notify,
				 .may_wait_long = true },
	[SMB2_QUERY_INFO] = { .name = "query_info",
			      .size = 41,
			      .needs_session = true,
			      .needs_tree = true,
			      .file_id_at = 24,
			      .binds_early = true,
			      .co_run = smb_cmd_co_query_info },
	[SMB2_SET_INFO] = { .name = "set_info",
			    .size = 33,
			    .needs_session = true,
			    .needs_tree = true,
			    .file_id_at = 16,
			    .binds_early = true,
			    .co_run = smb_cmd_co_set_info,
			    .may_wait_long = true },
	[SMB2_OPLOCK_BREAK] = { .name = "oplock_break",
				.size = 24,
				.other_size = 36,
				.needs_session = true,
				.needs_tree = true,
				.co_run = smb_cmd_co_oplock_break,
				.may_wait_long = true },
};

const struct smb_command_row *smb_dispatch_row(uint16_t command)
{
	return command < SMB2_COMMANDS ? &rows[command] : NULL;
}

bool smb_dispatch_size_is_right(const struct smb_command_row *row,
				struct bytes body)
{
	struct reader r = reader_of(body);
	uint16_t size = rd_u16(&r);

	if (!rd_ok(&r) || size == 0)
		return false;
	if (size != row->size && size != row->other_size)
		return false;
	return body.length >= (size & ~1u);
}
