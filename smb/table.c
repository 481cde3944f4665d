/*
 * Linear probing; a removal moves the followers back, so that no tombstones
 * gather in a table that lives for months.
 */
#include "smb/table.h"

#include <assert.h>
#include <stdlib.h>

struct smb_slot {
	uint64_t id; /* 0: free */
	void *value;
};

enum {
	TABLE_SIZE_MIN = 16,
};

static size_t slot_of(const struct smb_table *table, uint64_t id)
{
	return (size_t)((id * 0x9e3779b97f4a7c15u) >> 20) & (table->size - 1);
}

static void insert(struct smb_table *table, uint64_t id, void *value)
{
	size_t at = slot_of(table, id);

	while (table->slots[at].id) {
		assert(table->slots[at].id != id);
		at = (at + 1) & (table->size - 1);
	}
	table->slots[at] = (struct smb_slot){ .id = id, .value = value };
}

static bool grow(struct smb_table *table)
{
	struct smb_table next = {
		.size = table->size ? table->size * 2 : TABLE_SIZE_MIN,
		.count = table->count,
	};

	next.slots = calloc(next.size, sizeof(*next.slots));
	if (!next.slots)
		return false;
	for (size_t i = 0; i < table->size; i++) {
		if (table->slots[i].id)
			insert(&next, table->slots[i].id,
			       table->slots[i].value);
	}
	free(table->slots);
	*table = next;
	return true;
}

void smb_table_fini(struct smb_table *table)
{
	free(table->slots);
	*table = (struct smb_table){};
}

bool smb_table_put(struct smb_table *table, uint64_t id, void *value)
{
	assert(id != 0);
	if ((table->count + 1) * 4 > table->size * 3 && !grow(table))
		return false;
	insert(table, id, value);
	table->count++;
	return true;
}

void *smb_table_get(const struct smb_table *table, uint64_t id)
{
	if (!table->size || !id)
		return NULL;
	size_t at = slot_of(table, id);

	while (table->slots[at].id && table->slots[at].id != id)
		at = (at + 1) & (table->size - 1);
	return table->slots[at].id ? table->slots[at].value : NULL;
}

/* Whether `at` may move to `hole`: its home does not lie between them. */
static bool may_move(const struct smb_table *table, size_t hole, size_t at)
{
	size_t home = slot_of(table, table->slots[at].id);
	size_t mask = table->size - 1;

	return ((at - home) & mask) >= ((at - hole) & mask);
}

void smb_table_remove(struct smb_table *table, uint64_t id)
{
	if (!smb_table_get(table, id))
		return;
	size_t mask = table->size - 1;
	size_t hole = slot_of(table, id);

	while (table->slots[hole].id != id)
		hole = (hole + 1) & mask;
	for (size_t at = (hole + 1) & mask; table->slots[at].id;
	     at = (at + 1) & mask) {
		if (!may_move(table, hole, at))
			continue;
		table->slots[hole] = table->slots[at];
		hole = at;
	}
	table->slots[hole] = (struct smb_slot){};
	table->count--;
}
