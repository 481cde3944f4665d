/*
 * Leases, oplocks and what their notices say; which way those go is notice.c's.
 * The time to acknowledge runs from the first sending on.
 *
 * News may come before the open that they are about has its id: while CREATE
 * still waits for the disk. They are kept, and sent right after its answer.
 */
#include "smb/lease.h"

#include <stdlib.h>
#include <string.h>

#include "smb/channel.h"
#include "smb/durable.h"
#include "smb/engine.h"
#include "smb/hash.h"
#include "smb/limits.h"
#include "smb/notice.h"
#include "smb/open.h"
#include "smb/session.h"
#include "smb/wire/cursor.h"

enum {
	BUCKETS = 4096, /* a power of two */
	LEASE_NOTICE_SIZE = SMB_NOTICE_MAX,
	OPLOCK_NOTICE_SIZE = 24,
	NOTIFY_ACK_REQUIRED = 0x1,
	/* News that waited go out from the top, behind the answer. */
	NEWS_DELAY_MS = 1,
};

static const struct smb_ports *ports_of(const struct smb_lease *lease)
{
	return lease->engine->ports;
}

/* ---- levels ---- */

uint8_t smb_oplock_caching(uint8_t level)
{
	switch (level) {
	case SMB_OPLOCK_II:
		return SMB_CACHE_READ;
	case SMB_OPLOCK_EXCLUSIVE:
		return SMB_CACHE_READ | SMB_CACHE_WRITE;
	case SMB_OPLOCK_BATCH:
		return SMB_CACHE_READ | SMB_CACHE_WRITE | SMB_CACHE_HANDLE;
	default:
		return 0;
	}
}

uint8_t smb_oplock_level(uint8_t caching)
{
	if (!(caching & SMB_CACHE_READ))
		return SMB_OPLOCK_NONE;
	if (!(caching & SMB_CACHE_WRITE))
		return SMB_OPLOCK_II;
	return caching & SMB_CACHE_HANDLE ? SMB_OPLOCK_BATCH
					  : SMB_OPLOCK_EXCLUSIVE;
}

/* ---- the table ---- */

void smb_lease_table_fini(struct smb_lease_table *table)
{
	free(table->buckets);
	table->buckets = NULL;
}

static struct smb_lease_bucket *bucket_of(struct smb_lease_table *table,
					  const uint8_t client_guid[16],
					  const uint8_t *key)
{
	uint64_t hash = smb_hash_two(table->secret, client_guid, key);

	return &table->buckets[hash & (BUCKETS - 1)];
}

static bool table_ready(struct smb_engine *engine)
{
	struct smb_lease_table *table = &engine->leases;

	if (table->buckets)
		return true;
	table->buckets = calloc(BUCKETS, sizeof(*table->buckets));
	if (!table->buckets)
		return false;
	smb_engine_random(engine, table->secret, sizeof(table->secret));
	return true;
}

struct smb_lease *smb_lease_find(struct smb_engine *engine,
				 const uint8_t client_guid[16],
				 const uint8_t key[SMB_LEASE_KEY_LENGTH])
{
	struct smb_lease *lease;

	if (!engine->leases.buckets)
		return NULL;
	LIST_FOREACH(lease, bucket_of(&engine->leases, client_guid, key),
		     entry) {
		if (memcmp(lease->client_guid, client_guid, 16) == 0 &&
		    memcmp(lease->key, key, SMB_LEASE_KEY_LENGTH) == 0) {
			lease->refs++;
			return lease;
		}
	}
	return NULL;
}

/* ---- notices ---- */

/* An open that can be told; NULL: none is connected and stays open. */
static struct smb_open *open_to_tell(const struct smb_lease *lease)
{
	struct smb_open *open;

	TAILQ_FOREACH(open, &lease->opens, lease_entry) {
		if (!open->is_closing && open->session &&
		    smb_session_channel(open->session))
			return open;
	}
	return NULL;
}

/* 2.2.23.2. */
static void write_lease_notice(struct writer *w, struct smb_lease *lease,
			       const struct smb_break *brk)
{
	if (lease->version == 2 && !brk->is_next)
		lease->epoch++;
	wr_u16(w, LEASE_NOTICE_SIZE);
	wr_u16(w, lease->version == 2 ? lease->epoch : 0);
	wr_u32(w, brk->must_ack ? NOTIFY_ACK_REQUIRED : 0);
	wr_copy(w, lease->key, sizeof(lease->key));
	wr_u32(w, brk->from);
	wr_u32(w, brk->to);
	wr_zero(w, 12); /* BreakReason, two hints */
}

/* 2.2.23.1. */
static void write_oplock_notice(struct writer *w, const struct smb_open *open,
				const struct smb_break *brk)
{
	wr_u16(w, OPLOCK_NOTICE_SIZE);
	wr_u8(w, smb_oplock_level(brk->to));
	wr_zero(w, 5);
	wr_u64(w, open->persistent);
	wr_u64(w, open->volatile_id);
}

static void send_notice(struct smb_lease *lease, const struct smb_open *open,
			const struct smb_break *brk)
{
	uint8_t body[SMB_NOTICE_MAX];
	struct writer w = writer_at(body, sizeof(body));

	if (lease->holder.is_lease)
		write_lease_notice(&w, lease, brk);
	else
		write_oplock_notice(&w, open, brk);
	smb_notice_send(lease, open, body, w.at, brk->must_ack);
}

/* ---- the time to acknowledge ---- */

static void set_timer(struct smb_lease *lease, uint32_t ms)
{
	ports_of(lease)->host_ops->timer_set(ports_of(lease)->host,
					     &lease->timer, ms);
}

