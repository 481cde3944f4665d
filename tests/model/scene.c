/*
 * The scene's making and ending, and the lines. A line keeps what its client
 * has sent until the scene lets a piece of it go.
 */
#include "tests/model/scene.h"

#include <assert.h>
#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/conn.h"
#include "gateway/fsa/fsa.h"
#include "gateway/loop/inside.h"
#include "gateway/run.h"

enum {
	PREFIX = 4, /* MS-SMB2 2.1 */
	CONNECTIONS = 64,
	MOMENT_MS = 100,
	TIMEOUT_MS = 200, /* TCP's, of retransmission */
};

/* ---- what TCP would say ---- */

static bool line_acked(void *arg, int fd, struct loop_acked *ret_acked)
{
	const struct scene *scene = arg;

	for (size_t i = 0; i < SCENE_LINES_MAX; i++) {
		const struct scene_line *line = &scene->lines[i];

		if (line->fd >= 0 && line->server_fd == fd) {
			*ret_acked = (struct loop_acked){
				.bytes = line->received,
				.timeout_ms = TIMEOUT_MS,
			};
			return true;
		}
	}
	return false;
}

/* ---- making ---- */

/*
 * Names are what they are: what the server remembers of a directory is as good
 * as the directory's times say, which are the kernel's and no simulation.
 */
static void read_config(struct scene *scene)
{
	struct gw_complaints c = { .to = stderr };
	struct gw_snapshot *snapshot;
	char text[400];

	snprintf(text, sizeof(text),
		 "server = { listen = [ \"127.0.0.1:0\" ]; };\n"
		 "users = ( { name = \"ann\";\n" /* "secret" */
		 "  nt_hash = \"878D8014606CDA29677A44EFA1353FC7\"; } );\n"
		 "shares = ( { name = \"s\"; path = \"%s\";\n"
		 "  case = \"sensitive\"; short_names = false; } );\n",
		 scene->directory);
	if (!gw_config_parse(text, "x", ".", &scene->config, &c) ||
	    gw_run_facts(&scene->config, &scene->facts) < 0 ||
	    gw_snapshot_new(&scene->config, scene->fsa, NULL, &c, &snapshot) !=
		    GW_EXIT_OK)
		abort();
	scene->server.realm = gw_realm_new(&scene->facts, false, snapshot);
}

/* Where nothing takes time, if there is such a place. */
static void make_directory(struct scene *scene)
{
	snprintf(scene->directory, sizeof(scene->directory),
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm/smbgate.XXXXXX"
					       : "/tmp/smbgate.XXXXXX");
	if (!mkdtemp(scene->directory))
		abort();
}

void scene_init(struct scene *scene, const struct loop_sim_options *options,
		unsigned int workers)
{
	struct gw_server *server = &scene->server;

	*scene = (struct scene){ .fsa = fsa_new() };
	loop_sim_init(&scene->sim, options);
	scene->sim.acked = line_acked;
	scene->sim.acked_arg = scene;
	make_directory(scene);
	read_config(scene);
	server->worker_count = workers;
	server->directory = gw_directory_new(workers);
	server->admission =
		gw_admission_new(CONNECTIONS, CONNECTIONS, CONNECTIONS);
	server->workers = calloc(workers, sizeof(*server->workers));
	for (unsigned int i = 0; i < workers; i++) {
		struct loop_options how = { .world = &scene->sim.world };

		if (gw_worker_open(&server->workers[i], server, i, &how) < 0)
			abort();
		loop_switch(NULL);
	}
	for (size_t i = 0; i < SCENE_LINES_MAX; i++)
		scene->lines[i] =
			(struct scene_line){ .scene = scene, .fd = -1 };
}

/* ---- ending ---- */

static int remove_one(const char *path, const struct stat *stat, int kind,
		      struct FTW *where)
{
	(void)stat;
	(void)kind;
	(void)where;
	return remove(path);
}

