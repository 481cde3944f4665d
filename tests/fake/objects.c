/*
 * Files in memory. A file lives as long as it is in its directory or open.
 */
#include "tests/fake/objects.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "smb/wire/utf16.h"
#include "tests/fake/canned.h"
#include "tests/fake/files.h"
#include "tests/fake/objects_inside.h"

enum {
	VOLUMES_MAX = 8,
	OPTION_DIRECTORY = 0x1,
	OPTION_NON_DIRECTORY = 0x40,
	OPTION_DELETE_ON_CLOSE = 0x1000,
	ACCESS_ALL = 0x1f01ff,
	ACCESS_GENERIC = 0xf2000000,
};

struct waiter {
	TAILQ_ENTRY(waiter) entry;
	struct smb_parked parked;
	struct object *object;
};

TAILQ_HEAD(waiters, waiter);

static struct store {
	struct fake_host *host;
	struct {
		const struct smb_volume *volume;
		struct fake_file *root;
	} volumes[VOLUMES_MAX];
	unsigned int volume_count, open_count, body_count;
	uint64_t last_index;
	bool is_opaque, grants;
	bool is_held[FAKE_VERBS];
	enum nt_status failure[FAKE_VERBS];
	unsigned int calls[FAKE_VERBS];
	struct waiters held[FAKE_VERBS];
	struct waiters notified, locking;
} store;

static struct fake_file *new_file(struct fake_file *parent,
				  struct smb_name name, bool is_directory)
{
	return fake_file_new(parent, name, is_directory, store.host->now,
			     ++store.last_index);
}

struct fake_file *fake_root_of(const struct smb_volume *volume)
{
	struct smb_name none = { .count = 0 };

	for (unsigned int i = 0; i < store.volume_count; i++) {
		if (store.volumes[i].volume == volume)
			return store.volumes[i].root;
	}
	assert(store.volume_count < VOLUMES_MAX);
	struct fake_file *root = new_file(NULL, none, true);

	store.volumes[store.volume_count].volume = volume;
	store.volumes[store.volume_count++].root = root;
	return root;
}

/* ---- what tests do to it ---- */

void fake_objects_init(struct fake_host *host)
{
	store = (struct store){ .host = host };
	for (int i = 0; i < FAKE_VERBS; i++)
		TAILQ_INIT(&store.held[i]);
	TAILQ_INIT(&store.notified);
	TAILQ_INIT(&store.locking);
}

void fake_objects_fini(void)
{
	assert(store.open_count == 0);
	assert(store.body_count == 0);
	for (unsigned int i = 0; i < store.volume_count; i++) {
		fake_tree_free(store.volumes[i].root);
		fake_file_unref(store.volumes[i].root);
	}
	store = (struct store){};
}

void fake_objects_hold(enum fake_verb verb)
{
	store.is_held[verb] = true;
}

static void wake_all(struct waiters *list)
{
	struct waiter *w;

	TAILQ_FOREACH(w, list, entry)
		fake_host_ops.wake(store.host, &w->parked);
}

void fake_objects_release(enum fake_verb verb)
{
	store.is_held[verb] = false;
	wake_all(&store.held[verb]);
}

void fake_objects_set_opaque(bool is_opaque)
{
	store.is_opaque = is_opaque;
}

void fake_objects_grant(bool grants)
{
	store.grants = grants;
}

void fake_objects_fail(enum fake_verb verb, enum nt_status status)
{
	store.failure[verb] = status;
}

unsigned int fake_objects_open(void)
{
	return store.open_count;
}

unsigned int fake_objects_calls(enum fake_verb verb)
{
	return store.calls[verb];
}

static struct fake_file *file_at(struct smb_volume *volume, const char *path,
				 bool may_create)
{
	uint16_t units[1024];
	size_t count = smb_utf8_to_utf16(path, strlen(path), units, 1024);
	struct smb_name name = { units, (uint32_t)count };
	struct smb_name leaf;
	struct fake_file *parent;

	assert(count != SIZE_MAX);
	if (fake_file_walk(fake_root_of(volume), name, &parent, &leaf) !=
	    NT_STATUS_SUCCESS)
		return NULL;
	struct fake_file *f = fake_file_child(parent, leaf);

	if (!f && may_create)
		f = new_file(parent, leaf, false);
	return f;
}

