/*
 * A whole server in a simulated world (gateway/loop/sim.h): workers, engines,
 * file semantics and a directory on disk as in the program, and client lines
 * that are the other ends of socket pairs. All of it on one thread and by one
 * seed: how bytes are cut on their way, when they arrive, who runs next.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/config.h"
#include "gateway/loop/sim.h"
#include "gateway/server.h"
#include "smb/ports.h"
#include "tests/client/client.h"

enum {
	SCENE_LINES_MAX = 16,
};

/* One client's connection. */
struct scene_line {
	struct scene *scene;
	int fd;            /* -1: none */
	bool is_patient;   /* receive() waits, until nothing happens any more */
	bool is_gone;      /* the server has closed it */
	bool is_silent;    /* nothing gets through, either way */
	bool is_deaf;      /* its client has closed it: it sends the rest */
	int server_fd;     /* the server's end, as it was when it connected */
	uint64_t received; /* bytes: what TCP would have acknowledged */
	uint8_t *out;
	size_t out_length, out_at, out_capacity;
	uint8_t *in;
	size_t in_length, in_capacity;
};

struct scene {
	struct loop_sim sim;
	struct fsa *fsa;
	struct gw_config config;
	struct smb_server_facts facts;
	struct gw_server server;
	char directory[64];
	struct scene_line lines[SCENE_LINES_MAX];
	/* Called before each thing that happens; or NULL. */
	void (*before_step)(void *arg);
	void *before_arg;
};

/* Workers, and a share "s" on a fresh directory; ann's password is secret. */
void scene_init(struct scene *scene, const struct loop_sim_options *options,
		unsigned int workers);

/* Ends the server; asserts that nothing of it is left. */
void scene_fini(struct scene *scene);

/* One thing happens. False: nothing is left to do now. */
bool scene_step(struct scene *scene);

/* Things happen until nothing does within a moment. */
void scene_settle(struct scene *scene);

/* The same, after so long. */
void scene_wait(struct scene *scene, uint64_t ms);

/* A new connection for a line without one, and what a client sends it by. */
struct client_link scene_connect(struct scene *scene, struct scene_line *line);

/*
 * Cuts it, after `keep` bytes of what is still on its way (SIZE_MAX: all of
 * it).
 */
void scene_cut(struct scene_line *line, size_t keep);

/* Whether a whole message is there. */
bool scene_has_message(const struct scene_line *line);

/* What all engines hold. */
struct smb_engine_counts scene_counts(const struct scene *scene);
size_t scene_fibers(const struct scene *scene);