static void clear_timer(struct smb_lease *lease)
{
	ports_of(lease)->host_ops->timer_clear(ports_of(lease)->host,
					       &lease->timer);
	lease->is_awaited = false;
}

static void tell(struct smb_lease *lease, struct smb_open *open,
		 const struct smb_break *brk)
{
	send_notice(lease, open, brk);
	lease->is_awaited = brk->must_ack;
	if (brk->must_ack)
		set_timer(lease, SMB_BREAK_TIME_MS);
	else
		lease->caching = brk->to;
}

static void tell_news(struct smb_lease *lease)
{
	struct smb_open *open = open_to_tell(lease);

	if (!open)
		return;
	lease->has_news = false;
	tell(lease, open, &lease->news);
}

void smb_lease_lapse(struct smb_lease *lease)
{
	clear_timer(lease);
	smb_notice_forget(&lease->notices);
	lease->caching = 0;
	if (lease->holder.object)
		ports_of(lease)->object_ops->oplock_lapse(lease->holder.object);
}

static void timer_fired(struct smb_timer *timer)
{
	struct smb_lease *lease =
		(void *)((char *)timer - offsetof(struct smb_lease, timer));

	if (lease->has_news)
		tell_news(lease);
	else if (lease->is_awaited)
		smb_lease_lapse(lease);
}

static void broken(struct smb_holder *holder, const struct smb_break *brk)
{
	struct smb_lease *lease = (void *)holder;
	struct smb_open *open = open_to_tell(lease);

	smb_durable_yield(lease, brk);
	if (open && !lease->has_news) {
		tell(lease, open, brk);
		return;
	}
	if (!lease->has_news)
		lease->news.from = brk->from;
	lease->news.to = brk->to;
	lease->news.must_ack = brk->must_ack;
	lease->news.is_next = brk->is_next;
	lease->has_news = true;
}

/* ---- life ---- */

static struct smb_lease *lease_new(struct smb_engine *engine)
{
	struct smb_lease *lease = calloc(1, sizeof(*lease));

	if (!lease)
		return NULL;
	lease->holder.broken = broken;
	lease->refs = 1;
	lease->engine = engine;
	lease->timer.fire = timer_fired;
	TAILQ_INIT(&lease->opens);
	return lease;
}

struct smb_lease *smb_lease_new_oplock(struct smb_engine *engine)
{
	return lease_new(engine);
}

struct smb_lease *smb_lease_get(struct smb_engine *engine,
				const uint8_t client_guid[16],
				const struct smb_lease_request *ask)
{
	struct smb_lease *lease;

	if (!table_ready(engine))
		return NULL;
	lease = smb_lease_find(engine, client_guid, ask->key);
	if (!lease) {
		lease = lease_new(engine);
		if (!lease)
			return NULL;
		lease->holder.is_lease = true;
		memcpy(lease->client_guid, client_guid, 16);
		memcpy(lease->key, ask->key, sizeof(lease->key));
		memcpy(lease->holder.key, ask->key, sizeof(lease->key));
		lease->version = ask->version;
		lease->epoch = ask->epoch;
		LIST_INSERT_HEAD(bucket_of(&engine->leases, client_guid,
					   ask->key),
				 lease, entry);
	}
	if (ask->version == 2 && (ask->flags & SMB_LEASE_PARENT_KEY_SET)) {
		lease->has_parent = true;
		memcpy(lease->parent_key, ask->parent_key,
		       sizeof(lease->parent_key));
	}
	return lease;
}

struct smb_lease *smb_lease_unref(struct smb_lease *lease)
{
	if (!lease || --lease->refs > 0)
		return NULL;
	clear_timer(lease);
	smb_notice_forget(&lease->notices);
	if (lease->holder.is_lease)
		LIST_REMOVE(lease, entry);
	free(lease);
	return NULL;
}

void smb_lease_join(struct smb_lease *lease, struct smb_open *open,
		    const struct smb_created *created)
{
	lease->refs++;
	open->lease = lease;
	TAILQ_INSERT_TAIL(&lease->opens, open, lease_entry);
	lease->holder.object = TAILQ_FIRST(&lease->opens)->object;
	if (created->is_raised && lease->version == 2)
		lease->epoch++;
	lease->caching = created->caching;
	if (lease->has_news)
		set_timer(lease, NEWS_DELAY_MS);
}

void smb_lease_leave(struct smb_open *open)
{
	struct smb_lease *lease = open->lease;

	if (!lease)
		return;
	TAILQ_REMOVE(&lease->opens, open, lease_entry);
	open->lease = NULL;

	struct smb_open *first = TAILQ_FIRST(&lease->opens);

	lease->holder.object = first ? first->object : NULL;
	/* What was broken has ended; who asks by then begins afresh. */
	if (!lease->holder.file)
		lease->has_news = false;
	if (!first) {
		clear_timer(lease);
		smb_notice_forget(&lease->notices);
	}
	smb_lease_unref(lease);
}

enum nt_status smb_lease_acknowledge(struct smb_lease *lease, uint8_t caching)
{
	enum nt_status status = NT_STATUS_UNSUCCESSFUL;

	if (lease->is_awaited && lease->holder.object)
		status = ports_of(lease)->object_ops->oplock_answer(
			lease->holder.object, caching);
	if (status != NT_STATUS_SUCCESS)
		return status;
	clear_timer(lease);
	smb_notice_forget(&lease->notices);
	lease->caching = caching;
	return NT_STATUS_SUCCESS;
}