const uint8_t *fake_objects_data(struct smb_volume *volume, const char *path,
				 size_t *ret_length)
{
	static const uint8_t nothing[1];
	struct fake_file *f = file_at(volume, path, false);

	if (!f)
		return NULL;
	*ret_length = f->length;
	return f->data ? f->data : nothing;
}

void fake_objects_put(struct smb_volume *volume, const char *path,
		      const void *data, size_t length)
{
	struct fake_file *f = file_at(volume, path, true);

	assert(f);
	fake_file_resize(f, length);
	if (length)
		memcpy(f->data, data, length);
}

const uint8_t *fake_body_bytes(const struct smb_body *body)
{
	return body->opaque;
}

static void body_drop(struct smb_body *body)
{
	assert(body->opaque);
	assert(store.body_count > 0);
	store.body_count--;
	free(body->opaque);
	*body = (struct smb_body){};
}

/* ---- waiting ---- */

static enum nt_status co_wait(struct waiters *list, struct object *object)
{
	struct waiter w = { .object = object };

	TAILQ_INSERT_TAIL(list, &w, entry);
	enum nt_status status =
		fake_host_ops.co_park(store.host, &w.parked, UINT32_MAX);

	TAILQ_REMOVE(list, &w, entry);
	return status;
}

/* The gate of every verb. `call` may be NULL. */
enum nt_status fake_co_enter(enum fake_verb verb, struct smb_call *call)
{
	enum nt_status status = store.failure[verb];

	store.calls[verb]++;
	store.failure[verb] = NT_STATUS_SUCCESS;
	if (status != NT_STATUS_SUCCESS || !store.is_held[verb])
		return status;
	if (call)
		call->going_async(call);
	return co_wait(&store.held[verb], NULL);
}

static void wake_of(struct waiters *list, const struct object *object)
{
	struct waiter *w;

	TAILQ_FOREACH(w, list, entry) {
		if (w->object == object)
			fake_host_ops.wake(store.host, &w->parked);
	}
}

/* ---- create and close ---- */

static struct object *object_of(struct smb_object *object)
{
	return (struct object *)object;
}

static struct object *open_file(struct fake_file *f,
				const struct smb_create *how)
{
	struct object *o = calloc(1, sizeof(*o));

	assert(o);
	f->refs++;
	o->file = f;
	o->base.granted =
		how->access & ACCESS_GENERIC ? ACCESS_ALL : how->access;
	o->base.is_directory = f->facts.is_directory;
	o->mode = how->options & 0x1e;
	o->delete_on_close = how->options & OPTION_DELETE_ON_CLOSE;
	store.open_count++;
	return o;
}

static enum nt_status check_kind(const struct fake_file *f,
				 const struct smb_create *how)
{
	if (f->facts.is_directory && how->options & OPTION_NON_DIRECTORY)
		return NT_STATUS_FILE_IS_A_DIRECTORY;
	if (!f->facts.is_directory && how->options & OPTION_DIRECTORY)
		return NT_STATUS_NOT_A_DIRECTORY;
	return NT_STATUS_SUCCESS;
}

/* Dispositions 0 to 5: SUPERSEDE, OPEN, CREATE, OPEN_IF, OVERWRITE,
   OVERWRITE_IF. */
static enum nt_status find_or_make(struct fake_file *parent,
				   struct smb_name leaf,
				   const struct smb_create *how,
				   struct fake_file **ret_file,
				   enum smb_create_action *ret_action)
{
	struct fake_file *f =
		leaf.count ? fake_file_child(parent, leaf) : parent;
	bool is_overwrite = how->disposition == 0 || how->disposition >= 4;

