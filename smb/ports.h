/*
 * All that the protocol engine asks of others, in four structs of functions:
 * smb_host_ops (time, chance, tasks), smb_wire_ops (one connection's bytes),
 * smb_realm_ops (accounts and shares) and smb_object_ops (files, as MS-FSA has
 * them: smb/object_ops.h). The engine calls them on its worker's thread only.
 *
 * Functions with `co_` may suspend the calling task: the engine does not know
 * how. Answers are return values. Names are UTF-16 code units in host order;
 * times are FILETIME (100 ns since 1601-01-01 UTC).
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smb/object_ops.h"
#include "smb/status.h"

struct smb_engine;
struct smb_reply;

/* ---- the host ---- */

/* A task that the engine started. `handle` is the host's; NULL: not running. */
struct smb_task {
	void *handle;
};

/* One wait of a task for something in the engine. Start with {}. */
struct smb_parked {
	void *handle[6]; /* the host's */
};

struct smb_timer {
	void (*fire)(struct smb_timer *timer);
	void *handle[4]; /* the host's */
};

enum smb_log_level {
	SMB_LOG_WARN, /* a peer misbehaved */
	SMB_LOG_INFO,
	SMB_LOG_DEBUG,
};

/*
 * What a session and a connection that is to be bound to it have to agree in,
 * and the key that proves that they are the same client's. Frozen once the
 * session is up.
 */
struct smb_session_facts {
	uint8_t client_guid[16];
	uint16_t dialect;
	uint16_t signing, cipher; /* enum smb_signing, enum smb_cipher */
	bool is_authenticated;    /* neither guest nor anonymous: has a key */
	uint8_t signing_key[16];
};

struct smb_host_ops {
	uint64_t (*now)(void *host);      /* FILETIME, wall clock */
	uint64_t (*ticks_ms)(void *host); /* monotonic, milliseconds */
	void (*random)(void *host, void *to, size_t length);

	/*
	 * Starts fn(arg) as a task of this worker. Tasks begin in the order of
	 * these calls, soon, never inside this call. False: out of memory.
	 * task->handle is good until fn returns; fn itself sets it to NULL
	 * before its memory goes.
	 */
	bool (*run)(void *host, void (*fn)(void *arg), void *arg,
		    struct smb_task *task);

	/* The task's wait, this or the next one, ends with CANCELLED. */
	void (*cancel)(void *host, struct smb_task *task);

	/* From the task itself: a cancel that ended no wait is forgotten. */
	void (*uncancel)(void *host, struct smb_task *task);

	/* SUCCESS once woken, IO_TIMEOUT, or CANCELLED. */
	enum nt_status (*co_park)(void *host, struct smb_parked *parked,
				  uint32_t timeout_ms);
	void (*wake)(void *host, struct smb_parked *parked);

	/*
	 * Runs fn(arg) on another thread and returns when it has run, cancelled
	 * or not. fn touches nothing of the engine's. NULL: there is none.
	 */
	void (*co_apart)(void *host, void (*fn)(void *arg), void *arg);

	/*
	 * Has a session of another worker ended, if it is this user's
	 * (PreviousSessionId, MS-SMB2 3.3.5.5.3): that worker calls
	 * smb_engine_co_end_session(). Returns when it is gone; false if there
	 * is none. NULL where there is one worker only.
	 */
	bool (*co_end_session)(void *host, uint64_t session_id,
			       const char *user);

	/*
	 * Says what connections of other workers must know of a session that
	 * has come up, and that it has ended. NULL where there is one worker.
	 */
	void (*session_tell)(void *host, uint64_t session_id,
			     const struct smb_session_facts *facts);
	void (*session_forget)(void *host, uint64_t session_id);

	/* The facts of a session of any worker; false: there is none. */
	bool (*session_ask)(void *host, uint64_t session_id,
			    struct smb_session_facts *ret_facts);

	/*
	 * Counts what waits for a client (ClientGuid) to come back: as long as
	 * there is something, its next connection comes to this worker. NULL
	 * where there is one worker only.
	 */
	void (*keep_client)(void *host, const uint8_t client_guid[16],
			    bool is_kept);

	/*
	 * Runs co_fn(engine, arg) as a task of the worker with this number,
	 * maybe this one, and returns when it has ended. False, and it has not
	 * run: there is no such worker. NULL where there is one worker only.
	 */
	bool (*co_visit)(void *host, unsigned int worker,
			 void (*co_fn)(struct smb_engine *engine, void *arg),
			 void *arg);

	void (*timer_set)(void *host, struct smb_timer *timer, uint32_t ms);
	void (*timer_clear)(void *host, struct smb_timer *timer);
	bool (*log_is_on)(void *host, enum smb_log_level level);
	void (*log)(void *host, enum smb_log_level level, const char *line);
};

/* ---- one connection ---- */

/* An address of the server, and the card that has it. */
struct smb_interface {
	uint32_t index; /* the same for all addresses of a card */
	uint64_t speed; /* bit/s */
	bool has_rss;   /* several connections to it run on several cores */
	bool is_v6;
	uint8_t address[16]; /* IPv4 mapped, ::ffff:a.b.c.d */
};

/*
 * Whether something that was queued has been received; whoever asks embeds
 * this and keeps it until it is told.
 */
struct smb_delivery {
	/* Called from the worker's top, never inside of a call of an op. */
	void (*done)(struct smb_delivery *delivery, bool was_received);
	bool is_unacked; /* a test: it counts as not received */
	/* Whether another connection would be tried if this one is silent. */
	bool (*has_other_way)(const struct smb_delivery *delivery);
	/* ---- the wire's ---- */
	TAILQ_ENTRY(smb_delivery) entry;
	uint64_t upto, deadline;
};

