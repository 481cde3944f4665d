#include "tests/fake/command.h"

#include <assert.h>
#include <stdlib.h>

#include "smb/dispatch.h"
#include "smb/rpc/rpc.h"

/* ---- ports ---- */

static uint64_t fake_time(void *host)
{
	(void)host;
	return 1;
}

static void fake_random(void *host, void *to, size_t length)
{
	static uint8_t next = 1;

	(void)host;
	memset(to, next++, length);
}

static bool no_log(void *host, enum smb_log_level level)
{
	(void)host;
	(void)level;
	return false;
}

static void log_nothing(void *host, enum smb_log_level level, const char *line)
{
	(void)host;
	(void)level;
	(void)line;
}

static enum nt_status co_fake_park(void *host, struct smb_parked *parked,
				   uint32_t timeout_ms)
{
	struct fake_command *f = host;

	(void)parked;
	(void)timeout_ms;
	f->parks++;
	assert(f->parks < 100);
	if (f->on_park)
		f->on_park(f);
	return f->park_answer;
}

static void fake_wake(void *host, struct smb_parked *parked)
{
	struct fake_command *f = host;

	(void)parked;
	f->wakes++;
}

static const struct smb_host_ops host_ops = {
	.now = fake_time,
	.ticks_ms = fake_time,
	.random = fake_random,
	.co_park = co_fake_park,
	.wake = fake_wake,
	.log_is_on = no_log,
	.log = log_nothing,
};

static const struct smb_server_facts *server_facts(void *realm)
{
	struct fake_command *f = realm;

	return &f->facts;
}

static struct smb_user *user_ref(struct smb_user *user)
{
	return user;
}

static void user_unref(struct smb_user *user)
{
	(void)user;
}

static const struct smb_realm_ops realm_ops = {
	.server = server_facts,
	.user_ref = user_ref,
	.user_unref = user_unref,
};

/* ---- the object store ---- */

/* An object or a volume that knows its store. */
struct fake_object {
	struct smb_object object;
	struct fake_store *store;
};

static struct fake_store *the_store;

static struct smb_object *object_new(struct fake_store *store)
{
	struct fake_object *o = calloc(1, sizeof(*o));

	assert(o);
	o->store = store;
	o->object.granted = store->object_granted;
	o->object.is_directory = store->object_is_directory;
	return &o->object;
}

static void disconnect(struct smb_volume *volume)
{
	(void)volume;
}

static enum nt_status co_create(struct smb_volume *volume,
				struct smb_call *call,
				const struct smb_create *how,
				struct smb_created *ret_created)
{
	struct fake_store *s = the_store;

	(void)volume;
	(void)call;
	s->calls++;
	s->create = *how;
	assert(how->name.count <= 64);
	if (how->name.count)
		memcpy(s->name, how->name.units, 2 * how->name.count);
	if (s->answer == NT_STATUS_SUCCESS)
		s->created.object = object_new(s);
	if (s->answer == NT_STATUS_SUCCESS ||
	    s->answer == NT_STATUS_STOPPED_ON_SYMLINK)
		*ret_created = s->created;
	return s->answer;
}

static enum nt_status co_close(struct smb_object *object,
			       struct smb_file_facts *ret_facts)
{
	struct fake_store *s = the_store;

	s->calls++;
	s->closes++;
	free(object);
	if (ret_facts)
		*ret_facts = s->file;
	return s->answer;
}

static enum nt_status co_flush(struct smb_object *object)
{
	(void)object;
	the_store->calls++;
	return the_store->answer;
}

static enum nt_status co_read(struct smb_object *object,
			      const struct smb_read *how,
			      struct smb_body *ret_body)
{
	struct fake_store *s = the_store;

	(void)object;
	s->calls++;
	s->read = *how;
	if (s->answer != NT_STATUS_SUCCESS)
		return s->answer;
	if (s->is_opaque) {
		*ret_body =
			(struct smb_body){ .length = s->length, .opaque = s };
		return NT_STATUS_SUCCESS;
	}
	if (s->length == 0)
		return NT_STATUS_SUCCESS;

