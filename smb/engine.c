/*
 * What an engine is made of, and the few things that it does as a whole.
 * Leaves connections to channel.c, and sessions, trees and opens to the files
 * of those names.
 */
#include "smb/engine.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "smb/durable.h"
#include "smb/session.h"
#include "smb/wire/utf16.h"

enum {
	/*
	 * A session id has 32 bits, since there are clients that keep no more:
	 * the worker's number on top, the rest is random.
	 */
	WORKER_SHIFT = 24,
	/* The same in the persistent half of a FileId, which has 64. */
	FILE_WORKER_SHIFT = 56,
};

struct smb_engine *smb_engine_new(const struct smb_ports *ports,
				  unsigned int worker)
{
	assert(worker <= 255);
	struct smb_engine *engine = calloc(1, sizeof(*engine));

	if (!engine)
		return NULL;
	engine->ports = ports;
	engine->facts = ports->realm_ops->server(ports->realm);
	engine->worker = worker;
	TAILQ_INIT(&engine->ending);
	TAILQ_INIT(&engine->channels);
	TAILQ_INIT(&engine->disconnected);
	LIST_INIT(&engine->instances);
	return engine;
}

struct smb_engine *smb_engine_free(struct smb_engine *engine)
{
	if (!engine)
		return NULL;
	assert(engine->counts.channels == 0);
	assert(engine->counts.requests == 0);
	assert(engine->counts.disconnected == 0);
	assert(engine->closing_count == 0);
	smb_table_fini(&engine->sessions);
	smb_table_fini(&engine->trees);
	smb_table_fini(&engine->opens);
	smb_table_fini(&engine->kept);
	smb_lease_table_fini(&engine->leases);
	smb_replay_table_fini(&engine->replays);
	free(engine);
	return NULL;
}

unsigned int smb_session_id_worker(uint64_t session_id)
{
	uint64_t worker = session_id >> WORKER_SHIFT;

	return worker <= UINT8_MAX ? (unsigned int)worker : UINT_MAX;
}

void smb_engine_count(const struct smb_engine *engine,
		      struct smb_engine_counts *ret_counts)
{
	*ret_counts = engine->counts;
}

bool smb_engine_co_end_session(struct smb_engine *engine, uint64_t session_id,
			       const char *user)
{
	struct smb_session *session = smb_session_find(engine, session_id);

	if (!session)
		return smb_session_co_wait_end(engine, session_id, user);
	bool is_theirs = session->is_valid && session->has_key &&
			 smb_utf8_equal_nocase(session->user->name, user);

	if (is_theirs)
		smb_session_co_end(session, 0);
	smb_session_unref(session);
	return is_theirs;
}

uint64_t smb_engine_now(const struct smb_engine *engine)
{
	return engine->ports->host_ops->now(engine->ports->host);
}

uint64_t smb_engine_ticks(const struct smb_engine *engine)
{
	return engine->ports->host_ops->ticks_ms(engine->ports->host);
}

void smb_engine_random(const struct smb_engine *engine, void *to, size_t length)
{
	engine->ports->host_ops->random(engine->ports->host, to, length);
}

/* Nothing that a client may take for «none» or «all». */
static bool id_is_usable(const struct smb_table *table, uint64_t id,
			 uint64_t mask)
{
	return (id & mask) != 0 && (id & mask) != mask &&
	       !smb_table_get(table, id);
}

uint64_t smb_engine_fresh_session_id(const struct smb_engine *engine)
{
	const uint64_t mask = (1u << WORKER_SHIFT) - 1;
	uint64_t id;

	do {
		smb_engine_random(engine, &id, sizeof(id));
		id &= mask;
		id |= (uint64_t)engine->worker << WORKER_SHIFT;
	} while (!id_is_usable(&engine->sessions, id, mask));
	return id;
}

uint64_t smb_engine_fresh_file_id(const struct smb_engine *engine)
{
	uint64_t id;

	do {
		smb_engine_random(engine, &id, sizeof(id));
	} while (!id_is_usable(&engine->opens, id, UINT64_MAX));
	return id;
}

uint64_t smb_engine_fresh_persistent_id(const struct smb_engine *engine)
{
	const uint64_t mask = (UINT64_C(1) << FILE_WORKER_SHIFT) - 1;
	uint64_t id;

	do {
		smb_engine_random(engine, &id, sizeof(id));
		id &= mask;
		id |= (uint64_t)engine->worker << FILE_WORKER_SHIFT;
	} while (!id_is_usable(&engine->kept, id, mask));
	return id;
}

unsigned int smb_persistent_id_worker(uint64_t persistent)
{
	return (unsigned int)(persistent >> FILE_WORKER_SHIFT);
}

void smb_engine_co_stop(struct smb_engine *engine)
{
	smb_durable_co_stop(engine);
}
