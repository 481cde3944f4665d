/*
 * The second client of the play of the channels: now and then it opens the
 * file with a lease, reads it, and closes it. Its only connection is quiet.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/client/client.h"
#include "tests/model/scene.h"

enum {
	SECOND_BLOCK = 64, /* bytes of one */
	SECOND_BLOCKS = 4,
};

enum second_state {
	SECOND_IDLE,
	SECOND_OPENS,
	SECOND_READS,
	SECOND_HOLDS, /* for some time, with its lease */
	SECOND_CLOSES,
};

struct second {
	struct scene *scene;
	struct client client;
	struct client_session session;
	uint32_t tree;
	enum second_state state;
	uint64_t message_id; /* of what it waits for */
	struct client_file file;
	uint8_t caching; /* 1 R 2 H 4 W */
	uint64_t holds_until_ns;
	bool has_read; /* since it opened the file: `read` is of that */
	uint8_t read[SECOND_BLOCKS]; /* the first byte of each block */
	bool is_torn;                /* a block is not of one kind */
	bool was_broken;
	unsigned int opens, reads, breaks;
};

/* Logs on, over the scene's first line. */
void second_init(struct second *s, struct scene *scene);
void second_fini(struct second *s);

/* Takes what has come, and goes on. */
void second_turn(struct second *s);

/* Begins to open the file. Idle ones only. */
void second_open(struct second *s, const char *name);
