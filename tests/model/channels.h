/*
 * One client with several channels (MS-SMB2 3.2): binds them, loses them,
 * sends again on others what it has no answer for, and logs on once more when
 * none is left.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/client/client.h"
#include "tests/model/scene.h"

enum {
	CHANNELS_WANTED = 4,
	CHANNELS_FILES = 2,
	CHANNELS_RANGES = 2,
};

/* A file that the client has open, or wants open. */
struct channels_file {
	bool is_open;          /* it has an id for it */
	bool is_durable;       /* the server has said that it outlives a loss */
	const char *name;      /* that it has, as far as the client knows */
	const char *next_name; /* that it may have by now; or NULL */
	struct client_file id;
	uint8_t create_guid[16];
	uint8_t key[16];
	uint8_t caching; /* of its lease, as the client knows it: 1 R 2 H 4 W */
	bool has_range[CHANNELS_RANGES];
	bool must_lock[CHANNELS_RANGES];      /* again: the open was lost */
	uint8_t lock_number[CHANNELS_RANGES]; /* LockSequenceNumber */
};

struct channel {
	struct scene_line *line; /* NULL: this one is not up */
	struct client client;
	struct client_session bound, *session;
	unsigned int waits; /* how long it has owed an answer */
};

struct channels {
	struct scene *scene;
	struct channel at[CHANNELS_WANTED];
	struct client_session first; /* the session's own keys */
	bool has_session;
	bool session_is_over; /* the server says */
	uint32_t tree;
	uint16_t sequence; /* ChannelSequence */
	uint8_t opened;    /* CREATEs so far, for GUIDs */
	struct channels_file files[CHANNELS_FILES];
	/* What is no request of the script's: the other client's turn. */
	void (*meanwhile)(void *arg);
	void *arg;
	/*
	 * Since when nothing gets through to it, in nanoseconds; 0: something
	 * does. And whether that has lasted for longer than a lease is kept for
	 * one that doesn't answer: then it may have lost some, and not know.
	 */
	uint64_t deaf_since_ns;
	bool was_deaf_for_long;
	unsigned int binds, logons, losses, reopens;
	const char *why; /* what went wrong, or NULL */
};

void channels_init(struct channels *m, struct scene *scene);
void channels_fini(struct channels *m);

/* How many are up, as the client knows. */
unsigned int channels_count(const struct channels *m);

/* Looks whether one is up that something gets through. */
void channels_listen(struct channels *m);

/* Whether it knows of each lease what the server does. */
bool channels_is_told(const struct channels *m);

/* One more, bound to the session; or the first. False: not this time. */
bool channels_add(struct channels *m);

/*
 * The client gives one up. What is still on its way arrives later, or never;
 * if it may not be late: never.
 */
void channels_lose(struct channels *m, struct channel *c, bool may_be_late);

void channels_lose_all(struct channels *m);

/* Those that the server has closed, or that were cut. */
void channels_lose_dead(struct channels *m);

/* Makes sure that there is a session, with its files. False: not this time. */
bool channels_revive(struct channels *m);

/* A channel that is up, at random. NULL: none is. */
struct channel *channels_any(struct channels *m);

/* Begins a request on it, with the sequence and maybe the replay flag. */
struct writer *channels_begin(struct channels *m, struct channel *c,
			      enum smb_command command, bool is_replay);

/* A new CreateGuid and lease key for files[index]. */
void channels_name(struct channels *m, unsigned int index);

/* The body of a CREATE of files[index], with a lease and a CreateGuid. */
void channels_write_create(struct channels *m, struct channel *c,
			   unsigned int index, uint32_t disposition);

/* The body of a LOCK of files[index], which may be sent again. */
void channels_write_lock(struct channels *m, struct channel *c,
			 unsigned int index, unsigned int range,
			 uint32_t flags);

/* What a CREATE's answer says. */
void channels_opened(struct channels *m, unsigned int index,
		     const struct client_answer *answer);

/* A break notice: believes and acknowledges it. */
void channels_broken(struct channels *m, struct channel *c,
		     const struct client_answer *notice);
