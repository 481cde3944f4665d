/*
 * The commands, one file each: decode, find, act, encode, in this order on the
 * page. Each takes a request whose header, session and tree are settled and
 * whose body has the fixed size that smb/dispatch.c demands; each leaves its
 * answer in rq->out and returns the status. FileIds are looked up by the
 * command (smb_request_open).
 *
 * Thread: worker; each may suspend.
 */
#pragma once

#include "smb/request.h"

enum nt_status smb_cmd_co_negotiate(struct smb_request *rq);
enum nt_status smb_cmd_co_session_setup(struct smb_request *rq);
enum nt_status smb_cmd_co_logoff(struct smb_request *rq);
enum nt_status smb_cmd_co_tree_connect(struct smb_request *rq);
enum nt_status smb_cmd_co_tree_disconnect(struct smb_request *rq);
enum nt_status smb_cmd_co_create(struct smb_request *rq);
enum nt_status smb_cmd_co_close(struct smb_request *rq);
enum nt_status smb_cmd_co_flush(struct smb_request *rq);
enum nt_status smb_cmd_co_read(struct smb_request *rq);
enum nt_status smb_cmd_co_write(struct smb_request *rq);
enum nt_status smb_cmd_co_lock(struct smb_request *rq);
enum nt_status smb_cmd_co_ioctl(struct smb_request *rq);
enum nt_status smb_cmd_co_echo(struct smb_request *rq);
enum nt_status smb_cmd_co_query_directory(struct smb_request *rq);
enum nt_status smb_cmd_co_change_notify(struct smb_request *rq);
enum nt_status smb_cmd_co_query_info(struct smb_request *rq);
enum nt_status smb_cmd_co_set_info(struct smb_request *rq);
enum nt_status smb_cmd_co_oplock_break(struct smb_request *rq);