static void end_workers(struct scene *scene)
{
	struct gw_server *server = &scene->server;

	gw_worker_post_stop(&server->workers[0]);
	while (loop_sim_step(&scene->sim) ||
	       loop_sim_jump(&scene->sim, LOOP_FOREVER))
		continue;
	for (unsigned int i = 0; i < server->worker_count; i++) {
		struct gw_worker *worker = &server->workers[i];

		assert(loop_sim_is_over(&scene->sim, worker->loop));
		loop_switch(worker->loop);
		gw_worker_close(worker);
	}
	assert(!loop_current());
}

void scene_fini(struct scene *scene)
{
	struct gw_server *server = &scene->server;

	for (size_t i = 0; i < SCENE_LINES_MAX; i++)
		scene_cut(&scene->lines[i], 0);
	scene_settle(scene);
	assert(fsa_node_count(scene->fsa) == 0);
	assert(scene_counts(scene).opens == 0);
	assert(scene_counts(scene).sessions == 0);
	assert(scene_fibers(scene) == 0);
	end_workers(scene);
	free(server->workers);
	gw_admission_free(server->admission);
	gw_directory_free(server->directory);
	gw_realm_free(server->realm);
	fsa_free(scene->fsa);
	gw_config_fini(&scene->config);
	nftw(scene->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- lines ---- */

static uint8_t *room_for(uint8_t **bytes, size_t *capacity, size_t length,
			 size_t more)
{
	if (length + more > *capacity) {
		*capacity = 2 * (length + more);
		*bytes = realloc(*bytes, *capacity);
		assert(*bytes);
	}
	return *bytes + length;
}

static bool line_send(void *link, const uint8_t *bytes, size_t length)
{
	struct scene_line *line = link;

	if (line->fd < 0)
		return false;
	uint8_t *to = room_for(&line->out, &line->out_capacity,
			       line->out_length, PREFIX + length);

	to[0] = 0;
	to[1] = (uint8_t)(length >> 16);
	to[2] = (uint8_t)(length >> 8);
	to[3] = (uint8_t)length;
	memcpy(to + PREFIX, bytes, length);
	line->out_length += PREFIX + length;
	return true;
}

static size_t message_length(const struct scene_line *line)
{
	return (size_t)line->in[1] << 16 | line->in[2] << 8 | line->in[3];
}

bool scene_has_message(const struct scene_line *line)
{
	return line->in_length >= PREFIX &&
	       line->in_length >= PREFIX + message_length(line);
}

static uint8_t *line_receive(void *link, size_t *ret_length)
{
	struct scene_line *line = link;

	if (line->is_patient && !scene_has_message(line))
		scene_settle(line->scene);
	if (!scene_has_message(line))
		return NULL;
	size_t length = message_length(line);
	uint8_t *message = malloc(length + 1);

	assert(message);
	memcpy(message, line->in + PREFIX, length);
	line->in_length -= PREFIX + length;
	memmove(line->in, line->in + PREFIX + length, line->in_length);
	*ret_length = length;
	return message;
}

struct arrival {
	struct scene *scene;
	int fd;
};

/* As the acceptor does it, on worker 0. */
static void arrive(void *arg)
{
	struct arrival *a = arg;
	struct gw_server *server = &a->scene->server;
	struct sockaddr_storage from = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&from;
	const uint8_t key[16] = { 127, 0, 0, 1 };
	const char *why;
	struct gw_peer *peer = gw_admission_enter(server->admission, key, &why);

	assert(peer);
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!gw_conn_start(&server->workers[0], a->fd, &from, peer))
		abort();
}

struct client_link scene_connect(struct scene *scene, struct scene_line *line)
{
	struct arrival arrival = { .scene = scene };
	int pair[2];

	assert(line->fd < 0);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       pair) < 0)
		abort();
	line->fd = pair[0];
	line->is_gone = false;
	line->is_silent = false;
	line->is_deaf = false;
	line->received = 0;
	line->server_fd = pair[1];
	arrival.fd = pair[1];
	loop_sim_within(scene->server.workers[0].loop, arrive, &arrival);
	return (struct client_link){
		.send = line_send,
		.receive = line_receive,
		.link = line,
	};
}