	if (!f) {
		if (how->disposition == 1 || how->disposition == 4)
			return NT_STATUS_OBJECT_NAME_NOT_FOUND;
		*ret_action = SMB_CREATE_CREATED;
		*ret_file =
			new_file(parent, leaf, how->options & OPTION_DIRECTORY);
		wake_all(&store.notified);
		return NT_STATUS_SUCCESS;
	}
	if (how->disposition == 2)
		return NT_STATUS_OBJECT_NAME_COLLISION;
	if (f->facts.is_delete_pending)
		return NT_STATUS_DELETE_PENDING;
	enum nt_status status = check_kind(f, how);

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (is_overwrite)
		fake_file_resize(f, 0);
	*ret_action = !is_overwrite           ? SMB_CREATE_OPENED
		      : how->disposition == 0 ? SMB_CREATE_SUPERSEDED
					      : SMB_CREATE_OVERWRITTEN;
	*ret_file = f;
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_create(struct smb_volume *volume,
				struct smb_call *call,
				const struct smb_create *how,
				struct smb_created *ret_created)
{
	enum nt_status status = fake_co_enter(FAKE_CREATE, call);
	struct smb_created created = { .max_access = ACCESS_ALL };
	struct smb_name leaf;
	struct fake_file *f;

	if (status == NT_STATUS_SUCCESS)
		status = fake_file_walk(fake_root_of(volume), how->name, &f,
					&leaf);
	if (status == NT_STATUS_SUCCESS)
		status = find_or_make(f, leaf, how, &f, &created.action);
	if (status != NT_STATUS_SUCCESS)
		return status;
	created.object = &open_file(f, how)->base;
	created.facts = f->facts;
	if (store.grants && how->holder) {
		object_of(created.object)->caching = how->caching;
		created.has_grant = created.is_raised = true;
		created.caching = how->caching;
	}
	*ret_created = created;
	return NT_STATUS_SUCCESS;
}

static void closing(struct smb_object *object)
{
	struct object *o = object_of(object);

	assert(!o->is_closing);
	o->is_closing = true;
	wake_of(&store.notified, o);
	wake_of(&store.locking, o);
}

static enum nt_status co_close(struct smb_object *object,
			       struct smb_file_facts *ret_facts)
{
	struct object *o = object_of(object);
	enum nt_status status = fake_co_enter(FAKE_CLOSE, NULL);
	struct fake_file *f = o->file;

	if (ret_facts)
		*ret_facts = f->facts;
	if (o->delete_on_close || f->facts.is_delete_pending)
		fake_file_unlink(f);
	fake_file_unref(f);
	free(o);
	store.open_count--;
	return status == NT_STATUS_CANCELLED ? NT_STATUS_SUCCESS : status;
}

/* ---- bytes ---- */

static enum nt_status give_bytes(const uint8_t *from, uint32_t length,
				 const struct smb_read *how,
				 struct smb_body *ret_body)
{
	uint8_t *to;

