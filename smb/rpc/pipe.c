/*
 * A named pipe of IPC$ in message mode: bytes come in as they like, and go out
 * a fragment at a time (MS-SMB2 3.3.5.12, MS-RPCE 2.1.1.2). What the fragments
 * mean is known by smb/rpc/dcerpc.c.
 */
#include "smb/rpc/rpc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "smb/limits.h"
#include "smb/rpc/dcerpc.h"
#include "smb/wire/utf16.h"

enum {
	NAME_MAX_UNITS = 16,
	/* Answers that a client leaves unread; each is SMB_RPC_CALL_MAX. */
	WAITING_MAX = 2 * SMB_RPC_CALL_MAX,
};

/* One fragment that waits to be read. */
struct message {
	TAILQ_ENTRY(message) entry;
	size_t length, taken;
	uint8_t bytes[];
};

struct smb_pipe {
	struct smb_rpc rpc;
	uint16_t path[NAME_MAX_UNITS];
	uint32_t path_count;
	uint8_t *in; /* the fragment that comes in; malloc */
	size_t in_length, in_size;
	TAILQ_HEAD(, message) waiting;
	size_t waiting_bytes;
	bool is_broken;
};

static const struct smb_rpc_interface *const interfaces[] = {
	&smb_rpc_lsarpc,
	&smb_rpc_srvsvc,
	&smb_rpc_wkssvc,
};

static bool keep(void *arg, struct bytes fragment)
{
	struct smb_pipe *pipe = arg;
	struct message *m;

	if (!sum_fits(pipe->waiting_bytes, fragment.length, WAITING_MAX))
		return false;
	m = malloc(sizeof(*m) + fragment.length);
	if (!m)
		return false;
	m->length = fragment.length;
	m->taken = 0;
	memcpy(m->bytes, fragment.at, fragment.length);
	TAILQ_INSERT_TAIL(&pipe->waiting, m, entry);
	pipe->waiting_bytes += fragment.length;
	return true;
}

static const struct smb_rpc_interface *find_interface(struct smb_name name)
{
	char text[NAME_MAX_UNITS];

	if (smb_utf16_to_utf8(name, text, sizeof(text)) == SIZE_MAX)
		return NULL;
	for (size_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++)
		if (smb_utf8_equal_nocase(text, interfaces[i]->pipe))
			return interfaces[i];
	return NULL;
}

enum nt_status smb_pipe_open(const struct smb_ports *ports,
			     struct smb_user *user, struct smb_name name,
			     struct smb_pipe **ret_pipe)
{
	const struct smb_rpc_interface *interface = find_interface(name);
	struct smb_pipe *pipe;

	if (!interface)
		return NT_STATUS_OBJECT_NAME_NOT_FOUND;
	pipe = calloc(1, sizeof(*pipe));
	if (!pipe)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	pipe->rpc = (struct smb_rpc){
		.ports = ports,
		.user = ports->realm_ops->user_ref(user),
		.interface = interface,
		.send = keep,
		.arg = pipe,
	};
	pipe->path[0] = '\\';
	pipe->path_count =
		1 + (uint32_t)smb_utf8_to_utf16(interface->pipe,
						strlen(interface->pipe),
						pipe->path + 1,
						NAME_MAX_UNITS - 1);
	TAILQ_INIT(&pipe->waiting);
	*ret_pipe = pipe;
	return NT_STATUS_SUCCESS;
}

static void drop_first(struct smb_pipe *pipe)
{
	struct message *m = TAILQ_FIRST(&pipe->waiting);

	TAILQ_REMOVE(&pipe->waiting, m, entry);
	free(m);
}

struct smb_pipe *smb_pipe_free(struct smb_pipe *pipe)
{
	if (!pipe)
		return NULL;
	while (!TAILQ_EMPTY(&pipe->waiting))
		drop_first(pipe);
	smb_rpc_fini(&pipe->rpc);
	pipe->rpc.ports->realm_ops->user_unref(pipe->rpc.user);
	free(pipe->in);
	free(pipe);
	return NULL;
}

/* ---- in ---- */

/* How long the fragment at hand is, as far as that is known; 0: too short. */
static size_t wanted(const struct smb_pipe *pipe)
{
	size_t length;

	if (pipe->in_length < SMB_RPC_HEADER)
		return SMB_RPC_HEADER;
	length = smb_rpc_fragment_length(pipe->in);
	return length < SMB_RPC_HEADER ? 0 : length;
}

static bool make_room(struct smb_pipe *pipe, size_t size)
{
	uint8_t *in;

	if (size <= pipe->in_size)
		return true;
	in = realloc(pipe->in, size);
	if (!in)
		return false;
	pipe->in = in;
	pipe->in_size = size;
	return true;
}

/* Takes some of `ref_in`: a header, or what is missing behind it. */
static bool take_some(struct smb_pipe *pipe, struct bytes *ref_in)
{
	size_t whole = wanted(pipe);

	if (whole == 0 || !make_room(pipe, whole))
		return false;
	size_t n = whole - pipe->in_length;

	if (n > ref_in->length)
		n = ref_in->length;
	memcpy(pipe->in + pipe->in_length, ref_in->at, n);
	pipe->in_length += n;
	ref_in->at += n;
	ref_in->length -= n;
	if (pipe->in_length < SMB_RPC_HEADER || pipe->in_length < wanted(pipe))
		return true;
	if (wanted(pipe) == 0)
		return false;
	struct bytes fragment = { pipe->in, pipe->in_length };

	pipe->in_length = 0;
	return smb_rpc_take(&pipe->rpc, fragment);
}

enum nt_status smb_pipe_write(struct smb_pipe *pipe, struct bytes in)
{
	while (in.length && !pipe->is_broken)
		pipe->is_broken = !take_some(pipe, &in);
	return pipe->is_broken ? NT_STATUS_PIPE_DISCONNECTED
			       : NT_STATUS_SUCCESS;
}

/* ---- out ---- */

enum nt_status smb_pipe_read(struct smb_pipe *pipe, uint8_t *to, size_t size,
			     size_t *ret_length)
{
	struct message *m = TAILQ_FIRST(&pipe->waiting);

	if (!m)
		return pipe->is_broken ? NT_STATUS_PIPE_DISCONNECTED
				       : NT_STATUS_PIPE_EMPTY;
	size_t left = m->length - m->taken;
	size_t n = size < left ? size : left;

	if (n)
		memcpy(to, m->bytes + m->taken, n);
	m->taken += n;
	pipe->waiting_bytes -= n;
	*ret_length = n;
	if (n < left)
		return NT_STATUS_BUFFER_OVERFLOW;
	drop_first(pipe);
	return NT_STATUS_SUCCESS;
}

size_t smb_pipe_available(const struct smb_pipe *pipe)
{
	return pipe->waiting_bytes;
}

struct smb_name smb_pipe_name(const struct smb_pipe *pipe)
{
	return (struct smb_name){ pipe->path, pipe->path_count };
}