/* Lets so many bytes go, or as many as there is room for. */
static bool let_go(struct scene_line *line, size_t length)
{
	ssize_t n =
		send(line->fd, line->out + line->out_at, length, MSG_NOSIGNAL);

	if (n < 0 && errno == EAGAIN)
		return false;
	/* What nobody takes any more is lost. */
	line->out_at = n < 0 ? line->out_length : line->out_at + (size_t)n;
	if (line->out_at == line->out_length)
		line->out_at = line->out_length = 0;
	return true;
}

void scene_cut(struct scene_line *line, size_t keep)
{
	if (line->fd >= 0) {
		size_t left = line->out_length - line->out_at;

		if (left && keep)
			let_go(line, keep < left ? keep : left);
		close(line->fd);
	}
	line->fd = -1;
	line->is_gone = false;
	free(line->out);
	free(line->in);
	line->out = line->in = NULL;
	line->out_length = line->out_at = line->out_capacity = 0;
	line->in_length = line->in_capacity = 0;
}

/* ---- what happens ---- */

static bool send_a_piece(struct scene_line *line)
{
	size_t left = line->out_length - line->out_at;

	if (!left)
		return false;
	if (loop_sim_draw(&line->scene->sim, 4) == 0)
		left = 1 + loop_sim_draw(&line->scene->sim, left);
	return let_go(line, left);
}

static bool receive_some(struct scene_line *line)
{
	enum {
		PIECE = 4096
	};
	bool has_some = false;

	while (line->fd >= 0 && !line->is_gone && !line->is_silent &&
	       !line->is_deaf) {
		uint8_t *to = room_for(&line->in, &line->in_capacity,
				       line->in_length, PIECE);
		ssize_t n = recv(line->fd, to, PIECE, 0);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0)
			line->is_gone = true;
		else
			line->in_length += (size_t)n;
		if (n > 0)
			line->received += (uint64_t)n;
		has_some = true;
	}
	return has_some;
}

bool scene_step(struct scene *scene)
{
	bool has_more = false;

	if (scene->before_step)
		scene->before_step(scene->before_arg);
	for (size_t i = 0; i < SCENE_LINES_MAX; i++) {
		struct scene_line *line = &scene->lines[i];

		if (line->fd >= 0 && !line->is_silent &&
		    line->out_length > line->out_at) {
			has_more = true;
			if (loop_sim_draw(&scene->sim, 3) == 0)
				send_a_piece(line);
		}
	}
	if (loop_sim_step(&scene->sim))
		return true;
	for (size_t i = 0; i < SCENE_LINES_MAX; i++)
		has_more |= receive_some(&scene->lines[i]);
	return has_more;
}

void scene_settle(struct scene *scene)
{
	uint64_t soon;

	do {
		while (scene_step(scene))
			continue;
		soon = scene->sim.now_ns + loop_ms(MOMENT_MS);
	} while (loop_sim_next(&scene->sim) <= soon &&
		 loop_sim_jump(&scene->sim, soon));
}

void scene_wait(struct scene *scene, uint64_t ms)
{
	uint64_t until = scene->sim.now_ns + loop_ms(ms);

	do {
		while (scene_step(scene))
			continue;
	} while (loop_sim_jump(&scene->sim, until));
}

/* ---- what is there ---- */

struct smb_engine_counts scene_counts(const struct scene *scene)
{
	struct smb_engine_counts all = { 0 };

	for (unsigned int i = 0; i < scene->server.worker_count; i++) {
		struct smb_engine_counts one;

		smb_engine_count(scene->server.workers[i].engine, &one);
		all.channels += one.channels;
		all.sessions += one.sessions;
		all.trees += one.trees;
		all.opens += one.opens;
	}
	return all;
}

size_t scene_fibers(const struct scene *scene)
{
	size_t count = 0;

	for (unsigned int i = 0; i < scene->server.worker_count; i++)
		count += scene->server.workers[i].loop->fiber_count;
	return count;
}
