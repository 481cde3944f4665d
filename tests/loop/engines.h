/*
 * Runs a test's body as a fiber, once on each engine that this machine has;
 * the loop stops when the body returns.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <setjmp.h>

#include <cmocka.h>

#include "gateway/loop/loop.h"
#include "gateway/loop/sim.h"

static const enum loop_engine engines[] = {
	LOOP_ENGINE_PLAIN,
	LOOP_ENGINE_URING,
	LOOP_ENGINE_SIM,
};

#define ENGINE_COUNT (sizeof(engines) / sizeof(engines[0]))

/* A world in which everything may happen that fibers must not notice. */
static const struct loop_sim_options engine_sim = {
	.seed = 1,
	.short_ppm = { [LOOP_SIM_DATA] = 300000, [LOOP_SIM_SOCKETS] = 300000 },
	.interrupt_ppm = 50000,
	.inline_ppm = 200000,
	.starve_ppm = 50000,
	.late_mail_ppm = 200000,
	.delay_ns = 50000,
};

/* NULL, and a line that says why, if the engine can't be had here. */
static inline struct loop *engine_loop(enum loop_engine engine)
{
	static _Thread_local struct loop_sim sim;
	struct loop_options options = { .engine = engine };
	struct loop *loop;
	struct loop_features features;

	if (engine == LOOP_ENGINE_SIM) {
		loop_sim_init(&sim, &engine_sim);
		options.world = &sim.world;
	}
	if (loop_new(&options, &loop) == 0)
		return loop;
	loop_probe(&features);
	print_message("skipped on %s: %s\n", loop_engine_name(engine),
		      features.text);
	return NULL;
}

struct engine_body {
	loop_fiber_fn *co_body;
	void *arg;
};

static inline void engine_co_main(void *arg)
{
	struct engine_body *body = arg;

	body->co_body(body->arg);
	loop_stop(loop_current());
}

static inline void run_on(struct loop *loop, loop_fiber_fn *co_body, void *arg)
{
	struct engine_body body = { .co_body = co_body, .arg = arg };

	assert_non_null(loop_spawn(engine_co_main, &body));
	loop_run(loop);
}

static inline void on_engine(enum loop_engine engine, loop_fiber_fn *co_body,
			     void *arg)
{
	struct loop *loop = engine_loop(engine);

	if (loop == NULL)
		return;
	run_on(loop, co_body, arg);
	loop_free(loop);
}

/* Those whose calls run on threads of their own. */
static inline void on_engines_with_hands(loop_fiber_fn *co_body, void *arg)
{
	on_engine(LOOP_ENGINE_PLAIN, co_body, arg);
	on_engine(LOOP_ENGINE_URING, co_body, arg);
}

static inline void on_each_engine(loop_fiber_fn *co_body, void *arg)
{
	for (size_t i = 0; i < ENGINE_COUNT; i++)
		on_engine(engines[i], co_body, arg);
}