	uint8_t *to = how->room(how->owner, how->length);

	for (uint32_t i = 0; i < s->length; i++)
		to[i] = (uint8_t)(i + 1);
	*ret_body = (struct smb_body){ .bytes = to, .length = s->length };
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_write(struct smb_object *object,
			       const struct smb_write *how)
{
	struct fake_store *s = the_store;

	(void)object;
	s->calls++;
	s->write = *how;
	if (how->length && how->length <= sizeof(s->written))
		memcpy(s->written, how->bytes, how->length);
	return s->answer;
}

static enum nt_status co_lock(struct smb_object *object, struct smb_call *call,
			      const struct smb_locks *locks)
{
	struct fake_store *s = the_store;

	(void)object;
	(void)call;
	s->calls++;
	s->locks = *locks;
	assert(locks->count <= 8);
	memcpy(s->lock, locks->locks, locks->count * sizeof(s->lock[0]));
	return s->answer;
}

static enum nt_status co_list(struct smb_object *object,
			      const struct smb_list *how)
{
	static const uint16_t name[] = { 'f' };
	struct fake_store *s = the_store;
	struct smb_dir_entry entry = { .name = { name, 1 } };
	bool is_any = false;

	(void)object;
	s->calls++;
	s->list = *how;
	assert(how->pattern.count <= 16);
	if (how->pattern.count)
		memcpy(s->pattern, how->pattern.units, 2 * how->pattern.count);
	if (s->answer != NT_STATUS_SUCCESS)
		return s->answer;
	while (s->entries && !(how->is_single && is_any)) {
		if (!how->take(how->arg, &entry))
			return NT_STATUS_SUCCESS;
		is_any = true;
		s->entries--;
	}
	return is_any ? NT_STATUS_SUCCESS : NT_STATUS_NO_MORE_FILES;
}

static enum nt_status co_query(struct smb_object *object,
			       struct smb_open_facts *ret_facts)
{
	(void)object;
	the_store->calls++;
	*ret_facts = the_store->open;
	return the_store->answer;
}

static enum nt_status co_set(struct smb_object *object,
			     const struct smb_set *set)
{
	struct fake_store *s = the_store;

	(void)object;
	s->calls++;
	s->set = *set;
	if (set->name.count && set->name.count <= 64)
		memcpy(s->name, set->name.units, 2 * set->name.count);
	return s->answer;
}

/* Fills what is asked for with ones. */
static enum nt_status give(uint8_t *to, uint32_t size, uint32_t *ret_length)
{
	struct fake_store *s = the_store;