	if (store.is_opaque && how->may_be_opaque) {
		to = malloc(length ? length : 1);
		assert(to);
		store.body_count++;
		*ret_body = (struct smb_body){ .length = length, .opaque = to };
	} else {
		to = how->room(how->owner, length);
		if (!to)
			return NT_STATUS_INSUFFICIENT_RESOURCES;
		*ret_body = (struct smb_body){ .length = length, .bytes = to };
	}
	if (length)
		memcpy(to, from, length);
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_read(struct smb_object *object,
			      const struct smb_read *how,
			      struct smb_body *ret_body)
{
	struct object *o = object_of(object);
	enum nt_status status = fake_co_enter(FAKE_READ, NULL);
	uint64_t length = how->length;

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (how->offset >= o->file->length && length > 0)
		return NT_STATUS_END_OF_FILE;
	if (how->offset >= o->file->length)
		length = 0;
	else if (length > o->file->length - how->offset)
		length = o->file->length - how->offset;
	if (length < how->minimum)
		return NT_STATUS_END_OF_FILE;
	return give_bytes(length ? o->file->data + how->offset : NULL,
			  (uint32_t)length, how, ret_body);
}

static enum nt_status co_write(struct smb_object *object,
			       const struct smb_write *how)
{
	struct object *o = object_of(object);
	enum nt_status status = fake_co_enter(FAKE_WRITE, NULL);
	uint64_t offset =
		how->offset == UINT64_MAX ? o->file->length : how->offset;

	if (status != NT_STATUS_SUCCESS)
		return status;
	if (offset > (64 << 20))
		return NT_STATUS_DISK_FULL;
	if (offset + how->length > o->file->length)
		fake_file_resize(o->file, offset + how->length);
	if (how->length)
		memcpy(o->file->data + offset, how->bytes, how->length);
	return NT_STATUS_SUCCESS;
}

static enum nt_status co_flush(struct smb_object *object)
{
	(void)object;
	return fake_co_enter(FAKE_FLUSH, NULL);
}

/* An offset other than 0 stands for a range that others hold. */
static enum nt_status co_lock(struct smb_object *object, struct smb_call *call,
			      const struct smb_locks *locks)
{
	struct object *o = object_of(object);
	const struct smb_lock *first = locks->locks;

	if (locks->count == 0 || first->is_unlock || first->offset == 0)
		return NT_STATUS_SUCCESS;
	if (locks->is_immediate)
		return NT_STATUS_LOCK_NOT_GRANTED;
	call->going_async(call);
	enum nt_status status = co_wait(&store.locking, o);

	return o->is_closing ? NT_STATUS_RANGE_NOT_LOCKED : status;
}

/* ---- directories ---- */

static bool matches(const struct object *o, struct smb_name name)
{
	struct smb_name pattern = { o->pattern, o->pattern_count };

	if (o->pattern_count == 1 && o->pattern[0] == '*')
		return true;
	return smb_name_equal_nocase(pattern, name);
}

static void restart(struct object *o, const struct smb_list *how)
{
	if (how->is_restart || how->is_reopen || !o->is_listing) {
		o->next = TAILQ_FIRST(&o->file->children);
		o->dots = 0;
	}
	if (how->pattern.count && (how->is_reopen || !o->is_listing)) {
		assert(how->pattern.count <= FAKE_NAME_MAX);
		memcpy(o->pattern, how->pattern.units,
		       how->pattern.count * sizeof(uint16_t));
		o->pattern_count = how->pattern.count;
	}
}

/* The next entry to be told; false at the end. */
static bool current_entry(struct object *o, struct smb_dir_entry *ret_entry)
{
	static const uint16_t dots[] = { '.', '.' };

	if (o->dots < 2) {
		*ret_entry = (struct smb_dir_entry){
			.name = { dots, o->dots + 1 },
			.facts = o->file->facts,
		};
		return true;
	}
	if (!o->next)
		return false;
	*ret_entry = (struct smb_dir_entry){
		.name = { o->next->name, o->next->name_count },
		.facts = o->next->facts,
	};
	return true;
}

static void step(struct object *o)
{
	if (o->dots < 2)
		o->dots++;
	else
		o->next = TAILQ_NEXT(o->next, entry);
}

static enum nt_status co_list(struct smb_object *object,
			      const struct smb_list *how)
{
	struct object *o = object_of(object);
	bool is_first = !o->is_listing || how->is_reopen;
	struct smb_dir_entry entry;
	unsigned int told = 0;

	restart(o, how);
	o->is_listing = true;
	while (current_entry(o, &entry)) {
		if (!matches(o, entry.name)) {
			step(o);
			continue;
		}
		if (!how->take(how->arg, &entry))
			break;
		step(o);
		told++;
		if (how->is_single)
			break;
	}
	if (told)
		return NT_STATUS_SUCCESS;
	if (current_entry(o, &entry))
		return NT_STATUS_BUFFER_OVERFLOW;
	return is_first ? NT_STATUS_NO_SUCH_FILE : NT_STATUS_NO_MORE_FILES;
}

static enum nt_status co_notify(struct smb_object *object,
				struct smb_call *call, uint32_t filter,
				bool is_recursive, uint8_t *to, uint32_t size,
				uint32_t *ret_length)
{
	struct object *o = object_of(object);

	(void)filter;
	(void)is_recursive;
	(void)to;
	(void)size;
	call->going_async(call);
	enum nt_status status = co_wait(&store.notified, o);

	if (o->is_closing)
		return NT_STATUS_NOTIFY_CLEANUP;
	if (status != NT_STATUS_SUCCESS)
		return status;
	*ret_length = 0;
	return NT_STATUS_NOTIFY_ENUM_DIR;
}

/* ---- facts ---- */

/* The path from the root on, put together from its end. */
struct smb_name fake_path_of(struct object *o)
{
	const uint32_t size = sizeof(o->path) / sizeof(o->path[0]);
	uint32_t at = size;

