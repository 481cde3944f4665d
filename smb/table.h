/*
 * A table from 64-bit ids to pointers: open addressing, grows by itself. Ids
 * are chosen by the engine, never by a peer, so no peer can make it slow. 0 is
 * no id. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct smb_slot;

/* Start with {}. */
struct smb_table {
	struct smb_slot *slots;
	size_t size; /* 0 or a power of two */
	size_t count;
};

void smb_table_fini(struct smb_table *table);

/* False: out of memory. The id must not be in the table. */
bool smb_table_put(struct smb_table *table, uint64_t id, void *value);

/* NULL if it isn't there. */
void *smb_table_get(const struct smb_table *table, uint64_t id);

/* Nothing happens if it isn't there. */
void smb_table_remove(struct smb_table *table, uint64_t id);