	s->calls++;
	s->size = size;
	*ret_length =
		s->answer == NT_STATUS_BUFFER_TOO_SMALL ? s->needed : s->length;
	if (s->length && s->length <= size)
		memset(to, 1, s->length);
	return s->answer;
}

static enum nt_status co_query_security(struct smb_object *object,
					uint32_t parts, uint8_t *to,
					uint32_t size, uint32_t *ret_length)
{
	(void)object;
	the_store->parts = parts;
	return give(to, size, ret_length);
}

static enum nt_status co_set_security(struct smb_object *object, uint32_t parts,
				      const uint8_t *security, uint32_t length)
{
	(void)object;
	(void)security;
	the_store->calls++;
	the_store->parts = parts;
	the_store->size = length;
	return the_store->answer;
}

static enum nt_status co_query_list(struct smb_object *object, uint8_t *to,
				    uint32_t size, uint32_t *ret_length)
{
	(void)object;
	return give(to, size, ret_length);
}

static enum nt_status co_query_volume(struct smb_volume *volume,
				      struct smb_volume_facts *ret_facts)
{
	(void)volume;
	the_store->calls++;
	*ret_facts = the_store->volume;
	return the_store->answer;
}

static enum nt_status co_ioctl(struct smb_object *object,
			       const struct smb_ioctl *ioctl,
			       uint32_t *ret_length)
{
	(void)object;
	the_store->ioctl = *ioctl;
	return give(ioctl->out, ioctl->out_size, ret_length);
}

static enum nt_status co_copy(struct smb_object *target,
			      const struct smb_copy *how, uint64_t *ret_copied)
{
	(void)target;
	the_store->copy = *how;
	*ret_copied = the_store->copied;
	if (++the_store->calls < the_store->good_calls)
		return NT_STATUS_SUCCESS;
	return the_store->answer;
}

static enum nt_status co_notify(struct smb_object *object,
				struct smb_call *call, uint32_t filter,
				bool is_recursive, uint8_t *to, uint32_t size,
				uint32_t *ret_length)
{
	(void)object;
	(void)call;
	the_store->filter = filter;
	the_store->is_recursive = is_recursive;
	return give(to, size, ret_length);
}

static void closing(struct smb_object *object)
{
	(void)object;
}

static void body_drop(struct smb_body *body)
{
	body->opaque = NULL;
	the_store->dropped++;
}

static const struct smb_object_ops object_ops = {
	.disconnect = disconnect,
	.co_create = co_create,
	.co_close = co_close,
	.co_flush = co_flush,
	.co_read = co_read,
	.co_write = co_write,
	.co_lock = co_lock,
	.co_list = co_list,
	.co_query = co_query,
	.co_set = co_set,
	.co_query_security = co_query_security,
	.co_set_security = co_set_security,
	.co_query_eas = co_query_list,
	.co_query_streams = co_query_list,
	.co_query_volume = co_query_volume,
	.co_ioctl = co_ioctl,
	.co_copy = co_copy,
	.co_notify = co_notify,
	.closing = closing,
	.body_drop = body_drop,
};

/* ---- the wire ---- */

static void queue(void *wire, struct smb_reply *reply)
{
	(void)wire;
	smb_reply_free(reply);
}

static void close_wire(void *wire, bool after_queue)
{
	(void)wire;
	(void)after_queue;
}

static const char *peer(void *wire)
{
	(void)wire;
	return "test";
}

static uint32_t co_interfaces(void *wire, struct smb_interface *ret_told,
			      uint32_t max)
{
	const struct fake_command *f = wire;

	assert(f->interface_count <= max);
	memcpy(ret_told, f->interfaces, f->interface_count * sizeof(*ret_told));
	return f->interface_count;
}

static const struct smb_wire_ops wire_ops = {
	.queue = queue,
	.co_interfaces = co_interfaces,
	.close = close_wire,
	.peer = peer,
};

/* ---- the rig ---- */

static void make_engine(struct fake_command *f)
{
	f->facts = (struct smb_server_facts){
		.guid = "0123456789abcde",
		.dialect_min = SMB_DIALECT_202,
		.dialect_max = SMB_DIALECT_311,
		.io_size_max = 1 << 20,
		.credits_max = 512,
	};
	f->ports = (struct smb_ports){ .host_ops = &host_ops,
				       .host = f,
				       .realm_ops = &realm_ops,
				       .realm = f,
				       .object_ops = &object_ops };
	f->engine = smb_engine_new(&f->ports, 0);
	assert(f->engine);
	f->channel = smb_channel_new(f->engine, &wire_ops, f);
	assert(f->channel);
	f->channel->state = SMB_CHANNEL_READY;
	f->channel->dialect = SMB_DIALECT_311;
	f->channel->io_size_max = f->facts.io_size_max;
}

void fake_command_init(struct fake_command *f)
{
	const struct smb_share_facts disk = { .name = "share",
					      .type = SMB_SHARE_DISK };
	const struct smb_share_facts pipes = { .name = "IPC$",
					       .type = SMB_SHARE_PIPE };

	*f = (struct fake_command){ .store = { .object_granted = 0x1f01ff } };
	the_store = &f->store;
	make_engine(f);
	f->session = smb_session_new(f->channel);
	assert(f->session);
	smb_session_set_valid(f->session);
	f->disk = smb_tree_new(f->session, &f->volume, &disk);
	f->pipes = smb_tree_new(f->session, NULL, &pipes);
	assert(f->disk && f->pipes);
	f->open = smb_open_new(f->disk, object_new(&f->store), NULL);
	assert(f->open);
}

static void drop_request(struct fake_command *f)
{
	if (!f->message)
		return;
	smb_open_unref(f->message->open);
	smb_request_fini(f->rq);
	free(f->message);
	f->message = NULL;
}

void fake_command_fini(struct fake_command *f)
{
	f->store.answer = NT_STATUS_SUCCESS;
	drop_request(f);
	smb_open_unref(f->open);
	smb_tree_unref(f->disk);
	smb_tree_unref(f->pipes);
	smb_session_co_end(f->session, 0);
	smb_session_unref(f->session);
	smb_channel_co_closed(f->channel);
	smb_engine_free(f->engine);
}

void fake_open_pipe(struct fake_command *f)
{
	static const uint16_t name[] = { 's', 'r', 'v', 's', 'v', 'c' };
	struct smb_pipe *pipe;
	enum nt_status status =
		smb_pipe_open(&f->ports, f->session->user,
			      (struct smb_name){ name, 6 }, &pipe);

	assert(status == NT_STATUS_SUCCESS);
	drop_request(f);
	smb_open_co_close(f->open, 0, NULL);
	smb_open_unref(f->open);
	f->open = smb_open_new(f->pipes, NULL, pipe);
	assert(f->open);
	f->store.calls = 0;
}

struct writer *fake_request(struct fake_command *f, uint16_t command)
{
	struct smb_request *rq;

