/*
 * The play: actors do what chance tells them, the server in its simulated world
 * answers, and after each step what was seen must have an explanation
 * (explain.h). Each step ends when nothing happens any more; what waits for
 * somebody waits on into the steps that follow.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct play_options {
	uint64_t seed;
	uint64_t steps;
	unsigned int workers;
	bool is_verbose; /* tells each step */
	bool has_faults; /* calls and connections fail; see faults.c */
};

struct play_result {
	bool is_good;
	uint64_t steps;      /* played */
	uint64_t requests;   /* sent */
	uint64_t breaks;     /* told */
	uint64_t cuts;       /* of connections */
	uint64_t waits;      /* requests that waited beyond their step */
	uint64_t faults;     /* injected */
	uint64_t events;     /* of the simulated world */
	uint64_t states_max; /* possible at the same time */
	uint64_t trace;
};

struct play_result play(const struct play_options *options);
