/*
 * The table of CreateGuids: by client and guid, as MS-SMB2 3.3.5.9.10 looks
 * them up.
 */
#include "smb/replay.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "smb/engine.h"
#include "smb/hash.h"
#include "smb/open.h"

enum {
	BUCKETS = 4096, /* a power of two */
};

void smb_replay_table_fini(struct smb_replay_table *table)
{
	free(table->buckets);
	table->buckets = NULL;
}

static struct smb_replay_bucket *bucket_of(struct smb_replay_table *table,
					   const uint8_t client_guid[16],
					   const uint8_t create_guid[16])
{
	uint64_t hash = smb_hash_two(table->secret, client_guid, create_guid);

	return &table->buckets[hash & (BUCKETS - 1)];
}

struct smb_replay *smb_replay_find(struct smb_engine *engine,
				   const uint8_t client_guid[16],
				   const uint8_t create_guid[16])
{
	struct smb_replay_table *table = &engine->replays;
	struct smb_replay *at;

	if (!table->buckets)
		return NULL;
	LIST_FOREACH(at, bucket_of(table, client_guid, create_guid), entry) {
		if (memcmp(at->client_guid, client_guid, 16) == 0 &&
		    memcmp(at->create_guid, create_guid, 16) == 0)
			return at;
	}
	return NULL;
}

static bool table_ready(struct smb_engine *engine)
{
	struct smb_replay_table *table = &engine->replays;

	if (table->buckets)
		return true;
	table->buckets = calloc(BUCKETS, sizeof(*table->buckets));
	if (!table->buckets)
		return false;
	smb_engine_random(engine, table->secret, sizeof(table->secret));
	return true;
}

static void enlist(struct smb_engine *engine, struct smb_replay *replay)
{
	LIST_INSERT_HEAD(bucket_of(&engine->replays, replay->client_guid,
				   replay->create_guid),
			 replay, entry);
	replay->is_listed = true;
}

bool smb_replay_begin(struct smb_engine *engine, struct smb_replay *replay,
		      const uint8_t client_guid[16],
		      const uint8_t create_guid[16])
{
	assert(!replay->is_listed);
	if (!table_ready(engine))
		return false;
	memcpy(replay->client_guid, client_guid, 16);
	memcpy(replay->create_guid, create_guid, SMB_CREATE_GUID_LENGTH);
	replay->open = NULL;
	enlist(engine, replay);
	return true;
}

void smb_replay_opened(struct smb_engine *engine, struct smb_replay *replay,
		       struct smb_open *open)
{
	if (!replay->is_listed)
		return;
	smb_replay_end(replay);
	open->replay = *replay;
	open->replay.open = open;
	enlist(engine, &open->replay);
}

void smb_replay_end(struct smb_replay *replay)
{
	if (!replay->is_listed)
		return;
	LIST_REMOVE(replay, entry);
	replay->is_listed = false;
}