	drop_request(f);
	f->message = calloc(1, sizeof(*f->message) + sizeof(*rq));
	assert(f->message);
	f->message->channel = f->channel;
	f->message->count = 1;
	rq = f->message->requests;
	rq->message = f->message;
	rq->channel = f->channel;
	rq->session = smb_session_ref(f->session);
	rq->tree = smb_tree_ref(f->open->tree);
	rq->call.going_async = smb_request_going_async;
	rq->header.command = command;
	rq->header.credit_charge = 16;
	rq->start = f->frame;
	rq->is_last = true;
	rq->is_single = true;
	f->rq = rq;
	f->body = writer_at(f->frame + SMB_HEADER_LENGTH, FAKE_BODY);
	f->store.calls = 0;
	wr_u16(&f->body, smb_dispatch_row(command)->size);
	return &f->body;
}

void fake_file_id(struct fake_command *f)
{
	wr_u64(&f->body, f->open->persistent);
	wr_u64(&f->body, f->open->volatile_id);
}

enum nt_status fake_run_cut(struct fake_command *f, size_t length)
{
	/* Behind the body nothing may be read: it has memory of its own. */
	uint8_t *frame = malloc(SMB_HEADER_LENGTH + length);
	struct smb_request *rq = f->rq;

	assert(frame);
	memcpy(frame, f->frame, SMB_HEADER_LENGTH + length);
	rq->start = frame;
	rq->length = SMB_HEADER_LENGTH + length;
	rq->body = (struct bytes){ frame + SMB_HEADER_LENGTH, length };
	rq->status = smb_dispatch_row(rq->header.command)->co_run(rq);
	free(frame);
	return rq->status;
}

enum nt_status fake_run(struct fake_command *f)
{
	assert(wr_ok(&f->body));
	return fake_run_cut(f, f->body.at);
}

struct bytes fake_answer(const struct fake_command *f)
{
	assert(wr_ok(&f->rq->out));
	return (struct bytes){ f->rq->out.start, f->rq->out.at };
}
