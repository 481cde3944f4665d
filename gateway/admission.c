/*
 * Counts connections. An address has an entry while it has a connection, so
 * the table is bounded by the number of connections.
 */
#include "gateway/admission.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/loop/loop.h"
#include "gateway/table.h"

struct gw_peer {
	uint8_t address[16];
	size_t connections;
	size_t strangers;
	UT_hash_handle hh;
};

struct gw_admission {
	struct loop_mutex lock; /* of `table` and `count` */
	struct gw_peer *table;
	size_t count;
	size_t connections_max, per_address_max, strangers_max;
};

struct gw_admission *gw_admission_new(size_t connections, size_t per_address,
				      size_t strangers_per_address)
{
	struct gw_admission *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	loop_mutex_init(&a->lock);
	a->connections_max = connections;
	a->per_address_max = per_address;
	a->strangers_max = strangers_per_address;
	return a;
}

struct gw_admission *gw_admission_free(struct gw_admission *a)
{
	if (!a)
		return NULL;
	assert(a->count == 0);
	loop_mutex_fini(&a->lock);
	free(a);
	return NULL;
}

static struct gw_peer *peer_find(struct gw_admission *a,
				 const uint8_t address[16])
{
	struct gw_peer *peer;

	HASH_FIND(hh, a->table, address, sizeof(peer->address), peer);
	return peer;
}

static struct gw_peer *peer_add(struct gw_admission *a,
				const uint8_t address[16])
{
	struct gw_peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	memcpy(peer->address, address, sizeof(peer->address));
	HASH_ADD(hh, a->table, address, sizeof(peer->address), peer);
	if (!peer_find(a, address)) {
		free(peer);
		return NULL;
	}
	return peer;
}

static const char *fault(const struct gw_admission *a,
			 const struct gw_peer *peer)
{
	if (a->count >= a->connections_max)
		return "connections";
	if (peer && peer->connections >= a->per_address_max)
		return "connections of this address";
	if (peer && peer->strangers >= a->strangers_max)
		return "connections of this address that do not log on";
	return NULL;
}

struct gw_peer *gw_admission_enter(struct gw_admission *a,
				   const uint8_t address[16],
				   const char **ret_why)
{
	struct gw_peer *peer;
	const char *why;

	loop_lock(&a->lock);
	peer = peer_find(a, address);
	why = fault(a, peer);
	if (why) {
		*ret_why = why;
		peer = NULL;
	} else if (!peer) {
		peer = peer_add(a, address);
		*ret_why = "connections for the memory there is";
	}
	if (peer) {
		peer->connections++;
		peer->strangers++;
		a->count++;
	}
	loop_unlock(&a->lock);
	return peer;
}

void gw_admission_known(struct gw_admission *a, struct gw_peer *peer,
			bool is_known)
{
	loop_lock(&a->lock);
	if (is_known)
		peer->strangers--;
	else
		peer->strangers++;
	loop_unlock(&a->lock);
}

void gw_admission_leave(struct gw_admission *a, struct gw_peer *peer,
			bool was_known)
{
	loop_lock(&a->lock);
	assert(a->count > 0 && peer->connections > 0);
	a->count--;
	if (!was_known)
		peer->strangers--;
	if (--peer->connections == 0)
		HASH_DEL(a->table, peer);
	else
		peer = NULL;
	loop_unlock(&a->lock);
	free(peer);
}

size_t gw_admission_count(struct gw_admission *a)
{
	size_t count;

	loop_lock(&a->lock);
	count = a->count;
	loop_unlock(&a->lock);
	return count;
}
