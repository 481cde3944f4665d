/*
 * The third engine, for tests alone: a simulated world. Several loops take
 * turns on one thread, time is a number, and everything that a kernel decides
 * is drawn from a seed: who runs next, which operation is over first, where a
 * transfer is cut, what fails, how long a call takes. The same seed gives the
 * same story; the trace proves it.
 *
 * Files and sockets are real; what is done to them is a system call that does
 * not block, made when the operation is to be over. So a pair of sockets whose
 * other end the test has is a network without chance.
 *
 * Thread: one, for a world and all of its loops.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/loop/engine.h"
#include "gateway/loop/loop.h"

/* Classes of operations, for what can go wrong with them. */
enum loop_sim_class {
	LOOP_SIM_NAMES,   /* open, stat, make, remove, rename */
	LOOP_SIM_DATA,    /* read, write, sync, sizes, extended attributes */
	LOOP_SIM_CALLS,   /* loop_co_call() */
	LOOP_SIM_SOCKETS, /* send, receive: the connection is reset */
	LOOP_SIM_CLASS_COUNT,
};

/* Chances are in parts of a million. */
struct loop_sim_options {
	uint64_t seed;
	unsigned int error_ppm[LOOP_SIM_CLASS_COUNT];
	/* Transfers that are cut short: of LOOP_SIM_DATA and of sockets. */
	unsigned int short_ppm[LOOP_SIM_CLASS_COUNT];
	unsigned int interrupt_ppm; /* operations that end with EINTR */
	unsigned int inline_ppm;    /* operations that are over at once */
	unsigned int starve_ppm;    /* streams that end for want of buffers */
	unsigned int late_mail_ppm; /* rounds that notes miss */
	unsigned int hang_ppm;      /* operations that take hang_ns */
	uint64_t hang_ns;
	uint64_t delay_ns; /* what others take at most */
};

struct loop_acked;
struct loop_credentials;
struct loop_sim_work;
struct pollfd;

enum {
	LOOP_SIM_LOOPS_MAX = 16,
};

struct loop_sim {
	struct loop_world world; /* first: for loop_options.world */
	struct loop_sim_options options;
	uint64_t chance; /* the generator's state */
	uint64_t now_ns;
	uint64_t trace; /* a hash of all that has happened */
	uint64_t steps;
	uint64_t errors; /* injected so far */
	struct loop *loops[LOOP_SIM_LOOPS_MAX];
	size_t loop_count, open_count;
	struct loop_sim_work *work; /* under way */
	size_t work_count, work_capacity;
	struct pollfd *polls; /* room for as many */
	size_t *can;          /* and for the loops */
	struct loop_credentials *own;
	/* loop_socket_acked(); NULL: sockets are TCP's, and it says it. */
	bool (*acked)(void *arg, int fd, struct loop_acked *ret_acked);
	void *acked_arg;
};

/* Nothing to free: the world ends with its last loop. */
void loop_sim_init(struct loop_sim *sim,
		   const struct loop_sim_options *options);

/* One more loop in it, for loop_sim_step(). 0 or -errno. */
int loop_sim_loop(struct loop_sim *sim, struct loop **ret_loop);

/* Frees one that is over; returns NULL. */
struct loop *loop_sim_loop_free(struct loop *loop);

/* A number below `count`, of the same seed. */
uint64_t loop_sim_draw(struct loop_sim *sim, uint64_t count);

/* True so many times in a million. */
bool loop_sim_happens(struct loop_sim *sim, unsigned int ppm);

/* Mixes what the test itself saw into the trace. */
void loop_sim_note(struct loop_sim *sim, uint64_t what);

/*
 * One thing happens: a loop has a round, or an operation ends. False: there is
 * nothing that can happen at this time. Outside of any loop.
 */
bool loop_sim_step(struct loop_sim *sim);

/* When something happens next, if nothing does now; LOOP_FOREVER: never. */
uint64_t loop_sim_next(const struct loop_sim *sim);

/*
 * Moves the clock to when something happens next, but not beyond `until_ns`.
 * False: it is there, and nothing does.
 */
bool loop_sim_jump(struct loop_sim *sim, uint64_t until_ns);

/* Whether the loop was told to stop and has ended. */
bool loop_sim_is_over(const struct loop_sim *sim, const struct loop *loop);

/* Calls fn(arg) with the loop as the calling thread's. */
void loop_sim_within(struct loop *loop, void (*fn)(void *arg), void *arg);