struct smb_wire_ops {
	/*
	 * Takes a reply (smb/smb.h), sends replies strictly in the order of
	 * these calls, and calls smb_reply_free() when it is sent or dropped.
	 * Never waits.
	 */
	void (*queue)(void *wire, struct smb_reply *reply);

	/*
	 * Ends the connection: at once, or after what is queued. The engine
	 * gets smb_channel_closed() later, from the wire's own top, once.
	 */
	void (*close)(void *wire, bool after_queue);

	/*
	 * Tells, once, whether the peer has received all that is queued by
	 * now. False if the connection ends before. That shows no sign of its
	 * peer for six times its retransmission timeout is closed, if there is
	 * another way.
	 */
	void (*watch)(void *wire, struct smb_delivery *delivery);

	/*
	 * The server's addresses that this peer may open further connections
	 * to: at most `max`; how many. May suspend.
	 */
	uint32_t (*co_interfaces)(void *wire, struct smb_interface *ret_told,
				  uint32_t max);

	/* Text of the peer's address, for the log. Borrowed. */
	const char *(*peer)(void *wire);
};

/* ---- accounts and shares ---- */

/*
 * Who somebody is, as the realm knows them; the realm embeds this. Counted by
 * user_ref and user_unref; frozen.
 */
struct smb_user {
	char name[256]; /* UTF-8, as the realm spells it */
	bool is_guest;
	bool is_anonymous;
	bool is_disabled; /* known, and may not log on */
};

enum smb_policy {
	SMB_POLICY_OFF,
	SMB_POLICY_DESIRED,
	SMB_POLICY_REQUIRED,
};

/* Facts of the server. Frozen while the engine lives. */
struct smb_server_facts {
	uint8_t guid[16];      /* the same over restarts */
	char netbios_name[16]; /* upper case */
	char dns_name[256];
	char comment[64];
	uint16_t dialect_min, dialect_max;
	enum smb_policy signing; /* DESIRED or REQUIRED */
	enum smb_policy encryption;
	uint32_t io_size_max; /* READ, WRITE, TRANSACT: 64 KiB … 8 MiB */
	uint16_t credits_max;
	bool is_multichannel; /* sessions may have several connections */
	bool is_test;         /* private FSCTLs of the conformance tests */
	bool has_posix;       /* the extensions of 3.1.1 for Linux clients */
	bool leases_directories;
	bool breaks_oplocks_once; /* notices of oplocks are not sent again */
};

enum smb_share_type {
	SMB_SHARE_DISK = 1,
	SMB_SHARE_PIPE = 2,
};

struct smb_share_facts {
	char name[128]; /* UTF-8 */
	char comment[128];
	enum smb_share_type type;
	uint32_t flags; /* MS-SMB2 2.2.10 ShareFlags without ENCRYPT_DATA */
	uint32_t access_max; /* MaximalAccess of the connecting user */
	bool must_encrypt;
	bool is_hidden; /* not in the share list */
	bool is_case_sensitive;
	bool is_time_machine; /* macOS may keep its backups there */
	bool keeps_opens;     /* durable and resilient ones */
};

/* A share as one session sees it; the object store embeds this. */
struct smb_volume {
	struct smb_share_facts facts;
	bool is_for_apple; /* descriptors tell and set the mode, as macOS likes
			      it: the engine says so */
};

/* Users and groups as Linux counts them, whether they may log on or not. */
enum smb_id_kind {
	SMB_ID_USER,
	SMB_ID_GROUP,
};

enum {
	SMB_ID_NAME_SIZE = 256, /* UTF-8, with a NUL */
};

struct smb_realm_ops {
	/* The server's facts. Borrowed, frozen. */
	const struct smb_server_facts *(*server)(void *realm);

	/*
	 * The account called `name` (any case) and its NT hash. False if there
	 * is none. `ret_user` is a reference.
	 */
	bool (*account)(void *realm, struct smb_name name,
			struct smb_user **ret_user, uint8_t ret_nt_hash[16]);

	/* A reference to the guest or the anonymous user; NULL: refused. */
	struct smb_user *(*guest)(void *realm);
	struct smb_user *(*anonymous)(void *realm);
	struct smb_user *(*user_ref)(struct smb_user *user);
	void (*user_unref)(struct smb_user *user);

	/*
	 * Connects to a share by its UTF-8 name, in any case; IPC$ is the
	 * engine's own and never asked for. BAD_NETWORK_NAME, ACCESS_DENIED.
	 * Give the volume back with smb_object_ops.disconnect.
	 */
	enum nt_status (*co_connect)(void *realm, struct smb_user *user,
				     const char *share,
				     struct smb_volume **ret_volume);

	/* Calls `each` for every share that the user may list; not IPC$. */
	void (*shares)(void *realm, struct smb_user *user,
		       void (*each)(void *arg,
				    const struct smb_share_facts *share),
		       void *arg);

	/*
	 * The name of a user or group, as the realm spells it, and the other
	 * way round, in any case. False: none is known. Or NULL, both.
	 */
	bool (*id_name)(void *realm, enum smb_id_kind kind, uint32_t id,
			char ret_name[SMB_ID_NAME_SIZE]);
	bool (*name_id)(void *realm, enum smb_id_kind kind, const char *name,
			uint32_t *ret_id);
};

/* All four, and what each is called with. Frozen; borrowed by the engine. */
struct smb_ports {
	const struct smb_host_ops *host_ops;
	void *host;
	const struct smb_realm_ops *realm_ops;
	void *realm;
	const struct smb_object_ops *object_ops;
};
