/*
 * The tables of clients and of sessions. A client lives while it has
 * connections, or is kept, and after that until GW_CLIENTS_IDLE_MAX others have
 * gone idle; a session from when it comes up to its end, which its worker
 * tells.
 */
#include "gateway/directory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "gateway/limits.h"
#include "gateway/loop/loop.h"
#include "gateway/table.h"
#include "smb/ports.h"

struct gw_client {
	uint8_t guid[16];
	unsigned int worker;
	size_t connections;
	size_t kept;                       /* what waits for it */
	TAILQ_ENTRY(gw_client) idle_entry; /* while it has neither */
	UT_hash_handle hh;
};

struct session {
	uint64_t id;
	struct smb_session_facts facts;
	UT_hash_handle hh;
};

struct gw_directory {
	struct loop_mutex lock; /* of all that follows */
	struct gw_client *table;
	struct session *sessions;
	TAILQ_HEAD(, gw_client) idle; /* longest first */
	size_t idle_count;
	unsigned int worker_count;
	size_t loads[]; /* connections of each worker */
};

struct gw_directory *gw_directory_new(unsigned int workers)
{
	struct gw_directory *d =
		calloc(1, sizeof(*d) + workers * sizeof(d->loads[0]));

	if (!d)
		return NULL;
	loop_mutex_init(&d->lock);
	TAILQ_INIT(&d->idle);
	d->worker_count = workers;
	return d;
}

static void session_free(struct session *session)
{
	if (session)
		explicit_bzero(session, sizeof(*session));
	free(session);
}

struct gw_directory *gw_directory_free(struct gw_directory *d)
{
	struct gw_client *client, *next;
	struct session *session, *after;

	if (!d)
		return NULL;
	HASH_ITER(hh, d->table, client, next)
	{
		HASH_DEL(d->table, client);
		free(client);
	}
	HASH_ITER(hh, d->sessions, session, after)
	{
		HASH_DEL(d->sessions, session);
		session_free(session);
	}
	loop_mutex_fini(&d->lock);
	free(d);
	return NULL;
}

static unsigned int least_loaded(const struct gw_directory *d)
{
	unsigned int best = 0;

	for (unsigned int i = 1; i < d->worker_count; i++) {
		if (d->loads[i] < d->loads[best])
			best = i;
	}
	return best;
}

static struct gw_client *client_find(struct gw_directory *d,
				     const uint8_t guid[16])
{
	struct gw_client *client;

	HASH_FIND(hh, d->table, guid, sizeof(client->guid), client);
	return client;
}

static struct gw_client *client_add(struct gw_directory *d,
				    const uint8_t guid[16], unsigned int worker)
{
	struct gw_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	memcpy(client->guid, guid, sizeof(client->guid));
	client->worker = worker;
	HASH_ADD(hh, d->table, guid, sizeof(client->guid), client);
	if (!client_find(d, guid)) {
		free(client);
		return NULL;
	}
	return client;
}

/* ---- idle ones ---- */

static bool is_idle(const struct gw_client *client)
{
	return client->connections == 0 && client->kept == 0;
}

/* It has something again. */
static void rouse(struct gw_directory *d, struct gw_client *client)
{
	if (!is_idle(client))
		return;
	TAILQ_REMOVE(&d->idle, client, idle_entry);
	d->idle_count--;
}

/* It may have nothing any more. Who is forgotten for that; free() it. */
static struct gw_client *settle(struct gw_directory *d,
				struct gw_client *client)
{
	struct gw_client *forgotten;

	if (!is_idle(client))
		return NULL;
	TAILQ_INSERT_TAIL(&d->idle, client, idle_entry);
	d->idle_count++;
	if (d->idle_count <= GW_CLIENTS_IDLE_MAX)
		return NULL;
	forgotten = TAILQ_FIRST(&d->idle);
	TAILQ_REMOVE(&d->idle, forgotten, idle_entry);
	d->idle_count--;
	HASH_DEL(d->table, forgotten);
	return forgotten;
}

/* ---- joining ---- */

struct gw_client *gw_directory_join(struct gw_directory *d,
				    const uint8_t guid[16],
				    unsigned int *ret_worker)
{
	struct gw_client *client;

	loop_lock(&d->lock);
	client = client_find(d, guid);
	if (client)
		rouse(d, client);
	else
		client = client_add(d, guid, least_loaded(d));
	if (client) {
		client->connections++;
		d->loads[client->worker]++;
		*ret_worker = client->worker;
	}
	loop_unlock(&d->lock);
	return client;
}

void gw_directory_leave(struct gw_directory *d, struct gw_client *client)
{
	struct gw_client *forgotten;

	loop_lock(&d->lock);
	assert(client->connections > 0);
	d->loads[client->worker]--;
	client->connections--;
	forgotten = settle(d, client);
	loop_unlock(&d->lock);
	free(forgotten);
}

/* Without memory it is not kept; its opens are then found by their ids alone. */
static struct gw_client *keep(struct gw_directory *d, const uint8_t guid[16],
			      unsigned int worker, bool is_kept)
{
	struct gw_client *client = client_find(d, guid);

	if (is_kept) {
		if (client)
			rouse(d, client);
		else
			client = client_add(d, guid, worker);
		if (client)
			client->kept++;
		return NULL;
	}
	if (!client || client->kept == 0)
		return NULL;
	client->kept--;
	return settle(d, client);
}

void gw_directory_keep(struct gw_directory *d, const uint8_t guid[16],
		       unsigned int worker, bool is_kept)
{
	struct gw_client *forgotten;

	loop_lock(&d->lock);
	forgotten = keep(d, guid, worker, is_kept);
	loop_unlock(&d->lock);
	free(forgotten);
}

unsigned int gw_directory_join_any(struct gw_directory *d)
{
	unsigned int worker;

	loop_lock(&d->lock);
	worker = least_loaded(d);
	d->loads[worker]++;
	loop_unlock(&d->lock);
	return worker;
}

void gw_directory_leave_any(struct gw_directory *d, unsigned int worker)
{
	loop_lock(&d->lock);
	assert(d->loads[worker] > 0);
	d->loads[worker]--;
	loop_unlock(&d->lock);
}

/* ---- sessions ---- */

static struct session *session_find(struct gw_directory *d, uint64_t id)
{
	struct session *session;

	HASH_FIND(hh, d->sessions, &id, sizeof(id), session);
	return session;
}

void gw_directory_tell(struct gw_directory *d, uint64_t session_id,
		       const struct smb_session_facts *facts)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return;
	session->id = session_id;
	session->facts = *facts;
	loop_lock(&d->lock);
	assert(!session_find(d, session_id));
	HASH_ADD(hh, d->sessions, id, sizeof(session->id), session);
	if (session_find(d, session_id))
		session = NULL;
	loop_unlock(&d->lock);
	session_free(session);
}

void gw_directory_forget(struct gw_directory *d, uint64_t session_id)
{
	struct session *session;

	loop_lock(&d->lock);
	session = session_find(d, session_id);
	if (session)
		HASH_DEL(d->sessions, session);
	loop_unlock(&d->lock);
	session_free(session);
}

bool gw_directory_ask(struct gw_directory *d, uint64_t session_id,
		      struct smb_session_facts *ret_facts)
{
	const struct session *session;

	loop_lock(&d->lock);
	session = session_find(d, session_id);
	if (session)
		*ret_facts = session->facts;
	loop_unlock(&d->lock);
	return session;
}

size_t gw_directory_count(struct gw_directory *d)
{
	size_t count;

	loop_lock(&d->lock);
	count = HASH_COUNT(d->table);
	loop_unlock(&d->lock);
	return count;
}