	for (struct fake_file *f = o->file; f && f->name_count; f = f->parent) {
		assert(at > f->name_count);
		at -= f->name_count;
		memcpy(o->path + at, f->name, f->name_count * sizeof(uint16_t));
		o->path[--at] = '\\';
	}
	if (at == size)
		o->path[--at] = '\\';
	return (struct smb_name){ o->path + at, size - at };
}

static enum nt_status co_query(struct smb_object *object,
			       struct smb_open_facts *ret_facts)
{
	struct object *o = object_of(object);

	*ret_facts = (struct smb_open_facts){
		.file = o->file->facts,
		.granted = o->base.granted,
		.mode = o->mode,
		.position = o->position,
		.path = fake_path_of(o),
	};
	return NT_STATUS_SUCCESS;
}

static enum nt_status move(struct object *o, const struct smb_set *set)
{
	struct fake_file *root = o->file;
	struct fake_file *parent, *there;
	struct smb_name leaf;

	while (root->parent)
		root = root->parent;
	enum nt_status status = fake_file_walk(root, set->name, &parent, &leaf);

	if (status != NT_STATUS_SUCCESS)
		return status;
	there = fake_file_child(parent, leaf);
	if (there && there != o->file && !set->is_replace)
		return NT_STATUS_OBJECT_NAME_COLLISION;
	if (there && there != o->file)
		fake_file_unlink(there);
	TAILQ_REMOVE(&o->file->parent->children, o->file, entry);
	TAILQ_INSERT_TAIL(&parent->children, o->file, entry);
	o->file->parent = parent;
	memcpy(o->file->name, leaf.units, leaf.count * sizeof(uint16_t));
	o->file->name_count = leaf.count;
	return NT_STATUS_SUCCESS;
}

static void set_time(uint64_t *time, uint64_t value)
{
	if (value != 0 && value < UINT64_MAX - 1)
		*time = value;
}

static enum nt_status co_set(struct smb_object *object,
			     const struct smb_set *set)
{
	struct object *o = object_of(object);
	struct smb_file_facts *facts = &o->file->facts;
	enum nt_status status = fake_co_enter(FAKE_SET, set->call);

	if (status != NT_STATUS_SUCCESS)
		return status;
	switch (set->kind) {
	case SMB_SET_BASIC:
		set_time(&facts->creation, set->creation);
		set_time(&facts->access, set->access);
		set_time(&facts->write, set->write);
		set_time(&facts->change, set->change);
		if (set->attributes)
			facts->attributes = set->attributes;
		return NT_STATUS_SUCCESS;
	case SMB_SET_RENAME:
		return move(o, set);
	case SMB_SET_DISPOSITION:
		if (set->is_delete && !TAILQ_EMPTY(&o->file->children))
			return NT_STATUS_DIRECTORY_NOT_EMPTY;
		facts->is_delete_pending = set->is_delete;
		return NT_STATUS_SUCCESS;
	case SMB_SET_POSITION:
		o->position = set->value;
		return NT_STATUS_SUCCESS;
	case SMB_SET_MODE:
		o->mode = (uint32_t)set->value;
		return NT_STATUS_SUCCESS;
	case SMB_SET_END_OF_FILE:
		if (set->value > (64 << 20))
			return NT_STATUS_DISK_FULL;
		fake_file_resize(o->file, set->value);
		return NT_STATUS_SUCCESS;
	default:
		return NT_STATUS_NOT_SUPPORTED;
	}
}

static void disconnect(struct smb_volume *volume)
{
	(void)volume;
}

const struct smb_object_ops fake_object_ops = {
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
	.co_query_security = fake_co_query_security,
	.co_set_security = fake_co_set_security,
	.co_query_eas = fake_co_query_eas,
	.co_query_streams = fake_co_query_streams,
	.co_query_volume = fake_co_query_volume,
	.co_ioctl = fake_co_ioctl,
	.co_copy = fake_co_copy,
	.co_notify = co_notify,
	.closing = closing,
	.co_keep = fake_co_keep,
	.is_of = fake_is_of,
	.co_may_return = fake_co_may_return,
	.co_depart = fake_co_depart,
	.arrive = fake_arrive,
	.co_tell = fake_co_tell,
	.body_drop = body_drop,
};
