/*
 * A client of the play: sends what a request of the model says, and reads what
 * comes back as the model says it.
 */
#pragma once

#include "tests/client/client.h"
#include "tests/model/explain.h"
#include "tests/model/model.h"
#include "tests/model/scene.h"

/* A request under way. */
struct actor_request {
	uint64_t message_id, async_id; /* 0: no interim answer so far */
};

struct actor {
	uint8_t index;
	bool is_up;
	struct scene *scene;
	struct scene_line *line;
	struct client client;
	struct client_session session;
	uint32_t tree;
	struct actor_request requests[MODEL_OPS];
	struct client_file files[MODEL_OPENS]; /* of all that it has opened */
	uint16_t epochs[MODEL_KEYS];
};

/* Connects and logs on. False: it can't; then disconnect. */
bool actor_connect(struct actor *a);

/* Lets go of a connection that is cut. */
void actor_disconnect(struct actor *a, size_t keep);

/* Sends request `index`. */
void actor_send(struct actor *a, const struct model_op *ops, uint8_t index);

/*
 * Takes what has come: answers into ops, notices behind those that were seen.
 * False: something came that nobody has asked for.
 */
bool actor_take(struct actor *a, struct model_op *ops,
		struct explain_seen *seen);
